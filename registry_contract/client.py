"""The registry from Python: come in, upgrade, attest again, recover, leave; read members and records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_account.signers.local import LocalAccount

from protocol.errors import ChainError
from protocol.types import EyeSide, IdentityCommitment, MembershipProof
from registry_contract.connection import ROOT_GAS, Connection, Receipt
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment
from registry_contract.enrollment import CodeEvidence, Enrollment
from registry_contract.member_log import read_members
from registry_contract.semaphore_abi import proof_to_abi
from registry_contract.verdict import SignedVerdict

__all__ = ["Record", "RecordStatus", "RecordedRoot", "Recovery", "RegistryClient", "Siblings"]


class RecordStatus(IntEnum):
    """Where a record stands, as the contract numbers it."""

    ACTIVE = 1
    SUSPENDED = 2
    LEFT = 3
    ERASED = 4


@dataclass(frozen=True)
class Record:
    """What the registry keeps of a person. Times are Unix seconds; `rotated_at` is 0 until a recovery."""

    record_id: int
    commitments_root: bytes
    identity: IdentityCommitment
    station: str
    enrolled_at: int
    rotated_at: int
    eye_side: EyeSide
    status: RecordStatus


@dataclass(frozen=True)
class Recovery:
    """A recovery that waits: the old identity may cancel it until somebody completes it, from `ready_at` on."""

    commitments_root: bytes
    identity: IdentityCommitment
    station: str
    ready_at: int
    eye_side: EyeSide


@dataclass(frozen=True)
class RecordedRoot:
    """A root of a model's tree, and the place in the log before which its `size` leaves stand (`members_before`)."""

    root: int
    size: int
    group_id: int
    block: int
    log_index: int


@dataclass(frozen=True)
class Siblings:
    """Siblings of a leaf from the bottom up, levels without one left out, in the group's tree and the upcoming one's.

    Empty where the leaf is not in the tree. `circuits.semaphore.Group.merkle_proof` has them in this form.
    """

    group: tuple[int, ...] = ()
    upcoming: tuple[int, ...] = ()

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `Siblings`."""
        return {"group": list(self.group), "upcoming": list(self.upcoming)}


class RegistryClient:
    """The registry of one deployment. Without an account it only reads. Anyone may send anything: what counts is the
    evidence.

    All methods raise `ChainUnreachable` where the node is gone; those that send raise `TransactionRefused` with the
    contract's own error.
    """

    def __init__(self, url: str, deployment: Deployment, account: LocalAccount | None = None) -> None:
        """Raises `ChainError` where the node serves another chain, or the contract is not there."""
        self.connection = Connection(url, deployment.chain_id, account)
        self.deployment = deployment
        self.contract = self.connection.contract(deployment.registry, load_contract("IrisRegistry").abi)

    def enroll(self, enrollment: Enrollment) -> Receipt:
        """The member is the identity that the attestation names. Each code needs a verdict `UNIQUE`."""
        return self._send("enroll", enrollment.to_abi())

    def upgrade(self, identity: IdentityCommitment, code: CodeEvidence) -> Receipt:
        """Add the code of another live model, proved from the stored capture. Needs a verdict `STORED`."""
        return self._send("upgrade", identity.value, code.to_abi())

    def reattest(self, enrollment: Enrollment) -> Receipt:
        """Put a member on a new capture. Each code needs a verdict `SAME_PERSON`. Without a leaf under the upcoming
        model that code may be left out."""
        return self._send("reattest", enrollment.to_abi())

    def request_recovery(self, record_id: int, enrollment: Enrollment) -> Receipt:
        """Begin to hand a record to the identity that the attestation names. Verdicts: `SAME_PERSON`. Where the
        record's identity has no leaf under the upcoming model, that code may be left out."""
        return self._send("requestRecovery", record_id, enrollment.to_abi())

    def cancel_recovery(self, record_id: int, proof: MembershipProof) -> Receipt:
        """`proof`: of the old identity, in the group that is it alone, message 0, scope `cancel_scope(record_id)`."""
        return self._send("cancelRecovery", record_id, proof_to_abi(proof))

    def complete_recovery(self, record_id: int, siblings: Siblings) -> Receipt:
        """Replace the leaf, after the waiting period. `siblings`: of the old identity's leaf."""
        return self._send("completeRecovery", record_id, siblings.to_abi())

    def leave(self, record_id: int, proof: MembershipProof, siblings: Siblings) -> Receipt:
        """`proof`: of the identity, in the group that is it alone, message 0, scope `leave_scope(record_id)`."""
        return self._send("leaveGroup", record_id, proof_to_abi(proof), siblings.to_abi())

    def confirm_erased(self, record_id: int, verdict: SignedVerdict) -> Receipt:
        """Record the committee's word that the shares of one who left are overwritten."""
        return self._send("confirmErased", record_id, verdict.to_bytes())

    def suspend(self, suspensions: Sequence[tuple[int, Siblings]]) -> Receipt:
        """Take members out who are overdue: (record id, siblings), each as the tree stands after those before it."""
        return self._send(
            "suspend", [{"recordId": record, "siblings": siblings.to_abi()} for record, siblings in suspensions]
        )

    def settle_stations(self, limit: int) -> Receipt:
        """Let the contract forget up to `limit` revoked stations that have no members left."""
        return self._send("settleStations", limit)

    def record_root(self, group_id: int | None = None) -> Receipt:
        """Have the root of the group, or of the tree of live model `group_id`, computed and recorded. Polls and actions
        do it themselves; who proves to a contract in World ID's shape needs it where the group changed since."""
        group = self.group_id() if group_id is None else group_id
        return self.connection.send(self.contract.functions.recordRoot(group), ROOT_GAS)

    def recorded_root(self, group_id: int | None = None) -> RecordedRoot | None:
        """The latest recorded root of the group, or of the tree of model `group_id`; None while there is none."""
        group = self.group_id() if group_id is None else group_id
        events = self.connection.events(self.contract.events.RootRecorded, self.deployment.block, groupId=group)
        if not events:
            return None
        entry = events[-1]
        place = int(entry["blockNumber"]), int(entry["logIndex"])
        return RecordedRoot(int(entry["args"]["root"]), int(entry["args"]["size"]), group, *place)

    def group_id(self) -> int:
        """Id of the model whose tree is the group now."""
        return int(self._call("groupId"))

    def members(self, group_id: int | None = None) -> tuple[int, ...]:
        """All leaves of the group, or of the tree of model `group_id`, in order; 0 in the places of removed ones.

        From the event log, checked against the contract's count. Raises `ChainError` where the log is incomplete. The
        caller owes: that the group built from them has `root()`.
        """
        group = self.group_id() if group_id is None else group_id
        leaves = read_members(self.connection, self.contract, self.deployment.block, group)
        size = int(self._call("getMerkleTreeSize", group))
        if len(leaves) < size:
            raise ChainError(
                f"the node's log has {len(leaves)} members, the registry has {size}",
                hint="use a node that keeps all logs since the deployment",
            )
        return leaves

    def members_before(self, group_id: int, block: int, log_index: int) -> tuple[int, ...]:
        """The leaves as they stood before one entry of the log, such as a poll's creation."""
        return read_members(self.connection, self.contract, self.deployment.block, group_id, (block, log_index))

    def root(self) -> int:
        """Root of the group's tree now, computed by the node; 0 while there are none. It need not be recorded."""
        return int(self._call("root"))

    def size(self) -> int:
        """Number of leaves of the group, removed ones included."""
        return int(self._call("size"))

    def has_member(self, identity: IdentityCommitment, group_id: int | None = None) -> bool:
        """Whether the group, or the tree of model `group_id`, has this leaf now."""
        return bool(self._call("hasMember", self.group_id() if group_id is None else group_id, identity.value))

    def record(self, identity: IdentityCommitment) -> Record:
        """Raises `TransactionRefused` (Registry__IdentityNotEnrolled) for one who has none."""
        record_id = int(self._call("recordIdOf", identity.value))
        return self.record_by_id(record_id)

    def record_by_id(self, record_id: int) -> Record:
        """Raises `TransactionRefused` (Registry__RecordUnknown)."""
        root, identity, station, enrolled_at, rotated_at, side, status = self._call("recordById", record_id)
        return Record(
            record_id,
            bytes(root),
            IdentityCommitment(int(identity)),
            str(station),
            int(enrolled_at),
            int(rotated_at),
            EyeSide(side),
            RecordStatus(status),
        )

    def code_owner(self, model_id: int, code_commitment: bytes) -> int:
        """The record that a code (keccak256 of its commitment) belongs to or belonged to; 0 for none."""
        return int(self._call("codeOwner", model_id, code_commitment))

    def eye_side(self) -> EyeSide:
        """The one eye of everybody that the registry takes."""
        return EyeSide(int(self._call("eyeSide")))

    def committee(self) -> tuple[str, ...]:
        """Addresses of the committee's three nodes now, in order. Raises `ChainError` for a registry without one."""
        contract = self.connection.contract(self.deployment.committee, load_contract("Committee").abi)
        return tuple(str(node) for node in self.connection.call(contract.functions.nodesNow()))

    def recovery(self, record_id: int) -> Recovery:
        """Raises `TransactionRefused` (Registry__RecoveryAbsent)."""
        root, identity, station, ready_at, _, _, side = self._call("recoveryOf", record_id)
        return Recovery(bytes(root), IdentityCommitment(int(identity)), str(station), int(ready_at), EyeSide(side))

    def members_of(self, station: str) -> int:
        """How many active members came in on a station's word. Who they are stands in the log."""
        return int(self._call("membersOf", station))

    def records_of(self, station: str) -> tuple[int, ...]:
        """Ids of the records that stand on a station's word now, from the log: the list for a revoked station."""
        found: set[int] = set()
        for name in ("Enrolled", "Reattested", "Recovered"):
            for event in self.connection.events(self.contract.events[name], self.deployment.block):
                found.add(int(event["args"]["recordId"]))
        records = (self.record_by_id(record_id) for record_id in sorted(found))
        return tuple(
            record.record_id
            for record in records
            if record.station == station and record.status in (RecordStatus.ACTIVE, RecordStatus.SUSPENDED)
        )

    def leave_scope(self, record_id: int) -> int:
        """The scope of the proof that `leave` takes."""
        return int(self._call("leaveScope", record_id))

    def cancel_scope(self, record_id: int) -> int:
        """The scope of the proof that `cancel_recovery` takes for the latest request."""
        return int(self._call("cancelScope", record_id))

    def now(self) -> int:
        """The chain's clock, Unix seconds: what freshness is measured by."""
        return self.connection.now()

    def _call(self, name: str, *arguments: object) -> Any:
        return self.connection.call(self.contract.functions[name](*arguments))

    def _send(self, name: str, *arguments: object) -> Receipt:
        return self.connection.send(self.contract.functions[name](*arguments))
