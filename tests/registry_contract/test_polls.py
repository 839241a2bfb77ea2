"""Polls with real membership proofs: votes count once, for members of the snapshot, and can be replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from circuits.iris.circuit import Circuit
from circuits.semaphore import Group, Identity, prove_membership
from protocol.errors import ChainError, EncodingError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import IdentityCommitment, MembershipProof, Nullifier
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message
from tests.registry_contract.world import Person, World, refused

People = tuple[Person, Person, Person]
OPEN_S = 3600


@dataclass(frozen=True)
class Town:
    """Two people enrolled, a poll and a second one made, then a third person enrolled."""

    world: World
    poll: Poll
    other_poll: Poll
    early: tuple[Identity, Identity]
    late: Identity
    prove: Callable[[Identity, Group, int, int], MembershipProof]

    @property
    def polls(self) -> PollsClient:
        return self.world.polls

    @property
    def snapshot(self) -> Group:
        leaves = self.world.registry.members_before(self.poll.group_id, self.poll.block, self.poll.log_index)
        return Group(IdentityCommitment(leaf) for leaf in leaves)

    def ballot(self, voter: Identity, choice: int, sequence: int = 0, poll: Poll | None = None) -> Ballot:
        """A good ballot."""
        scope = (poll or self.poll).scope
        return Ballot.from_proof(self.prove(voter, self.snapshot, ballot_message(choice, sequence), scope))

    def cast(self, ballot: Ballot, poll: Poll | None = None) -> int:
        """Gas that the vote took."""
        return self.polls.cast_vote((poll or self.poll).poll_id, ballot).gas_used

    def cast_raw(self, **changes: Any) -> None:
        """A good first ballot with some of its numbers replaced by ones that no client would make."""
        ballot = {**self.ballot(self.early[0], 1).to_abi(), **changes}
        self.polls.connection.send(self.polls.contract.functions.castVote(self.poll.poll_id, ballot))


@pytest.fixture(scope="module")
def built_town(fresh_world: World, people: People) -> Town:
    registry, polls = fresh_world.registry, fresh_world.polls
    for person in people[:2]:
        registry.enroll(fresh_world.enrollment(person))
    now = registry.now()
    poll, _ = polls.create_poll(PollDraft("tea or coffee?", ("tea", "coffee", "water"), now, now + OPEN_S))
    other, _ = polls.create_poll(PollDraft("tea or coffee?", ("tea", "coffee", "water"), now, now + OPEN_S))
    registry.enroll(fresh_world.enrollment(people[2]))

    @cache
    def prove(identity: Identity, group_key: tuple[int, ...], message: int, scope: int) -> MembershipProof:
        return prove_membership(identity, Group(map(IdentityCommitment, group_key)), message, scope)

    return Town(
        fresh_world,
        poll,
        other,
        (people[0].identity, people[1].identity),
        people[2].identity,
        lambda identity, group, message, scope: prove(identity, group.leaves, message, scope),
    )


@pytest.fixture
def town(built_town: Town) -> Iterator[Town]:
    """The built town; what a test does to it is undone."""
    mark = built_town.world.chain.snapshot()
    yield built_town
    built_town.world.chain.revert(mark)


# --- counting


def test_votes_are_counted_and_the_final_tally_is_written_once(town: Town) -> None:
    for voter, choice in zip(town.early, (1, 2), strict=True):
        assert town.cast(town.ballot(voter, choice)) <= 330_000
    assert town.polls.tally(town.poll.poll_id) == (0, 1, 1)
    with refused("Polls__StillOpen", pollId=town.poll.poll_id):
        town.polls.finalize(town.poll.poll_id)
    town.world.chain.advance_time(OPEN_S)
    receipt = town.polls.finalize(town.poll.poll_id)
    events = town.polls.contract.events.PollFinalized.get_logs(from_block=receipt.block)
    assert events[0]["args"]["votes"] == [0, 1, 1]
    assert town.polls.tally(town.poll.poll_id) == (0, 1, 1)
    with refused("Polls__AlreadyFinalized", pollId=town.poll.poll_id):
        town.polls.finalize(town.poll.poll_id)


def test_a_replaced_vote_counts_once_and_costs_less(town: Town) -> None:
    voter = town.early[0]
    ballot = town.ballot(voter, 0)
    first = town.cast(ballot)
    second = town.cast(town.ballot(voter, 2, 1))
    assert town.polls.tally(town.poll.poll_id) == (0, 0, 1)
    assert town.polls.votes_cast_by(town.poll.poll_id, ballot.nullifier) == 2
    assert second < first


def test_a_vote_costs_the_same_in_a_larger_group_with_more_votes(town: Town) -> None:
    first = town.cast(town.ballot(town.early[0], 1))
    second = town.cast(town.ballot(town.early[1], 1))
    assert abs(first - second) < 1_000  # whoever made the poll paid for its slots; the rest is calldata
    now = town.world.registry.now()
    larger, _ = town.polls.create_poll(PollDraft("again?", ("yes", "no"), now, now + OPEN_S))
    assert larger.snapshot_size == 3
    group = Group(IdentityCommitment(leaf) for leaf in town.world.registry.members())
    proof = town.prove(town.early[0], group, ballot_message(1, 0), larger.scope)
    third = town.cast(Ballot.from_proof(proof), larger)
    assert abs(third - first) < 1_000


def test_the_snapshot_is_the_group_when_the_poll_was_made(town: Town) -> None:
    assert town.poll.snapshot_size == 2
    assert town.poll.snapshot_root == town.snapshot.root
    assert town.world.registry.root() != town.poll.snapshot_root


def test_one_voter_has_unrelated_nullifiers_in_two_polls(town: Town) -> None:
    here, there = (town.ballot(town.early[0], 1, 0, poll) for poll in (town.poll, town.other_poll))
    assert here.nullifier != there.nullifier
    town.cast(here)
    town.cast(there, town.other_poll)


# --- sequence


def test_a_second_first_vote_is_refused(town: Town) -> None:
    ballot = town.ballot(town.early[0], 0)
    town.cast(ballot)
    with refused("Polls__AlreadyVoted", nullifier=ballot.nullifier.value, votesCast=1):
        town.cast(town.ballot(town.early[0], 2))


def test_an_old_ballot_sent_again_does_not_bring_the_old_vote_back(town: Town) -> None:
    voter = town.early[0]
    old = town.ballot(voter, 0)
    town.cast(old)
    town.cast(town.ballot(voter, 2, 1))
    with refused("Polls__AlreadyVoted", votesCast=2):
        town.cast(old)
    with refused("Polls__SequenceWrong", given=1, expected=2):
        town.cast(town.ballot(voter, 2, 1))
    for sequence in (1, 2):
        with refused("Polls__MembershipProofInvalid" if sequence == 2 else "Polls__SequenceWrong"):
            town.cast(replace(old, sequence=sequence))
    assert town.polls.tally(town.poll.poll_id) == (0, 0, 1)


def test_a_first_vote_with_a_later_sequence_is_refused(town: Town) -> None:
    with refused("Polls__SequenceWrong", given=1, expected=0):
        town.cast(town.ballot(town.early[0], 0, 1))


# --- the proof


def test_a_ballot_with_another_choice_than_the_proved_is_refused(town: Town) -> None:
    ballot = town.ballot(town.early[0], 1)
    with refused("Polls__MembershipProofInvalid", pollId=town.poll.poll_id, nullifier=ballot.nullifier.value):
        town.cast(replace(ballot, choice=2))


def test_a_ballot_with_another_nullifier_is_refused(town: Town) -> None:
    ballot = town.ballot(town.early[0], 1)
    with refused("Polls__MembershipProofInvalid"):
        town.cast(replace(ballot, nullifier=Nullifier(ballot.nullifier.value ^ 1)))


def test_a_ballot_with_a_nullifier_plus_r_is_refused_as_first_and_as_second_vote(town: Town) -> None:
    ballot = town.ballot(town.early[0], 1)
    alias = ballot.nullifier.value + SCALAR_FIELD
    with refused("Semaphore__NullifierNotCanonical", nullifier=alias):
        town.cast_raw(nullifier=alias)
    town.cast(ballot)
    with refused("Semaphore__NullifierNotCanonical", nullifier=alias):
        town.cast_raw(nullifier=alias)


@pytest.mark.parametrize("position", range(8))
def test_a_ballot_with_one_changed_proof_coordinate_is_refused(town: Town, position: int) -> None:
    points = list(town.ballot(town.early[0], 1).points)
    points[position] = (points[position] + 1) % BASE_FIELD
    with refused("Polls__MembershipProofInvalid"):
        town.cast_raw(points=points)


@pytest.mark.parametrize("position", range(8))
def test_a_ballot_with_a_proof_coordinate_plus_q_is_refused(town: Town, position: int) -> None:
    points = list(town.ballot(town.early[0], 1).points)
    points[position] += BASE_FIELD
    with refused("Semaphore__ProofPointNotCanonical", position=position, coordinate=points[position]):
        town.cast_raw(points=points)


def test_a_ballot_without_a_proof_is_refused(town: Town) -> None:
    with refused("Polls__MembershipProofInvalid"):
        town.cast_raw(points=[0] * 8)


def test_a_ballot_for_another_poll_is_refused(town: Town) -> None:
    with refused("Polls__MembershipProofInvalid"):
        town.cast(town.ballot(town.early[0], 1, 0, town.other_poll))


def test_a_ballot_of_a_member_who_joined_after_the_snapshot_is_refused(town: Town) -> None:
    group = Group(IdentityCommitment(leaf) for leaf in town.world.registry.members())
    proof = town.prove(town.late, group, ballot_message(1, 0), town.poll.scope)
    with refused("Polls__MembershipProofInvalid"):
        town.cast(Ballot.from_proof(proof))


def test_a_ballot_over_a_group_of_ones_own_making_is_refused(town: Town) -> None:
    stranger = Identity(b"stranger")
    group = Group([stranger.commitment, *(voter.commitment for voter in town.early)])
    with refused("Polls__MembershipProofInvalid"):
        town.cast(Ballot.from_proof(town.prove(stranger, group, ballot_message(1, 0), town.poll.scope)))


def test_a_proof_of_another_circuit_depth_is_no_ballot(town: Town) -> None:
    proof = town.prove(town.early[0], town.snapshot, ballot_message(1, 0), town.poll.scope)
    with pytest.raises(EncodingError, match="depth 20; contracts verify 24"):
        Ballot.from_proof(replace(proof, merkle_tree_depth=20))


# --- choice and time


@pytest.mark.parametrize("choice", [3, 64])
def test_a_choice_outside_the_options_is_refused(town: Town, choice: int) -> None:
    with refused("Polls__ChoiceOutOfRange", choice=choice, optionCount=3):
        town.cast(town.ballot(town.early[0], choice))


def test_a_vote_in_a_poll_that_does_not_exist_is_refused(town: Town) -> None:
    with refused("Polls__PollUnknown", pollId=9):
        town.polls.cast_vote(9, town.ballot(town.early[0], 1))
    with refused("Polls__PollUnknown", pollId=9):
        town.polls.poll(9)


def test_a_vote_before_opening_is_refused_and_good_after_it(town: Town) -> None:
    now = town.world.registry.now()
    group = Group(IdentityCommitment(leaf) for leaf in town.world.registry.members())
    poll, _ = town.polls.create_poll(PollDraft("later?", ("yes", "no"), now + 600, now + 1200))
    ballot = Ballot.from_proof(town.prove(town.early[0], group, ballot_message(0, 0), poll.scope))
    with refused("Polls__NotOpenYet", opensAt=now + 600):
        town.cast(ballot, poll)
    town.world.chain.advance_time(600)
    town.cast(ballot, poll)
    assert town.polls.tally(poll.poll_id) == (1, 0)


def test_a_vote_after_the_close_is_refused(town: Town) -> None:
    town.world.chain.advance_time(OPEN_S)
    with refused("Polls__AlreadyClosed", closesAt=town.poll.closes_at):
        town.cast(town.ballot(town.early[0], 1))


# --- making and reading polls


def test_a_poll_read_back_has_its_texts(town: Town) -> None:
    assert town.polls.poll(town.poll.poll_id) == town.poll
    assert town.poll.options == ("tea", "coffee", "water")


def test_a_poll_whose_logged_texts_are_not_those_of_the_contract_is_refused(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node can make up a log; the contract's hash gives it away."""
    honest = town.polls.connection.events

    def forged(event: Any, first_block: int, **filters: object) -> list[Any]:
        return [
            {**dict(entry), "args": {**entry["args"], "draft": {**entry["args"]["draft"], "question": "tea?"}}}
            for entry in honest(event, first_block, **filters)
        ]

    monkeypatch.setattr(town.polls.connection, "events", forged)
    with pytest.raises(ChainError, match="differ on poll"):
        town.polls.poll(town.poll.poll_id)


def test_a_poll_with_the_scope_of_another_is_refused(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that lies in the log and in the call, to link a voter's ballots in two polls."""
    honest_events, honest_call = town.polls.connection.events, town.polls.connection.call
    scope = town.other_poll.scope

    def events(event: Any, first_block: int, **filters: object) -> list[Any]:
        found = honest_events(event, first_block, **filters)
        return [{**dict(entry), "args": {**entry["args"], "scope": scope}} for entry in found]

    def call(function: Any) -> Any:
        root, _, *rest = honest_call(function)
        return [root, scope, *rest]

    monkeypatch.setattr(town.polls.connection, "events", events)
    monkeypatch.setattr(town.polls.connection, "call", call)
    with pytest.raises(ChainError, match="scope that is not its own"):
        town.polls.poll(town.poll.poll_id)


def test_a_poll_without_a_question_enough_options_or_time_is_refused(town: Town) -> None:
    now = town.world.registry.now()
    with refused("Polls__QuestionEmpty"):
        town.polls.create_poll(PollDraft("", ("a", "b"), now, now + 9))
    with refused("Polls__OptionCountOutOfRange", count=1):
        town.polls.create_poll(PollDraft("q", ("a",), now, now + 9))
    with refused("Polls__TimesOutOfOrder"):
        town.polls.create_poll(PollDraft("q", ("a", "b"), now + 9, now + 9))


def test_a_poll_in_an_empty_registry_is_refused(circuit: Circuit) -> None:
    from eth_account import Account

    from registry_contract.local_chain import LocalChain
    from tests.registry_contract.world import describe, open_world

    with LocalChain() as chain:
        world = open_world(chain, describe(circuit), Account.create())
        now = world.registry.now()
        with refused("Polls__GroupEmpty"):
            world.polls.create_poll(PollDraft("q", ("a", "b"), now, now + 9))


@pytest.mark.parametrize(("choice", "sequence"), [(-1, 0), (0, -1), (1 << 64, 0), (0, 1 << 64)])
def test_a_ballot_message_outside_its_range_is_refused(choice: int, sequence: int) -> None:
    with pytest.raises(EncodingError):
        ballot_message(choice, sequence)


def test_the_ballot_message_is_that_of_the_contract(town: Town) -> None:
    function = town.polls.contract.functions.messageOf(63, 5)
    assert town.polls.connection.call(function) == ballot_message(63, 5) == 5 * 2**64 + 63
