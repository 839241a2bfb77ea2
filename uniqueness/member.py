"""What each of the three nodes does in a round: check, compute, write down, and only then sign.

A round makes one entry of the log. The sequencer (node 0) proposes it; a node takes part only in a round that follows
its own log, with its own accepted shares, and comes to the entry by itself. Three nodes that do not come to the same
entry, byte for byte, have no verdict.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from protocol.errors import CommitteeError, CommitteeUnavailable, EncodingError, RequestRefused, VerificationError
from uniqueness.binding import require_population
from uniqueness.catch_up import catch_up
from uniqueness.checked.peers import TamperingDetected
from uniqueness.comparison import Comparison, same_eye_scores
from uniqueness.engine_slot import EngineSlot
from uniqueness.intake import Accepted, Intake
from uniqueness.ordered_log import Entry, EntryKind, entry_after
from uniqueness.ports import RegistryPort, VerdictSigner, VerdictWords
from uniqueness.refusals import Refusal
from uniqueness.request import RequestKind
from uniqueness.store import RecordState, Store, StoredRecord
from uniqueness.wire import Channel, encode

__all__ = ["ERASED_LIFE_S", "VERDICT_LIFE_S", "Member", "MemberParts", "Proposal", "erasure_digest", "verdict_words"]

VERDICT_LIFE_S = 3600
ERASED_LIFE_S = 6 * 86_400
"""Below the contract's seven days."""
SETTLE_MARGIN_S = 120
"""How long after a verdict's end the chain is believed that nobody used it."""
MAX_CLOCK_SKEW_S = 300
ARRIVAL_S = 120.0
"""How long a node waits in a round for a submission that reached another node first."""
ANSWER_S = 300.0
MAX_WAITING = 16

_KINDS = {EntryKind.UNIQUE: 1, EntryKind.SAME_PERSON: 2, EntryKind.STORED: 3, EntryKind.ERASED: 4}
_TAG_LABEL = b"irisproof committee round v1\0"


@dataclass(frozen=True)
class Proposal:
    """The entry that the sequencer wants next. `purpose`: request, confirm, drop or erase; `subject`: the digest of a
    submission, else what `body` is about. `seals` (per eye, three) are known once all nodes have answered."""

    sequence: int
    previous: str
    at: int
    session: str
    purpose: str
    subject: str
    body: dict[str, Any]
    seals: list[list[str]]

    @classmethod
    def read(cls, value: dict[str, Any]) -> Proposal:
        """Raises `EncodingError`."""
        try:
            made = cls(**value)
            numbers, texts = (made.sequence, made.at), (made.previous, made.session, made.purpose, made.subject)
        except TypeError as error:
            raise EncodingError("the proposal cannot be read") from error
        if not all(type(number) is int for number in numbers) or not all(isinstance(text, str) for text in texts):
            raise EncodingError("the proposal cannot be read")
        return made

    def tag(self, what: str) -> bytes:
        """What the engines agree on before they compute."""
        text = f"{self.session} {self.sequence} {self.previous} {self.subject} {self.seals} {what}"
        return hashlib.sha256(_TAG_LABEL + text.encode()).digest()


class _Waiting:
    """A client that waits at this node for its submission's round."""

    def __init__(self, accepted: Accepted | None) -> None:
        self.accepted = accepted
        self.called = accepted is None
        """Whether its round has begun; what follows the chain is not called by name."""
        self.done = threading.Event()
        self.entry: Entry | None = None
        self.error: CommitteeError | RequestRefused | None = None


@dataclass(frozen=True)
class MemberParts:
    """What a node is made of. `peers`: channels to the other two."""

    store: Store
    registry: RegistryPort
    signer: VerdictSigner
    intake: Intake
    slot: EngineSlot
    peers: Sequence[Channel]


class Member:
    """One node. Used by many threads; rounds are one at a time."""

    def __init__(self, parts: MemberParts) -> None:
        self.store, self.registry, self.slot = parts.store, parts.registry, parts.slot
        self._signer, self._intake, self._peers = parts.signer, parts.intake, parts.peers
        self._waiting: dict[str, _Waiting] = {}
        self._refused: deque[str] = deque(maxlen=256)
        self._arrived = threading.Condition()
        self._round = threading.Lock()
        self._stopped = False
        self.offer: Callable[[str, str, dict[str, Any]], None] = lambda *_: None
        """Told of each subject that waits here: purpose, subject, body. The sequencer's node sets it."""

    # ------------------------------------------------------------------------------------------------------ to clients

    def submit(self, value: dict[str, Any]) -> dict[str, Any]:
        """Check a submission, wait for its round, sign. Raises `RequestRefused` and `CommitteeError`."""
        if len(self._waiting) >= MAX_WAITING:
            raise RequestRefused(Refusal.TOO_MANY, "the node has too many requests to check", hint="come again later")
        try:
            accepted = self._intake.accept(value)
        except RequestRefused:
            self._note_refused(value)
            raise
        again = self._reserved(accepted)
        if again is not None:
            return self._signed(again)
        return self._wait("request", accepted.digest.hex(), accepted, {})

    def _reserved(self, accepted: Accepted) -> Entry | None:
        """The answer that is out for the same code and identity and that the chain does not have yet: a client that
        was stopped in between gets it again, and nothing is computed."""
        first = accepted.first
        where = "identity = ? and state = 'reserved' and code = ?"
        if not self.store.records(where, str(first.identity.value), accepted.code_commitment.hex()):
            return None
        entry = self.store.entry_of_code(accepted.code_commitment, first.identity.value)
        if entry is None or entry.kind.value != first.kind.value:
            raise RequestRefused(
                Refusal.PENDING, "a verdict for this identity is out", hint="wait until it has expired"
            )
        return entry

    def erase(self, record_id: object) -> dict[str, Any]:
        """Overwrite the shares of one who left, and sign that it was done."""
        if type(record_id) is not int or not 0 < record_id < 1 << 64:
            raise EncodingError("a record id is a positive integer of 64 bits")
        self._require_left(record_id)
        return self._wait("erase", erasure_digest(record_id).hex(), None, {"record_id": record_id})

    def answer_again(self, digest: bytes) -> dict[str, Any]:
        """The answer to a submission whose answer got lost. Raises `RequestRefused` (`NOT_FOUND`)."""
        entry = self.store.entry_of(digest)
        if entry is None:
            raise RequestRefused(Refusal.NOT_FOUND, "this node has not answered such a request")
        return self._signed(entry)

    def _note_refused(self, value: dict[str, Any]) -> None:
        """The other nodes, which may have accepted it, need not wait for it."""
        try:
            subject = self._intake.digest_of(value).hex()
        except (RequestRefused, EncodingError):
            return
        with self._arrived:
            self._refused.append(subject)
            self._arrived.notify_all()

    def _wait(self, purpose: str, subject: str, accepted: Accepted | None, body: dict[str, Any]) -> dict[str, Any]:
        waiting = _Waiting(accepted)
        with self._arrived:
            if subject in self._waiting:
                raise RequestRefused(Refusal.REPLAYED, "this request is being served")
            self._waiting[subject] = waiting
            self._arrived.notify_all()
        try:
            self.offer(purpose, subject, body)
            if not waiting.done.wait(ARRIVAL_S) and not waiting.called:
                raise CommitteeUnavailable("node 0 did not call a round for this request", hint="send a new one later")
            if not waiting.done.wait(ANSWER_S):
                raise CommitteeUnavailable("the committee did not come to this request", hint="send a new one later")
        finally:
            with self._arrived:
                del self._waiting[subject]
        if waiting.error is not None:
            raise waiting.error
        assert waiting.entry is not None
        return self._signed(waiting.entry)

    def _signed(self, entry: Entry) -> dict[str, Any]:
        if entry.kind is EntryKind.DUPLICATE:
            raise RequestRefused(Refusal.DUPLICATE, "this person is enrolled already, or is enrolling now")
        words = verdict_words(entry)
        fields = asdict(words) | {"code_commitment": words.code_commitment.hex(), "log_root": words.log_root.hex()}
        return {"verdict": fields, "signature": encode(self._signer.sign(words)), "entry": encode(entry.to_bytes())}

    # ------------------------------------------------------------------------------------------------------- the round

    def prepare(self, proposal: Proposal) -> dict[str, Any]:
        """Whether this node can take part: {last, session, seals}. Its own two seals of each eye, the third empty.

        Raises `CommitteeUnavailable` where the submission did not reach this node.
        """
        if proposal.sequence > self.store.last.sequence + 1:
            self.catch_up()
        last = self.store.last
        answer: dict[str, Any] = {"last": [last.sequence, last.hash.hex()], "session": self.slot.session, "seals": []}
        if (last.sequence + 1, last.hash.hex()) != (proposal.sequence, proposal.previous):
            return answer
        if proposal.purpose == "request":
            for row in self._arriving(proposal.subject).held:
                own = {share.index: share.seal.hex() for share in row}
                answer["seals"].append([own.get(index, "") for index in range(3)])
        return answer

    def _arriving(self, subject: str) -> Accepted:
        with self._arrived:
            self._arrived.wait_for(
                lambda: subject in self._waiting or subject in self._refused or self._stopped, ARRIVAL_S
            )
            if subject not in self._waiting:
                raise CommitteeUnavailable(
                    f"node {self.store.node} did not get the request, or refused it", hint="send it to all three nodes"
                )
            self._waiting[subject].called = True
            accepted = self._waiting[subject].accepted
        if accepted is None:
            raise CommitteeUnavailable("the subject of the round is no request")
        return accepted

    def execute(self, proposal: Proposal) -> dict[str, Any]:
        """Compute, and write the entry down: {hash}; or {refusal, message, hint}, which is as public as a verdict.

        1. The proposal follows this node's log, and its time is now.
        2. For a request: the seals are of the shares that this node accepted; then the secure computation.
           For what follows the chain: the chain says so to this node too.
        """
        with self._round:
            last = self.store.last
            if (last.sequence + 1, last.hash.hex()) != (proposal.sequence, proposal.previous):
                raise CommitteeUnavailable(f"the round does not follow the log of node {self.store.node}")
            if abs(proposal.at - self.registry.now()) > MAX_CLOCK_SKEW_S:
                raise CommitteeUnavailable(f"the round's time is not that of the chain of node {self.store.node}")
            try:
                if proposal.purpose == "request":
                    accepted = self._arriving(proposal.subject)
                    kind, body = self._decide(proposal, accepted)
                    held = accepted.held if kind in (EntryKind.UNIQUE, EntryKind.STORED) else ()
                else:
                    (kind, body), held = self._follow_chain(proposal), ()
            except TamperingDetected as tampering:
                self.slot.halt(tampering.message)
                raise
            except RequestRefused as refusal:
                return {"refusal": refusal.refusal.value, "message": refusal.message, "hint": refusal.hint}
            entry = entry_after(last, proposal.at, kind, body)
            self.store.prepare(entry, held)
            return {"hash": entry.hash.hex()}

    def commit(self, entry_hash: bytes) -> None:
        """The entry counts: every node came to it, and the sequencer has it. Whoever waits for it gets its answer."""
        with self._round:
            entry = self.store.commit(entry_hash)
        self._resolve(entry.body.get("request", ""), entry, None)

    def catch_up(self) -> int:
        """Take what the other nodes have and this one has not; returns how many entries. Raises as `catch_up` does."""
        with self._round:
            taken = catch_up(self.store, self._peers)
        for subject in list(self._waiting):
            entry = self.store.entry_of(bytes.fromhex(subject))
            if entry is not None and self._waiting[subject].accepted is not None:
                self._resolve(subject, entry, None)
        return taken

    def stop(self) -> None:
        """Tell everybody who waits that this node ends."""
        self.slot.end()
        with self._arrived:
            self._stopped = True
            waiting = list(self._waiting)
            self._arrived.notify_all()
        for subject in waiting:
            self.abort(subject, CommitteeUnavailable(f"node {self.store.node} is stopping"))

    def abort(self, subject: str, error: CommitteeError | RequestRefused) -> None:
        """There is no entry for this subject."""
        self._resolve(subject, None, error)

    def _resolve(self, subject: str, entry: Entry | None, error: CommitteeError | RequestRefused | None) -> None:
        with self._arrived:
            waiting = self._waiting.get(subject)
        if waiting is not None:
            waiting.entry, waiting.error = entry, error
            waiting.done.set()

    # -------------------------------------------------------------------------------------------------- what it decides

    def _decide(self, proposal: Proposal, accepted: Accepted) -> tuple[EntryKind, dict[str, Any]]:
        _require_sealed(proposal, accepted)
        request, query = accepted.first, accepted.query
        comparison = self.slot.comparison(proposal.session)
        self._require_eyes(comparison, proposal, accepted)
        view = self.store.view(query.network)
        body: dict[str, Any] = {
            "request": proposal.subject,
            "network": query.network,
            "size": self.store.size(query.network),
        }
        if request.kind is RequestKind.UNIQUE and comparison.matches_any(proposal.tag("any"), query, view):
            return EntryKind.DUPLICATE, body
        record_id = 0
        if request.kind is RequestKind.SAME_PERSON:
            record_id = self._matching(comparison.find_match(proposal.tag("find"), query, view), query.network)
        elif request.kind is RequestKind.STORED:
            record_id = self.registry.record_of(request.identity.value)
            if record_id == 0:
                raise RequestRefused(Refusal.EVIDENCE_FAILS, "the identity has no record")
        body |= {
            "identity": str(request.identity.value),
            "model_id": request.model_id,
            "code": accepted.code_commitment.hex(),
            "record_id": record_id,
            "expires_at": proposal.at + VERDICT_LIFE_S,
        }
        if request.kind is RequestKind.SAME_PERSON:
            return EntryKind.SAME_PERSON, body
        return EntryKind(request.kind.value), body | {"seals": proposal.seals}

    def _require_eyes(self, comparison: Comparison, proposal: Proposal, accepted: Accepted) -> None:
        for number, eye in enumerate(accepted.query.eyes):
            tag = proposal.tag(f"population {number}")
            require_population(eye, lambda share, tag=tag: comparison.any_positive(tag, [share], 1))  # type: ignore[misc]
        if len(accepted.query.eyes) == 2:
            scores = same_eye_scores(accepted.query)
            if comparison.any_positive(proposal.tag("same eye"), [scores], scores.size):
                raise RequestRefused(Refusal.SAME_EYE, "both pictures are of one eye", hint="take one of each eye")

    def _matching(self, number: int | None, network: str) -> int:
        if number is None:
            raise RequestRefused(Refusal.NOT_FOUND, "nobody in the database is this person")
        record = self.store.record(network, number)
        if record.record_id == 0:
            raise RequestRefused(Refusal.PENDING, "this person's enrolment is not on the chain yet")
        return record.record_id

    def _follow_chain(self, proposal: Proposal) -> tuple[EntryKind, dict[str, Any]]:
        body = proposal.body
        if proposal.purpose == "erase":
            record_id = int(body["record_id"])
            identity = self._require_left(record_id)
            found = self.store.records("record_id = ? and state != 'reserved'", record_id)
            if not found:
                raise RequestRefused(Refusal.NOT_FOUND, f"no shares of record {record_id} are known here")
            return EntryKind.ERASED, {
                "request": proposal.subject,
                "record_id": record_id,
                "identity": str(identity),
                "records": [[record.network, record.number] for record in found],
                "size": 0,
                "expires_at": proposal.at + ERASED_LIFE_S,
            }
        record = self.store.record(str(body["network"]), int(body["number"]))
        due = self.due(record)
        if due is None or due.value != {"confirm": "confirmed", "drop": "dropped"}.get(proposal.purpose):
            raise RequestRefused(Refusal.EVIDENCE_FAILS, "the chain does not say so to every node yet")
        if due is EntryKind.DROPPED:
            return due, {"records": [[record.network, record.number]]}
        owner = self.registry.owner_of_code(record.model_id, record.code_commitment)
        return due, {"network": record.network, "number": record.number, "record_id": owner}

    def due(self, record: StoredRecord) -> EntryKind | None:
        """What the chain says of a reserved record: `CONFIRMED`, `DROPPED`, or nothing yet."""
        if record.state is not RecordState.RESERVED:
            return None
        if self.registry.owner_of_code(record.model_id, record.code_commitment):
            return EntryKind.CONFIRMED
        return EntryKind.DROPPED if self.registry.now() > record.expires_at + SETTLE_MARGIN_S else None

    def _require_left(self, record_id: int) -> int:
        identity = self.registry.identity_that_left(record_id)
        if identity == 0:
            raise RequestRefused(
                Refusal.EVIDENCE_FAILS, f"record {record_id} has not left the registry", hint="leave first, then erase"
            )
        return identity


def erasure_digest(record_id: int) -> bytes:
    """32 bytes: what stands for "erase this record" in the log."""
    return hashlib.sha256(b"irisproof committee erasure v1\0" + record_id.to_bytes(8, "big")).digest()


def verdict_words(entry: Entry) -> VerdictWords:
    """What the nodes sign of an entry. Raises `VerificationError` for one that is no verdict."""
    if entry.kind not in _KINDS:
        raise VerificationError(f"an entry of kind {entry.kind.value} is no verdict")
    body = entry.body
    return VerdictWords(
        kind=_KINDS[entry.kind],
        code_commitment=bytes.fromhex(body.get("code", "")) or bytes(32),
        identity=int(body["identity"]),
        model_id=body.get("model_id", 0),
        database_size=body["size"],
        log_root=entry.hash,
        record_id=body["record_id"],
        expires_at=body["expires_at"],
    )


def _require_sealed(proposal: Proposal, accepted: Accepted) -> None:
    """The seals that go into the log are, where this node can tell, of what it holds."""
    for eye, row in enumerate(accepted.held):
        for share in row:
            if proposal.seals[eye][share.index] != share.seal.hex():
                raise CommitteeUnavailable("the nodes do not hold the same shares")
