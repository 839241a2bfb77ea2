"""Raw KZG commitments of salted planes, for every circuit size of the ladder.

"Raw" is the sum of Lagrange points times values with all other rows zero. A commitment in an ezkl proof has the
constant 1 in the rows that halo2 keeps unusable; `unusable_rows_constant` is that difference, registered with each
model, so that one signed capture serves circuits of other shapes.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.optimized_bn128.optimized_curve import add, normalize

from circuits.srs import LADDER, LagrangeBasis, SrsSource
from protocol.field import SCALAR_FIELD
from protocol.types import G1Point, Plane, PlaneCommitment, SaltedPlane

__all__ = [
    "LADDER",
    "SALTS",
    "commit_planes",
    "forget_points",
    "raw_commitment",
    "salt_plane",
    "unusable_rows_constant",
    "with_unusable_rows",
]

SALTS = 32
"""Random field elements behind a plane's cells. 32 * 254 bits less 128 for hiding serve 31 published openings."""


def salt_plane(plane: Plane) -> SaltedPlane:
    """The plane with fresh salts of its own."""
    return SaltedPlane(plane, tuple(secrets.randbelow(SCALAR_FIELD) for _ in range(SALTS)))


def commit_planes(planes: Iterable[SaltedPlane], source: SrsSource = SrsSource.DERIVED) -> tuple[PlaneCommitment, ...]:
    """One raw commitment a plane and k of the ladder, where the plane fits into 2^k rows."""
    return tuple(
        PlaneCommitment(salted.plane.name, k, raw_commitment(salted.vector, k, source))
        for salted in planes
        for k in LADDER
        if len(salted.vector) <= (1 << k) - _ROOM
    )


_ROOM = 64
"""Rows left free at the end of a column, more than any circuit keeps unusable."""


def forget_points() -> None:
    """For a program that has committed for now, and has little memory: the points are decoded again when needed."""
    LagrangeBasis.forget()


def raw_commitment(vector: tuple[int, ...], k: int, source: SrsSource = SrsSource.DERIVED) -> G1Point:
    """The raw commitment of a vector of field elements in the Lagrange basis of 2^k."""
    return LagrangeBasis.load(k, source).commit(vector)


def unusable_rows_constant(k: int, rows: int, source: SrsSource = SrsSource.DERIVED) -> G1Point:
    """Commitment to 1 in each of the last `rows` rows of 2^k."""
    return raw_commitment((0,) * ((1 << k) - rows) + (1,) * rows, k, source)


def with_unusable_rows(raw: G1Point, constant: G1Point) -> G1Point:
    """What stands in a proof for the raw commitment `raw`: raw + constant."""
    total = normalize(add(_projective(raw), _projective(constant)))
    return G1Point(int(total[0]), int(total[1]))


def _projective(point: G1Point) -> tuple[FQ, FQ, FQ]:
    return FQ(point.x), FQ(point.y), FQ.one()
