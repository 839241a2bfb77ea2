"""Raw KZG commitments in the Lagrange basis: what a capture station signs and what a share carries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from circuits.curve import G1_BYTES, Points, msm
from circuits.srs._file import Srs
from circuits.srs.source import SrsSource, srs_file
from protocol.errors import EncodingError
from protocol.types import G1Point

__all__ = ["LagrangeBasis"]


class LagrangeBasis:
    """The points L_0(tau) g, L_1(tau) g, ... of one SRS; loaded once per process and decoded as far as needed."""

    def __init__(self, k: int, encoded: bytes) -> None:
        self.k = k
        self._encoded = encoded
        self._points = Points([])

    @classmethod
    def load(cls, k: int, source: SrsSource = SrsSource.DERIVED) -> LagrangeBasis:
        """The basis of `srs_file(k, source)`, kept for the life of the process. Raises what `srs_file` raises."""
        return _load(k, source)

    def commit(self, vector: Sequence[int]) -> G1Point:
        """The RAW commitment to `vector`: sum of vector[i] L_i(tau) g; rows after the vector count as zero.

        ezkl's own commitments differ from it by a constant of the circuit (its unusable rows hold 1). Elements are
        taken modulo r, so -1 is r - 1. Not hiding by itself: the vector has to carry its salts.

        Raises `EncodingError` for a vector longer than 2^k, or one that is all zero.
        """
        if len(vector) > 1 << self.k:
            raise EncodingError(f"a vector of {len(vector)} elements does not fit into 2^{self.k} rows")
        self._decode(len(vector))
        return msm(self._points[: len(vector)], vector)

    def _decode(self, count: int) -> None:
        known = len(self._points)
        if count > known:
            self._points += Points.from_srs(self._encoded[G1_BYTES * known : G1_BYTES * count])


@cache
def _load(k: int, source: SrsSource) -> LagrangeBasis:
    return LagrangeBasis(k, Srs.from_bytes(srs_file(k, source).read_bytes()).lagrange)
