"""Raw KZG commitments in the Lagrange basis: what a capture station signs and what a share carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from circuits.curve import G1_BYTES, Affine, Points, decode_affine, msm, sum_groups
from circuits.srs._file import Srs
from circuits.srs.source import SrsSource, read_srs
from protocol.errors import EncodingError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import G1Point

__all__ = ["LagrangeBasis"]

_SMALL = 256
"""Elements below this in absolute value (pixels, masks, symbols) share one multiplication for each value."""


class LagrangeBasis:
    """The points L_0(tau) g, L_1(tau) g, ... of one SRS; loaded once per process and decoded as far as needed."""

    def __init__(self, k: int, encoded: bytes) -> None:
        self.k = k
        self._encoded = encoded
        self._points: list[Affine] = []
        self._native: dict[int, Points] = {}

    @classmethod
    def load(cls, k: int, source: SrsSource = SrsSource.DERIVED) -> LagrangeBasis:
        """The basis of `read_srs(k, source)`, kept for the life of the process. Raises what `read_srs` raises."""
        return _load(k, source)

    @staticmethod
    def forget() -> None:
        """Let go of every basis that was loaded: some 15 MB of decoded points after the planes of one capture. The next
        commitment decodes what it needs again, which takes a tenth of a second."""
        _load.cache_clear()

    def commit(self, vector: Sequence[int]) -> G1Point:
        """The RAW commitment to `vector`: sum of vector[i] L_i(tau) g; rows after the vector count as zero.

        ezkl's own commitments differ from it by a constant of the circuit (its unusable rows hold 1). Elements are
        taken modulo r, so -1 is r - 1. Not hiding by itself: the vector has to carry its salts. Not constant-time.

        Raises `EncodingError` for a vector longer than 2^k, or one that is all zero.
        """
        if len(vector) > 1 << self.k:
            raise EncodingError(f"a vector of {len(vector)} elements does not fit into 2^{self.k} rows")
        self._decode(len(vector))
        groups: defaultdict[int, list[Affine]] = defaultdict(list)
        wide: list[int] = []
        for row, element in enumerate(vector):
            value = _centred(element)
            if abs(value) >= _SMALL:
                wide.append(row)
            elif value:
                x, y = self._points[row]
                groups[abs(value)].append((x, y) if value > 0 else (x, BASE_FIELD - y))
        sums = Points.from_affine(sum_groups(groups.values()))
        return msm(Points.joined([sums, self._native_points(wide)]), [*groups, *(vector[row] for row in wide)])

    def _decode(self, count: int) -> None:
        known = len(self._points)
        if count > known:
            self._points += decode_affine(self._encoded[G1_BYTES * known : G1_BYTES * count])

    def _native_points(self, rows: Sequence[int]) -> Points:
        """The points of these rows as the library wants them; kept, because accepting a point is slow."""
        for row in rows:
            if row not in self._native:
                self._native[row] = Points.from_affine([self._points[row]])
        return Points.joined(self._native[row] for row in rows)


def _centred(element: int) -> int:
    """The representative of `element` mod r that lies in -r/2..r/2."""
    value = element % SCALAR_FIELD
    return value if value <= SCALAR_FIELD // 2 else value - SCALAR_FIELD


@cache
def _load(k: int, source: SrsSource) -> LagrangeBasis:
    return LagrangeBasis(k, Srs.from_bytes(read_srs(k, source)).lagrange)
