"""Membership proofs: who gets one, for what, and that a false one never leaves the process."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from circuits.semaphore import (
    MEMBERSHIP_DEPTH,
    Group,
    Identity,
    _groth16,
    _memory_file,
    _witness,
    nullifier_of,
    prove,
    prove_membership,
    verify_membership,
)
from circuits.semaphore.babyjubjub import SUBGROUP_ORDER
from protocol.errors import ArtifactFailed, ArtifactUnavailable, InputError, ProvingError
from protocol.field import SCALAR_FIELD
from protocol.types import IdentityCommitment

INPUTS = {
    "secret": [5],
    "merkleProofLength": [0],
    "merkleProofIndex": [0],
    "merkleProofSiblings": [0] * MEMBERSHIP_DEPTH,
    "scope": [1],
    "message": [2],
}


@pytest.fixture(scope="module")
def member() -> Identity:
    return Identity(b"member")


@pytest.fixture
def group(member) -> Group:
    return Group([IdentityCommitment(1), member.commitment, IdentityCommitment(3)])


def test_identity_that_is_no_member_gets_no_proof(group):
    with pytest.raises(InputError, match="not a member of this group of 3"):
        prove_membership(Identity(b"stranger"), group, 0, 0)


def test_member_who_was_removed_gets_no_proof(group, member):
    group.remove(1)
    with pytest.raises(InputError, match="not a member"):
        prove_membership(member, group, 0, 0)


def test_empty_group_gives_no_proof(member):
    with pytest.raises(InputError, match="the group is empty"):
        prove_membership(member, Group(), 0, 0)


@pytest.mark.parametrize("value", [-1, 1 << 256])
def test_message_or_scope_out_of_range_is_refused(group, member, value):
    with pytest.raises(InputError, match="message is not an unsigned 256-bit integer"):
        prove_membership(member, group, value, 0)
    with pytest.raises(InputError, match="scope is not an unsigned 256-bit integer"):
        prove_membership(member, group, 0, value)


def test_group_deeper_than_the_circuit_is_refused(group, member, monkeypatch):
    monkeypatch.setattr(Group, "depth", MEMBERSHIP_DEPTH + 1)
    with pytest.raises(InputError, match="25 levels deep; the circuit reaches 24"):
        prove_membership(member, group, 0, 0)


@pytest.mark.parametrize("secret", [SUBGROUP_ORDER, SUBGROUP_ORDER + 5, SCALAR_FIELD - 1])
def test_secret_of_l_or_more_is_refused_by_the_circuit(secret):
    with pytest.raises(ProvingError, match="refused its inputs: an assertion failed") as caught:
        _witness.calculate({**INPUTS, "secret": [secret]})
    assert str(secret) not in str(caught.value)


def test_secret_below_l_is_taken_by_the_circuit():
    root, *_ = _witness.calculate({**INPUTS, "secret": [SUBGROUP_ORDER - 1]}).public_signals(4)
    assert 0 < root < SCALAR_FIELD


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"nonsense": [1]}, "signal nonsense takes 0 elements, 1 were given"),
        ({"secret": [1, 2]}, "signal secret takes 1 elements, 2 were given"),
        ({"secret": [SCALAR_FIELD]}, "signal secret was given a value that is not canonical"),
        ({"message": [-1]}, "signal message was given a value that is not canonical"),
    ],
)
def test_inputs_that_are_not_the_circuits_are_refused(change, reason):
    with pytest.raises(ProvingError, match=reason):
        _witness.calculate(INPUTS | change)


def test_missing_input_is_refused():
    with pytest.raises(ProvingError, match="takes 29 elements, 28 were given"):
        _witness.calculate({name: values for name, values in INPUTS.items() if name != "scope"})


def test_witness_shows_nothing():
    shown = repr(_witness.calculate(INPUTS | {"secret": [123456789]}))
    assert "123456789" not in shown
    assert len(shown) < 100


def test_false_witness_yields_no_proof(group, member, monkeypatch):
    """The prover makes a proof of a false witness without a word; it must not get out."""
    honest = _witness.Witness.to_wtns

    def corrupted(witness: _witness.Witness) -> bytes:
        data = bytearray(honest(witness))
        data[-32 * 100] ^= 1
        return bytes(data)

    monkeypatch.setattr(_witness.Witness, "to_wtns", corrupted)
    with pytest.raises(ProvingError, match="does not hold and was dropped"):
        prove_membership(member, group, 0, 0)


def test_witness_of_another_statement_yields_no_proof(group, member, monkeypatch):
    honest = _witness.calculate

    def other_message(inputs):
        return honest({**inputs, "message": [7]})

    def other_scope(inputs):
        return honest({**inputs, "scope": [7]})

    def other_path(inputs):
        return honest({**inputs, "merkleProofIndex": [0]})

    for calculate in (other_message, other_scope, other_path):
        monkeypatch.setattr(_witness, "calculate", calculate)
        with pytest.raises(ProvingError, match="other public values"):
            prove_membership(member, group, 0, 0)


def test_prover_that_fails_does_not_quote_the_witness(monkeypatch):
    with pytest.raises(ProvingError, match="the membership prover failed") as caught:
        _groth16.prove_witness(b"no witness, but secret=31337")
    assert "31337" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_key_that_is_not_the_pinned_one_is_refused(group, member, monkeypatch, tmp_path):
    from protocol import pins

    real = pins.pin("semaphore_24_wasm")
    (tmp_path / "other").write_bytes(b"\0asm")
    monkeypatch.setattr(pins, "pin", lambda _name: replace(real, path=str(tmp_path / "other")))
    _witness._module.cache_clear()
    with pytest.raises(ArtifactFailed, match="is not the pinned file"):
        prove_membership(member, group, 0, 0)


def test_system_without_files_in_memory_is_told_so(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(ArtifactUnavailable, match="no files in memory"), _memory_file.memory_file(b"secret"):
        pass


def test_memory_file_is_read_under_its_path_and_gone_afterwards():
    with _memory_file.memory_file(b"content") as path:
        assert Path(path).read_bytes() == b"content"
        assert str(Path(path).readlink()).startswith("/memfd:")
    assert not Path(path).exists()


def test_member_gets_a_proof_of_what_was_asked(group, member):
    proof = prove_membership(member, group, message=(1 << 256) - 1, scope=9)
    assert proof.merkle_tree_depth == MEMBERSHIP_DEPTH
    assert proof.merkle_tree_root == group.root
    assert (proof.message, proof.scope) == ((1 << 256) - 1, 9)
    assert proof.nullifier == nullifier_of(member, 9)
    verify_membership(proof)


def test_member_of_a_group_of_one_gets_a_proof(member):
    proof = prove_membership(member, Group([member.commitment]), 0, 0)
    assert proof.merkle_tree_root == member.commitment.value


def test_member_beside_a_removed_leaf_gets_a_proof(group, member):
    group.remove(0)
    verify_membership(prove_membership(member, group, 0, 0))


def test_two_proofs_of_one_statement_differ_in_points_only(group, member):
    first, second = (prove_membership(member, group, 1, 2) for _ in range(2))
    assert first.points != second.points
    assert replace(first, points=second.points) == second


def test_nullifier_depends_on_scope_and_identity_and_not_on_the_group(member):
    assert nullifier_of(member, 1) != nullifier_of(member, 2)
    assert nullifier_of(member, 1) != nullifier_of(Identity(b"other"), 1)
    assert prove.nullifier_of(member, 1) == nullifier_of(Identity(b"member"), 1)
