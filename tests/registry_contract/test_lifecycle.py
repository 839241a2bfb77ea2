"""A member's life with real proofs: upgrade, recovery, leaving, a lost station, and never a second vote."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from web3.types import TxParams

from app.membership import group_of, siblings_of
from circuits.semaphore import Group, Identity, prove_membership
from protocol.types import IdentityCommitment, MembershipProof
from registry_contract.attestation import sign_capture
from registry_contract.client import RecordStatus, RegistryClient, Siblings
from registry_contract.connection import Receipt
from registry_contract.contracts import load_contract
from registry_contract.enrollment import Enrollment, prepare_enrollment
from registry_contract.polls import Ballot, Poll, PollDraft, PollKind, RankedBallot, ballot_message, ranking_message
from registry_contract.runoff import count_runoff
from registry_contract.verdict import Verdict, VerdictKind, sign_verdict
from tests.registry_contract.world import TERMS, Person, World, refused

People = tuple[Person, Person, Person]
DAY_S = 86_400


def again(world: World, person: Person, record_id: int, station: object = None) -> Enrollment:
    """A new attestation with verdicts `SAME_PERSON` about `record_id`."""
    signer = station or world.station
    attestation = sign_capture(world.capture(person), signer)  # type: ignore[arg-type]
    codes = (
        world.evidence(person, model, kind=VerdictKind.SAME_PERSON, record_id=record_id)
        for model in world.owner.live_models().models
    )
    return prepare_enrollment(person.ladder, attestation, *codes)


def siblings(world: World, identity: Identity) -> Siblings:
    live = world.owner.live_models()
    upcoming = world.registry.members(live.upcoming) if live.upcoming else ()
    return siblings_of(identity.commitment, world.registry.members(live.group), upcoming)


def of_itself(identity: Identity, scope: int) -> MembershipProof:
    """A proof of an identity: membership in the group that is it alone."""
    return prove_membership(identity, Group([identity.commitment]), 0, scope)


def poll_now(world: World, kind: PollKind = PollKind.SINGLE) -> Poll:
    now = world.registry.now()
    return world.polls.create_poll(PollDraft("q", ("a", "b", "c"), now, now + 400 * DAY_S, kind))[0]


def ballot(world: World, poll: Poll, identity: Identity, choice: int) -> Ballot:
    group = group_of(world.registry.members_before(poll.group_id, poll.block, poll.log_index))
    return Ballot.from_proof(prove_membership(identity, group, ballot_message(choice, 0), poll.scope))


def ballot_over(poll: Poll, group: Group, identity: Identity) -> Ballot:
    return Ballot.from_proof(prove_membership(identity, group, ballot_message(0, 0), poll.scope))


def announce_model(world: World) -> None:
    """The real v1 verifier a second time, as model 2, through its delays."""
    artifact = load_contract(world.model.verifier)
    world.govern(world.owner.propose_model(world.model.to_abi(world.deployment.code_verifier, artifact)))
    world.chain.advance_time(TERMS.model_delay_s)


def test_a_newcomer_after_the_estimate_does_not_stop_a_poll(
    world: World, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poll's maker then computes a root that the estimate did not have in it."""
    for person in people[:2]:
        world.registry.enroll(world.enrollment(person))
    poll_now(world)
    other = RegistryClient(world.chain.url, world.deployment, world.chain.funded_account())
    transact = world.polls.connection._transact

    def later(transaction: TxParams) -> Receipt:
        other.enroll(world.enrollment(people[2]))
        return transact(transaction)

    monkeypatch.setattr(world.polls.connection, "_transact", later)
    poll = poll_now(world)
    assert (poll.snapshot_size, poll.snapshot_root) == (3, group_of(world.registry.members()).root)


def test_recovery_gives_no_second_vote_in_any_poll(world: World, people: People) -> None:
    old, new = people[0], replace(people[2], identity=Identity(b"a new phone"))
    for person in people[:2]:
        world.registry.enroll(world.enrollment(person))
    before = poll_now(world)
    world.polls.cast_vote(before.poll_id, ballot(world, before, old.identity, 0))
    world.registry.request_recovery(1, again(world, new, 1))
    world.chain.advance_time(TERMS.recovery_wait_s)
    world.registry.complete_recovery(1, siblings(world, old.identity))
    after = poll_now(world)
    members = group_of(world.registry.members())
    assert members.root == world.registry.root() == after.snapshot_root
    with refused("Polls__MembershipProofInvalid"):  # the new leaf in the old poll
        world.polls.cast_vote(before.poll_id, ballot_over(before, members, new.identity))
    old_group = group_of(world.registry.members_before(before.group_id, before.block, before.log_index))
    with refused("Polls__MembershipProofInvalid"):  # the old leaf in the new poll
        world.polls.cast_vote(after.poll_id, ballot_over(after, old_group, old.identity))
    with refused("Polls__AlreadyVoted"):
        world.polls.cast_vote(before.poll_id, ballot(world, before, old.identity, 1))
    world.polls.cast_vote(after.poll_id, ballot(world, after, new.identity, 1))
    assert world.polls.tally(before.poll_id) == (1, 0, 0)
    assert world.polls.tally(after.poll_id) == (0, 1, 0)
    assert world.registry.record(new.identity.commitment).record_id == 1


def test_the_old_identity_cancels_a_recovery_and_nobody_else_does(world: World, people: People) -> None:
    owner, thief = people[0], replace(people[2], identity=Identity(b"a thief"))
    world.registry.enroll(world.enrollment(owner))
    world.registry.request_recovery(1, again(world, thief, 1))
    scope = world.registry.cancel_scope(1)
    for identity, wrong_scope in ((thief.identity, scope), (owner.identity, world.registry.leave_scope(1))):
        with refused("Registry__IdentityProofInvalid", identityCommitment=owner.identity.commitment.value):
            world.registry.cancel_recovery(1, of_itself(identity, wrong_scope))
    proof = of_itself(owner.identity, scope)
    world.registry.cancel_recovery(1, proof)
    world.chain.advance_time(TERMS.recovery_wait_s)
    with refused("Registry__RecoveryAbsent"):
        world.registry.complete_recovery(1, Siblings())
    assert world.registry.has_member(owner.identity.commitment)


def test_one_who_leaves_is_out_and_the_erasure_is_on_record(world: World, people: People) -> None:
    for person in people[:2]:
        world.registry.enroll(world.enrollment(person))
    leaver = people[0].identity
    poll = poll_now(world)
    world.polls.cast_vote(poll.poll_id, ballot(world, poll, leaver, 0))
    with refused("Registry__IdentityProofInvalid"):
        world.registry.leave(1, of_itself(people[1].identity, world.registry.leave_scope(1)), siblings(world, leaver))
    world.registry.leave(1, of_itself(leaver, world.registry.leave_scope(1)), siblings(world, leaver))
    assert world.registry.members() == (0, people[1].identity.commitment.value)
    assert group_of(world.registry.members()).root == world.registry.root()
    verdict = Verdict(
        registry=world.deployment.registry,
        chain_id=world.deployment.chain_id,
        kind=VerdictKind.ERASED,
        code_commitment=bytes(32),
        identity=leaver.commitment,
        model_id=0,
        database_size=1,
        log_root=bytes(32),
        record_id=1,
        expires_at=world.registry.now() + 3600,
    )
    world.registry.confirm_erased(1, sign_verdict(verdict, world.nodes))
    assert world.registry.record_by_id(1).status is RecordStatus.ERASED
    # back again, with a new capture and identity: not in the polls from before
    back = replace(people[2], identity=Identity(b"back again"))
    world.registry.enroll(world.enrollment(back))
    members = group_of(world.registry.members())
    with refused("Polls__MembershipProofInvalid"):
        world.polls.cast_vote(poll.poll_id, ballot_over(poll, members, back.identity))
    assert world.registry.record(back.identity.commitment).record_id == 3


def test_members_upgrade_from_the_same_capture_or_are_left_out_after_the_deadline(world: World, people: People) -> None:
    for person in people[:2]:
        world.registry.enroll(world.enrollment(person))
    announce_model(world)
    in_grace = poll_now(world)
    assert (in_grace.group_id, in_grace.snapshot_size) == (1, 2)
    first = people[0]
    code = world.evidence(first, 2, kind=VerdictKind.STORED, record_id=1)
    assert world.registry.upgrade(first.identity.commitment, code).gas_used <= 850_000
    world.registry.enroll(world.enrollment(people[2]))  # under both
    world.chain.advance_time(TERMS.grace_s)
    after = poll_now(world)
    assert (after.group_id, after.snapshot_size) == (2, 2)
    late = people[1]
    with refused("Polls__MembershipProofInvalid"):
        world.polls.cast_vote(after.poll_id, ballot_over(after, group_of(world.registry.members(1)), late.identity))
    world.polls.cast_vote(after.poll_id, ballot(world, after, first.identity, 2))
    world.polls.cast_vote(in_grace.poll_id, ballot(world, in_grace, late.identity, 1))  # a running poll goes on
    world.registry.upgrade(late.identity.commitment, world.evidence(late, 2, kind=VerdictKind.STORED, record_id=2))
    assert poll_now(world).snapshot_size == 3


def test_an_upgrade_from_another_capture_is_refused(world: World, people: People) -> None:
    world.registry.enroll(world.enrollment(people[0]))
    announce_model(world)
    foreign = replace(people[1], identity=people[0].identity)
    with refused("Registry__CommitmentNotAttested"):
        world.registry.upgrade(
            people[0].identity.commitment, world.evidence(foreign, 2, kind=VerdictKind.STORED, record_id=1)
        )


def test_members_of_a_lost_station_are_listed_suspended_and_come_back(world: World, people: People) -> None:
    other = Account.create()
    world.govern(world.owner.add_station(other.address))
    world.registry.enroll(world.enrollment(people[0]))
    world.registry.enroll(world.enrollment(people[1], station=other))
    world.owner.revoke_station(world.station.address)
    assert world.registry.records_of(world.station.address) == (1,)
    assert world.registry.members_of(world.station.address) == 1
    assert poll_now(world).snapshot_size == 2  # the period runs
    world.chain.advance_time(TERMS.reattest_s)
    with refused("Registry__MembersOverdue", station=world.station.address, members=1):
        poll_now(world)
    world.registry.suspend([(1, siblings(world, people[0].identity))])
    poll = poll_now(world)
    with refused("Polls__MembershipProofInvalid"):
        group = Group(person.identity.commitment for person in people[:2])
        world.polls.cast_vote(poll.poll_id, ballot_over(poll, group, people[0].identity))
    back = replace(people[2], identity=people[0].identity)
    world.registry.reattest(again(world, back, 1, other))
    assert world.registry.record(back.identity.commitment).status is RecordStatus.ACTIVE
    assert world.registry.members() == (
        0,
        people[1].identity.commitment.value,
        people[0].identity.commitment.value,
    )
    after = poll_now(world)
    world.polls.cast_vote(after.poll_id, ballot(world, after, back.identity, 0))


def test_a_ranked_poll_is_counted_from_the_log(world: World, people: People) -> None:
    for person in people:
        world.registry.enroll(world.enrollment(person))
    poll = poll_now(world, PollKind.RANKED)
    group = group_of(world.registry.members())
    for voter, sequence, ranking in ((0, 0, (2,)), (0, 1, (0, 1)), (1, 0, (1, 0)), (2, 0, (1, 2))):
        proof = prove_membership(people[voter].identity, group, ranking_message(ranking, sequence), poll.scope)
        cast = RankedBallot.from_proof(proof, ranking, sequence)
        assert world.polls.cast_ranking(poll.poll_id, cast).gas_used <= 330_000
    with refused("Polls__MembershipProofInvalid"):
        world.polls.cast_ranking(poll.poll_id, replace(cast, ranking=(0,), sequence=1))
    assert sorted(world.polls.rankings(poll)) == [(0, 1), (1, 0), (1, 2)]
    assert count_runoff(world.polls.rankings(poll), 3).winner == 1


def test_an_identity_commitment_of_the_log_is_one(world: World, people: People) -> None:
    """What is read back from the log is checked to be canonical before it goes into a group."""
    world.registry.enroll(world.enrollment(people[0]))
    assert [IdentityCommitment(leaf) for leaf in world.registry.members()] == [people[0].identity.commitment]


@pytest.mark.parametrize("kind", [PollKind.SINGLE, PollKind.APPROVAL])
def test_a_vote_costs_no_more_than_promised_with_the_most_options(world: World, people: People, kind: PollKind) -> None:
    world.registry.enroll(world.enrollment(people[0]))
    world.registry.enroll(world.enrollment(people[1]))
    now = world.registry.now()
    options = tuple(str(number) for number in range(64))
    poll, _ = world.polls.create_poll(PollDraft("q", options, now, now + DAY_S, kind))
    choice = 63 if kind is PollKind.SINGLE else 2**64 - 1
    first, second = (
        world.polls.cast_vote(poll.poll_id, ballot(world, poll, person.identity, choice)).gas_used
        for person in people[:2]
    )
    assert second <= (330_000 if kind is PollKind.SINGLE else 340_000)  # 8 slots of the tally change at once
    assert first <= (350_000 if kind is PollKind.SINGLE else 490_000)  # fresh slots of the tally, once a poll
