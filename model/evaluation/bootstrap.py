"""Bootstrap intervals over persons: pictures of one person are not independent of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.evaluation.metrics import MIN_EXPECTED, Scores, equal_error_rate

Doubles = npt.NDArray[np.float64]

SEED = 20_240_229
COVERAGE = 0.95

__all__ = ["COVERAGE", "bootstrap_intervals"]


def bootstrap_intervals(
    scores: Scores, codes_by_person: npt.NDArray[np.int64], targets: tuple[float, ...], resamples: int
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of `eer`, `eer_with_fte`, and of `fnmr@T` and `fnmr_with_fte@T` for each target T.

    Persons are drawn with replacement; a genuine pair weighs as often as its person was drawn, an impostor pair the
    product of its two persons' draws. `codes_by_person` is int64[persons]. Only the low tail of impostor distances is
    weighed one by one; the total weight follows from the counts.
    """
    rng = np.random.default_rng(SEED)
    people = len(codes_by_person)
    tail = _Tail.of(scores, targets)
    rows = [
        tail.rates(rng.multinomial(people, np.full(people, 1 / people)), codes_by_person, targets)
        for _ in range(resamples)
    ]
    names = list(rows[0]) if rows else []
    edges = (50 * (1 - COVERAGE), 50 * (1 + COVERAGE))
    return {
        name: (float(low), float(high))
        for name in names
        for low, high in [np.percentile([row[name] for row in rows], edges)]
    }


@dataclass(frozen=True, eq=False)
class _Tail:
    """The least impostor distances, and how many genuine ones lie at or below each of them, and below it."""

    scores: Scores
    size: int
    at: npt.NDArray[np.int64]
    below: npt.NDArray[np.int64]

    @classmethod
    def of(cls, scores: Scores, targets: tuple[float, ...]) -> _Tail:
        """Four times the loosest target, and twice as many as lie below the genuine median: beyond it no two error
        rates are equal."""
        middle = np.percentile(scores.genuine, 50) if len(scores.genuine) else 0.0
        loosest = 4 * max(targets, default=0.0) * len(scores.impostor)
        beyond = int(np.searchsorted(scores.impostor, np.float32(middle), side="right"))
        # With failures to enrol the rates may cross far up; a resample may cross at twice the set's own rate.
        crossing = int(3 * equal_error_rate(scores, with_fte=True) * len(scores.impostor))
        size = min(len(scores.impostor), max(int(loosest), 2 * beyond, crossing, 100 * MIN_EXPECTED))
        thresholds = scores.impostor[:size]
        at, below = (np.searchsorted(scores.genuine, thresholds, side=side) for side in ("right", "left"))
        return cls(scores, size, at, below)

    def rates(
        self, drawn: npt.NDArray[np.int64], codes: npt.NDArray[np.int64], targets: tuple[float, ...]
    ) -> dict[str, float]:
        """Error rates with each person counted as often as drawn."""
        first, second = self.scores.impostor_persons[:, : self.size]
        members = drawn * codes
        pairs = max((float(members.sum()) ** 2 - float((members**2).sum())) / 2, 1.0)
        fmr = np.cumsum((drawn[first] * drawn[second]).astype(np.float64)) / pairs
        passed = np.concatenate([[0.0], np.cumsum(drawn[self.scores.genuine_person].astype(np.float64))])
        genuine = passed[-1]
        figures: dict[str, float] = {}
        for suffix, lost in (("", 0.0), ("_with_fte", float((drawn * self.scores.lost_by_person).sum()))):
            everything = max(genuine + lost, 1.0)
            fnmr = (genuine - passed[self.at] + lost) / everything
            crossing = int(np.argmin(np.abs(fnmr - fmr)))
            figures[f"eer{suffix}"] = float(fnmr[crossing] + fmr[crossing]) / 2
            for target in targets:
                over = int(np.searchsorted(fmr, target * (1 + 1e-12), side="right"))
                # The threshold lies just below the first impostor that is one too many.
                kept = passed[self.below[over]] if over < self.size else passed[self.at[-1]]
                figures[f"fnmr{suffix}@{target:g}"] = float(genuine - kept + lost) / everything
        return figures
