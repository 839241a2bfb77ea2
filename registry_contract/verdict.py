"""The uniqueness committee's word: an EIP-712 verdict that all three nodes sign.

This is the value and its signatures. The secure computation that comes to a verdict is in `uniqueness/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from protocol.errors import EncodingError, VerificationError
from protocol.types import CodeProof, IdentityCommitment

__all__ = ["COMMITTEE_NODES", "SignedVerdict", "Verdict", "VerdictKind", "code_commitment", "sign_verdict"]

COMMITTEE_NODES = 3

_SIGNATURE_BYTES = 65
_VERDICT_BYTES = 256
_FIELDS = [
    ("kind", "uint8"),
    ("codeCommitment", "bytes32"),
    ("identityCommitment", "uint256"),
    ("modelId", "uint32"),
    ("databaseSize", "uint64"),
    ("logRoot", "bytes32"),
    ("recordId", "uint64"),
    ("expiresAt", "uint64"),
]


class VerdictKind(IntEnum):
    """What the committee found or did."""

    UNIQUE = 1
    """no code in the database is of this eye"""
    SAME_PERSON = 2
    """the code is of the eye of record `record_id`"""
    STORED = 3
    """the code of a member, proved from the stored capture, is in the database"""
    ERASED = 4
    """the shares of record `record_id` are overwritten"""


@dataclass(frozen=True)
class Verdict:
    """What the nodes sign, for one registry on one chain. Hashes are 32 bytes; times are Unix seconds."""

    registry: str
    chain_id: int
    kind: VerdictKind
    code_commitment: bytes
    identity: IdentityCommitment
    model_id: int
    database_size: int
    log_root: bytes
    record_id: int
    expires_at: int

    def __post_init__(self) -> None:
        if not is_checksum_address(self.registry):
            raise EncodingError("the registry's address is not a checksummed address")
        limits = {"chain_id": 256, "model_id": 32, "database_size": 64, "record_id": 64, "expires_at": 64}
        for name, bits in limits.items():
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value < 1 << bits:
                raise EncodingError(f"the verdict's {name} is no integer of {bits} bits")
        for name in ("code_commitment", "log_root"):
            if len(getattr(self, name)) != 32:
                raise EncodingError(f"the verdict's {name} has {len(getattr(self, name))} bytes, not 32")

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `Verdict`; registry and chain stand in the domain."""
        values = (
            int(self.kind),
            self.code_commitment,
            self.identity.value,
            self.model_id,
            self.database_size,
            self.log_root,
            self.record_id,
            self.expires_at,
        )
        return {name: value for (name, _), value in zip(_FIELDS, values, strict=True)}

    def signable(self) -> SignableMessage:
        """The EIP-712 message, domain included."""
        domain = {
            "name": "irisproof",
            "version": "1",
            "chainId": self.chain_id,
            "verifyingContract": self.registry,
        }
        return encode_typed_data(
            domain, {"Verdict": [{"name": name, "type": kind} for name, kind in _FIELDS]}, self.to_abi()
        )


@dataclass(frozen=True)
class SignedVerdict:
    """A verdict with the nodes' signatures (65 bytes each: r, s, v), in the committee's order."""

    verdict: Verdict
    signatures: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if len(self.signatures) != COMMITTEE_NODES:
            raise EncodingError(f"a verdict has {COMMITTEE_NODES} signatures, not {len(self.signatures)}")
        for signature in self.signatures:
            if len(signature) != _SIGNATURE_BYTES:
                raise EncodingError(f"a node's signature has {_SIGNATURE_BYTES} bytes, not {len(signature)}")

    def to_bytes(self) -> bytes:
        """As contracts read it: abi.encode(Verdict), 256 bytes, then the three signatures."""
        fields = self.verdict.to_abi()
        head = encode([kind for _, kind in _FIELDS], [fields[name] for name, _ in _FIELDS])
        return head + b"".join(self.signatures)

    @classmethod
    def from_bytes(cls, data: bytes, registry: str, chain_id: int) -> SignedVerdict:
        """Read what `to_bytes` wrote for a registry on a chain. Raises `EncodingError` for anything else."""
        if len(data) != _VERDICT_BYTES + COMMITTEE_NODES * _SIGNATURE_BYTES:
            raise EncodingError(f"a signed verdict has not {len(data)} bytes")
        try:
            kind, code, identity, *rest = decode([kind for _, kind in _FIELDS], data[:_VERDICT_BYTES])
            verdict = Verdict(registry, chain_id, VerdictKind(kind), code, IdentityCommitment(identity), *rest)
        except (DecodingError, ValueError) as error:
            raise EncodingError("the verdict cannot be read") from error
        ends = range(_VERDICT_BYTES, len(data), _SIGNATURE_BYTES)
        return cls(verdict, tuple(data[start : start + _SIGNATURE_BYTES] for start in ends))

    def require_signed_by(self, nodes: Sequence[str]) -> None:
        """Raises `VerificationError` unless each of `nodes` (checksummed addresses) signed, in this order.

        The caller owes: that these are the registry's committee, that the verdict says what is needed, and is fresh.
        """
        if len(nodes) != COMMITTEE_NODES:
            raise VerificationError(f"a committee has {COMMITTEE_NODES} nodes, not {len(nodes)}")
        for number, (node, signature) in enumerate(zip(nodes, self.signatures, strict=True)):
            try:
                signer: str = Account.recover_message(self.verdict.signable(), signature=signature)
            except Exception as error:  # eth-account passes on whatever its backend raises
                raise VerificationError(f"signature {number} of the verdict is not one of any key") from error
            if signer != node:
                raise VerificationError(f"the verdict was signed by {signer}, not by node {number}, {node}")


def code_commitment(proof: CodeProof) -> bytes:
    """How contracts and verdicts name a code: keccak256 of its commitment as it stands in the proof (x, y)."""
    return keccak(proof.code.x.to_bytes(32, "big") + proof.code.y.to_bytes(32, "big"))


def sign_verdict(verdict: Verdict, nodes: Sequence[LocalAccount]) -> SignedVerdict:
    """Sign with the nodes' keys in one process, as tests do. Real nodes each sign for themselves."""
    signable = verdict.signable()
    return SignedVerdict(verdict, tuple(bytes(node.sign_message(signable).signature) for node in nodes))
