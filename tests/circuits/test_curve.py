"""Bulk arithmetic on BN254 equals py_ecc, and refuses what is not a point."""

import secrets

import pytest
from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.optimized_bn128.optimized_curve import G1, Z1, add, multiply, normalize
from zksnake._algebra import ec_bn254

from circuits import curve
from circuits.curve import Points, decode_affine, decode_montgomery, encode_montgomery, msm, sum_groups
from protocol.errors import ArtifactFailed, EncodingError, VerificationError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import G1Point


def _affine(point):
    x, y = normalize(point)
    return int(x), int(y)


def _multiples(count):
    """`count` points with unlike discrete logarithms, by py_ecc."""
    return [_affine(multiply(G1, 1000003 * index + 7)) for index in range(count)]


def _native(point):
    return FQ(point[0]), FQ(point[1]), FQ.one()


@pytest.mark.parametrize("point", [(1, 3), (0, 0), (BASE_FIELD + 1, 2), (1, BASE_FIELD - 3), (-1, 2)])
def test_point_off_the_curve_is_refused(point):
    with pytest.raises(ArtifactFailed, match="point 1 is not on the curve"):
        Points.from_affine([(1, 2), point])


def test_stored_coordinate_at_the_modulus_is_refused_and_below_it_is_taken():
    below, at = ((BASE_FIELD + step).to_bytes(32, "little") for step in (-1, 0))
    assert len(decode_montgomery(below)) == 1
    with pytest.raises(ArtifactFailed, match="coordinate 1 is not canonical"):
        decode_montgomery(below + at)


@pytest.mark.parametrize("size", [1, 63, 65, 127])
def test_bytes_that_are_no_whole_point_are_refused(size):
    with pytest.raises(ArtifactFailed, match="whole number"):
        decode_affine(bytes(size))
    with pytest.raises(ArtifactFailed, match="whole number"):
        decode_montgomery(bytes(size))


def test_infinity_as_stored_is_refused():
    with pytest.raises(ArtifactFailed, match="point 0 is not on the curve"):
        Points.from_srs(bytes(64))


def test_infinity_has_no_coordinates():
    with pytest.raises(VerificationError, match="infinity"):
        Points.from_affine([(1, 2)]).scaled([0]).to_affine()


@pytest.mark.parametrize("count", [1, 3])
def test_unequal_numbers_of_points_and_scalars_are_refused(count):
    points = Points.from_affine(_multiples(2))
    with pytest.raises(EncodingError, match=f"2 points and {count} scalars"):
        msm(points, [1] * count)
    with pytest.raises(EncodingError, match=f"2 points and {count} scalars"):
        points.scaled([1] * count)


@pytest.mark.parametrize("scalars", [[0, 0], [SCALAR_FIELD, 0], [1, SCALAR_FIELD - 1]])
def test_sum_that_is_infinity_is_refused(scalars):
    with pytest.raises(EncodingError, match="infinity"):
        msm(Points.from_affine([(1, 2), (1, 2)]), scalars)


def test_panic_of_the_library_becomes_a_verification_error():
    with pytest.raises(VerificationError, match="refused: a test"), curve._without_panics("a test"):
        ec_bn254.PointG1(1, 3)


def test_interrupt_is_not_taken_for_a_panic():
    with pytest.raises(KeyboardInterrupt), curve._without_panics("a test"):
        raise KeyboardInterrupt


def test_msm_equals_py_ecc():
    points = _multiples(6)
    scalars = [0, 1, -1, SCALAR_FIELD - 1, secrets.randbelow(SCALAR_FIELD), SCALAR_FIELD + 5]
    total = Z1
    for point, scalar in zip(points, scalars, strict=True):
        total = add(total, multiply(_native(point), scalar % SCALAR_FIELD))
    assert msm(Points.from_affine(points), scalars) == G1Point(*_affine(total))


def test_scaled_equals_py_ecc():
    points = _multiples(3)
    scalars = [1, -2, secrets.randbelow(SCALAR_FIELD)]
    expected = [_affine(multiply(_native(p), s % SCALAR_FIELD)) for p, s in zip(points, scalars, strict=True)]
    assert Points.from_affine(points).scaled(scalars).to_affine() == expected


@pytest.mark.parametrize("k", [1, 2, 4])
def test_fft_equals_the_sum_it_stands_for(k):
    size = 1 << k
    root = pow(7, (SCALAR_FIELD - 1) >> k, SCALAR_FIELD)
    points = Points.from_affine(_multiples(size))
    out = points.fft(root).to_affine()
    for row in range(size):
        direct = msm(points, [pow(root, row * index, SCALAR_FIELD) for index in range(size)])
        assert out[row] == (direct.x, direct.y)


@pytest.mark.parametrize(("size", "order"), [(3, 4), (1, 1), (4, 2), (4, 8)])
def test_fft_of_the_wrong_size_or_root_is_refused(size, order):
    root = pow(7, (SCALAR_FIELD - 1) // order, SCALAR_FIELD)
    with pytest.raises(EncodingError, match=r"transform needs|primitive root"):
        Points.from_affine(_multiples(size)).fft(root)


@pytest.mark.parametrize("sizes", [[1], [2], [3], [1, 2, 5, 8, 3]])
def test_group_sums_equal_py_ecc(sizes):
    points = iter(_multiples(sum(sizes)))
    groups = [[next(points) for _ in range(size)] for size in sizes]
    expected = []
    for group in groups:
        total = Z1
        for point in group:
            total = add(total, _native(point))
        expected.append(_affine(total))
    assert sum_groups(groups) == expected


@pytest.mark.parametrize("second", [(1, 2), (1, BASE_FIELD - 2)])
def test_group_with_the_same_x_twice_is_refused(second):
    with pytest.raises(ArtifactFailed, match="repeats itself"):
        sum_groups([[(1, 2), second]])


def test_srs_form_goes_both_ways():
    points = _multiples(4)
    encoded = Points.from_affine(points).to_srs()
    assert decode_affine(encoded) == points
    assert encode_montgomery([1]) == ((1 << 256) % BASE_FIELD).to_bytes(32, "little")


def test_slices_and_joins_keep_the_order():
    points = _multiples(3)
    loaded = Points.from_affine(points)
    assert Points.joined([loaded[2:], loaded[:2]]).to_affine() == [points[2], points[0], points[1]]
    assert len(loaded[1:]) == 2
