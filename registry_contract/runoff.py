"""Instant-runoff counting of a ranked poll, off chain, from the rankings in the log.

The rule, in full:

1. Each voter counts for the best-ranked option that is still in; one whose options are all out counts for nobody.
2. An option with more than half of the voters who still count wins.
3. Else the option with the fewest goes out, and 1. is done again.
4. Where several have the fewest, the one of them that had fewest in the round before goes out; where that is a tie
   too, the round before that decides, and so on; where all were ties, the option with the highest number goes.
5. Where one option is left in, it wins, whatever its count.

So the outcome follows from the rankings alone: no lot is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.errors import EncodingError

__all__ = ["Round", "Runoff", "count_runoff"]


@dataclass(frozen=True)
class Round:
    """`counts`: voters per option, None for one that is out. `out`: the option that goes out then; None at the end."""

    counts: tuple[int | None, ...]
    out: int | None


@dataclass(frozen=True)
class Runoff:
    """The rounds and the winner; None where nobody voted."""

    rounds: tuple[Round, ...]
    winner: int | None


def count_runoff(rankings: Sequence[Sequence[int]], options: int) -> Runoff:
    """Count `rankings` (each voter's options, best first) of a poll with `options` options.

    Raises `EncodingError` for a ranking that is empty, has an option twice or one that the poll does not have.
    """
    if options < 2:
        raise EncodingError(f"a poll with {options} options has nothing to count")
    for ranking in rankings:
        if not ranking or len(set(ranking)) != len(ranking) or not all(0 <= option < options for option in ranking):
            raise EncodingError("a ranking is empty, has an option twice, or one that the poll does not have")
    if not rankings:
        return Runoff((), None)
    standing = set(range(options))
    history: list[tuple[int | None, ...]] = []
    rounds: list[Round] = []
    while True:
        counts = _count(rankings, standing, options)
        history.append(counts)
        if (winner := _winner(counts, standing)) is not None:
            return Runoff((*rounds, Round(counts, None)), winner)
        out = _weakest(standing, history)
        rounds.append(Round(counts, out))
        standing.remove(out)


def _count(rankings: Sequence[Sequence[int]], standing: set[int], options: int) -> tuple[int | None, ...]:
    counts = [0] * options
    for ranking in rankings:
        for option in ranking:
            if option in standing:
                counts[option] += 1
                break
    return tuple(count if option in standing else None for option, count in enumerate(counts))


def _winner(counts: tuple[int | None, ...], standing: set[int]) -> int | None:
    total = sum(count or 0 for count in counts)
    for option in standing:
        if 2 * (counts[option] or 0) > total or len(standing) == 1:
            return option
    return None


def _weakest(standing: set[int], history: list[tuple[int | None, ...]]) -> int:
    """Fewest now, then fewest in the rounds before, latest first, then the highest number."""
    return min(standing, key=lambda option: ([counts[option] or 0 for counts in reversed(history)], -option))
