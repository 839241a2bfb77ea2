"""`comparison.Comparison` that gives no verdict where a node tampers. Needs numpy alone, and no process of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from protocol.errors import EncodingError
from uniqueness.checked.party import Party, Residues, Shared
from uniqueness.checked.peers import Peers, TamperingDetected
from uniqueness.checked.scores import CheckedQuery
from uniqueness.checked.signs import all_of, not_positive
from uniqueness.comparison import PROTOCOL, Query, Records, first_found, pairs
from uniqueness.constants import ROTATIONS
from uniqueness.engine import EngineFailed
from uniqueness.linear import NUMPY, Arithmetic, Limbs, Presentations

__all__ = ["CheckedComparison"]

BLOCK_RECORDS = 8192
"""Records that are compared, and products that are verified, at a time."""
Element = TypeVar("Element", np.uint16, np.uint64)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class CheckedComparison:
    """As `LocalComparison`, among three nodes that may lie, one at most. Not thread-safe.

    After `TamperingDetected` it answers nothing more: a liar that was seen must not try again.
    """

    def __init__(self, peers: Peers, arithmetic: Arithmetic = NUMPY, shown: Presentations = PROTOCOL) -> None:
        """All three nodes do this at once. `shown` is the protocol's but for measurements of one eye. Raises
        `EngineFailed`."""
        self._party, self._arithmetic, self._shown = Party(peers), arithmetic, shown
        self._failed = False

    def any_positive(self, tag: bytes, shares: Iterable[Residues], total: int) -> bool:
        """As `Engine.any_positive` of one eye. What a node puts in is its own word; what is made of it is checked."""
        given = np.concatenate([np.zeros(0, np.uint16), *(np.asarray(part, np.uint16).ravel() for part in shares)])
        if total < 1 or len(given) != total:
            raise EncodingError(f"{len(given)} scores were given instead of {total}, which is at least 1")
        with _Question(self, tag, total, 1):
            scores = self._party.reshare(given[None])
            return self._opened([not_positive(self._party, scores, eyes=1)])

    def matches_any(self, tag: bytes, query: Query, records: Records) -> bool:
        count, eyes = len(records) // len(query.eyes), len(query.eyes)
        if count == 0:
            return False
        with _Question(self, tag, count, eyes):
            checked, words = CheckedQuery(self._party, query, self._arithmetic, self._shown), []
            for start in range(0, count, BLOCK_RECORDS):
                stop = min(start + BLOCK_RECORDS, count)
                scores = self._scores(checked, query, records.block(start * eyes, stop * eyes))
                words.append(not_positive(self._party, scores, eyes))
                self._party.verify()
            checked.verify()
            return self._opened(words)

    def find_match(self, tag: bytes, query: Query, records: Records) -> int | None:
        count, eyes = len(records) // len(query.eyes), len(query.eyes)
        if count == 0:
            return None
        with _Question(self, tag, count, eyes):
            checked = CheckedQuery(self._party, query, self._arithmetic, self._shown)
            blocks = [
                self._scores(checked, query, records.block(start * eyes, min(start + BLOCK_RECORDS, count) * eyes))
                for start in range(0, count, BLOCK_RECORDS)
            ]
            checked.verify()
            scores = Shared(*(np.concatenate([getattr(one, slot) for one in blocks], -1) for slot in ("own", "second")))
            lanes = scores.shape[-1] // count

            def found(start: int, stop: int) -> bool:
                part = scores[..., start * lanes : stop * lanes]
                return self._opened([not_positive(self._party, part, eyes)])

            return first_found(count, found)

    def close(self) -> None:
        self._party.peers.close()

    def _scores(self, checked: CheckedQuery, query: Query, rows: Limbs) -> Shared[np.uint16]:
        """What `not_positive` wants: what belongs to a match in front, matches last."""
        products, eyes = checked.scores(rows), len(query.eyes)
        offset = self._party.holds(0, np.full((), query.eyes[0].rule.offset, np.uint16))
        return Shared(
            _rotations_first(products.own - offset.own, eyes), _rotations_first(products.second - offset.second, eyes)
        )

    def _opened(self, words: list[Shared[np.uint64]]) -> bool:
        """Whether anything matched in any block: verified, then opened."""
        stacked = Shared(np.stack([word.own for word in words]), np.stack([word.second for word in words]))
        nobody = all_of(self._party, stacked)
        self._party.verify()
        word = self._party.open(nobody)[0]
        if word not in (0, _ALL):
            raise TamperingDetected("the lanes of the answer differ")
        return bool(word == 0)


class _Question:
    """One question: the nodes agree what it is; whatever goes wrong in it ends the comparison."""

    def __init__(self, comparison: CheckedComparison, tag: bytes, total: int, eyes: int) -> None:
        if comparison._failed:
            raise EngineFailed("the checked comparison failed before", hint="start another")
        self._comparison, self._text = comparison, f"{tag.hex()} {total} {eyes}".encode()

    def __enter__(self) -> None:
        self._comparison._failed = True  # until it has gone well
        self._comparison._party.peers.require_same(self._text, "the three nodes were asked for different things")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._comparison._failed = kind is not None


def _rotations_first(scores: Residues, eyes: int) -> Residues:
    """One eye: [240, records], or what else is shown. Two: [120, 2, 4 records], its variants side by side."""
    if eyes == 1:
        return np.ascontiguousarray(scores.reshape(len(scores), -1).T)
    paired = pairs(scores)  # (records, variants, eyes, 120)
    return np.ascontiguousarray(paired.reshape(-1, 2, len(ROTATIONS)).transpose(2, 1, 0))
