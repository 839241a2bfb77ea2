"""All that anybody can read of a deployment, through one object, as of one block: log, state, code, times.

The events carry the whole evidence (proofs, signatures, Merkle paths, verdicts), so no transaction is ever read: it
makes no difference through which relayer or contract something was submitted. Nothing here is believed: what the
answers are worth is the auditor's question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import event_abi_to_log_topic, get_abi_output_types
from hexbytes import HexBytes
from web3 import Web3
from web3.datastructures import AttributeDict

from protocol.errors import ChainError, InputError
from registry_contract._refusals import refusal
from registry_contract._rpc import rpc_errors
from registry_contract.contracts import load_contract
from registry_contract.deployment import ZERO_ADDRESS, Deployment
from registry_contract.texts import reading_any_text

__all__ = ["CONTRACTS", "Head", "LogEntry", "PublicLog", "Request", "Rpc", "http_rpc"]

Request = tuple[str, list[Any]]
"""A JSON-RPC method and its parameters."""

Rpc = Callable[[Sequence[Request]], list[Any]]
"""Answers requests in order: the result, or a `ChainError` in its place where the node refused."""

CONTRACTS = {
    "timelock": "TimelockController",
    "stations": "StationRegistry",
    "models": "ModelRegistry",
    "committee": "Committee",
    "registry": "IrisRegistry",
    "polls": "IrisPolls",
    "personhood": "Personhood",
}
"""The contracts whose log is read, by their names in a deployment."""

_ASKED = CONTRACTS | {"world_id": "WorldIdFacade"}
"""Those that are asked; the facade writes no log."""

UNREADABLE = ""
"""Stands for the event's name where an entry of the log is none that the contract could write."""

_TIMEOUT_S = 60.0
_BATCH = 50
_LOG_RANGE_BLOCKS = 10_000


@dataclass(frozen=True)
class Head:
    """The block as of which everything is read."""

    block: int
    hash: str
    time: int


@dataclass(frozen=True)
class LogEntry:
    """One event: `contract` is its name in the deployment, `time` that of its block (Unix seconds)."""

    contract: str
    event: str
    values: dict[str, Any] = field(repr=False)
    block: int
    index: int
    transaction: str
    time: int

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the log."""
        return self.block, self.index


class _Refused(ChainError):
    """The node refused one request; `data` is a contract's reason, if it gave one."""

    def __init__(self, message: str, data: str = "") -> None:
        super().__init__(message)
        self.data = data


def http_rpc(url: str) -> Rpc:
    """JSON-RPC over HTTP in batches. Raises `InputError` for an address that is no http(s) URL; its calls raise
    `ChainUnreachable` where nothing answers and `ChainError` for answers that are none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("the node's address must begin with http:// or https://")
    session = requests.Session()

    def ask(wanted: Sequence[Request]) -> list[Any]:
        found: list[Any] = []
        for start in range(0, len(wanted), _BATCH):
            found += _ask_batch(session, url, wanted[start : start + _BATCH])
        return found

    return ask


def _ask_batch(session: requests.Session, url: str, wanted: Sequence[Request]) -> list[Any]:
    body: Any = [{"jsonrpc": "2.0", "id": n, "method": method, "params": p} for n, (method, p) in enumerate(wanted)]
    with rpc_errors(url):
        answers = session.post(url, json=body, timeout=_TIMEOUT_S).json()
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise ChainError("the node gives no batch of answers", hint="use a node that takes JSON-RPC batches")
    by_id = {answer.get("id"): answer for answer in answers}
    if set(by_id) != set(range(len(wanted))):
        raise ChainError(f"the node answered {len(by_id)} of {len(wanted)} requests")
    return [_result(by_id[number]) for number in range(len(wanted))]


def _result(answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    data = error.get("data") if isinstance(error, dict) else ""
    message = error.get("message") if isinstance(error, dict) else error
    return _Refused(f"the node refused the request: {str(message)[:200]}", data if isinstance(data, str) else "")


class PublicLog:
    """One deployment, as one node tells of it up to one block.

    All methods raise `ChainUnreachable` where the node is gone and `ChainError` for answers that cannot be read.
    """

    def __init__(self, rpc: Rpc, deployment: Deployment, block: int | None = None) -> None:
        """As of `block`, the newest one if not given. Raises `ChainError` where the node serves another chain, or does
        not have the block."""
        self._rpc = rpc
        self._codes: dict[str, bytes] = {}
        self.deployment = deployment
        found = _number(self._ask("eth_chainId"))
        if found != deployment.chain_id:
            raise ChainError(
                f"the node serves chain {found}, not chain {deployment.chain_id}", hint="connect to the right node"
            )
        number = _number(self._ask("eth_blockNumber")) if block is None else block
        self.head = Head(number, *self._blocks([number])[number])
        self._contracts = {
            name: reading_any_text(Web3()).eth.contract(getattr(deployment, name), abi=load_contract(artifact).abi)
            for name, artifact in _ASKED.items()
            if getattr(deployment, name) != ZERO_ADDRESS
        }

    def has_committee(self) -> bool:
        """Whether the deployment names one."""
        return "committee" in self._contracts

    def entries(self, progress: Callable[[float], None] = lambda _: None) -> list[LogEntry]:
        """Every event of every contract, in order. An entry that no contract of ours could write is `UNREADABLE`.

        Raises `ChainError` where the node's answer is no log: entries of other addresses or blocks, twice, or of a
        block that it does not have.
        """
        raw: list[dict[str, Any]] = []
        names = {str(bound.address).lower(): name for name, bound in self._contracts.items() if name in CONTRACTS}
        first, last = self.deployment.block, self.head.block
        for start in range(first, last + 1, _LOG_RANGE_BLOCKS):
            end = min(start + _LOG_RANGE_BLOCKS - 1, last)
            terms = {"address": sorted(names), "fromBlock": hex(start), "toBlock": hex(end)}
            found = self._ask("eth_getLogs", terms)
            if not isinstance(found, list):
                raise ChainError("the node's log is no list")
            for entry in found:
                if entry.get("removed") or entry["address"].lower() not in names:
                    raise ChainError("the node's log has entries that were not asked for")
                if not start <= _number(entry["blockNumber"]) <= end:
                    raise ChainError("the node's log has entries of other blocks than asked for")
            raw += found
            progress((end - first + 1) / (last - first + 1))
        raw.sort(key=_raw_place)
        places = [_raw_place(entry) for entry in raw]
        if len(set(places)) != len(places):
            raise ChainError("the node's log has two entries in one place")
        blocks = self._blocks(sorted({place[0] for place in places}))
        for entry, place in zip(raw, places, strict=True):
            if entry["blockHash"] != blocks[place[0]][0]:
                raise ChainError(f"the node's log and its block {place[0]} have different hashes")
        return [self._decoded(names[entry["address"].lower()], entry, blocks) for entry in raw]

    def call(self, contract: str, function: str, *arguments: object) -> Any:
        """Result of a view. Raises `TransactionRefused` with the contract's own error."""
        return self.calls(contract, function, [arguments])[0]

    def calls(self, contract: str, function: str, arguments: Iterable[Sequence[object]]) -> list[Any]:
        """Results of one view for many arguments. Raises as `call` for the first that is refused."""
        bound = self._contracts[contract]
        wanted = [
            ("eth_call", [{"to": bound.address, "data": bound.encode_abi(function, args=list(given))}, self._at])
            for given in arguments
        ]
        abi = next(e for e in bound.abi if e["type"] == "function" and e["name"] == function)
        types = get_abi_output_types(abi)
        return [_decoded_result(types, answer) for answer in self._rpc(wanted)]

    def code(self, address: str) -> bytes:
        """The runtime code at an address; empty where there is none."""
        if address not in self._codes:
            self._codes[address] = bytes(HexBytes(self._ask("eth_getCode", address, self._at)))
        return self._codes[address]

    def require_unmoved(self) -> None:
        """Raises `ChainError` where the head is another block by now: the chain was reorganised in the meantime."""
        if self._blocks([self.head.block])[self.head.block][0] != self.head.hash:
            raise ChainError("the chain was reorganised during the audit", hint="audit an older block, with --block")

    @property
    def _at(self) -> str:
        return hex(self.head.block)

    def _blocks(self, numbers: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Hash and time of each block."""
        answers = self._rpc([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        found = {}
        for number, answer in zip(numbers, answers, strict=True):
            if not isinstance(answer, dict) or _number(answer.get("number")) != number:
                raise ChainError(f"the node does not have block {number}")
            found[number] = (str(answer["hash"]), _number(answer["timestamp"]))
        return found

    def _decoded(self, contract: str, raw: dict[str, Any], blocks: dict[int, tuple[str, int]]) -> LogEntry:
        block, index = _raw_place(raw)
        topics = [HexBytes(topic) for topic in raw["topics"]]
        name = _event_names(CONTRACTS[contract]).get(bytes(topics[0]) if topics else b"", UNREADABLE)
        values: dict[str, Any] = {}
        if name != UNREADABLE:
            log = {
                "address": raw["address"],
                "topics": topics,
                "data": HexBytes(raw["data"]),
                "blockNumber": block,
                "logIndex": index,
                "blockHash": raw["blockHash"],
                "transactionHash": raw["transactionHash"],
                "transactionIndex": _number(raw["transactionIndex"]),
            }
            try:
                event = self._contracts[contract].events[name]()
                values = dict(event.process_log(AttributeDict(log))["args"])
            except (DecodingError, ValueError, TypeError, OverflowError):
                name = UNREADABLE
        return LogEntry(contract, name, values, block, index, str(raw["transactionHash"]), blocks[block][1])

    def _ask(self, method: str, *parameters: Any) -> Any:
        answer = self._rpc([(method, list(parameters))])[0]
        if isinstance(answer, ChainError):
            raise answer
        return answer


@cache
def _event_names(artifact: str) -> dict[bytes, str]:
    return {
        bytes(event_abi_to_log_topic(entry)): entry["name"]  # type: ignore[arg-type]  # it is an event's
        for entry in load_contract(artifact).abi
        if entry["type"] == "event"
    }


def _decoded_result(types: list[str], answer: Any) -> Any:
    if isinstance(answer, _Refused) and answer.data.startswith("0x"):
        raise refusal(answer.data)
    if isinstance(answer, ChainError):
        raise answer
    try:
        values = decode(types, bytes(HexBytes(answer)))
    except (DecodingError, ValueError, TypeError) as error:
        raise ChainError("the contract's answer cannot be read; is it the contract that was meant?") from error
    return values[0] if len(values) == 1 else values


def _raw_place(raw: dict[str, Any]) -> tuple[int, int]:
    return _number(raw["blockNumber"]), _number(raw["logIndex"])


def _number(value: Any) -> int:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ChainError(f"the node answered {value!r} where a number belongs")
    return int(value, 16)
