"""The SRS file of halo2 and ezkl ("raw bytes"): read, cut into parts, written.

    u32 k, little-endian | 2^k G1: tau^i g | 2^k G1: L_i(tau) g | G2: h | G2: tau h

Points are affine and in Montgomery form (`circuits.curve`); a G2 coordinate is two field elements, c0 then c1 of
c0 + c1 u. L_i is the Lagrange basis of the domain of halo2's root of unity, in its natural order.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from circuits.curve import G1_BYTES, Points, decode_montgomery, encode_montgomery
from protocol.errors import ArtifactFailed
from protocol.field import SCALAR_FIELD

__all__ = ["G2Coordinates", "Srs", "domain_root", "lagrange_from_powers", "srs_bytes"]

G2Coordinates = tuple[int, int, int, int]
"""Affine G2: x.c0, x.c1, y.c0, y.c1."""

_G2_BYTES = 128
_MAX_K = 28  # r - 1 = 2^28 * odd: there is no larger domain


def domain_root(k: int) -> int:
    """halo2's primitive 2^k-th root of unity of the scalar field (halo2curves bn256: generator 7)."""
    return pow(7, (SCALAR_FIELD - 1) >> k, SCALAR_FIELD)


def srs_bytes(k: int) -> int:
    """Size of an SRS file for 2^k rows."""
    return 4 + 2 * G1_BYTES * (1 << k) + 2 * _G2_BYTES


@dataclass(frozen=True)
class Srs:
    """An SRS file cut into its parts; the points are still encoded and unchecked, see `check_srs`."""

    k: int
    powers: bytes = field(repr=False)
    lagrange: bytes = field(repr=False)
    h: G2Coordinates
    tau_h: G2Coordinates

    @classmethod
    def from_bytes(cls, data: bytes) -> Srs:
        """Raises `ArtifactFailed` for a wrong header or size, or G2 coordinates that are not canonical."""
        if len(data) < 4:
            raise ArtifactFailed(f"an SRS file starts with 4 bytes of k; this one has {len(data)} bytes")
        (k,) = struct.unpack_from("<I", data)
        if not 1 <= k <= _MAX_K:
            raise ArtifactFailed(f"the SRS header says k = {k}; possible are 1..{_MAX_K}")
        if len(data) != srs_bytes(k):
            raise ArtifactFailed(f"an SRS of k = {k} has {srs_bytes(k):,} bytes; this one has {len(data):,}")
        half = G1_BYTES << k
        tail = 4 + 2 * half
        h, tau_h = (_g2(data[at : at + _G2_BYTES]) for at in (tail, tail + _G2_BYTES))
        return cls(k, data[4 : 4 + half], data[4 + half : tail], h, tau_h)

    def to_bytes(self) -> bytes:
        """The file."""
        return struct.pack("<I", self.k) + self.powers + self.lagrange + encode_montgomery((*self.h, *self.tau_h))

    def downsized(self, k: int) -> Srs:
        """The SRS of the same tau for 2^k rows: fewer powers, and their Lagrange basis computed anew.

        Seconds of work: 2^k * k / 2 multiplications of 60 microseconds. Raises `ArtifactFailed` for a k that is
        not smaller, or for powers that are no points.
        """
        if not 1 <= k < self.k:
            raise ArtifactFailed(f"an SRS of k = {self.k} can be made smaller, not into one of k = {k}")
        powers = self.powers[: G1_BYTES << k]
        lagrange = lagrange_from_powers(Points.from_srs(powers), k)
        return Srs(k, powers, lagrange.to_srs(), self.h, self.tau_h)


def lagrange_from_powers(powers: Points, k: int) -> Points:
    """L_j(tau) g = 2^-k sum_i w^(-ij) tau^i g: the inverse transform of the powers, in the group."""
    size = 1 << k
    transformed = powers.fft(pow(domain_root(k), -1, SCALAR_FIELD))
    return transformed.scaled([pow(size, -1, SCALAR_FIELD)] * size)


def _g2(data: bytes) -> G2Coordinates:
    x0, x1, y0, y1 = decode_montgomery(data)
    return x0, x1, y0, y1
