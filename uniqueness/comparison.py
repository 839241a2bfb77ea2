"""Whether an accepted query is anybody in the database: from rows of shares to one opened bit, or to one record.

`Comparison` is what a node needs of it. `LocalComparison` does it with one engine process; an implementation that
spreads the rows over machines stands beside it and answers the same.

A record is one row, or two where the policy asks for both eyes: its left one's, then its right one's. A query has as
many eyes. Mirrored pictures and swapped eyes are compared too: a person is the record's if, in one of the variants
{as it is, mirrored} x {in order, swapped}, every eye has a positive score at some rotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError
from uniqueness.binding import AcceptedShares
from uniqueness.constants import ROTATIONS
from uniqueness.engine import Engine
from uniqueness.linear import (
    BLOCK_ROWS,
    Limbs,
    Presentations,
    Products,
    local_scores,
    mirrored,
    numpy_products,
    offset_at,
    record_row,
    require_width,
    split_limbs,
)

__all__ = [
    "PROTOCOL",
    "Comparison",
    "LocalComparison",
    "Query",
    "Records",
    "first_found",
    "group_scores",
    "pairs",
    "same_eye_scores",
    "scores_per_record",
]

Ring = npt.NDArray[np.uint16]

ORIENTATIONS = 2
"""As the picture is, and mirrored."""
PROTOCOL = Presentations()


@dataclass(frozen=True, eq=False)
class Query:
    """The shares of one person's one eye, or of the left and the right one, as one node accepted them. Secret."""

    eyes: tuple[AcceptedShares, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.eyes) not in (1, 2) or len({(eye.network, eye.node) for eye in self.eyes}) != 1:
            raise EncodingError("a query has one eye or two, of one network and at one node")

    @property
    def network(self) -> str:
        return self.eyes[0].network


class Records(Protocol):
    """A node's rows of one network, in the nodes' common order; erased ones are shares of zero, which match nobody."""

    @property
    def zeroed(self) -> frozenset[int]:
        """Numbers of the erased records: the only ones whose rows ever change."""

    def __len__(self) -> int:
        """Number of rows: records times eyes."""

    def block(self, start: int, stop: int) -> Limbs:
        """Rows start..stop-1: int8[stop - start, 2 width] twice."""


class Comparison(Protocol):
    """All three nodes call a method with one `tag` and their own shares, and get the same answer.

    Raises `EngineFailed` where there is no answer; there is no verdict then.
    """

    def any_positive(self, tag: bytes, shares: Iterable[Ring], total: int) -> bool:
        """`Engine.any_positive`: for questions of a few scores, such as the mask's population."""

    def matches_any(self, tag: bytes, query: Query, records: Records) -> bool:
        """Whether any record is the query's person. Opens that one bit; False for no records, without asking."""

    def find_match(self, tag: bytes, query: Query, records: Records) -> int | None:
        """The first record (its number, not its row's) that is the query's person; None for nobody.

        Opens at most 1 + ceil(log2 n) bits: whether anybody matches, then which half the first match is in.
        """

    def close(self) -> None:
        """End whatever runs for it."""


class LocalComparison:
    """A `Comparison` with one engine process; the products are computed in this one. Not thread-safe."""

    def __init__(self, engine: Engine, products: Products = numpy_products, shown: Presentations = PROTOCOL) -> None:
        """`shown` is the protocol's but for measurements of one eye."""
        self._engine, self._products, self._shown = engine, products, shown

    def connect(self) -> None:
        """Wait for the peers. Raises `EngineFailed`."""
        self._engine.connect()

    def any_positive(self, tag: bytes, shares: Iterable[Ring], total: int) -> bool:
        return self._engine.any_positive(tag, shares, total)

    def matches_any(self, tag: bytes, query: Query, records: Records) -> bool:
        count = len(records) // len(query.eyes)
        if count == 0:
            return False
        total = count * scores_per_record(query, self._shown)
        return self._engine.any_positive(tag, self._scores(query, records), total, len(query.eyes))

    def find_match(self, tag: bytes, query: Query, records: Records) -> int | None:
        count, eyes = len(records) // len(query.eyes), len(query.eyes)
        if count == 0:
            return None
        each = scores_per_record(query, self._shown)
        scores = np.concatenate([block.ravel() for block in self._scores(query, records)])
        step = 0

        def found(start: int, stop: int) -> bool:
            nonlocal step
            step += 1
            part = scores[start * each : stop * each]
            return self._engine.any_positive(tag + step.to_bytes(4, "big"), [part], len(part), eyes)

        return first_found(count, found)

    def close(self) -> None:
        self._engine.close()

    def _scores(self, query: Query, records: Records) -> Iterator[Ring]:
        return group_scores(query, records, self._products, shown=self._shown)


def first_found(count: int, found: Callable[[int, int], bool]) -> int | None:
    """The first of `count` records, given whether one is in start..stop-1; None for none.

    Asks 1 + ceil(log2 count) times at most.
    """
    low, high = 0, count
    if not found(low, high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(low, middle) else (middle, high)
    return low


def scores_per_record(query: Query, shown: Presentations = PROTOCOL) -> int:
    """240 for one eye; 960 for two: four variants of two eyes at 120 rotations."""
    eyes = len(query.eyes)
    return (ORIENTATIONS if shown.with_mirrored else 1) * eyes * eyes * len(shown.rotations)


def group_scores(
    query: Query,
    records: Records,
    products: Products,
    block_rows: int = BLOCK_ROWS,
    shown: Presentations = PROTOCOL,
) -> Iterator[Ring]:
    """This node's shares of the scores of a query with every record, block by block.

    One eye: uint16[n, 2, 120], orientations and rotations. Two eyes: uint16[n, 4, 2, 120]: variants, eyes, rotations;
    a variant counts where both of its eyes have a positive score.
    """
    presented = shown.of(query.eyes)
    turned, offset = shown.rows(presented), offset_at(query.eyes[0])
    for start in range(0, len(records), block_rows):
        rows = records.block(start, min(start + block_rows, len(records)))
        require_width(query.eyes[0], rows)
        scores = (products(rows, turned) - offset).reshape(len(rows), len(presented), -1)
        yield scores if len(query.eyes) == 1 else pairs(scores)


def pairs(scores: Ring) -> Ring:
    """uint16[rows, 4, 120], rows left and right in turn, queries left, right, left mirrored, right mirrored ->
    uint16[records, variants, eyes, 120]."""
    by_eye = scores.reshape(-1, 2, ORIENTATIONS, 2, len(ROTATIONS))  # (record, its eye, orientation, query's eye, 120)
    in_order = np.stack([by_eye[:, 0, :, 0], by_eye[:, 1, :, 1]], axis=2)  # (record, orientation, eyes, 120)
    swapped = np.stack([by_eye[:, 0, :, 1], by_eye[:, 1, :, 0]], axis=2)
    return np.concatenate([in_order, swapped], axis=1)


def same_eye_scores(query: Query, products: Products = numpy_products) -> Ring:
    """This node's shares of the scores of a query's left eye with its own right one, as it is and mirrored:
    uint16[240]. A positive one says that one eye was given twice."""
    left, right = query.eyes
    row = split_limbs(record_row(right)[None])
    return np.concatenate([next(local_scores(one, row, products)).ravel() for one in (left, mirrored(left))])
