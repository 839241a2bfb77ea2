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

from dataclasses import replace

import numpy as np

from uniqueness.binding import AcceptedShares
from uniqueness.checked.party import Party, Residues, Shared, Stream
from uniqueness.comparison import PROTOCOL, Query
from uniqueness.linear import Arithmetic, Limbs, Presentations, split_limbs

__all__ = ["KEYS", "SUBSETS", "CheckedQuery", "subset_totals"]

SUBSETS = KEYS = 16
_SUMMED_AT_A_TIME = 256


class CheckedQuery:
    """A query in all its presentations, and what is to be checked of its scores. For one pass over the records."""

    def __init__(self, party: Party, query: Query, arithmetic: Arithmetic, shown: Presentations = PROTOCOL) -> None:
        self._party, self._products, self._sums = party, arithmetic.products, arithmetic.subset_sums
        presented = shown.of(query.eyes)
        self._keys = party.random((KEYS,), np.uint16)
        multiples = [_multiples(party, self._keys, eye) for eye in query.eyes]  # (eyes, keys)
        keyed = [one for key in range(KEYS) for one in shown.of([eye[key] for eye in multiples])]
        self._count, self._turned, self._keyed = len(presented), shown.rows(presented), shown.rows(keyed)
        self._pending: list[tuple[Shared[np.uint16], Shared[np.uint16]]] = []

    def scores(self, rows: Limbs) -> Shared[np.uint16]:
        """Products with each row, without the rule's constant: [n, presentations, 120].

        Nothing that follows from them may be opened before `verify`.
        """
        part = self._products(rows, self._turned).reshape(len(rows), self._count, -1)
        scores = self._party.reshare(part)
        self._pending.append(self._subsets(rows, scores))
        return scores

    def _subsets(self, rows: Limbs, scores: Shared[np.uint16]) -> tuple[Shared[np.uint16], Shared[np.uint16]]:
        """(sum of scores, X . (a q)) of random subsets: [subsets, presentations, 17] and [keys, subsets, ...]."""
        chosen = Stream(self._party.peers.coin()).draw((SUBSETS, len(rows)), np.uint16) & np.uint16(1)
        sums = split_limbs(self._sums(rows, chosen))  # [X_j | X_j+1]
        keyed = self._products(sums, self._keyed).reshape(SUBSETS, KEYS, self._count, -1)
        totals = (subset_totals(chosen, slot) for slot in (scores.own, scores.second))
        return Shared(*totals), self._party.reshare(keyed.swapaxes(0, 1))

    def verify(self) -> None:
        """Raises `TamperingDetected` where a score is not the product of its shares."""
        self._party.peers.coin()  # a barrier: the keys are opened when all else has been received
        keys = self._party.open_sum(self._keys)[:, None, None, None]
        for total, keyed in self._pending:
            difference = Shared(keys * total.own - keyed.own, keys * total.second - keyed.second)
            self._party.require_zero_sum(difference, "a score is not the product of its shares")
        self._pending.clear()


def subset_totals(chosen: Residues, slot: Residues) -> Residues:
    """The sum modulo 2^16 of each subset: [subsets, n] of 0 and 1, elements [n, ...] -> [subsets, ...]. By products
    in float32, exact because 256 x 65,535 < 2^24."""
    flat, weights = slot.reshape(len(slot), -1), chosen.astype(np.float32)
    totals = np.zeros((len(chosen), flat.shape[1]), np.uint16)
    for at in range(0, len(flat), _SUMMED_AT_A_TIME):
        stop = at + _SUMMED_AT_A_TIME
        part = weights[:, at:stop] @ flat[at:stop].astype(np.float32)
        totals += part.astype(np.int32).astype(np.uint16)
    return totals.reshape(len(chosen), *slot.shape[1:])


def _multiples(party: Party, keys: Shared[np.uint16], eye: AcceptedShares) -> list[AcceptedShares]:
    """The eye's vector times each secret key, as shares: one message."""
    own, second = keys.own[:, None], keys.second[:, None]
    part = own * (eye.first + eye.second) + second * eye.first
    times = party.reshare(part)
    return [replace(eye, first=times.own[key], second=times.second[key]) for key in range(KEYS)]
