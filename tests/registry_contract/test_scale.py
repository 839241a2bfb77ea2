"""What things cost in gas: at 10, 1,000 and 20,000 members, and beside Semaphore's own contract, in one run.

The figures go into the run's report (`--junitxml`), the limits are asserted.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from circuits.semaphore import Group, Identity, prove_membership
from protocol.types import IdentityCommitment
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message
from tests.registry_contract.world import Person, World

SIZES = (10, 1_000, 20_000)
BATCH = 250
REGISTRY_TREES, SEMAPHORE_TREES = 2, 0
"""Storage slots of the mappings of trees; the first is in the committed storage layout."""

VOTER, SECOND_VOTER = Identity(b"voter"), Identity(b"second voter")


def deployed(world: World, name: str, *arguments: object) -> Any:
    artifact, connection = load_contract(name), world.registry.connection
    creation = artifact.linked_creation({"PoseidonT3": world.deployment.poseidon})
    address = connection.deploy(creation, artifact.abi, *arguments).contract_address
    assert address is not None
    return connection.contract(address, artifact.abi)


def fill(world: World, group: Any, leaves: list[int]) -> None:
    """Insert leaves many at a time, without an estimate for each batch."""
    sender = world.registry.connection.address
    world.chain._rpc("anvil_impersonateAccount", sender)
    for start in range(0, len(leaves), BATCH):
        data = group.encode_abi("insertMany", args=[leaves[start : start + BATCH]])
        call = {"from": sender, "to": group.address, "data": data, "gas": hex(16_000_000)}
        sent = world.chain._rpc("eth_sendTransaction", call)
        receipt = world.registry.connection._web3.eth.wait_for_transaction_receipt(sent, 60, 0.01)
        assert receipt["status"] == 1


def copy_tree(world: World, source: str, target: str, trees_slot: int, key: int) -> None:
    """Give `target` the tree of `source`, a `BigGroup`, as entry `key` of its mapping of trees in `trees_slot`: size,
    depth and the last even node of every level, which is all that an insertion reads of the members before it."""
    eth: Any = world.registry.connection._web3.eth
    base = int.from_bytes(keccak(encode(["uint256", "uint256"], [key, trees_slot])), "big")
    depth = int.from_bytes(eth.get_storage_at(source, 1), "big")
    pairs = [(0, base), (1, base + 1)]
    pairs += [(_node_slot(level, 2), _node_slot(level, base + 2)) for level in range(depth + 1)]
    for slot, own in pairs:
        value = "0x" + bytes(eth.get_storage_at(source, slot)).rjust(32, b"\0").hex()
        world.chain._rpc("anvil_setStorageAt", target, "0x" + own.to_bytes(32, "big").hex(), value)


def _node_slot(level: int, mapping: int) -> int:
    return int.from_bytes(keccak(encode(["uint256", "uint256"], [level, mapping])), "big")


def poll_in(polls: PollsClient, world: World) -> tuple[Poll, int]:
    now = world.registry.now()
    poll, receipt = polls.create_poll(PollDraft("q", ("a", "b"), now, now + 10_000_000))
    return poll, receipt.gas_used


def cast(polls: PollsClient, poll: Poll, group: Group, voter: Identity, sequence: int) -> int:
    proof = prove_membership(voter, group, ballot_message(sequence % 2, sequence), poll.scope)
    return polls.cast_vote(poll.poll_id, Ballot.from_proof(proof)).gas_used


def enrol_in(world: World, people: tuple[Person, ...], big: str, semaphore: Any, group: Group) -> tuple[int, int]:
    """Gas of an enrolment, verdict included, and of Semaphore's `addMember`, as the next member of `group`."""
    connection, person = world.registry.connection, people[0]
    mark = world.chain.snapshot()
    copy_tree(world, big, world.deployment.registry, REGISTRY_TREES, 1)
    copy_tree(world, big, semaphore.address, SEMAPHORE_TREES, 0)
    enrolled = world.registry.enroll(world.enrollment(person)).gas_used
    added = connection.send(semaphore.functions.addMember(0, person.identity.commitment.value)).gas_used
    grown = Group([*map(IdentityCommitment, group.leaves), person.identity.commitment])
    assert connection.call(world.registry.contract.functions.root()) == grown.root
    assert connection.call(semaphore.functions.getMerkleTreeRoot(0)) == grown.root
    world.chain.revert(mark)
    return enrolled, added


@pytest.mark.slow
def test_costs_at_any_size(world: World, people: tuple[Person, Person, Person], record_testsuite_property: Any) -> None:
    """A vote costs the same. An enrolment grows as Semaphore's `addMember` does, by what both do to the same tree."""
    contract = deployed(world, "BigGroup")
    polls_contract = deployed(world, "IrisPolls", contract.address, world.deployment.semaphore_verifier)
    fields = {**vars(world.deployment), "polls": polls_contract.address}
    polls = PollsClient(world.chain.url, Deployment(**fields), world.registry.connection._account)
    semaphore = deployed(world, "Semaphore", world.deployment.semaphore_verifier)
    world.registry.connection.send(semaphore.functions.createGroup())
    group, costs, entries = Group(), [], []
    members = [VOTER.commitment, SECOND_VOTER.commitment, *map(IdentityCommitment, range(1, SIZES[-1]))]
    for size in SIZES:
        new = members[group.size : size]
        group.insert_many(new)
        fill(world, contract, [member.value for member in new])
        poll, created = poll_in(polls, world)
        assert poll.snapshot_root == group.root
        assert poll.snapshot_size == size
        first = cast(polls, poll, group, VOTER, 0)
        second = cast(polls, poll, group, SECOND_VOTER, 0)
        replaced = cast(polls, poll, group, VOTER, 1)
        costs.append((created, first, second, replaced))
        enrolled, added = enrol_in(world, people, contract.address, semaphore, group)
        entries.append((enrolled, added))
        record_testsuite_property(
            f"gas at {size} members", f"poll {created:,}, first vote {first:,}, vote {second:,}, replaced {replaced:,}"
        )
        record_testsuite_property(f"entry at {size} members", f"enroll {enrolled:,}, Semaphore addMember {added:,}")
    for kind in range(1, 4):
        at_size = [cost[kind] for cost in costs]
        assert max(at_size) - min(at_size) < 1_500  # the proof's own calldata
        assert max(at_size) <= 330_000
    rest = [enrolled - added for enrolled, added in entries]  # evidence and record, without the leaf
    assert max(rest) - min(rest) < 3_000
    assert max(enrolled for enrolled, _ in entries) <= 1_050_000  # the leaf alone takes 300,000, and up to 430,000
    assert max(cost[0] for cost in costs) - min(cost[0] for cost in costs) < 25_000  # the first poll's fresh counter


def test_costs_beside_semaphores_own_contract(
    world: World, people: tuple[Person, Person, Person], record_testsuite_property: Any
) -> None:
    semaphore = deployed(world, "Semaphore", world.deployment.semaphore_verifier)
    connection = world.registry.connection
    connection.send(semaphore.functions.createGroup())
    identities = [person.identity for person in people]
    added = [
        connection.send(semaphore.functions.addMember(0, identity.commitment.value)).gas_used for identity in identities
    ]
    group = Group(identity.commitment for identity in identities)
    proof = prove_membership(identities[0], group, 1, 2)
    sent = (24, proof.merkle_tree_root, proof.nullifier.value, 1, 2, list(proof.points))
    validated = connection.send(semaphore.functions.validateProof(0, sent)).gas_used
    enrolled = [world.registry.enroll(world.enrollment(person)).gas_used for person in people]
    now = world.registry.now()
    poll, _ = world.polls.create_poll(PollDraft("q", ("a", "b"), now, now + 1000))
    voted = [cast(world.polls, poll, group, identity, 0) for identity in identities]
    replaced = cast(world.polls, poll, group, identities[0], 1)
    record_testsuite_property("Semaphore", f"addMember {added}, validateProof {validated:,} gas")
    record_testsuite_property("irisproof", f"enroll with verdict {enrolled}, vote {voted}, replaced {replaced:,} gas")
    assert max(enrolled) <= 850_000
    assert max(voted) <= 330_000
    assert replaced < min(voted)
    # a vote is a validated proof with a tally; the tally costs less than a tenth
    assert max(voted) <= 1.1 * validated
