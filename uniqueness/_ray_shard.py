"""The rows of one shard and their scores, in the committee's environment: `comparison` on products by jax.

Imported by path in a worker of Ray, with the project's root on the path; uses only what is standard library and numpy
of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from uniqueness.binding import AcceptedShares
from uniqueness.comparison import Query, group_scores, scores_per_record
from uniqueness.linear import Limbs, Ring, Turned, residues, split_limbs

__all__ = ["ShardRows", "jax_products"]

_TILE_ROWS = 256
_RUN = 491_520
"""Comparisons in one run of SPU; a record's stay together."""


class ShardRows:
    """`comparison.Records` in memory, and the scores of the query that was asked last."""

    def __init__(self) -> None:
        self._limbs = Limbs(np.empty((0, 0), np.int8), np.empty((0, 0), np.int8))
        self._used = 0
        self._scores: Ring = np.empty((0, 0), np.uint16)
        self.eyes = 1
        self.zeroed: frozenset[int] = frozenset()  # its rows are overwritten by `put`

    def __len__(self) -> int:
        return self._used

    def block(self, start: int, stop: int) -> Limbs:
        return self._limbs[start:stop]

    def put(self, at: int, given: Ring) -> None:
        """Rows `at`.. are `given`, uint16[n, 2 width]: new ones, or in place of others."""
        stop = at + len(given)
        if at > self._used:
            raise ValueError("rows were left out")
        if stop > len(self._limbs):
            self._grow(max(stop, 2 * len(self._limbs)), given.shape[1])
        limbs = split_limbs(given)
        self._limbs.low[at:stop], self._limbs.high[at:stop] = limbs.low, limbs.high
        self._used = max(self._used, stop)

    def _grow(self, rows: int, columns: int) -> None:
        low, high = (np.zeros((rows, columns), np.int8) for _ in range(2))
        if self._used:
            low[: self._used], high[: self._used] = self.block(0, self._used).low, self.block(0, self._used).high
        self._limbs = Limbs(low, high)

    def ask(self, node: int, network: str, eyes: int, shares: Ring) -> None:
        """Compute this node's shares of all scores. `shares`: each eye's first and second one, flat."""
        halves = shares.reshape(eyes, 2, -1)
        query = Query(tuple(AcceptedShares(node, bytes(32), network, *half) for half in halves))
        blocks = [scores.reshape(-1) for scores in group_scores(query, self, jax_products)]
        each = scores_per_record(query)
        self.eyes = eyes
        self._scores = np.concatenate(blocks).reshape(-1, each) if blocks else np.empty((0, each), np.uint16)

    def parts(self, start: int, stop: int) -> Iterator[Ring]:
        """The scores of records start..stop-1, in runs."""
        step = _RUN // self._scores.shape[1]
        for at in range(start, stop, step):
            yield self._scores[at : min(at + step, stop)].ravel()


def jax_products(records: Limbs, queries: Turned) -> Ring:
    """`linear.Products`: uint16 wraps modulo 2^16 as the ring does. Tiles of one size: each size is compiled once."""
    query = residues(queries.limbs)
    parts = []
    for at in range(0, len(records), _TILE_ROWS):
        tile = residues(records[at : at + _TILE_ROWS])
        rows = len(tile)
        if rows < _TILE_ROWS:
            tile = np.concatenate([tile, np.zeros((_TILE_ROWS - rows, tile.shape[1]), np.uint16)])
        parts.append(np.asarray(_product(query, tile))[:, :rows])
    return np.ascontiguousarray(np.concatenate(parts, axis=1).T)


_product: Any = jax.jit(lambda queries, rows: jax.lax.dot_general(queries, rows, (((1,), (1,)), ((), ()))))
