"""What things cost in gas: at 10, 1,000 and 20,000 members, and beside Semaphore's own contract, in one run.

Large trees are written into the contracts' storage: what they read of the members before is real, the way there is not
paid for. The figures go into the run's report (`--junitxml`), the limits are asserted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from circuits.semaphore import Group, Identity, prove_membership
from protocol.types import IdentityCommitment
from registry_contract.contracts import load_contract
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message
from tests.registry_contract.world import Person, World

SIZES = (10, 1_000, 20_000)
LARGEST = 1 << 20
"""Just above a million: an insertion behind it stores a leaf and makes a node, which is the most that one does."""

BATCHES = (1, 4, 16, 64)
"""Enrolments between two recorded roots; 16 is what the budget is held to."""

REGISTRY_TREES, SEMAPHORE_TREES = 2, 0
"""Storage slots of the mappings of trees; the first is in the committed storage layout."""

VOTER, SECOND_VOTER = Identity(b"voter"), Identity(b"second voter")


def deployed(world: World, name: str, *arguments: object) -> Any:
    artifact, connection = load_contract(name), world.registry.connection
    creation = artifact.linked_creation({"PoseidonT3": world.deployment.poseidon})
    address = connection.deploy(creation, artifact.abi, *arguments).contract_address
    assert address is not None
    return connection.contract(address, artifact.abi)


def made(size: int, level: int) -> int:
    """How many nodes of a level `LazyLeanIMT` has made when there are `size` leaves (its j-th at leaf
    2^level j + 2^(level-1) - 1)."""
    half = 1 << level >> 1
    return size if level == 0 else max(size + 1 - half, 0) >> level


def plant(world: World, address: str, base: int, values: dict[int, int], nodes: dict[int, int]) -> None:
    """Write a tree into a contract's storage: `values` by slot from `base` on, `nodes` into the mapping in slot 2."""
    slots = {base + slot: value for slot, value in values.items()}
    slots |= {slot_of(place, base + 2): node for place, node in nodes.items()}
    for slot, value in slots.items():
        world.chain._rpc("anvil_setStorageAt", address, f"0x{slot:064x}", f"0x{value:064x}")


def slot_of(key: int, mapping: int) -> int:
    return int.from_bytes(keccak(encode(["uint256", "uint256"], [key, mapping])), "big")


def plant_registry(world: World, size: int, node_of: Callable[[int, int], int]) -> None:
    """Give the registry's first model the tree of `size` leaves whose nodes are `node_of(level, number)`: all that an
    insertion and a root read of the members before. Places whose node has its parent keep it: they are not fresh."""
    nodes: dict[int, int] = {}
    for level in range(25):
        for number in range(max(made(size, level) - 2, 0), made(size, level)):
            nodes[2 * level + number % 2] = node_of(level, number)
    nodes.pop(1, None)  # a right leaf is hashed at once
    plant(world, world.deployment.registry, slot_of(1, REGISTRY_TREES), {0: size, 1: 0}, nodes)


def plant_semaphore(world: World, semaphore: Any, group: Group) -> None:
    """The same members in Semaphore's own contract: size, depth and the last even node of every level."""
    last_even = {level: nodes[(len(nodes) - 1) & ~1] for level, nodes in enumerate(group._levels)}
    values = {0: group.size, 1: group.depth}
    plant(world, semaphore.address, slot_of(0, SEMAPHORE_TREES), values, last_even)


def poll_in(polls: PollsClient, world: World) -> tuple[Poll, int]:
    now = world.registry.now()
    poll, receipt = polls.create_poll(PollDraft("q", ("a", "b"), now, now + 10_000_000))
    return poll, receipt.gas_used


def cast(polls: PollsClient, poll: Poll, group: Group, voter: Identity, sequence: int) -> int:
    proof = prove_membership(voter, group, ballot_message(sequence % 2, sequence), poll.scope)
    return polls.cast_vote(poll.poll_id, Ballot.from_proof(proof)).gas_used


def enrol_in(world: World, people: tuple[Person, ...], semaphore: Any, group: Group) -> tuple[int, int]:
    """Gas of an enrolment, verdict included, and of Semaphore's `addMember`, as the next member of `group`."""
    connection, person = world.registry.connection, people[0]
    enrolled = world.registry.enroll(world.enrollment(person)).gas_used
    added = connection.send(semaphore.functions.addMember(0, person.identity.commitment.value)).gas_used
    grown = Group([*map(IdentityCommitment, group.leaves), person.identity.commitment])
    assert world.registry.root() == grown.root
    assert connection.call(semaphore.functions.getMerkleTreeRoot(0)) == grown.root
    return enrolled, added


def shares(world: World, size: int, node_of: Callable[[int, int], int]) -> dict[int, int]:
    """Gas a head of recording the root that comes after each batch of enrolments behind `size` members, the last root
    recorded at `size`. What insertions cost does not depend on it."""
    found = {}
    for batch in BATCHES:
        mark = world.chain.snapshot()
        plant_registry(world, size, node_of)
        world.registry.record_root(1)
        base = slot_of(1, REGISTRY_TREES)
        kept = int.from_bytes(world.registry.connection._web3.eth.get_storage_at(world.deployment.registry, base + 1))
        plant_registry(world, size + batch, node_of)
        plant(world, world.deployment.registry, base, {0: size + batch | size << 64, 1: kept}, {})
        found[batch] = -(-world.registry.record_root(1).gas_used // batch)
        world.chain.revert(mark)
    return found


def any_node(level: int, number: int) -> int:
    return 1 + 1000 * number + level


@pytest.mark.slow
def test_costs_at_any_size(world: World, people: tuple[Person, Person, Person], record_testsuite_property: Any) -> None:
    """A vote costs the same at any size, and so does an enrolment. What grows with the depth is a root, once for all
    who came before it."""
    world.registry.enroll(world.enrollment(people[1]))  # the counters' slots are not fresh
    poll_in(world.polls, world)
    semaphore = deployed(world, "Semaphore", world.deployment.semaphore_verifier)
    world.registry.connection.send(semaphore.functions.createGroup())
    group, votes, entries = Group(), [], []
    members = [VOTER.commitment, SECOND_VOTER.commitment, *map(IdentityCommitment, range(1, SIZES[-1]))]
    clean = world.chain.snapshot()
    for size in SIZES:
        group.insert_many(members[group.size : size])
        plant_registry(world, size, lambda level, number: group._levels[level][number])
        plant_semaphore(world, semaphore, group)
        assert world.registry.root() == group.root
        poll, created = poll_in(world.polls, world)
        assert (poll.snapshot_root, poll.snapshot_size) == (group.root, size)
        _, created_again = poll_in(world.polls, world)
        first = cast(world.polls, poll, group, VOTER, 0)
        second = cast(world.polls, poll, group, SECOND_VOTER, 0)
        replaced = cast(world.polls, poll, group, VOTER, 1)
        votes.append((first, second, replaced))
        enrolled, added = enrol_in(world, people, semaphore, group)
        entries.append(enrolled)
        a_head = shares(world, size, any_node)
        record_testsuite_property(
            f"gas at {size} members",
            f"first poll {created:,}, next {created_again:,}, votes {first:,}, {second:,}, replaced {replaced:,}",
        )
        record_testsuite_property(
            f"entry at {size} members",
            f"enroll {enrolled:,}, root a head {a_head}, Semaphore addMember {added:,}",
        )
        assert enrolled + a_head[16] <= 850_000
        assert created - created_again < 35_000 * group.depth + 40_000
        world.chain.revert(clean)
        clean = world.chain.snapshot()
    plant_registry(world, LARGEST, any_node)
    entries.append(world.registry.enroll(world.enrollment(people[0])).gas_used)
    a_head = shares(world, LARGEST - 17, any_node)  # the 16th makes a tree with the most hashes for its root
    record_testsuite_property(f"entry at {LARGEST} members", f"enroll {entries[-1]:,}, root a head {a_head}")
    assert entries[-1] + a_head[16] <= 850_000
    for kind in range(3):
        at_size = [vote[kind] for vote in votes]
        assert max(at_size) - min(at_size) < 1_500  # the proof's own calldata
        assert max(at_size) <= 330_000
    assert max(entries) <= 850_000


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
