"""Read a contract's reason for saying no: custom errors of all our contracts, with their arguments."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from protocol.errors import TransactionRefused
from registry_contract.contracts import load_contract

__all__ = ["refusal"]

_CONTRACTS = (
    "IrisRegistry",
    "StationRegistry",
    "ModelRegistry",
    "Committee",
    "IrisPolls",
    "Personhood",
    "WorldIdFacade",
    "TimelockController",
    "Airdrop",
    "WorldIdGate",
)
"""All that a person's transaction can reach; each one's ABI has the errors of the libraries in it."""

_HINTS = {
    "Registry__StationUnknown": "the registry does not know this capture station; use a listed one",
    "Registry__StationRevoked": "capture again at a station that is still listed",
    "Registry__AttestationExpired": "capture again; the station's word has a time limit",
    "Registry__CapturedInFuture": "the station's clock is ahead; set it",
    "Registry__ModelsWrong": "update the program; other iris networks are accepted now",
    "Registry__ModelNotLive": "update the program; this iris network is not accepted now",
    "Registry__VerdictExpired": "ask the committee again; its verdict has a time limit",
    "Registry__RecordSuspended": "attest again at a station that is listed",
    "Registry__RecoveryNotReady": "wait; until then the old identity can cancel it",
    "Registry__MembersOverdue": "members of a revoked station must be suspended first; anyone may do it",
    "Polls__AlreadyVoted": "to replace the vote, cast again with the count of votes cast so far",
    "Polls__NotOpenYet": "wait until the poll opens",
    "Polls__AlreadyClosed": "the poll takes no more votes",
    "Polls__StillOpen": "wait until the poll closes",
    "Polls__MembershipProofInvalid": "prove again; only members from before the poll was made can vote in it",
}


def refusal(data: str) -> TransactionRefused:
    """The error for revert data (0x-hex). Unknown data is shown as it is; a refusal never goes by without one."""
    raw = bytes.fromhex(data.removeprefix("0x"))
    try:
        name, arguments = _decoded(raw)
    except (KeyError, DecodingError, ValueError):
        return TransactionRefused("UnknownError", {"data": "0x" + raw.hex()})
    return TransactionRefused(name, arguments, hint=_HINTS.get(name, ""))


def _decoded(raw: bytes) -> tuple[str, dict[str, object]]:
    name, inputs = _table()[raw[:4]]
    values = decode([kind for _, kind in inputs], raw[4:])
    shown = [_shown(kind, value) for (_, kind), value in zip(inputs, values, strict=True)]
    return name, dict(zip((argument for argument, _ in inputs), shown, strict=True))


def _shown(kind: str, value: Any) -> object:
    if kind == "address":
        return to_checksum_address(value)
    if kind == "bytes":
        return _nested(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value


def _nested(raw: bytes) -> str:
    """Revert data that one contract passes on from another."""
    try:
        name, arguments = _decoded(raw)
    except (KeyError, DecodingError, ValueError):
        return "0x" + raw.hex()
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments.items())})"


@cache
def _table() -> dict[bytes, tuple[str, tuple[tuple[str, str], ...]]]:
    """Selector -> (error's name, its arguments' names and types)."""
    table: dict[bytes, tuple[str, tuple[tuple[str, str], ...]]] = {}
    for contract in _CONTRACTS:
        for entry in load_contract(contract).abi:
            if entry["type"] == "error":
                _add(table, entry["name"], tuple((part["name"], part["type"]) for part in entry["inputs"]))
    _add(table, "Error", (("reason", "string"),))
    _add(table, "Panic", (("code", "uint256"),))
    return table


def _add(
    table: dict[bytes, tuple[str, tuple[tuple[str, str], ...]]], name: str, inputs: tuple[tuple[str, str], ...]
) -> None:
    signature = f"{name}({','.join(kind for _, kind in inputs)})"
    table[keccak(signature.encode())[:4]] = (name, inputs)
