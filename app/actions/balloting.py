"""Voting from an open vault: look at polls, cast once, keep a receipt, check it.

A ballot is in the vault's outbox, on the disk, before anybody else sees it; its place there (poll, nullifier, sequence)
is the place that the contract takes one ballot for. So a vote that was interrupted is found on the chain, or sent again
as it was: never lost, never counted twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.actions.joining import record_of, recovery_of
from app.actions.submission import submit_ballot, wire_ballot
from app.actions.voting import snapshot_group
from app.session import Session
from app.vault import OutboxEntry, OutboxKey, Receipt
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import nullifier_of, prove_membership
from protocol.errors import ChainError, ChainUnreachable, InputError, VerificationError
from protocol.types import IdentityCommitment, Nullifier
from registry_contract.client import RecordStatus
from registry_contract.polls import (
    Ballot,
    CastBallot,
    Poll,
    PollKind,
    RankedBallot,
    approval_choice,
    ballot_message,
    ranking_message,
)

__all__ = ["PollView", "cast_ballot", "check_receipt", "list_polls", "settle_outbox", "view_poll"]

_LOOK_TIMEOUT_S = 30.0
_LOOK_POLL_S = 0.2


@dataclass(frozen=True)
class PollView:
    """A poll as a person sees it now. `state`: `upcoming`, `open` or `closed`, by the chain's clock.

    `may_vote` is None where the vault has no identity. `votes_cast`: how often this person voted; the last vote counts.
    `pending`: a ballot of theirs is in the outbox.
    """

    poll: Poll
    state: str
    voters: int
    tally: tuple[int, ...]
    """Empty for a ranked poll."""
    may_vote: bool | None
    votes_cast: int
    pending: bool


def list_polls(session: Session) -> tuple[PollView, ...]:
    """All polls, newest first."""
    return tuple(view_poll(session, poll_id) for poll_id in range(session.links.polls.count(), 0, -1))


def view_poll(session: Session, poll_id: int) -> PollView:
    """One poll. Raises `TransactionRefused` (Polls__PollUnknown), `ChainError` where log and contract differ."""
    polls = session.links.polls
    poll = polls.poll(poll_id)
    now = session.links.registry.now()
    state = "upcoming" if now < poll.opens_at else "open" if now < poll.closes_at else "closed"
    tally = () if poll.kind is PollKind.RANKED else polls.tally(poll_id)
    voter = _voter(session, poll)
    may_vote = voter is not None if session.contents.has_identity() else None
    cast = 0 if voter is None else polls.votes_cast_by(poll_id, nullifier_of(voter, poll.scope))
    pending = any(_is_of(entry, session, poll_id) for entry in session.contents.outbox())
    return PollView(poll, state, polls.voters(poll_id), tally, may_vote, cast, pending)


def cast_ballot(session: Session, poll: Poll, options: Sequence[int], *, replace: bool = False) -> Receipt:
    """Prove, keep, send, and find on the chain. `options`: one for a single choice, any for approval, an order, best
    first, for a ranking.

    Raises `InputError` for a choice that the poll does not have, one who was no member at its making, one who voted
    already without `replace`, and where an earlier ballot of theirs waits that cannot be settled; `ChainUnreachable`
    where it cannot be sent now: `settle_outbox` sends it later.
    """
    _require_choice(poll, options)
    settle_outbox(session, poll.poll_id)
    voter = _voter(session, poll)
    if voter is None:
        raise InputError(
            "you were no member when this poll was made", hint="you can vote in polls made after you joined"
        )
    nullifier = nullifier_of(voter, poll.scope)
    sequence = session.links.polls.votes_cast_by(poll.poll_id, nullifier)
    if sequence and not replace:
        raise InputError(
            f"you already took part in poll {poll.poll_id}", hint="say that the earlier vote is to be replaced"
        )
    group = snapshot_group(session.links.registry, poll)
    if poll.kind is PollKind.RANKED:
        proof = prove_membership(voter, group, ranking_message(options, sequence), poll.scope)
        function, ballot = "castRanking", RankedBallot.from_proof(proof, options, sequence).to_abi()
    else:
        proof = prove_membership(voter, group, ballot_message(_choice(poll, options), sequence), poll.scope)
        function, ballot = "castVote", Ballot.from_proof(proof).to_abi()
    wire = wire_ballot(session.links, function, poll.poll_id, ballot)
    key = OutboxKey(session.links.endpoints.deployment.polls, poll.poll_id, nullifier, sequence)
    session.contents.put_outbox(key, {"function": function, "call": wire})
    return _send(session, poll, OutboxEntry(key, {"function": function, "call": wire}, int(time.time())))


def settle_outbox(session: Session, poll_id: int | None = None) -> tuple[Receipt, ...]:
    """Call after every unlock. Finds on the chain, or sends again, what waits; of one poll, or all.

    What the chain can no longer count (the poll closed, another ballot has its place) is dropped. Raises
    `ChainUnreachable` where the node or the relayer is gone: everything stays then.
    """
    receipts = []
    for entry in session.contents.outbox():
        if entry.key.polls != session.links.endpoints.deployment.polls or poll_id not in (None, entry.key.poll_id):
            continue
        poll = session.links.polls.poll(entry.key.poll_id)
        is_over = session.links.registry.now() >= poll.closes_at
        found = _on_chain(session, poll, entry.key)
        if found is not None:
            receipts.append(_receive(session, poll, entry, found))
        elif is_over or session.links.polls.votes_cast_by(poll.poll_id, entry.key.nullifier) > entry.key.sequence:
            session.contents.drop_outbox(entry.key)
        else:
            receipts.append(_send(session, poll, entry))
    return tuple(receipts)


def check_receipt(session: Session, receipt: Receipt) -> str:
    """Look the receipt up on the chain; returns what it is worth now, in words. Raises `VerificationError` where the
    chain does not have it, or has something else."""
    check = _CHECKS.get(receipt.kind)
    if check is None:
        raise InputError(f"a receipt of kind {receipt.kind} cannot be checked by this program")
    return check(session, receipt)


def _send(session: Session, poll: Poll, entry: OutboxEntry) -> Receipt:
    try:
        submit_ballot(session.links, str(entry.ballot["function"]), entry.ballot["call"])
    except ChainUnreachable:
        raise  # it may have gone through: it stays, and is looked for next time
    except ChainError:
        found = _on_chain(session, poll, entry.key)
        if found is None:
            session.contents.drop_outbox(entry.key)
            raise
        return _receive(session, poll, entry, found)
    deadline = time.monotonic() + _LOOK_TIMEOUT_S
    while (found := _on_chain(session, poll, entry.key)) is None:
        if time.monotonic() > deadline:
            raise ChainUnreachable("the node does not show the ballot yet", hint="it is kept; look again later")
        time.sleep(_LOOK_POLL_S)
    return _receive(session, poll, entry, found)


def _on_chain(session: Session, poll: Poll, key: OutboxKey) -> CastBallot | None:
    cast = session.links.polls.ballots_of(poll, key.nullifier)
    return next((ballot for ballot in cast if ballot.sequence == key.sequence), None)


def _receive(session: Session, poll: Poll, entry: OutboxEntry, found: CastBallot) -> Receipt:
    """Keep what the chain has. Raises `VerificationError` where that is not what was sent."""
    sent = entry.ballot["call"]["ballot"]
    ours = (str(found.choice), None) if found.ranking is None else (None, "0x" + bytes(found.ranking).hex())
    if (sent.get("choice"), sent.get("ranking")) != ours:
        raise VerificationError(f"the chain has another ballot of yours in poll {poll.poll_id}: is your identity safe?")
    data = {
        "polls": entry.key.polls,
        "poll_id": poll.poll_id,
        "question": poll.question,
        "choice": _said(poll, found),
        "nullifier": str(entry.key.nullifier.value),
        "sequence": entry.key.sequence,
        "ballot": sent.get("choice") or sent.get("ranking"),
        "transaction": found.transaction,
        "block": found.block,
    }
    receipt = Receipt("vote", f"{entry.key.polls}/{poll.poll_id}/{entry.key.sequence}", data, int(time.time()))
    session.contents.add_receipt(receipt, settled=entry.key)
    return receipt


def _voter(session: Session, poll: Poll) -> Identity | None:
    """The identity of this vault that is in the poll's snapshot: after a recovery it may be an older one."""
    leaves = set(session.links.registry.members_before(poll.group_id, poll.block, poll.log_index))
    mine = session.contents.identities()
    return next((identity for identity in reversed(mine) if identity.commitment.value in leaves), None)


def _require_choice(poll: Poll, options: Sequence[int]) -> None:
    last = len(poll.options) - 1
    for option in options:
        if not 0 <= option <= last:
            raise InputError(f"poll {poll.poll_id} has no option {option}", hint=f"choose 0..{last}")
    if len(set(options)) != len(options):
        raise InputError("an option is given twice")
    if poll.kind is PollKind.SINGLE and len(options) != 1:
        raise InputError(f"poll {poll.poll_id} takes one option, not {len(options)}")
    if poll.kind is PollKind.RANKED and not options:
        raise InputError(f"poll {poll.poll_id} takes an order of options, best first")


def _choice(poll: Poll, options: Sequence[int]) -> int:
    return approval_choice(options) if poll.kind is PollKind.APPROVAL else options[0]


def _said(poll: Poll, cast: CastBallot) -> list[str]:
    if cast.ranking is not None:
        return [poll.options[option] for option in cast.ranking]
    choice = cast.choice or 0
    if poll.kind is PollKind.APPROVAL:
        return [text for option, text in enumerate(poll.options) if choice >> option & 1]
    return [poll.options[choice]]


def _is_of(entry: OutboxEntry, session: Session, poll_id: int) -> bool:
    return (entry.key.polls, entry.key.poll_id) == (session.links.endpoints.deployment.polls, poll_id)


def _check_vote(session: Session, receipt: Receipt) -> str:
    data = receipt.data
    if data["polls"] != session.links.endpoints.deployment.polls:
        raise VerificationError("the receipt is of another registry's polls")
    poll = session.links.polls.poll(int(data["poll_id"]))
    cast = session.links.polls.ballots_of(poll, Nullifier(int(data["nullifier"])))
    found = next((ballot for ballot in cast if ballot.sequence == data["sequence"]), None)
    if found is None:
        raise VerificationError(f"the chain has no such ballot in poll {poll.poll_id}")
    ballot = str(found.choice) if found.ranking is None else "0x" + bytes(found.ranking).hex()
    if (ballot, found.transaction) != (data["ballot"], data["transaction"]):
        raise VerificationError(f"the chain has another ballot in its place in poll {poll.poll_id}")
    return "it counts" if found == cast[-1] else "it was replaced by a later vote of yours"


def _check_membership(session: Session, receipt: Receipt) -> str:
    record = record_of(session.links, IdentityCommitment(int(receipt.data["identity"])))
    if record is None:
        raise VerificationError("the registry has no record of that identity")
    return f"record {record.record_id} is {record.status.name.lower()}"


def _check_leaving(session: Session, receipt: Receipt) -> str:
    record = session.links.registry.record_by_id(int(receipt.data["record_id"]))
    if record.status not in (RecordStatus.LEFT, RecordStatus.ERASED):
        raise VerificationError(f"record {record.record_id} is {record.status.name.lower()}: it did not leave")
    return f"record {record.record_id} is {record.status.name.lower()}"


def _check_recovery_request(session: Session, receipt: Receipt) -> str:
    record_id, mine = int(receipt.data["record_id"]), IdentityCommitment(int(receipt.data["identity"]))
    if session.links.registry.record_by_id(record_id).identity == mine:
        return "completed"
    waits = recovery_of(session.links, record_id)
    if waits is None or waits.identity != mine:
        raise VerificationError(f"the recovery of record {record_id} was cancelled")
    return "waiting"


def _check_personhood(session: Session, receipt: Receipt) -> str:
    used = session.links.personhood.is_used(int(receipt.data["scope"]), Nullifier(int(receipt.data["nullifier"])))
    return "the dApp has used it" if used else "the dApp has not used it yet"


_CHECKS: dict[str, Callable[[Session, Receipt], str]] = {
    "vote": _check_vote,
    "enrollment": _check_membership,
    "upgrade": _check_membership,
    "recovery": _check_membership,
    "recovery-request": _check_recovery_request,
    "leaving": _check_leaving,
    "personhood": _check_personhood,
}
