"""An SRS whose secret everybody knows: for a chain on one's own machine, and for nothing else.

Whoever knows tau can open a commitment to anything, so every proof under this SRS is worthless as evidence. The secret
is derived from a public label, not drawn and thrown away: nobody can mistake the file for one that somebody might
have made honestly, and the file is the same everywhere, so it can be pinned.
"""

from __future__ import annotations

import hashlib

from py_ecc.optimized_bn128.optimized_curve import G2, multiply, normalize

from circuits.curve import Points
from circuits.srs._file import G2Coordinates, Srs, domain_root
from protocol.field import SCALAR_FIELD

__all__ = ["development_srs"]

_LABEL = b"irisproof development srs v1: this secret is public, do not trust it"


def development_srs(k: int) -> Srs:
    """The development SRS for 2^k rows, with the standard generators of both groups."""
    tau = int.from_bytes(hashlib.sha512(_LABEL).digest(), "big") % SCALAR_FIELD
    size = 1 << k
    powers = [1]
    for _ in range(size - 1):
        powers.append(powers[-1] * tau % SCALAR_FIELD)
    generator = Points.from_affine([(1, 2)] * size)
    h, tau_h = (_coordinates(scalar) for scalar in (1, tau))
    return Srs(
        k,
        generator.scaled(powers).to_srs(),
        generator.scaled(_lagrange_values(tau, k)).to_srs(),
        h,
        tau_h,
    )


def _lagrange_values(tau: int, k: int) -> list[int]:
    """L_j(tau) = w^j (tau^n - 1) / (n (tau - w^j)), for tau outside the domain."""
    size, root = 1 << k, domain_root(k)
    vanishing = (pow(tau, size, SCALAR_FIELD) - 1) * pow(size, -1, SCALAR_FIELD)
    values, element = [], 1
    for _ in range(size):
        values.append(element * vanishing * pow(tau - element, -1, SCALAR_FIELD) % SCALAR_FIELD)
        element = element * root % SCALAR_FIELD
    return values


def _coordinates(scalar: int) -> G2Coordinates:
    x, y = normalize(multiply(G2, scalar))
    return int(x.coeffs[0]), int(x.coeffs[1]), int(y.coeffs[0]), int(y.coeffs[1])
