"""A node that lies: an honest node's answers, but for what one lie changes.

It works on JSON-RPC, so an auditor cannot tell whether the node lies or the contracts behind it are dishonest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic, function_abi_to_4byte_selector
from hexbytes import HexBytes
from web3 import Web3
from web3.datastructures import AttributeDict

from protocol.errors import ChainError
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment
from registry_contract.public_log import CONTRACTS, Request, Rpc

Change = Callable[[str, list[Any], Any], Any]
"""(method, parameters, honest answer) -> what the node says."""

Raw = dict[str, Any]


class Recorded:
    """A node's answers by heart: the chain stands still, so each question is asked once."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self.known: dict[str, Any] = {}

    def __call__(self, wanted: Sequence[Request]) -> list[Any]:
        missing = [request for request in wanted if json.dumps(request) not in self.known]
        for request, answer in zip(missing, self._rpc(missing), strict=True):
            self.known[json.dumps(request)] = answer
        answers = (self.known[json.dumps(request)] for request in wanted)
        return [answer if isinstance(answer, ChainError) else json.loads(json.dumps(answer)) for answer in answers]


def lying(honest: Rpc, *changes: Change) -> Rpc:
    """The node with the changes made in order."""

    def ask(wanted: Sequence[Request]) -> list[Any]:
        answers = []
        for (method, parameters), honest_answer in zip(wanted, honest(wanted), strict=True):
            answer = honest_answer
            for change in changes:
                answer = change(method, parameters, answer)
            answers.append(answer)
        return answers

    return ask


# --- changes of the log


def on_log(change: Callable[[list[Raw]], list[Raw]]) -> Change:
    return lambda method, _, answer: change(answer) if method == "eth_getLogs" else answer


class Log:
    """Changes of a deployment's log, by contract and event."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def _abi(self, contract: str, event: str) -> Any:
        abis = load_contract(CONTRACTS[contract]).abi
        return next(entry for entry in abis if entry["type"] == "event" and entry["name"] == event)

    def find(self, logs: list[Raw], contract: str, event: str, nth: int) -> Raw:
        """The nth entry of its kind; -1 is the last."""
        topic = "0x" + bytes(event_abi_to_log_topic(self._abi(contract, event))).hex()
        address = getattr(self._deployment, contract).lower()
        return [log for log in logs if log["address"].lower() == address and log["topics"][:1] == [topic]][nth]

    def forged(self, contract: str, event: str, change: Callable[[Raw], None], nth: int = 0) -> Change:
        """One entry says something else: `change` edits its values in place."""

        def edit(logs: list[Raw]) -> list[Raw]:
            log = self.find(logs, contract, event, nth)
            values = self.values(contract, event, log)
            change(values)
            log.update(self.encoded(contract, event, values))
            return logs

        return on_log(edit)

    def hidden(self, contract: str, event: str, nth: int = 0, *, whole: bool = True) -> Change:
        """One entry is missing; with `whole`, all of its transaction."""

        def edit(logs: list[Raw]) -> list[Raw]:
            out = self.find(logs, contract, event, nth)
            if not whole:
                return [log for log in logs if log is not out]
            return [log for log in logs if log["transactionHash"] != out["transactionHash"]]

        return on_log(edit)

    def added(self, contract: str, event: str, change: Callable[[Raw], object], nth: int = -1) -> Change:
        """One more entry, behind the nth of its kind and made from it."""

        def edit(logs: list[Raw]) -> list[Raw]:
            log = self.find(logs, contract, event, nth)
            values = self.values(contract, event, log)
            change(values)
            more = log | self.encoded(contract, event, values) | {"logIndex": hex(int(log["logIndex"], 16) + 500)}
            return [*logs, more]

        return on_log(edit)

    def values(self, contract: str, event: str, log: Raw) -> Raw:
        bound = Web3().eth.contract(abi=[self._abi(contract, event)])
        readable = AttributeDict(
            log
            | {"topics": [HexBytes(topic) for topic in log["topics"]], "data": HexBytes(log["data"])}
            | {name: int(log[name], 16) for name in ("blockNumber", "logIndex", "transactionIndex")}
        )
        return _plain(bound.events[event]().process_log(readable)["args"])

    def encoded(self, contract: str, event: str, values: Raw) -> Raw:
        """Topics and data of an event with these values."""
        abi = self._abi(contract, event)
        topics = ["0x" + bytes(event_abi_to_log_topic(abi)).hex()]
        for given in abi["inputs"]:
            if given["indexed"]:
                topics.append("0x" + encode([given["type"]], [values[given["name"]]]).hex())
        rest = [given for given in abi["inputs"] if not given["indexed"]]
        data = encode([collapse_if_tuple(given) for given in rest], [_tuple(g, values[g["name"]]) for g in rest])
        return {"topics": topics, "data": "0x" + data.hex()}


def truncated(at: str) -> Change:
    """The log ends before a block."""
    return on_log(lambda logs: [log for log in logs if int(log["blockNumber"], 16) < int(at, 16)])


# --- changes of the state


def says(deployment: Deployment, contract: str, function: str, change: Callable[[list[Any]], list[Any]]) -> Change:
    """A view answers something else: `change` gets the values that it returns."""
    abis = load_contract(CONTRACTS[contract]).abi
    abi: Any = next(entry for entry in abis if entry["type"] == "function" and entry["name"] == function)
    selector = "0x" + bytes(function_abi_to_4byte_selector(abi)).hex()
    types = [collapse_if_tuple(given) for given in abi["outputs"]]
    address = getattr(deployment, contract).lower()

    def answer(method: str, parameters: list[Any], honest: Any) -> Any:
        if method != "eth_call" or isinstance(honest, ChainError):
            return honest
        asked = parameters[0]
        if asked["to"].lower() != address or not asked["data"].startswith(selector):
            return honest
        return "0x" + encode(types, change(list(decode(types, bytes(HexBytes(honest)))))).hex()

    return answer


def code_is(address: str, change: Callable[[bytes], bytes]) -> Change:
    """Other code lies at an address."""

    def answer(method: str, parameters: list[Any], honest: Any) -> Any:
        if method == "eth_getCode" and parameters[0].lower() == address.lower():
            return "0x" + change(bytes(HexBytes(honest))).hex()
        return honest

    return answer


def time_is(block: str, change: Callable[[int], int]) -> Change:
    """A block has another time."""

    def answer(method: str, parameters: list[Any], honest: Any) -> Any:
        if method == "eth_getBlockByNumber" and int(parameters[0], 16) == int(block, 16):
            return honest | {"timestamp": hex(change(int(honest["timestamp"], 16)))}
        return honest

    return answer


def plainly(wanted: str, change: Callable[[Any], Any]) -> Change:
    """A method answers something else."""
    return lambda method, _, honest: change(honest) if method == wanted else honest


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _tuple(abi: Any, value: Any) -> Any:
    """A struct by name as the encoder takes it."""
    if abi["type"].endswith("]") and "components" in abi:
        inner = abi | {"type": abi["type"][: abi["type"].rindex("[")]}
        return [_tuple(inner, part) for part in value]
    if abi["type"] == "tuple":
        return tuple(_tuple(part, value[part["name"]]) for part in abi["components"])
    return value
