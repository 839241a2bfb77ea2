"""Baby Jubjub (EIP-2494): the curve over the BN254 scalar field on which Semaphore identities live.

Twisted Edwards a x^2 + y^2 = 1 + d x^2 y^2 with a = 168700, d = 168696; the addition law is complete. Not
constant-time: run it on the person's own device only.
"""

from __future__ import annotations

from protocol.field import SCALAR_FIELD

__all__ = ["BASE8", "SUBGROUP_ORDER", "EdwardsPoint", "add", "is_on_curve", "multiply"]

EdwardsPoint = tuple[int, int]

SUBGROUP_ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041
"""l: the curve's order is 8 l."""

BASE8: EdwardsPoint = (
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)
"""Generator of the subgroup of order l."""

_A, _D = 168700, 168696

_Extended = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, T = XY/Z


def is_on_curve(point: EdwardsPoint) -> bool:
    """Whether the point satisfies the curve's equation (it may still lie outside the subgroup)."""
    x2, y2 = point[0] ** 2, point[1] ** 2
    return (_A * x2 + y2 - 1 - _D * x2 * y2) % SCALAR_FIELD == 0


def add(left: EdwardsPoint, right: EdwardsPoint) -> EdwardsPoint:
    """The sum of two points on the curve."""
    return _affine(_add(_extended(left), _extended(right)))


def multiply(point: EdwardsPoint, scalar: int) -> EdwardsPoint:
    """`scalar` times a point on the curve, scalar >= 0, by doubling and adding; 1.5 ms."""
    total: _Extended = (0, 1, 1, 0)
    doubled = _extended(point)
    while scalar:
        if scalar & 1:
            total = _add(total, doubled)
        doubled = _add(doubled, doubled)
        scalar >>= 1
    return _affine(total)


def _extended(point: EdwardsPoint) -> _Extended:
    x, y = point
    return x, y, 1, x * y % SCALAR_FIELD


def _affine(point: _Extended) -> EdwardsPoint:
    x, y, z, _ = point
    inverse = pow(z, -1, SCALAR_FIELD)
    return x * inverse % SCALAR_FIELD, y * inverse % SCALAR_FIELD


def _add(left: _Extended, right: _Extended) -> _Extended:
    """add-2008-hwcd (Explicit-Formulas Database), complete for this curve because d is no square."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a = x1 * x2 % SCALAR_FIELD
    b = y1 * y2 % SCALAR_FIELD
    c = _D * t1 * t2 % SCALAR_FIELD
    d = z1 * z2 % SCALAR_FIELD
    e = ((x1 + y1) * (x2 + y2) - a - b) % SCALAR_FIELD
    f, g, h = d - c, d + c, (b - _A * a) % SCALAR_FIELD
    return e * f % SCALAR_FIELD, g * h % SCALAR_FIELD, f * g % SCALAR_FIELD, e * h % SCALAR_FIELD
