"""What is checked before any gas is paid: the contract's own answer, and the proof itself, here.

The node is asked what the contract would say (a dry run: no transaction). That alone would trust the node with the
relayer's money, so the proof is verified here too, by other code than the contract's.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from app.relay.abi_json import from_json, schema_of
from app.relay.jobs import NewJob
from circuits.iris.circuit import Circuit
from circuits.iris.verify import verify_code_proof
from circuits.semaphore.verify import verify_membership
from protocol.errors import EncodingError, InputError
from protocol.types import CodeProof, MembershipProof, Nullifier
from registry_contract.broadcast import PlannedCall
from registry_contract.client import RegistryClient
from registry_contract.contracts import load_contract
from registry_contract.polls import CIRCUIT_DEPTH, PollsClient, ballot_message, ranking_message

__all__ = ["BallotIntake", "EnrollmentIntake", "Intake"]

DryRun = Callable[[PlannedCall], bytes]
VerifyMembership = Callable[[MembershipProof], None]


class Intake(Protocol):
    """One kind of request."""

    kind: str

    def schema(self) -> dict[str, Any]:
        """JSON schema of the request."""

    def read(self, data: Any) -> tuple[NewJob, dict[str, Any]]:
        """The job, and its arguments. Raises `EncodingError` for another shape. Asks nobody."""

    def check(self, job: NewJob, arguments: dict[str, Any]) -> None:
        """Raises `TransactionRefused` in the contract's words and `VerificationError` for a proof that is false."""


class BallotIntake:
    """`castVote(pollId, ballot)`; `castRanking(pollId, ballot)` where `ranked`."""

    def __init__(
        self,
        polls: PollsClient,
        dry_run: DryRun,
        gas: int,
        verify: VerifyMembership = verify_membership,
        *,
        ranked: bool = False,
    ) -> None:
        self.kind = "ranking" if ranked else "ballot"
        self._function = "castRanking" if ranked else "castVote"
        self._polls = polls
        self._dry_run = dry_run
        self._gas = gas
        self._verify = verify
        self._inputs = _inputs(polls.contract.abi, self._function)
        self._lock = threading.Lock()
        # snapshot and scope never change once a poll is made; the log is read once a poll
        self._statement = lru_cache(maxsize=256)(self._read_statement)

    def schema(self) -> dict[str, Any]:
        return schema_of(self._inputs)

    def read(self, data: Any) -> tuple[NewJob, dict[str, Any]]:
        arguments = from_json(self._inputs, data)
        poll_id, ballot = arguments["pollId"], arguments["ballot"]
        place = f"ballot|{self._polls.contract.address}|{poll_id}|{ballot['nullifier']}|{ballot['sequence']}"
        # the points are not in the id: the same vote proved twice is the same vote
        call = PlannedCall(self._polls.contract.address, _data(self._polls, self._function, arguments), self._gas)
        return NewJob(_digest(f"{place}|{_message(ballot)}"), _digest(place), self.kind, call), arguments

    def check(self, job: NewJob, arguments: dict[str, Any]) -> None:
        """1. The contract would count the ballot now: the poll is open, the sequence is next, the proof holds.
        2. The membership proof holds by this program's verifier, for the poll's snapshot and scope."""
        self._dry_run(job.call)  # 1
        ballot = arguments["ballot"]
        with self._lock:
            root, scope = self._statement(arguments["pollId"])
        proof = MembershipProof(
            merkle_tree_depth=CIRCUIT_DEPTH,
            merkle_tree_root=root,
            nullifier=Nullifier(ballot["nullifier"]),
            message=_message(ballot),
            scope=scope,
            points=tuple(ballot["points"]),
        )
        self._verify(proof)  # 2

    def _read_statement(self, poll_id: int) -> tuple[int, int]:
        poll = self._polls.poll(poll_id)
        return poll.snapshot_root, poll.scope


class EnrollmentIntake:
    """`enroll(enrollment)`. `circuit_of` finds the circuit of a verifying key by its hash, for every model that this
    program knows: also for one that became live while the relayer runs. Others are not relayed."""

    kind = "enrollment"

    def __init__(
        self, registry: RegistryClient, dry_run: DryRun, gas: int, circuit_of: Callable[[str], Circuit]
    ) -> None:
        self._registry = registry
        self._dry_run = dry_run
        self._gas = gas
        self._circuit_of = circuit_of
        self._inputs = _inputs(registry.contract.abi, "enroll")
        self._models = registry.connection.contract(registry.deployment.models, load_contract("ModelRegistry").abi)
        self._one_at_a_time = threading.Lock()  # a verification is a process of its own

    def schema(self) -> dict[str, Any]:
        return schema_of(self._inputs)

    def read(self, data: Any) -> tuple[NewJob, dict[str, Any]]:
        arguments = from_json(self._inputs, data)
        call = PlannedCall(self._registry.contract.address, _data(self._registry, "enroll", arguments), self._gas)
        identity = arguments["enrollment"]["capture"]["identityCommitment"]
        place = f"enrollment|{self._registry.contract.address}|{identity}"
        return NewJob(_digest(f"{place}|{call.data.hex()}"), _digest(place), self.kind, call), arguments

    def check(self, job: NewJob, arguments: dict[str, Any]) -> None:
        """1. The contract would enrol the member now: station, signature, paths, freshness, model, proof.
        2. Every code proof holds by this program's verifier, under the verifying key that the registry has."""
        self._dry_run(job.call)  # 1
        enrollment = arguments["enrollment"]
        for code in enrollment["codes"]:  # 2
            circuit = self._circuit(int(code["modelId"]))
            with self._one_at_a_time:
                verify_code_proof(circuit, CodeProof(circuit.facts.network, code["proof"]))

    def _circuit(self, model_id: int) -> Circuit:
        model = self._registry.connection.call(self._models.functions.modelOf(model_id))
        names = [part["name"] for part in _outputs(self._models.abi, "modelOf")[0]["components"]]
        wanted = bytes(dict(zip(names, model, strict=True))["vkHash"]).hex()
        try:
            return self._circuit_of(wanted)
        except InputError as error:
            raise InputError(f"this relayer has no circuit of model {model_id}", hint="use another relayer") from error


def _message(ballot: dict[str, Any]) -> int:
    """What the voter signed: the choice or the ranking, and the sequence."""
    if "ranking" in ballot:
        return ranking_message(tuple(ballot["ranking"]), ballot["sequence"])
    return ballot_message(ballot["choice"], ballot["sequence"])


def _entry(abi: Any, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [entry for entry in abi if entry["type"] == "function" and entry["name"] == name]
    if len(found) != 1:
        raise EncodingError(f"the contract has {len(found)} functions {name}, not 1")
    return found[0]


def _inputs(abi: Any, name: str) -> list[dict[str, Any]]:
    inputs: list[dict[str, Any]] = _entry(abi, name)["inputs"]
    return inputs


def _outputs(abi: Any, name: str) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = _entry(abi, name)["outputs"]
    return outputs


def _data(client: RegistryClient | PollsClient, name: str, arguments: dict[str, Any]) -> bytes:
    encoded: str = client.contract.encode_abi(name, kwargs=arguments)
    return bytes.fromhex(encoded.removeprefix("0x"))


def _digest(text: str) -> str:
    return hashlib.sha256(f"irisproof relay v1|{text}".encode()).hexdigest()
