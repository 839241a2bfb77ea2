"""The local half of the comparison: from its shares, a node's additive share of every score, modulo 2^16.

With x = x_0 + x_1 + x_2 the record and q = q_0 + q_1 + q_2 the weighted, turned query, x . q is the sum over nodes j of
x_j . (q_j + q_j+1) + x_j+1 . q_j: each of the nine products once, each computed by a node that holds both factors.
So a record at a node is the row [x_j | x_j+1], a query the row [q_j + q_j+1 | q_j], and the node's share of a score
their product. Nothing is sent.

Weights: a on the symbols, -b times the symbols a cell covers on the mask; node 0 subtracts c.

A residue v modulo 2^16 is kept as two int8 limbs, v = low + 256 high. low . low' + 256 (low . high' + high . low') is
v . v' modulo 2^16, three products of int8 matrices with sums in int32: at most 2 x 5,760 x 2^14 < 2^31. Without torch,
one product in float64 takes their place, exact because 2 x 5,760 x 2^15 x 2^15 < 2^53; or, where a query is turned far
enough, Fourier transforms, which need a twentieth of the multiplications.

A turn shifts each row of 120 columns, so the scores at all rotations are the sum over rows of a cyclic correlation.
Rounding spoils nothing: with unit roundoff u = 2^-53 a transform of length 120 errs by less than 8 log2(120) u of its
norm (Higham, Accuracy and Stability, section 24.1), two transforms, a product and its inverse by less than 200 u, and
2 x 5,760 x 2^30 x 200 u < 0.3: the nearest integer is the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError
from uniqueness.binding import AcceptedShares
from uniqueness.constants import ANGLE_COLUMNS, ROTATIONS
from uniqueness.reference import mirrored_vector, rotated

__all__ = [
    "BLOCK_ROWS",
    "NUMPY",
    "Arithmetic",
    "Limbs",
    "Presentations",
    "Products",
    "SubsetSums",
    "Turned",
    "direct_products",
    "is_far",
    "local_scores",
    "mirrored",
    "numpy_products",
    "numpy_subset_sums",
    "offset_at",
    "query_row",
    "record_row",
    "require_width",
    "residues",
    "spectral_products",
    "split_limbs",
]

Ring = npt.NDArray[np.uint16]
Small = npt.NDArray[np.int8]

BLOCK_ROWS = 2048
"""Records multiplied at a time."""
_CACHED_ROWS = 64
"""Records whose float64 copy stays near the processor: 3 MB for v1. At 256 it takes half as long again to make it."""

_TRANSFORMED_ROWS = 16
"""Records transformed at a time; with 64 it takes a third longer."""

_LEAST_TURNED = 60
"""Rotations from which on transforms are faster: they always find all 120."""

_SUMMED_ROWS = 128
"""Records whose float32 copy is summed at a time."""


@dataclass(frozen=True, eq=False)
class Limbs:
    """Residues modulo 2^16 as low + 256 high, both int8[rows, columns]. Secret."""

    low: Small = field(repr=False)
    high: Small = field(repr=False)

    def __post_init__(self) -> None:
        if self.low.dtype != np.int8 or self.high.dtype != np.int8 or self.low.shape != self.high.shape:
            raise EncodingError("limbs are two int8 matrices of one shape")

    def __getitem__(self, rows: slice) -> Limbs:
        return Limbs(self.low[rows], self.high[rows])

    def __len__(self) -> int:
        return len(self.low)


@dataclass(frozen=True, eq=False)
class Turned:
    """Query rows, uint16[rows, columns], at each of some rotations, which turn every 120 columns together. Secret."""

    upright: Ring = field(repr=False)
    rotations: Sequence[int] = ROTATIONS

    @cached_property
    def limbs(self) -> Limbs:
        """int8[rows x rotations, columns] twice."""
        return split_limbs(np.concatenate([rotated(row, self.rotations) for row in self.upright]))

    @cached_property
    def spectrum(self) -> npt.NDArray[np.complex128]:
        """Conjugate, of every 120 columns: [61, rows, columns / 120]."""
        return np.ascontiguousarray(_spectra(self.upright.view(np.int16)).conj().transpose(2, 0, 1))


Products = Callable[[Limbs, Turned], Ring]
"""(records [n, w], queries of r rows) -> products modulo 2^16 with each at each rotation, uint16[n, r x rotations]."""
SubsetSums = Callable[[Limbs, Ring], Ring]
"""(rows [n, w], chosen [s, n] of 0 and 1) -> the sum modulo 2^16 of each subset's rows, uint16[s, w]."""


def split_limbs(values: Ring) -> Limbs:
    """The two limbs of each residue; both lie in -128..127, so that low is the residue's nearest multiple's rest."""
    low = values.astype(np.uint8).view(np.int8)
    high = ((values - low.astype(np.uint16)) >> 8).astype(np.uint8).view(np.int8)
    return Limbs(low, high)


def record_row(shares: AcceptedShares) -> Ring:
    """[x_j | x_j+1], uint16[2 width]: what a node stores of one code."""
    return np.concatenate([shares.first, shares.second])


def query_row(shares: AcceptedShares) -> Ring:
    """[q_j + q_j+1 | q_j], weighted, upright: uint16[2 width]."""
    rule = shares.rule
    weights = np.empty(rule.width, np.uint16)
    weights[: rule.symbols] = rule.agreement_weight
    weights[rule.symbols :] = -rule.overlap_weight * rule.kernels % (1 << 16)
    return np.concatenate([(shares.first + shares.second) * weights, shares.first * weights])


def mirrored(shares: AcceptedShares) -> AcceptedShares:
    """The shares of the code that the mirrored picture would have given; see `reference.mirrored_vector`."""
    first, second = (mirrored_vector(part, shares.rule) for part in (shares.first, shares.second))
    return replace(shares, first=first, second=second)


@dataclass(frozen=True)
class Presentations:
    """The ways in which a query is laid upon a record. The protocol's is the default; measurements have others."""

    rotations: Sequence[int] = ROTATIONS
    with_mirrored: bool = True

    def of(self, eyes: Sequence[AcceptedShares]) -> tuple[AcceptedShares, ...]:
        """The eyes, then the eyes mirrored."""
        return (*eyes, *(mirrored(eye) for eye in eyes)) if self.with_mirrored else tuple(eyes)

    def rows(self, presented: Sequence[AcceptedShares]) -> Turned:
        """All of them at all rotations, weighted."""
        return Turned(np.stack([query_row(one) for one in presented]), self.rotations)


def local_scores(
    query: AcceptedShares, records: Limbs, products: Products, block_rows: int = BLOCK_ROWS
) -> Iterator[Ring]:
    """This node's additive shares of all scores, block by block of records: uint16[<= block_rows, 120] each.

    `records` are the limbs of `record_row`s, int8[n, 2 width]; the three nodes hold them in one order.
    Raises `EncodingError` for records of another width.
    """
    require_width(query, records)
    turned = Turned(query_row(query)[None])
    for start in range(0, len(records), block_rows):
        yield products(records[start : start + block_rows], turned) - offset_at(query)


def require_width(query: AcceptedShares, records: Limbs) -> None:
    """Raises `EncodingError` for records that are not of the query's network."""
    rule = query.rule
    if records.low.ndim != 2 or records.low.shape[1] != 2 * rule.width:
        raise EncodingError(f"records of {rule.network} have {2 * rule.width} columns, not {records.low.shape[1:]}")


def offset_at(query: AcceptedShares) -> np.uint16:
    """What this node subtracts from each of its shares: the rule's constant at node 0."""
    return np.uint16(query.rule.offset if query.node == 0 else 0)


def numpy_products(records: Limbs, queries: Turned) -> Ring:
    """`Products` by transforms where they are faster, else by `direct_products`."""
    return spectral_products(records, queries) if is_far(queries) else direct_products(records, queries)


def is_far(queries: Turned) -> bool:
    """Whether queries are turned so far that transforms are faster."""
    return len(queries.rotations) >= _LEAST_TURNED


def spectral_products(records: Limbs, queries: Turned) -> Ring:
    """`Products` by Fourier transforms in float64; exact, see the module."""
    rotations = np.array(queries.rotations) % ANGLE_COLUMNS
    joined = np.empty((_TRANSFORMED_ROWS, records.low.shape[1]), np.int16)
    found = np.empty((len(records), len(queries.upright), len(rotations)), np.uint16)
    for at in range(0, len(records), _TRANSFORMED_ROWS):
        part = residues(records[at : at + _TRANSFORMED_ROWS], joined).view(np.int16)
        spectra = np.ascontiguousarray(_spectra(part).transpose(2, 1, 0))
        sums = np.fft.irfft((queries.spectrum @ spectra).transpose(2, 1, 0), ANGLE_COLUMNS)
        found[at : at + len(part)] = np.rint(sums).astype(np.int64).astype(np.uint16)[..., rotations]
    return found.reshape(len(records), -1)


def _spectra(rows: npt.NDArray[np.int16]) -> npt.NDArray[np.complex128]:
    """Of every 120 columns of each row: [n, columns / 120, 61]."""
    return np.fft.rfft(rows.reshape(len(rows), -1, ANGLE_COLUMNS).astype(np.float64))


def direct_products(records: Limbs, queries: Turned) -> Ring:
    """`Products` by float64 products, exact below 2^53: here below 2^44."""
    wide = residues(queries.limbs).view(np.int16).astype(np.float64)
    joined = np.empty((_CACHED_ROWS, records.low.shape[1]), np.int16)
    tile = np.empty(joined.shape, np.float64)
    found = np.empty((len(wide), len(records)), np.uint16)
    for at in range(0, len(records), _CACHED_ROWS):
        part = records[at : at + _CACHED_ROWS]
        tile[: len(part)] = residues(part, joined).view(np.int16)
        found[:, at : at + len(part)] = (wide @ tile[: len(part)].T).astype(np.int64).astype(np.uint16)
    return np.ascontiguousarray(found.T)


def numpy_subset_sums(rows: Limbs, chosen: Ring) -> Ring:
    """`SubsetSums` by float32 products, exact up to 2^24: here up to 128 x 2^15."""
    width = rows.low.shape[1]
    sums, part = np.zeros((len(chosen), width), np.uint16), np.empty((len(chosen), width), np.float32)
    joined, tile = np.empty((_SUMMED_ROWS, width), np.int16), np.empty((_SUMMED_ROWS, width), np.float32)
    weights = chosen.astype(np.float32)
    for start in range(0, len(rows), _SUMMED_ROWS):
        some = residues(rows[start : start + _SUMMED_ROWS], joined)
        tile[: len(some)] = some.view(np.int16)
        np.matmul(weights[:, start : start + len(some)], tile[: len(some)], out=part)
        sums += part.astype(np.int32).astype(np.uint16)
    return sums


@dataclass(frozen=True)
class Arithmetic:
    """What a node computes its local parts with."""

    products: Products = numpy_products
    subset_sums: SubsetSums = numpy_subset_sums


NUMPY = Arithmetic()


def residues(limbs: Limbs, out: npt.NDArray[np.int16] | None = None) -> Ring:
    """low + 256 high: uint16[rows, columns], in `out` where that is given and has the rows."""
    joined = np.empty(limbs.low.shape, np.int16) if out is None else out[: len(limbs)]
    np.multiply(limbs.high, np.int16(256), out=joined)
    joined += limbs.low
    return joined.view(np.uint16)
