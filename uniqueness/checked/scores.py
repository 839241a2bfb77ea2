"""Replicated shares of scores, each product of shares checked: no node can shift a score unseen.

A node's part of a score is x_j (q_j + q_j+1) + x_j+1 q_j, and nobody else can compute it. What a lying node adds to its
parts, e_i for record i, is found in three steps.

1. The nodes multiply the query with `KEYS` secret random residues a.
2. Once a block's scores are shared, a coin picks `SUBSETS` random subsets of its records. The sums X of their rows are
   sums of shares: each slot is known to two nodes. The sum of a subset's scores is X . q plus that of its e_i, which is
   not zero for half of the subsets. X . (a q) is computed as a score is, with an error that the liar can choose again.
3. When all blocks are done, the a are opened, and a (sum of scores) - X . (a q) must be zero. The liar chose its errors
   before, so a sum of e_i that is not zero fits to half of the a at most.

A lie in the scores of one query passes with probability at most 2^-SUBSETS + 2^-KEYS = 2^-15. Modulo 2^16 no subset and
no a does more than halve it: the lie 2^15 is cancelled by every even number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from uniqueness.binding import AcceptedShares
from uniqueness.checked.party import Party, Residues, Shared, Stream
from uniqueness.comparison import Query
from uniqueness.linear import Limbs, Products, mirrored, query_row, split_limbs

__all__ = ["KEYS", "SUBSETS", "CheckedQuery"]

SUBSETS = KEYS = 16


class CheckedQuery:
    """A query in all its presentations, and what is to be checked of its scores. For one pass over the records."""

    def __init__(self, party: Party, query: Query, products: Products) -> None:
        self._party, self._products = party, products
        self._presented = _presented(query.eyes)
        self._keys = party.random((KEYS,), np.uint16)
        multiples = [_multiples(party, self._keys, eye) for eye in query.eyes]  # (eyes, keys)
        self._keyed = [one for key in range(KEYS) for one in _presented([eye[key] for eye in multiples])]
        self._pending: list[tuple[Shared[np.uint16], Shared[np.uint16]]] = []

    def scores(self, rows: Limbs) -> Shared[np.uint16]:
        """Products with each row, without the rule's constant: [n, presentations, 17].

        Nothing that follows from them may be opened before `verify`.
        """
        scores = self._party.reshare(self._local(self._presented, rows))
        self._pending.append(self._subsets(rows, scores))
        return scores

    def _local(self, queries: Sequence[AcceptedShares], rows: Limbs) -> Residues:
        """This node's part of each row's product with each query: [n, queries, 17]. The rows are read once."""
        turned = split_limbs(np.concatenate([query_row(one) for one in queries]))
        return self._products(rows, turned).reshape(len(rows), len(queries), -1)

    def _subsets(self, rows: Limbs, scores: Shared[np.uint16]) -> tuple[Shared[np.uint16], Shared[np.uint16]]:
        """(sum of scores, X . (a q)) of random subsets: [subsets, presentations, 17] and [keys, subsets, ...]."""
        picked = Stream(self._party.peers.coin()).draw((SUBSETS, len(rows)), np.uint16) & np.uint16(1)
        sums = split_limbs(_subset_sums(rows, picked.astype(np.bool_)))  # [X_j | X_j+1]
        keyed = self._local(self._keyed, sums).reshape(SUBSETS, KEYS, len(self._presented), -1)
        totals = (np.tensordot(picked, slot, 1) for slot in (scores.own, scores.second))
        return Shared(*totals), self._party.reshare(keyed.swapaxes(0, 1))

    def verify(self) -> None:
        """Raises `TamperingDetected` where a score is not the product of its shares."""
        self._party.peers.coin()  # a barrier: the keys are opened when all else has been received
        keys = self._party.open_sum(self._keys)[:, None, None, None]
        for total, keyed in self._pending:
            difference = Shared(keys * total.own - keyed.own, keys * total.second - keyed.second)
            self._party.require_zero_sum(difference, "a score is not the product of its shares")
        self._pending.clear()


def _presented(eyes: Sequence[AcceptedShares]) -> tuple[AcceptedShares, ...]:
    """As `comparison.group_scores` has them: the eyes, then the eyes mirrored."""
    return (*eyes, *(mirrored(eye) for eye in eyes))


def _multiples(party: Party, keys: Shared[np.uint16], eye: AcceptedShares) -> list[AcceptedShares]:
    """The eye's vector times each secret key, as shares: one message."""
    own, second = keys.own[:, None], keys.second[:, None]
    part = own * (eye.first + eye.second) + second * eye.first
    times = party.reshare(part)
    return [replace(eye, first=times.own[key], second=times.second[key]) for key in range(KEYS)]


def _subset_sums(rows: Limbs, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Residues:
    """The sum of the chosen rows modulo 2^16, for each subset: uint16[subsets, 2 width]."""
    sums = np.zeros((len(chosen), rows.low.shape[1]), np.uint16)
    tile = np.empty((_TILE_ROWS, rows.low.shape[1]), np.int16)
    for start in range(0, len(rows), _TILE_ROWS):
        limbs, picked = rows[start : start + _TILE_ROWS], chosen[:, start : start + _TILE_ROWS]
        joined = tile[: len(limbs)]
        np.multiply(limbs.high, np.int16(256), out=joined)
        joined += limbs.low
        for subset, row in enumerate(picked):
            sums[subset] += joined.view(np.uint16)[row].sum(axis=0, dtype=np.uint16)
    return sums


_TILE_ROWS = 64
"""Rows that stay near the processor while they are summed."""
