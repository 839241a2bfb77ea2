"""Members' records, replayed by the contract's rules from the evidence in the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.audit.codes import CodeReader, ExpectedVerdict
from app.audit.evidence import Claim, MembershipClaim, StationClaim
from app.audit.findings import Findings
from app.audit.lists import Lists
from app.audit.scopes import scope_of
from app.audit.trees import Change, Trees
from protocol.errors import EncodingError
from protocol.types import EyeSide, IdentityCommitment, MembershipProof, Nullifier
from registry_contract.attestation import Capture, CaptureAttestation, P256Attestation
from registry_contract.client import RecordStatus
from registry_contract.deployment import Deployment
from registry_contract.governance import LiveModels
from registry_contract.public_log import LogEntry
from registry_contract.semaphore_abi import CIRCUIT_DEPTH
from registry_contract.verdict import VerdictKind

__all__ = ["AuditedRecord", "PendingRecovery", "Records"]

MAX_ATTESTATION_AGE_S = 86_400
MAX_CLOCK_SKEW_S = 300
_LEAVE, _CANCEL = b"irisproof leave scope v1", b"irisproof cancel recovery scope v1"


@dataclass
class PendingRecovery:
    """A recovery that waits. `models`: those of which the new capture has a code."""

    identity: int
    commitments_root: bytes
    eye_side: int
    station: str
    ready_at: int
    models: tuple[int, ...]


@dataclass
class AuditedRecord:
    """One person's record as the log gives it. Times are Unix seconds."""

    record_id: int
    identity: int
    commitments_root: bytes
    eye_side: int
    station: str
    enrolled_at: int
    models: list[int]
    rotated_at: int = 0
    status: RecordStatus = RecordStatus.ACTIVE
    recovery: PendingRecovery | None = None
    recoveries: int = 0
    block: int = 0


@dataclass
class _Accepted:
    station: str
    capture: dict[str, Any]
    models: list[int] = field(default_factory=list)


class Records:
    """Replays what changes records. Evidence that takes time to verify becomes claims."""

    def __init__(self, deployment: Deployment, lists: Lists, trees: Trees, findings: Findings) -> None:
        self._deployment, self._lists, self._trees, self._findings = deployment, lists, trees, findings
        self.claims: list[tuple[Claim, LogEntry]] = []
        self.codes = CodeReader(deployment, lists, findings, self.claims)
        self.by_id: dict[int, AuditedRecord] = {}
        self.identities: dict[int, int] = {}
        """Identity commitment -> the record that has it, had it or asks for it."""
        self.nonces: set[tuple[str, bytes]] = set()

    def apply(self, entry: LogEntry) -> None:
        """Take in one entry."""
        handlers = {
            "Enrolled": self._enrolled,
            "Upgraded": self._upgraded,
            "Reattested": self._reattested,
            "RecoveryRequested": self._requested,
            "RecoveryCancelled": self._cancelled,
            "Recovered": self._recovered,
            "Suspended": self._suspended,
            "Left": self._left,
            "Erased": self._erased,
        }
        handler = handlers.get(entry.event)
        if handler is not None:
            handler(entry)

    def active_of(self, station: str) -> list[int]:
        """Active records that stand on a station's word."""
        return [r.record_id for r in self.by_id.values() if r.station == station and r.status is RecordStatus.ACTIVE]

    # --- coming in, upgrading

    def _enrolled(self, entry: LogEntry) -> None:
        record_id = int(entry.values["recordId"])
        self._require(record_id == len(self.by_id) + 1, f"record {record_id} follows {len(self.by_id)} records", entry)
        accepted = self._accept(entry, VerdictKind.UNIQUE, record_id)
        identity = int(accepted.capture["identityCommitment"])
        self._require(identity == entry.values["identityCommitment"], "the event names another identity", entry)
        self._take_identity(identity, record_id, entry)
        self.by_id[record_id] = AuditedRecord(
            record_id,
            identity,
            bytes(accepted.capture["commitmentsRoot"]),
            int(accepted.capture["eyeSide"]),
            accepted.station,
            entry.time,
            accepted.models,
            block=entry.block,
        )
        self._trees.take([Change(model, 0, identity) for model in accepted.models], entry)

    def _upgraded(self, entry: LogEntry) -> None:
        model_id, code = int(entry.values["modelId"]), entry.values["code"]
        record = self._member(entry)
        self._require(int(code["modelId"]) == model_id, "the event names another model than its code", entry)
        if record is None:
            return
        live = self._lists.live(entry.time).models
        self._require(model_id in live, f"model {model_id} is not live; {live} are", entry)
        self._require(record.status is RecordStatus.ACTIVE, f"record {record.record_id} is suspended", entry)
        overdue = record.station in self._lists.overdue_station(entry.time)
        self._require(not overdue, f"record {record.record_id}'s station was revoked too long ago", entry)
        self._require(not self._trees.has(model_id, record.identity), "the record has this model already", entry)
        expected = ExpectedVerdict(VerdictKind.STORED, record.identity, record.record_id)
        self.codes.accept(code, record.commitments_root, expected, record.record_id, entry)
        record.models.append(model_id)
        self._trees.take([Change(model_id, 0, record.identity)], entry)

    def _reattested(self, entry: LogEntry) -> None:
        record = self._member(entry)
        record_id = int(entry.values["recordId"])
        accepted = self._accept(entry, VerdictKind.SAME_PERSON, record_id, record)
        if record is None:
            return
        self._require(
            int(accepted.capture["identityCommitment"]) == record.identity, "the capture is for another", entry
        )
        self._require(str(entry.values["previousStation"]) == record.station, "the record had another station", entry)
        added = [model for model in accepted.models if not self._trees.has(model, record.identity)]
        self._trees.take([Change(model, 0, record.identity) for model in added], entry)
        record.commitments_root = bytes(accepted.capture["commitmentsRoot"])
        record.eye_side, record.station = int(accepted.capture["eyeSide"]), accepted.station
        # who had renewed and was suspended since may have left that code out, and has no leaf there
        models = sorted({*record.models, *accepted.models})
        record.models = [model for model in models if self._trees.has(model, record.identity)]
        record.status = RecordStatus.ACTIVE

    # --- recovery

    def _requested(self, entry: LogEntry) -> None:
        record, record_id = self._member(entry), int(entry.values["recordId"])
        accepted = self._accept(entry, VerdictKind.SAME_PERSON, record_id, record)
        identity = int(accepted.capture["identityCommitment"])
        self._require(identity == entry.values["newIdentityCommitment"], "the event names another identity", entry)
        self._require(bool(self._lists.nodes), "a recovery was begun without a committee", entry)
        self._take_identity(identity, record_id, entry)
        if record is None:
            return
        pending = record.recovery
        free = pending is None or bool(self._lists.stations[pending.station].revoked_at)
        self._require(free, f"record {record_id} had a recovery that waited", entry)
        ready_at = entry.time + self._lists.constants.recovery_wait_s
        said = int(entry.values["readyAt"])
        self._require(said == ready_at, f"the recovery is ready at {said}; its waiting period ends {ready_at}", entry)
        record.recovery = PendingRecovery(
            identity,
            bytes(accepted.capture["commitmentsRoot"]),
            int(accepted.capture["eyeSide"]),
            accepted.station,
            ready_at,
            tuple(accepted.models),
        )
        record.recoveries += 1

    def _cancelled(self, entry: LogEntry) -> None:
        record = self._member(entry)
        if record is None or not self._require(record.recovery is not None, "no recovery waited", entry):
            return
        scope = self._scope(_CANCEL, record.record_id, ("uint256", record.recoveries))
        self._claim_identity(record.identity, scope, entry)
        record.recovery = None

    def _recovered(self, entry: LogEntry) -> None:
        record = self._member(entry)
        if record is None or not self._require(record.recovery is not None, "no recovery waited", entry):
            return
        pending = record.recovery
        assert pending is not None
        self._require(entry.time >= pending.ready_at, f"the recovery was completed before {pending.ready_at}", entry)
        self._require(not self._lists.stations[pending.station].revoked_at, "its station was revoked", entry)
        said = (int(entry.values["identityCommitment"]), int(entry.values["newIdentityCommitment"]))
        self._require(said == (record.identity, pending.identity), "the event names other identities", entry)
        self._trees.take(self._moves(record, pending, self._lists.live(entry.time)), entry)
        record.models = [model for model in pending.models if self._trees.has(model, pending.identity)]
        record.identity, record.commitments_root = pending.identity, pending.commitments_root
        record.eye_side, record.station = pending.eye_side, pending.station
        record.rotated_at, record.recovery, record.status = entry.time, None, RecordStatus.ACTIVE

    def _moves(self, record: AuditedRecord, pending: PendingRecovery, live: LiveModels) -> list[Change]:
        """What a recovery does to the leaves, as the contract does it: a model that came to life meanwhile, or whose
        code was left out, has no code of the new capture, and its old leaf goes."""
        changes = []
        for model in live.models:
            present = self._trees.has(model, record.identity)
            if model not in pending.models:
                changes += [Change(model, record.identity, 0)] if present else []
            else:
                changes.append(Change(model, record.identity if present else 0, pending.identity))
        return changes

    # --- going out

    def _left(self, entry: LogEntry) -> None:
        record = self._member(entry)
        if record is None:
            return
        self._claim_identity(record.identity, self._scope(_LEAVE, record.record_id), entry)
        self._trees.take(self._removals(record, entry), entry)
        record.status, record.recovery = RecordStatus.LEFT, None

    def _suspended(self, entry: LogEntry) -> None:
        record = self._member(entry)
        if record is None:
            return
        overdue = record.station in self._lists.overdue_station(entry.time)
        self._require(overdue, f"record {record.record_id} was suspended, and its station is not overdue", entry)
        self._require(record.status is RecordStatus.ACTIVE, "a record was suspended twice", entry)
        self._trees.take(self._removals(record, entry), entry)
        record.status = RecordStatus.SUSPENDED

    def _removals(self, record: AuditedRecord, entry: LogEntry) -> list[Change]:
        live = self._lists.live(entry.time).models
        return [Change(m, record.identity, 0) for m in live if self._trees.has(m, record.identity)]

    def _erased(self, entry: LogEntry) -> None:
        record = self.by_id.get(int(entry.values["recordId"]))
        left = record is not None and record.status is RecordStatus.LEFT
        if not self._require(left, "shares were erased of a record that has not left", entry):
            return
        assert record is not None
        expected = ExpectedVerdict(VerdictKind.ERASED, record.identity, record.record_id)
        self.codes.accept_verdict(bytes(entry.values["verdict"]), expected, entry)
        record.status = RecordStatus.ERASED

    # --- what they share

    def _accept(self, entry: LogEntry, kind: VerdictKind, owner: int, member: AuditedRecord | None = None) -> _Accepted:
        """A capture with its codes, which are `owner`'s. A newcomer's are of all live models; a `member` who has no
        leaf under the upcoming one may leave that code out."""
        enrollment = entry.values["enrollment"]
        capture, codes = enrollment["capture"], enrollment["codes"]
        models = [int(code["modelId"]) for code in codes]
        live = self._lists.live(entry.time)
        spared = member is not None and not self._trees.has(live.upcoming, member.identity)
        complete = models == list(live.models) or (spared and models == [live.group])
        self._require(complete, f"codes of models {models} were taken where {list(live.models)} are live", entry)
        station = self._accept_capture(capture, bytes(enrollment["stationSignature"]), entry)
        expected = ExpectedVerdict(kind, int(capture["identityCommitment"]), 0 if kind is VerdictKind.UNIQUE else owner)
        for code in codes:
            self.codes.accept(code, bytes(capture["commitmentsRoot"]), expected, owner, entry)
        return _Accepted(station, capture, models)

    def _accept_capture(self, fields: Any, signature: bytes, entry: LogEntry) -> str:
        """Canonical, fresh, of a listed and active station, not used before."""
        captured_at, nonce = int(fields["capturedAt"]), bytes(fields["nonce"])
        age_s = entry.time - captured_at
        self._findings.measure("age of a capture", max(age_s, 0), (MAX_ATTESTATION_AGE_S, "s"), f"block {entry.block}")
        fresh = -MAX_CLOCK_SKEW_S <= age_s <= MAX_ATTESTATION_AGE_S
        self._require(fresh, f"the capture was {age_s} s old; the most is {MAX_ATTESTATION_AGE_S} s", entry)
        eye, taken = int(fields["eyeSide"]), self._lists.constants.eye_side
        self._require(eye == taken, f"a capture of eye {eye} was taken; the registry takes eye {taken}", entry)
        address = str(entry.values["station"]) if "station" in entry.values else ""
        with self._findings.reporting("capture", entry):
            capture = Capture(
                self._deployment.registry,
                self._deployment.chain_id,
                bytes(fields["commitmentsRoot"]),
                _eye_side(int(fields["eyeSide"])),
                IdentityCommitment(int(fields["identityCommitment"])),
                captured_at,
                nonce,
            )
            address = address or self._signer_of(capture, signature)
            self._claim_station(capture, signature, address, entry)
        self._require((address, nonce) not in self.nonces, "the capture's nonce was used before", entry)
        self.nonces.add((address, nonce))
        return address

    def _claim_station(self, capture: Capture, signature: bytes, address: str, entry: LogEntry) -> None:
        station = self._lists.stations.get(address)
        if not self._findings.require(station is not None, "stations", f"{address} is no listed station", entry):
            return
        assert station is not None
        self._findings.require(
            not station.revoked_at, "stations", f"{address} had been revoked at {station.revoked_at}", entry
        )
        form = CaptureAttestation if station.point is None else P256Attestation
        form(capture, signature)  # raises for a form that the contract does not take
        self.claims.append((StationClaim(capture, signature, address, station.point), entry))

    def _signer_of(self, capture: Capture, signature: bytes) -> str:
        """`RecoveryRequested` does not name its station: the signature does."""
        if len(signature) == 84:
            named = "0x" + signature[64:].hex()
            return next((address for address in self._lists.stations if address.lower() == named), named)
        return self.codes.recovered(CaptureAttestation(capture, signature))

    def _claim_identity(self, identity: int, scope: int, entry: LogEntry) -> None:
        """A proof of the identity alone: in the tree that is its leaf, message 0."""
        proof = entry.values["proof"]
        with self._findings.reporting("membership proof", entry):
            points: Sequence[int] = [int(point) for point in proof["points"]]
            made = MembershipProof(
                CIRCUIT_DEPTH, identity, Nullifier(int(proof["nullifier"])), 0, scope, tuple(points)  # type: ignore[arg-type]
            )  # fmt: skip
            self.claims.append((MembershipClaim(made), entry))

    def _scope(self, label: bytes, record_id: int, *more: tuple[str, int]) -> int:
        deployment = self._deployment
        parts = (("uint256", deployment.chain_id), ("address", deployment.registry), ("uint64", record_id), *more)
        return scope_of(label, *parts)

    def cancel_scope(self, record: AuditedRecord) -> int:
        """What the contract says too: it holds the count of recoveries, so a hidden request shows."""
        return self._scope(_CANCEL, record.record_id, ("uint256", record.recoveries))

    def _member(self, entry: LogEntry) -> AuditedRecord | None:
        record = self.by_id.get(int(entry.values["recordId"]))
        standing = record is not None and record.status in (RecordStatus.ACTIVE, RecordStatus.SUSPENDED)
        self._require(standing, f"{entry.event} of a record that is no member's", entry)
        return record if standing else None

    def _take_identity(self, identity: int, record_id: int, entry: LogEntry) -> None:
        self._require(identity not in self.identities, "the identity had been a record's before", entry)
        self.identities[identity] = record_id

    def _require(self, holds: bool, reason: str, entry: LogEntry) -> bool:
        return self._findings.require(holds, "records", reason, entry)


def _eye_side(value: int) -> EyeSide:
    try:
        return EyeSide(value)
    except ValueError:
        raise EncodingError(f"there is no eye side {value}") from None
