"""What a node decides, by itself, of a request or of what the chain says: the kind and the body of the next entry."""

from __future__ import annotations

import hashlib
from typing import Any

from protocol.errors import CommitteeUnavailable, RequestRefused, VerificationError
from uniqueness.binding import require_population
from uniqueness.comparison import Comparison, same_eye_scores
from uniqueness.engine_slot import EngineSlot
from uniqueness.index import RecordState, StoredRecord
from uniqueness.intake import Accepted
from uniqueness.ordered_log import Entry, EntryKind
from uniqueness.ports import RegistryPort, VerdictWords
from uniqueness.proposal import Proposal
from uniqueness.refusals import Refusal
from uniqueness.request import RequestKind
from uniqueness.store import Store

__all__ = ["ERASED_LIFE_S", "SETTLE_MARGIN_S", "VERDICT_LIFE_S", "Decisions", "erasure_digest", "verdict_words"]

VERDICT_LIFE_S = 3600
ERASED_LIFE_S = 6 * 86_400
"""Below the contract's seven days."""
SETTLE_MARGIN_S = 120
"""How long after a verdict's end the chain is believed that nobody used it."""

_KINDS = {EntryKind.UNIQUE: 1, EntryKind.SAME_PERSON: 2, EntryKind.STORED: 3, EntryKind.ERASED: 4}


class Decisions:
    """Methods raise `RequestRefused` where the answer is no, `CommitteeError` where there is none."""

    def __init__(self, store: Store, registry: RegistryPort, slot: EngineSlot) -> None:
        self._store, self._registry, self._slot = store, registry, slot

    def of_request(self, proposal: Proposal, accepted: Accepted) -> tuple[EntryKind, dict[str, Any]]:
        _require_sealed(proposal, accepted)
        request, query = accepted.first, accepted.query
        self._require_none_out(accepted)
        comparison = self._slot.comparison(proposal.session)
        self._require_eyes(comparison, proposal, accepted)
        view = self._store.view(query.network)
        body: dict[str, Any] = {
            "request": proposal.subject,
            "network": query.network,
            "size": self._store.size(query.network),
        }
        if request.kind is RequestKind.UNIQUE and comparison.matches_any(proposal.tag("any"), query, view):
            return EntryKind.DUPLICATE, body
        record_id = 0
        if request.kind is RequestKind.SAME_PERSON:
            record_id = self._matching(comparison.find_match(proposal.tag("find"), query, view), query.network)
        elif request.kind is RequestKind.STORED:
            record_id = self._registry.record_of(request.identity.value)
            if record_id == 0:
                raise RequestRefused(Refusal.EVIDENCE_FAILS, "the identity has no record")
            if self._is_anothers(comparison, proposal, accepted, record_id):
                return EntryKind.DUPLICATE, body
        body |= {
            "identity": str(request.identity.value),
            "model_id": request.model_id,
            "code": accepted.code_commitment.hex(),
            "record_id": record_id,
            "expires_at": proposal.at + VERDICT_LIFE_S,
        }
        if len(accepted.roots) > 1:  # the chain has the first eye's root alone, and a renewal must be of this very pair
            body["roots"] = [root.hex() for root in accepted.roots]
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

    def _require_none_out(self, accepted: Accepted) -> None:
        """Of two requests that were accepted at once, the second must not reserve another pair for the same code."""
        first = accepted.first
        where = "identity = ? and model_id = ? and state = 'reserved'"
        if self._store.records(where, str(first.identity.value), first.model_id):
            raise RequestRefused(
                Refusal.PENDING,
                "a verdict for this identity is out",
                hint="enrol with it, or wait until it has expired",
            )

    def _is_anothers(self, comparison: Comparison, proposal: Proposal, accepted: Accepted, record_id: int) -> bool:
        """Whether a member's code is that of another record: of one who did not renew in the grace period, and came in
        again as somebody new once the old model's shares were compared with nobody's."""
        query, view = accepted.query, self._store.view(accepted.query.network)
        own = self._store.records("network = ? and record_id = ? and state != 'zeroed'", query.network, record_id)
        if not own:
            return comparison.matches_any(proposal.tag("any"), query, view)
        # who is asked again has rows there, and nobody else came in or was renewed who matches them
        number = comparison.find_match(proposal.tag("find"), query, view)
        return number is not None and self._store.record(query.network, number).record_id != record_id

    def _matching(self, number: int | None, network: str) -> int:
        if number is None:
            raise RequestRefused(Refusal.NOT_FOUND, "nobody in the database is this person")
        record = self._store.record(network, number)
        if record.record_id == 0:
            raise RequestRefused(Refusal.PENDING, "this person's enrolment is not on the chain yet")
        return record.record_id

    def of_chain(self, proposal: Proposal) -> tuple[EntryKind, dict[str, Any]]:
        body = proposal.body
        if proposal.purpose == "erase":
            record_id = int(body["record_id"])
            identity = self.require_left(record_id)
            found = self._store.records("record_id = ? and state != 'reserved'", record_id)
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
        record = self._store.record(str(body["network"]), int(body["number"]))
        due = self.due(record)
        if due is None or due.value != {"confirm": "confirmed", "drop": "dropped"}.get(proposal.purpose):
            raise RequestRefused(Refusal.EVIDENCE_FAILS, "the chain does not say so to every node yet")
        if due is EntryKind.DROPPED:
            return due, {"records": [[record.network, record.number]]}
        owner = self._registry.owner_of_code(record.model_id, record.code_commitment)
        return due, {"network": record.network, "number": record.number, "record_id": owner}

    def due(self, record: StoredRecord) -> EntryKind | None:
        """What the chain says of a reserved record: `CONFIRMED`, `DROPPED`, or nothing yet."""
        if record.state is not RecordState.RESERVED:
            return None
        if self._registry.owner_of_code(record.model_id, record.code_commitment):
            return EntryKind.CONFIRMED
        return EntryKind.DROPPED if self._registry.now() > record.expires_at + SETTLE_MARGIN_S else None

    def require_left(self, record_id: int) -> int:
        identity = self._registry.identity_that_left(record_id)
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
