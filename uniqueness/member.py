"""What each of the three nodes does in a round: check, compute, write down, and only then sign.

A round makes one entry of the log. The sequencer (node 0) proposes it; a node takes part only in a round that follows
its own log, with its own accepted shares, and comes to the entry by itself. Three nodes that do not come to the same
entry, byte for byte, have no verdict.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from protocol.errors import CommitteeError, CommitteeUnavailable, EncodingError, RequestRefused
from uniqueness.catch_up import catch_up
from uniqueness.checked.peers import TamperingDetected
from uniqueness.decisions import Decisions, erasure_digest, verdict_words
from uniqueness.engine_slot import EngineSlot
from uniqueness.intake import Accepted, Intake
from uniqueness.ordered_log import Entry, EntryKind, entry_after
from uniqueness.ports import RegistryPort, VerdictSigner
from uniqueness.proposal import Proposal
from uniqueness.refusals import Refusal
from uniqueness.store import Store
from uniqueness.wire import Channel, encode

__all__ = ["Member", "MemberParts"]

MAX_CLOCK_SKEW_S = 300
ARRIVAL_S = 120.0
"""How long a node waits in a round for a submission that reached another node first."""
ANSWER_S = 300.0
MAX_WAITING = 16


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
        self.decisions = Decisions(parts.store, parts.registry, parts.slot)
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
        self.decisions.require_left(record_id)
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
                    kind, body = self.decisions.of_request(proposal, accepted)
                    held = accepted.held if kind in (EntryKind.UNIQUE, EntryKind.STORED) else ()
                else:
                    (kind, body), held = self.decisions.of_chain(proposal), ()
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
