"""From a member to a counted vote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.membership import group_of
from app.session import Links
from circuits.semaphore.group import Group
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import nullifier_of, prove_membership
from protocol.errors import ChainError, InputError
from registry_contract.client import RegistryClient
from registry_contract.connection import Receipt
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message

__all__ = ["cast_vote", "open_poll", "prepare_ballot", "snapshot_group"]


def open_poll(links: Links, question: str, options: Sequence[str], hours: float, **terms: Any) -> Poll:
    """Make a poll that is open at once, from the account of the registry file. `terms`: `kind`, `quorum`.

    Raises `InputError` where the file names no account, `TransactionRefused` in the contract's words.
    """
    now = links.registry.now()
    draft = PollDraft(question, tuple(options), now, now + round(3600 * hours), **terms)
    poll, _ = links.polls.create_poll(draft)
    return poll


def prepare_ballot(registry: RegistryClient, polls: PollsClient, poll: Poll, voter: Identity, choice: int) -> Ballot:
    """Prove a ballot: membership in the poll's snapshot, for this choice, as the voter's next vote.

    Raises `ChainError` where the node's log does not give the poll's snapshot, `InputError` for one who was no member
    then or a choice that the poll does not have.
    """
    if not 0 <= choice < len(poll.options):
        raise InputError(f"poll {poll.poll_id} has no option {choice}", hint=f"choose 0..{len(poll.options) - 1}")
    sequence = polls.votes_cast_by(poll.poll_id, nullifier_of(voter, poll.scope))
    group = snapshot_group(registry, poll)
    return Ballot.from_proof(prove_membership(voter, group, ballot_message(choice, sequence), poll.scope))


def snapshot_group(registry: RegistryClient, poll: Poll) -> Group:
    """The members at the poll's making, checked against its root. Raises `ChainError` where the log gives others."""
    group = group_of(registry.members_before(poll.group_id, poll.block, poll.log_index))
    if group.root != poll.snapshot_root:
        raise ChainError(f"the members in the node's log do not give the snapshot of poll {poll.poll_id}")
    return group


def cast_vote(polls: PollsClient, poll: Poll, ballot: Ballot) -> Receipt:
    """Submit a ballot. Whoever submits it is seen; the voter is not in it."""
    return polls.cast_vote(poll.poll_id, ballot)
