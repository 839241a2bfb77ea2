"""A membership proof with anything changed is refused. One proof is made for the whole file."""

import json
from dataclasses import replace

import pytest
from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128.optimized_curve import G2, add, multiply, neg, normalize
from py_ecc.optimized_bn128.optimized_pairing import pairing

from circuits.semaphore import Group, Identity, hash_to_field, prove_membership, verify_membership
from circuits.semaphore._groth16 import proof_holds
from circuits.semaphore._statement import public_signals
from protocol.errors import EncodingError, VerificationError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.pins import read_pinned
from protocol.types import MembershipProof, Nullifier
from tests.circuits.points import twist_point_off_the_subgroup

NAMES = ["A.x", "A.y", "B.x1", "B.x0", "B.y1", "B.y0", "C.x", "C.y"]


@pytest.fixture(scope="module")
def proof() -> MembershipProof:
    member = Identity(b"voter")
    group = Group([Identity(b"%d" % index).commitment for index in range(4)] + [member.commitment])
    return prove_membership(member, group, message=3, scope=(1 << 256) - 1)


def _with_point(proof, index, value):
    points = list(proof.points)
    points[index] = value
    return replace(proof, points=tuple(points))


@pytest.mark.parametrize("bit", [0, 100, 252])
@pytest.mark.parametrize("name", ["merkle_tree_root", "message", "scope"])
def test_proof_with_one_flipped_bit_in_a_public_value_is_refused(proof, name, bit):
    value = (getattr(proof, name) ^ 1 << bit) % SCALAR_FIELD  # stays canonical, so that the equation must refuse it
    with pytest.raises(VerificationError, match="false for this root, nullifier, message and scope"):
        verify_membership(replace(proof, **{name: value}))


@pytest.mark.parametrize("bit", [0, 100, 252])
def test_proof_with_one_flipped_bit_in_the_nullifier_is_refused(proof, bit):
    nullifier = Nullifier((proof.nullifier.value ^ 1 << bit) % SCALAR_FIELD)
    with pytest.raises(VerificationError, match="false for this root"):
        verify_membership(replace(proof, nullifier=nullifier))


@pytest.mark.parametrize("index", range(8), ids=NAMES)
def test_proof_with_one_flipped_bit_in_a_point_is_refused(proof, index):
    for bit in (0, 77):
        with pytest.raises(VerificationError, match=r"point . is not on the"):
            verify_membership(_with_point(proof, index, proof.points[index] ^ 1 << bit))


@pytest.mark.parametrize("index", range(8), ids=NAMES)
def test_coordinate_at_the_modulus_or_aliased_is_refused_at_birth(proof, index):
    for value in (BASE_FIELD, proof.points[index] + BASE_FIELD, -1, 1 << 256):
        with pytest.raises(EncodingError, match="proof coordinate is not canonical"):
            _with_point(proof, index, value)


def test_root_and_nullifier_aliased_are_refused_at_birth(proof):
    with pytest.raises(EncodingError, match="merkle tree root is not canonical"):
        replace(proof, merkle_tree_root=proof.merkle_tree_root + SCALAR_FIELD)
    with pytest.raises(EncodingError, match="nullifier is not canonical"):
        Nullifier(proof.nullifier.value + SCALAR_FIELD)
    with pytest.raises(EncodingError, match="message is not an unsigned"):
        replace(proof, message=1 << 256)
    with pytest.raises(EncodingError, match="scope is not an unsigned"):
        replace(proof, scope=-1)


@pytest.mark.parametrize("first", [0, 2, 6])
def test_proof_with_points_at_infinity_is_refused(proof, first):
    width = 4 if first == 2 else 2
    points = [0 if first <= index < first + width else value for index, value in enumerate(proof.points)]
    with pytest.raises(VerificationError, match="is not on the"):
        verify_membership(replace(proof, points=tuple(points)))


def test_proof_of_zeros_is_refused(proof):
    with pytest.raises(VerificationError, match="point A is not on the curve"):
        verify_membership(replace(proof, points=(0,) * 8))


def test_proof_with_valid_points_of_nothing_is_refused(proof):
    x, y = normalize(G2)
    generators = (1, 2, *map(int, (x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0])), 1, 2)
    with pytest.raises(VerificationError, match="false for this root"):
        verify_membership(replace(proof, points=generators))


def test_proof_with_a_point_negated_is_refused(proof):
    for index in (1, 7):
        with pytest.raises(VerificationError, match="false for this root"):
            verify_membership(_with_point(proof, index, BASE_FIELD - proof.points[index]))


def test_proof_with_b_off_the_subgroup_is_refused(proof):
    x0, x1, y0, y1 = twist_point_off_the_subgroup()
    points = (*proof.points[:2], x1, x0, y1, y0, *proof.points[6:])
    with pytest.raises(VerificationError, match="not of order r"):
        verify_membership(replace(proof, points=points))


@pytest.mark.parametrize("depth", [1, 20, 23, 25, 32])
def test_proof_of_another_depth_is_refused(proof, depth):
    with pytest.raises(VerificationError, match=f"circuit of depth {depth}, accepted is 24"):
        verify_membership(replace(proof, merkle_tree_depth=depth))


def test_proof_for_root_zero_is_refused(proof):
    with pytest.raises(VerificationError, match="root 0"):
        verify_membership(replace(proof, merkle_tree_root=0))


def test_message_and_scope_exchanged_are_refused(proof):
    with pytest.raises(VerificationError, match="false for this root"):
        verify_membership(replace(proof, message=proof.scope, scope=proof.message))


@pytest.mark.parametrize("size", [0, 255, 257])
def test_proof_of_the_wrong_length_does_not_hold(proof, size):
    encoded = b"".join(value.to_bytes(32, "big") for value in proof.points)
    assert not proof_holds((encoded + b"\0")[:size], public_signals(proof))


def test_proof_that_is_whole_is_accepted(proof):
    verify_membership(proof)


def test_proof_randomised_anew_is_accepted_so_proofs_are_no_identifiers(proof):
    """Groth16 proofs can be changed by anybody into others of the same statement: never key anything on one."""
    a = (FQ(proof.points[0]), FQ(proof.points[1]), FQ.one())
    bx1, bx0, by1, by0 = proof.points[2:6]
    b = (FQ2([bx0, bx1]), FQ2([by0, by1]), FQ2.one())
    (ax, ay), (bx, by) = normalize(multiply(a, 2)), normalize(multiply(b, pow(2, -1, SCALAR_FIELD)))
    points = (*map(int, (ax, ay, bx.coeffs[1], bx.coeffs[0], by.coeffs[1], by.coeffs[0])), *proof.points[6:])
    verify_membership(replace(proof, points=points))


def test_py_ecc_agrees_that_the_proof_holds(proof):
    """The same equation by an implementation that shares nothing with the first, for right and wrong signals."""
    key = json.loads(read_pinned("semaphore_24_json"))

    def g1(p):
        return FQ(int(p[0])), FQ(int(p[1])), FQ.one()

    def g2(p):
        return FQ2([int(c) for c in p[0]]), FQ2([int(c) for c in p[1]]), FQ2.one()

    bx1, bx0, by1, by0 = proof.points[2:6]
    left = pairing((FQ2([bx0, bx1]), FQ2([by0, by1]), FQ2.one()), g1(proof.points[:2]))
    left *= pairing(g2(key["vk_beta_2"]), neg(g1(key["vk_alpha_1"])))
    left *= pairing(g2(key["vk_delta_2"]), neg(g1(proof.points[6:])))
    for message, holds in ((proof.message, True), (proof.message + 1, False)):
        total = g1(key["IC"][0])
        for point, signal in zip(key["IC"][1:], public_signals(replace(proof, message=message)), strict=True):
            total = add(total, multiply(g1(point), signal))
        assert (left * pairing(g2(key["vk_gamma_2"]), neg(total)) == FQ12.one()) is holds


def test_hash_to_field_is_keccak_without_its_last_byte():
    # keccak256 of 32 zero bytes begins 290decd9 and ends e563: the first storage slot of every Solidity array
    digest = 0x290DECD9548B62A8D60345A988386FC84BA6BC95484008F6362F93160EF3E563
    assert hash_to_field(0) == digest >> 8
    assert hash_to_field((1 << 256) - 1) < 1 << 248
