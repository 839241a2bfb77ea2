"""The full check of an SRS: every power, every Lagrange point, both G2 points.

The sums over all points are made by `circuits.curve`; the equation that decides is made of py_ecc's pairings.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128.optimized_curve import G2, b2, is_inf, is_on_curve, multiply, normalize
from py_ecc.optimized_bn128.optimized_pairing import pairing

from circuits.curve import Points, msm
from circuits.srs._file import G2Coordinates, Srs, domain_root
from protocol.errors import VerificationError
from protocol.field import SCALAR_FIELD
from protocol.types import G1Point

__all__ = ["STANDARD_G2", "SrsFacts", "check_srs"]

_G2Native = tuple[FQ2, FQ2, FQ2]


def _standard_g2() -> G2Coordinates:
    x, y = normalize(G2)
    return int(x.coeffs[0]), int(x.coeffs[1]), int(y.coeffs[0]), int(y.coeffs[1])


STANDARD_G2 = _standard_g2()
"""The generator of G2 that EIP-197 names."""

_RANDOM_BITS = 128  # a false equation passes with probability 2^-128


@dataclass(frozen=True)
class SrsFacts:
    """What a checked SRS is. `tau_g2` names the secret: two SRS with the same h and `tau_g2` share tau."""

    k: int
    sha256: str
    tau_g2: G2Coordinates
    standard_g1_generator: bool
    standard_g2_generator: bool


def check_srs(data: bytes) -> SrsFacts:
    """Check the whole of an SRS file and say what it is; 6 s for k = 15.

    1. The header's k fits the size; every coordinate is canonical.
    2. Every G1 point is on the curve (which has prime order) and none is the point at infinity.
    3. h and tau h are on the twist, of order r, and not the point at infinity.
    4. e(tau^(i+1) g, h) = e(tau^i g, tau h) for all i at once, under 128-bit random weights.
    5. sum_j b_j L_j = sum_i a_i tau^i g for random values b_j of a polynomial and its coefficients a_i.

    The caller owes: whether tau was made by a ceremony that it believes in. That is no property of the file; compare
    `sha256` with a pin, or `tau_g2` with a published value.

    Raises `ArtifactFailed` (steps 1 and 2: no SRS at all) or `VerificationError` (steps 3 to 5: a false one).
    """
    srs = Srs.from_bytes(data)  # 1
    powers, lagrange = Points.from_srs(srs.powers), Points.from_srs(srs.lagrange)  # 2
    h, tau_h = _g2_point(srs.h, "h"), _g2_point(srs.tau_h, "tau h")  # 3
    _check_powers(powers, h, tau_h)  # 4
    _check_lagrange(powers, lagrange, srs.k)  # 5
    return SrsFacts(
        srs.k,
        hashlib.sha256(data).hexdigest(),
        srs.tau_h,
        powers[:1].to_affine() == [(1, 2)],
        srs.h == STANDARD_G2,
    )


def _g2_point(coordinates: G2Coordinates, name: str) -> _G2Native:
    x0, x1, y0, y1 = coordinates
    point = (FQ2([x0, x1]), FQ2([y0, y1]), FQ2.one())
    if not is_on_curve(point, b2):
        raise VerificationError(f"the srs is false: {name} is not on the twist")
    # the twist has a large cofactor; off the subgroup the pairing proves nothing
    if not is_inf(multiply(point, SCALAR_FIELD)):
        raise VerificationError(f"the srs is false: {name} is not of order r")
    return point


def _check_powers(powers: Points, h: _G2Native, tau_h: _G2Native) -> None:
    weights = _random_weights(len(powers) - 1)
    ahead, behind = msm(powers[1:], weights), msm(powers[:-1], weights)
    if pairing(h, _g1_native(ahead)) != pairing(tau_h, _g1_native(behind)):
        raise VerificationError("the srs is false: its powers are not powers of the tau in its G2 part")


def _check_lagrange(powers: Points, lagrange: Points, k: int) -> None:
    values = _random_weights(1 << k)
    if msm(lagrange, values) != msm(powers, _interpolate(values, k)):
        raise VerificationError("the srs is false: its Lagrange points do not belong to its powers")


def _random_weights(count: int) -> list[int]:
    return [secrets.randbits(_RANDOM_BITS) for _ in range(count)]


def _g1_native(point: G1Point) -> tuple[FQ, FQ, FQ]:
    return FQ(point.x), FQ(point.y), FQ.one()


def _interpolate(values: Sequence[int], k: int) -> list[int]:
    """Coefficients of the polynomial with these values on halo2's domain of size 2^k."""
    size = 1 << k
    inverse = pow(size, -1, SCALAR_FIELD)
    return [value * inverse % SCALAR_FIELD for value in _transform(values, pow(domain_root(k), -1, SCALAR_FIELD))]


def _transform(values: Sequence[int], root: int) -> list[int]:
    """out[j] = sum_i root^(ij) values[i], recursively by halves."""
    if len(values) == 1:
        return list(values)
    square = root * root % SCALAR_FIELD
    even, odd = _transform(values[::2], square), _transform(values[1::2], square)
    low, high, twiddle = [], [], 1
    for first, second in zip(even, odd, strict=True):
        turned = second * twiddle % SCALAR_FIELD
        low.append((first + turned) % SCALAR_FIELD)
        high.append((first - turned) % SCALAR_FIELD)
        twiddle = twiddle * root % SCALAR_FIELD
    return low + high
