"""Raw commitments: what they refuse, and that they are the value of the interpolating polynomial at tau."""

import hashlib
import random

import pytest
from py_ecc.optimized_bn128.optimized_curve import G1, multiply, normalize

from circuits.curve import Points, msm
from circuits.srs import LagrangeBasis, SrsSource, srs_file
from circuits.srs._development import development_srs
from circuits.srs._file import Srs
from protocol.errors import ArtifactFailed, EncodingError
from protocol.field import SCALAR_FIELD
from protocol.types import G1Point

K = 5
SIZE = 1 << K


@pytest.fixture
def small() -> LagrangeBasis:
    return LagrangeBasis(K, development_srs(K).lagrange)


def _by_polynomial(vector):
    """The commitment by the barycentric formula at the development SRS's public tau, with one multiplication."""
    label = b"irisproof development srs v1: this secret is public, do not trust it"
    tau = int.from_bytes(hashlib.sha512(label).digest(), "big") % SCALAR_FIELD
    root = pow(7, (SCALAR_FIELD - 1) // SIZE, SCALAR_FIELD)
    total = 0
    for row, element in enumerate(vector):
        point = pow(root, row, SCALAR_FIELD)
        total += element * point * pow(tau - point, -1, SCALAR_FIELD)
    total = total * (pow(tau, SIZE, SCALAR_FIELD) - 1) * pow(SIZE, -1, SCALAR_FIELD) % SCALAR_FIELD
    x, y = normalize(multiply(G1, total))
    return G1Point(int(x), int(y))


def test_vector_one_too_long_is_refused_and_a_full_one_is_taken(small):
    assert small.commit([1] * SIZE) == _by_polynomial([1] * SIZE)
    with pytest.raises(EncodingError, match=f"{SIZE + 1} elements does not fit"):
        small.commit([1] * (SIZE + 1))


@pytest.mark.parametrize("vector", [[], [0], [0, SCALAR_FIELD]])
def test_vector_of_zeros_is_refused(small, vector):
    with pytest.raises(EncodingError, match="infinity"):
        small.commit(vector)


@pytest.mark.parametrize(
    "vector",
    [
        [1],
        [-1],
        [0, 0, 7],
        [255, 256, -255, -256, 257],  # both sides of the border between shared and own multiplications
        [1, 0, -1, 1, 1, -1, 0, SCALAR_FIELD - 1],
        [SCALAR_FIELD // 2, SCALAR_FIELD // 2 + 1, 1 << 64, (1 << 254) - 1],
    ],
)
def test_commitment_is_the_polynomial_at_tau(small, vector):
    assert small.commit(vector) == _by_polynomial(vector)


def test_commitment_of_a_longer_vector_after_a_shorter_one_is_right(small):
    generator = random.Random(1)
    for length in (3, 2, 17, 9, SIZE):
        vector = [
            generator.choice([generator.randrange(256), generator.randrange(SCALAR_FIELD)]) for _ in range(length)
        ]
        assert small.commit(vector) == _by_polynomial(vector)


def test_commitments_add_up():
    basis = LagrangeBasis.load(13)
    left, right = [3, 1 << 40, -2], [5, 7, SCALAR_FIELD - 9]
    both = Points.from_affine([(p.x, p.y) for p in map(basis.commit, (left, right))])
    assert msm(both, [1, 1]) == basis.commit([a + b for a, b in zip(left, right, strict=True)])


def test_salted_plane_equals_the_plain_sum_over_its_rows():
    generator = random.Random(2)
    vector = [generator.randrange(256) for _ in range(960)] + [generator.randrange(SCALAR_FIELD) for _ in range(32)]
    rows = Points.from_srs(Srs.from_bytes(srs_file(13).read_bytes()).lagrange[: 64 * 992])
    assert LagrangeBasis.load(13).commit(vector) == msm(rows, vector)


def test_basis_with_a_repeated_point_is_refused():
    encoded = development_srs(K).lagrange
    with pytest.raises(ArtifactFailed, match="repeats itself"):
        LagrangeBasis(K, encoded[:64] * SIZE).commit([1, 1])


def test_basis_with_bytes_that_are_no_point_is_refused():
    with pytest.raises(ArtifactFailed, match="not on the curve"):
        LagrangeBasis(K, bytes(64 * SIZE)).commit([1])


def test_commitments_under_unlike_srs_and_k_differ():
    bases = [LagrangeBasis.load(13), LagrangeBasis.load(15), LagrangeBasis.load(13, SrsSource.DEVELOPMENT)]
    assert len({basis.commit([1, 2, 3]) for basis in bases}) == 3


def test_basis_is_loaded_once():
    assert LagrangeBasis.load(13) is LagrangeBasis.load(13)
