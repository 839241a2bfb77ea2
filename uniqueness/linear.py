"""The local half of the comparison: from its shares, a node's additive share of every score, modulo 2^16.

With x = x_0 + x_1 + x_2 the record and q = q_0 + q_1 + q_2 the weighted, turned query, x . q is the sum over nodes j of
x_j . (q_j + q_j+1) + x_j+1 . q_j: each of the nine products once, each computed by a node that holds both factors.
So a record at a node is the row [x_j | x_j+1], a query the row [q_j + q_j+1 | q_j], and the node's share of a score
their product. Nothing is sent.

Weights: a on the symbols, -b times the symbols a cell covers on the mask; node 0 subtracts c.

A residue v modulo 2^16 is kept as two int8 limbs, v = low + 256 high. low . low' + 256 (low . high' + high . low') is
v . v' modulo 2^16, three products of int8 matrices with sums in int32: at most 2 x 5,760 x 2^14 < 2^31. Without torch,
one product in float64 takes their place, exact because 2 x 5,760 x 2^15 x 2^15 < 2^53.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError
from uniqueness.binding import AcceptedShares
from uniqueness.reference import mirrored_vector, rotated

__all__ = [
    "BLOCK_ROWS",
    "Limbs",
    "Products",
    "local_scores",
    "mirrored",
    "numpy_products",
    "query_row",
    "record_row",
    "split_limbs",
]

Ring = npt.NDArray[np.uint16]
Small = npt.NDArray[np.int8]

BLOCK_ROWS = 2048
"""Records multiplied at a time."""
_CACHED_ROWS = 256
"""Records whose float64 copy stays near the processor: 12 MB for v1; 1.7 times as fast as 2,048 at a time."""


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


Products = Callable[[Limbs, Limbs], Ring]
"""(records [n, w], queries [r, w]) -> their products modulo 2^16, uint16[n, r]."""


def split_limbs(values: Ring) -> Limbs:
    """The two limbs of each residue; both lie in -128..127, so that low is the residue's nearest multiple's rest."""
    low = values.astype(np.uint8).view(np.int8)
    high = ((values - low.astype(np.uint16)) >> 8).astype(np.uint8).view(np.int8)
    return Limbs(low, high)


def record_row(shares: AcceptedShares) -> Ring:
    """[x_j | x_j+1], uint16[2 width]: what a node stores of one code."""
    return np.concatenate([shares.first, shares.second])


def query_row(shares: AcceptedShares) -> Ring:
    """[q_j + q_j+1 | q_j], weighted, at each rotation: uint16[17, 2 width]."""
    rule = shares.rule
    weights = np.empty(rule.width, np.uint16)
    weights[: rule.symbols] = rule.agreement_weight
    weights[rule.symbols :] = -rule.overlap_weight * rule.kernels % (1 << 16)
    first, both = (rotated(part * weights) for part in (shares.first, shares.first + shares.second))
    return np.concatenate([both, first], axis=1)


def mirrored(shares: AcceptedShares) -> AcceptedShares:
    """The shares of the code that the mirrored picture would have given; see `reference.mirrored_vector`."""
    first, second = (mirrored_vector(part, shares.rule) for part in (shares.first, shares.second))
    return replace(shares, first=first, second=second)


def local_scores(
    query: AcceptedShares, records: Limbs, products: Products, block_rows: int = BLOCK_ROWS
) -> Iterator[Ring]:
    """This node's additive shares of all scores, block by block of records: uint16[<= block_rows, 17] each.

    `records` are the limbs of `record_row`s, int8[n, 2 width]; the three nodes hold them in one order.
    Raises `EncodingError` for records of another width.
    """
    rule = query.rule
    if records.low.ndim != 2 or records.low.shape[1] != 2 * rule.width:
        raise EncodingError(f"records of {rule.network} have {2 * rule.width} columns, not {records.low.shape[1:]}")
    turned = split_limbs(query_row(query))
    offset = np.uint16(rule.offset if query.node == 0 else 0)
    for start in range(0, len(records), block_rows):
        yield products(records[start : start + block_rows], turned) - offset


def numpy_products(records: Limbs, queries: Limbs) -> Ring:
    """`Products` by float64 products, exact below 2^53."""
    wide = _wide(queries).T
    parts = [_wide(records[at : at + _CACHED_ROWS]) @ wide for at in range(0, len(records), _CACHED_ROWS)]  # < 2^44
    return np.concatenate(parts).astype(np.int64).astype(np.uint16)


def _wide(limbs: Limbs) -> npt.NDArray[np.float64]:
    residues = limbs.high.astype(np.int16)
    residues <<= 8
    residues += limbs.low
    return residues.astype(np.float64)
