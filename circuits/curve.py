"""BN254 group arithmetic in bulk: the one module that imports zksnake.

zksnake (MIT, bindings to arkworks) calls itself a proof of concept. What this project takes from it is the sum of
scalar multiples and the scalar multiple; the tests check both against py_ecc, the structured reference strings made
with it are checked by py_ecc's pairings (`circuits.srs.check_srs`), and commitments made with it are compared with
ezkl's. Nothing here is constant-time: run it on the person's own machine only.

zksnake panics (a `BaseException`) on a point off the curve, so every point is checked here before it is handed over;
a panic that comes nevertheless is turned into `VerificationError`.

Points of a structured reference string are stored as in halo2's raw format: affine x, y, 32 bytes each,
little-endian, in Montgomery form (the value times 2^256 mod q).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from zksnake._algebra import ec_bn254

from protocol.errors import ArtifactFailed, EncodingError, VerificationError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import G1Point

__all__ = [
    "G1_BYTES",
    "Affine",
    "Points",
    "decode_affine",
    "decode_montgomery",
    "encode_montgomery",
    "msm",
    "sum_groups",
]

Affine = tuple[int, int]
"""An affine G1 point as plain integers, for bulk work where a `G1Point` per point would cost too much."""

G1_BYTES = 64

_INVERSE_R = pow(1 << 256, -1, BASE_FIELD)


def decode_montgomery(data: bytes) -> list[int]:
    """Base field elements from their Montgomery form, 32 bytes each, little-endian.

    Raises `ArtifactFailed` for one that is not canonical (its stored form is q or more).
    """
    if len(data) % 32:
        raise ArtifactFailed(f"{len(data)} bytes are not a whole number of field elements")
    stored = [int.from_bytes(data[at : at + 32], "little") for at in range(0, len(data), 32)]
    for index, value in enumerate(stored):
        if value >= BASE_FIELD:
            raise ArtifactFailed(f"coordinate {index} is not canonical: its stored form is q or more")
    return [value * _INVERSE_R % BASE_FIELD for value in stored]


def encode_montgomery(values: Sequence[int]) -> bytes:
    """The inverse of `decode_montgomery`."""
    return b"".join(((value << 256) % BASE_FIELD).to_bytes(32, "little") for value in values)


def decode_affine(data: bytes) -> list[Affine]:
    """Affine points from halo2's raw form, 64 bytes each; about 2 microseconds each.

    Raises `ArtifactFailed` for a coordinate that is not canonical or a point off the curve.
    """
    if len(data) % G1_BYTES:
        raise ArtifactFailed(f"{len(data)} bytes are not a whole number of points of {G1_BYTES} bytes")
    values = decode_montgomery(data)
    points = list(zip(values[::2], values[1::2], strict=True))
    _require_on_curve(points)
    return points


def _require_on_curve(points: Sequence[Affine]) -> None:
    for index, (x, y) in enumerate(points):
        if not (0 <= x < BASE_FIELD and 0 <= y < BASE_FIELD) or (y * y - x * x * x - 3) % BASE_FIELD:
            raise ArtifactFailed(f"point {index} is not on the curve y^2 = x^3 + 3")


@contextmanager
def _without_panics(what: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        # pyo3's PanicException derives from BaseException and cannot be imported by name
        if type(error).__name__ != "PanicException":
            raise
        raise VerificationError(f"the curve library refused: {what}") from None


class Points:
    """A list of G1 points in the library's own form. Immutable; a slice is another `Points`."""

    __slots__ = ("_native",)

    def __init__(self, native: list[Any]) -> None:
        self._native = native

    @classmethod
    def from_srs(cls, data: bytes) -> Points:
        """Points from halo2's raw form, 64 bytes each; about 70 microseconds each.

        Raises `ArtifactFailed` for a coordinate that is not canonical or a point off the curve. The group has
        prime order, so a point on the curve is in the group; the point at infinity (0, 0) counts as off the curve.
        """
        return cls.from_affine(decode_affine(data))

    @classmethod
    def from_affine(cls, points: Sequence[Affine]) -> Points:
        """Points from affine coordinates; raises `ArtifactFailed` for one off the curve."""
        _require_on_curve(points)
        with _without_panics("a point"):
            return cls([ec_bn254.PointG1(x, y) for x, y in points])

    def to_affine(self) -> list[Affine]:
        """Affine coordinates; raises `VerificationError` if one is the point at infinity."""
        if any(point.is_zero() for point in self._native):
            raise VerificationError("a point is the point at infinity, which has no affine coordinates")
        return [(int(point.x), int(point.y)) for point in self._native]

    def to_srs(self) -> bytes:
        """The inverse of `from_srs`."""
        return encode_montgomery([coordinate for point in self.to_affine() for coordinate in point])

    def __len__(self) -> int:
        return len(self._native)

    def __getitem__(self, part: slice) -> Points:
        return Points(self._native[part])

    @classmethod
    def joined(cls, parts: Iterable[Points]) -> Points:
        """The lists, one after the other."""
        return cls([point for part in parts for point in part._native])

    def scaled(self, scalars: Sequence[int]) -> Points:
        """Each point times its scalar; about 60 microseconds each."""
        _require_lengths(self, scalars)
        with _without_panics("a scalar multiple"):
            return Points(ec_bn254.batch_multi_scalar_g1(self._native, [s % SCALAR_FIELD for s in scalars]))

    def fft(self, root: int) -> Points:
        """The discrete Fourier transform in the group: out[j] = sum_i root^(i j) P_i.

        `root` is a primitive root of unity of the list's length, which is a power of two. Not scaled by 1/n.
        """
        size = len(self._native)
        if size & (size - 1) or size < 2:
            raise EncodingError(f"a transform needs a power of two of points, not {size}")
        if pow(root, size, SCALAR_FIELD) != 1 or pow(root, size // 2, SCALAR_FIELD) == 1:
            raise EncodingError(f"the root is not a primitive root of unity of order {size}")
        points = _bit_reversed(self._native)
        half = 1
        while half < size:
            _butterflies(points, half, pow(root, size // (2 * half), SCALAR_FIELD))
            half *= 2
        return Points(points)


def msm(points: Points, scalars: Sequence[int]) -> G1Point:
    """The sum of scalar multiples; scalars are taken modulo r.

    Raises `EncodingError` if the lengths differ or the sum is the point at infinity, for which the protocol has
    no value.
    """
    _require_lengths(points, scalars)
    with _without_panics("a sum of scalar multiples"):
        total = ec_bn254.multiscalar_mul_g1(points._native, [s % SCALAR_FIELD for s in scalars])
    if total.is_zero():
        raise EncodingError("the sum is the point at infinity: nothing, or nothing but zeros, was committed")
    return G1Point(int(total.x), int(total.y))


def sum_groups(groups: Iterable[Sequence[Affine]]) -> list[Affine]:
    """The sum of each group of points; no group may be empty. About 3 microseconds for each point.

    For sums of many points with few different factors this beats the library, which takes 70 microseconds to accept
    a point. Points are added in pairs, all pairs of a round sharing one inversion.

    Raises `ArtifactFailed` if two points of a pair have the same x (one point twice, or a point and its negative):
    the formula does not hold there, and among honest points of an SRS it does not happen.
    """
    left = [list(group) for group in groups]
    while any(len(group) > 1 for group in left):
        pairs = [(group[at], group[at + 1]) for group in left for at in range(0, len(group) - 1, 2)]
        sums = iter(_add_pairs(pairs))
        left = [[next(sums) for _ in range(len(group) // 2)] + group[len(group) & ~1 :] for group in left]
    return [group[0] for group in left]


def _add_pairs(pairs: Sequence[tuple[Affine, Affine]]) -> list[Affine]:
    """Affine addition of each pair, with Montgomery's trick for the inverses."""
    products, product = [], 1
    for (x1, _), (x2, _) in pairs:
        products.append(product)
        product = product * (x2 - x1) % BASE_FIELD
    if product == 0:
        raise ArtifactFailed("two points to be added have the same x coordinate: the point list repeats itself")
    inverse = pow(product, -1, BASE_FIELD)
    sums: list[Affine] = []
    for before, ((x1, y1), (x2, y2)) in zip(reversed(products), reversed(pairs), strict=True):
        slope = (y2 - y1) * inverse * before % BASE_FIELD
        inverse = inverse * (x2 - x1) % BASE_FIELD
        x3 = (slope * slope - x1 - x2) % BASE_FIELD
        sums.append((x3, (slope * (x1 - x3) - y1) % BASE_FIELD))
    return sums[::-1]


def _require_lengths(points: Points, scalars: Sequence[int]) -> None:
    if len(points) != len(scalars):
        raise EncodingError(f"{len(points)} points and {len(scalars)} scalars: the numbers must be equal")


def _bit_reversed(native: list[Any]) -> list[Any]:
    width = len(native).bit_length() - 1
    return [native[int(format(index, f"0{width}b")[::-1], 2)] for index in range(len(native))]


def _butterflies(points: list[Any], half: int, step: int) -> None:
    """One layer of the Cooley-Tukey transform, in place. The first twiddle of each block is 1: no multiplication."""
    twiddles = [1]
    for _ in range(half - 1):
        twiddles.append(twiddles[-1] * step % SCALAR_FIELD)
    blocks = range(0, len(points), 2 * half)
    uppers = [start + offset + half for offset in range(1, half) for start in blocks]
    factors = [twiddles[offset] for offset in range(1, half) for _ in blocks]
    with _without_panics("a layer of a transform"):
        turned = ec_bn254.batch_multi_scalar_g1([points[at] for at in uppers], factors) if uppers else []
        for at, point in zip(uppers, turned, strict=True):
            points[at] = point
        for start in blocks:
            for low in range(start, start + half):
                first, second = points[low], points[low + half]
                points[low], points[low + half] = first + second, first + (-second)
