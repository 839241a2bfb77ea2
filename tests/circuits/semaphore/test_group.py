"""Groups equal `@semaphore-protocol/group`, whichever way they were filled."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.semaphore.group import Group, MerkleProof
from circuits.semaphore.poseidon import poseidon
from protocol.errors import InputError
from protocol.types import IdentityCommitment

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "semaphore.json").read_text())


def _members(*values):
    return [IdentityCommitment(value) for value in values]


def _root_of(proof: MerkleProof) -> int:
    node = proof.leaf
    for place, sibling in enumerate(proof.siblings):
        node = poseidon([sibling, node] if proof.index >> place & 1 else [node, sibling])
    return node


def test_empty_group_has_no_root():
    with pytest.raises(InputError, match="the group is empty"):
        _ = Group().root
    assert Group().size == Group().depth == 0


def test_member_who_is_there_already_is_refused_and_nothing_changes():
    group = Group(_members(1, 2))
    root = group.root
    for newcomers in (_members(2), _members(3, 1), _members(3, 3)):
        with pytest.raises(InputError, match="twice"):
            group.insert_many(newcomers)
    with pytest.raises(InputError, match="twice"):
        group.update(0, IdentityCommitment(2))
    assert (group.root, group.leaves) == (root, (1, 2))


@pytest.mark.parametrize("index", [-1, 2])
def test_leaf_outside_the_group_is_refused(index):
    group = Group(_members(1, 2))
    for act in (group.remove, group.merkle_proof, lambda at: group.update(at, IdentityCommitment(9))):
        with pytest.raises(InputError, match=f"no leaf {index}: it has 2"):
            act(index)


def test_removed_member_is_gone():
    group = Group(_members(1, 2, 3))
    group.remove(1)
    assert group.leaves == (1, 0, 3)
    for act in (group.remove, group.merkle_proof, lambda at: group.update(at, IdentityCommitment(9))):
        with pytest.raises(InputError, match="leaf 1 was removed"):
            act(1)
    with pytest.raises(InputError, match="not a member of this group of 3"):
        group.index_of(IdentityCommitment(2))


def test_removed_or_replaced_member_may_come_back_at_another_place():
    group = Group(_members(1, 2))
    group.remove(0)
    group.update(1, IdentityCommitment(5))
    group.insert_many(_members(1, 2))
    assert group.leaves == (0, 5, 1, 2)
    assert [group.index_of(member) for member in _members(5, 1, 2)] == [1, 2, 3]


@pytest.mark.parametrize("vector", VECTORS["groups"], ids=lambda vector: f"{vector['n']} members")
def test_group_equals_the_vector(vector):
    group = Group(_members(*((index + 1) * 1000 for index in range(vector["n"]))))
    wanted = vector["proof"]
    assert group.root == int(vector["root"])
    assert group.depth == vector["depth"]
    assert group.merkle_proof(vector["n"] - 1) == MerkleProof(
        int(wanted["leaf"]), int(wanted["root"]), wanted["index"], tuple(map(int, wanted["siblings"]))
    )


def test_group_after_update_and_remove_equals_the_vector():
    group = Group(_members(10, 20, 30, 40, 50))
    group.update(2, IdentityCommitment(999))
    group.remove(1)
    assert group.root == int(VECTORS["groupmod"]["root"])
    assert group.leaves == tuple(map(int, VECTORS["groupmod"]["members"]))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_group_filled_in_parts_equals_one_filled_at_once_and_one_by_one(parts):
    members = _members(*range(1, sum(parts) + 1))
    at_once, in_parts, one_by_one = Group(members), Group(), Group()
    rest = iter(members)
    for part in parts:
        in_parts.insert_many([next(rest) for _ in range(part)])
    for member in members:
        one_by_one.insert(member)
    assert at_once.root == in_parts.root == one_by_one.root
    assert at_once.depth == in_parts.depth == one_by_one.depth == (len(members) - 1).bit_length()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17])
def test_every_merkle_proof_leads_to_the_root_also_after_changes(size):
    group = Group(_members(*range(1, size + 1)))
    group.update(size // 2, IdentityCommitment(1000))
    if size > 1:
        group.remove(0)
    for index in range(int(size > 1), size):
        proof = group.merkle_proof(index)
        assert proof.leaf == group.leaves[index]
        assert _root_of(proof) == proof.root == group.root
