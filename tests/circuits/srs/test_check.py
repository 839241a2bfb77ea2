"""The full check of an SRS says no to every kind of false file."""

import struct

import pytest

from circuits.curve import Points
from circuits.srs import _development, check_srs
from circuits.srs._file import Srs
from circuits.srs.check import STANDARD_G2
from protocol.errors import ArtifactFailed, VerificationError
from protocol.field import BASE_FIELD
from tests.circuits.points import twist_point_off_the_subgroup

K = 3
SIZE = 1 << K


@pytest.fixture(scope="module")
def honest() -> bytes:
    return _development.development_srs(K).to_bytes()


def _swap(data, first, second):
    """Exchange two G1 points, counted from the start of the file's points."""
    points = [data[4 + 64 * index : 68 + 64 * index] for index in range(2 * SIZE)]
    points[first], points[second] = points[second], points[first]
    return data[:4] + b"".join(points) + data[4 + 128 * SIZE :]


def _with_point(data, index, point):
    return data[: 4 + 64 * index] + Points.from_affine([point]).to_srs() + data[68 + 64 * index :]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 5), (SIZE - 2, SIZE - 1)])
def test_srs_with_two_powers_swapped_is_refused(honest, first, second):
    with pytest.raises(VerificationError, match="powers are not powers"):
        check_srs(_swap(honest, first, second))


def test_srs_with_two_lagrange_points_swapped_is_refused(honest):
    with pytest.raises(VerificationError, match="Lagrange points do not belong"):
        check_srs(_swap(honest, SIZE, SIZE + 3))


@pytest.mark.parametrize("index", [0, 1, SIZE - 1])
def test_srs_with_one_power_altered_is_refused(honest, index):
    with pytest.raises(VerificationError, match="powers are not powers"):
        check_srs(_with_point(honest, index, (1, BASE_FIELD - 2)))


@pytest.mark.parametrize("index", [SIZE, 2 * SIZE - 1])
def test_srs_with_one_lagrange_point_altered_is_refused(honest, index):
    with pytest.raises(VerificationError, match="Lagrange points do not belong"):
        check_srs(_with_point(honest, index, (1, 2)))


@pytest.mark.parametrize("position", [4, 4 + 64 * SIZE, -256, -128, -1])
def test_srs_with_one_flipped_bit_is_refused(honest, position):
    data = bytearray(honest)
    data[position] ^= 1
    with pytest.raises((ArtifactFailed, VerificationError)):
        check_srs(bytes(data))


@pytest.mark.parametrize("size", [0, 3, 4, -1, -128])
def test_srs_cut_short_is_refused(honest, size):
    with pytest.raises(ArtifactFailed):
        check_srs(honest[:size])


def test_srs_with_a_byte_too_many_is_refused(honest):
    with pytest.raises(ArtifactFailed, match="has 1,284 bytes; this one has 1,285"):
        check_srs(honest + b"\0")


@pytest.mark.parametrize("k", [0, K - 1, K + 1, 29, 0xFFFFFFFF])
def test_srs_with_another_k_in_its_header_is_refused(honest, k):
    with pytest.raises(ArtifactFailed, match=r"header says|has .* bytes"):
        check_srs(struct.pack("<I", k) + honest[4:])


@pytest.mark.parametrize("part", ["h", "tau_h"])
@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ((0, 0, 0, 0), "not on the twist"),
        ((1, 0, 2, 0), "not on the twist"),
        (None, "not of order r"),
    ],
)
def test_srs_with_a_wrong_g2_point_is_refused(honest, part, point, reason):
    fields = vars(Srs.from_bytes(honest)) | {part: point or twist_point_off_the_subgroup()}
    with pytest.raises(VerificationError, match=reason):
        check_srs(Srs(**fields).to_bytes())


def test_srs_with_another_tau_in_g2_is_refused(honest):
    fields = vars(Srs.from_bytes(honest)) | {"tau_h": STANDARD_G2}
    with pytest.raises(VerificationError, match="powers are not powers"):
        check_srs(Srs(**fields).to_bytes())


def test_srs_that_is_honest_passes_and_says_what_it_is(honest):
    facts = check_srs(honest)
    assert facts.k == K
    assert facts.tau_g2 == Srs.from_bytes(honest).tau_h
    assert facts.standard_g1_generator
    assert facts.standard_g2_generator


def test_srs_made_smaller_passes_and_equals_one_made_small(honest):
    smaller = Srs.from_bytes(honest).downsized(K - 1)
    check_srs(smaller.to_bytes())
    assert smaller == _development.development_srs(K - 1)


@pytest.mark.parametrize("k", [0, K, K + 1])
def test_srs_is_not_made_larger(honest, k):
    with pytest.raises(ArtifactFailed, match="can be made smaller"):
        Srs.from_bytes(honest).downsized(k)
