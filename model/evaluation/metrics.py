"""Error rates from distances. A pair matches where its distance is at most the threshold.

- FMR: share of impostor pairs (two persons) that match. FNMR: share of genuine pairs (one eye) that do not.
- Without failures to enrol, FNMR counts the pairs whose two pictures both gave a code; with them, every genuine pair
  that has a refused picture counts as not matched. Impostor pairs are counted among codes only, which is cautious.
- Pairs with too few symbols in common do not match, genuine or not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int32]

FMR_TARGETS = (1e-2, 1e-3, 1e-4, 1e-5)
NEVER = np.float32(2.0)
"""Distance of a pair that cannot match."""
MIN_EXPECTED = 10
"""Impostor pairs that must be expected below a threshold for its FMR to be more than a guess."""

__all__ = [
    "FMR_TARGETS",
    "NEVER",
    "OperatingPoint",
    "Scores",
    "d_prime",
    "equal_error_rate",
    "false_non_match_rate",
    "operating_points",
    "scores_of",
    "threshold_at",
]


@dataclass(frozen=True, eq=False)
class Scores:
    """Distances, each kind ascending, with the persons they belong to (indices)."""

    genuine: Floats = field(repr=False)
    genuine_person: Indices = field(repr=False)
    impostor: Floats = field(repr=False)
    impostor_persons: npt.NDArray[np.int32] = field(repr=False)
    """int32[2, pairs]"""
    lost_by_person: npt.NDArray[np.int64] = field(repr=False)
    """Genuine pairs that a refused picture cost, int64[persons]."""

    @property
    def lost(self) -> int:
        return int(self.lost_by_person.sum())


@dataclass(frozen=True)
class OperatingPoint:
    """`threshold` is the largest at which the measured FMR is at most the target; rates are shares, not per cent."""

    target_fmr: float
    threshold: float
    fnmr: float
    fnmr_with_fte: float
    has_enough_pairs: bool
    """At least ten impostor pairs are expected to match."""


def scores_of(distances: Floats, labels: Indices, persons: Indices, lost_by_person: npt.NDArray[np.int64]) -> Scores:
    """Split the entries above the diagonal of float32[n, n]: genuine are pairs of one label, impostors pairs of two
    persons; the two eyes of one person are neither."""
    first, second = np.triu_indices(len(labels), 1)
    values = distances[first, second]
    values = np.where(np.isnan(values), NEVER, values)
    same = labels[first] == labels[second]
    strangers = persons[first] != persons[second]
    genuine, impostor = values[same], values[strangers]
    upwards, apart = np.argsort(genuine, kind="stable"), np.argsort(impostor, kind="stable")
    pairs = np.stack([persons[first[strangers]], persons[second[strangers]]])
    return Scores(
        genuine=genuine[upwards],
        genuine_person=persons[first[same]][upwards],
        impostor=impostor[apart],
        impostor_persons=pairs[:, apart],
        lost_by_person=lost_by_person,
    )


def threshold_at(impostor: Floats, target_fmr: float) -> float:
    """The largest float32 threshold at which at most `target_fmr` of the ascending impostor distances match."""
    allowed = int(np.floor(target_fmr * len(impostor) * (1 + 1e-12)))
    if allowed >= len(impostor):
        return float(impostor[-1])
    return float(np.nextafter(impostor[allowed], np.float32(-1)))


def false_non_match_rate(scores: Scores, threshold: float, *, with_fte: bool = False) -> float:
    missed = len(scores.genuine) - int(np.searchsorted(scores.genuine, np.float32(threshold), side="right"))
    lost = scores.lost if with_fte else 0
    return (missed + lost) / max(len(scores.genuine) + lost, 1)


def operating_points(scores: Scores) -> tuple[OperatingPoint, ...]:
    """One for each target for which the set has at least one expected impostor match."""
    points = []
    for target in FMR_TARGETS:
        expected = target * len(scores.impostor)
        if expected < 1:
            continue
        threshold = threshold_at(scores.impostor, target)
        rates = [false_non_match_rate(scores, threshold, with_fte=fte) for fte in (False, True)]
        points.append(OperatingPoint(target, threshold, rates[0], rates[1], expected >= MIN_EXPECTED))
    return tuple(points)


def equal_error_rate(scores: Scores, *, with_fte: bool = False) -> float:
    """Where FMR and FNMR cross: the mean of both at the threshold, among the measured distances, where they differ
    least."""
    thresholds = np.unique(np.concatenate([scores.genuine, scores.impostor]))
    lost = scores.lost if with_fte else 0
    missed = len(scores.genuine) - np.searchsorted(scores.genuine, thresholds, side="right")
    fnmr = (missed + lost) / max(len(scores.genuine) + lost, 1)
    fmr = np.searchsorted(scores.impostor, thresholds, side="right") / max(len(scores.impostor), 1)
    nearest = int(np.argmin(np.abs(fnmr - fmr)))
    return float(fnmr[nearest] + fmr[nearest]) / 2


def d_prime(scores: Scores) -> float:
    """Distance of the two means over the root mean square of the two standard deviations (Daugman 2003); pairs that
    cannot match are left out."""
    genuine, impostor = (part[part < NEVER].astype(np.float64) for part in (scores.genuine, scores.impostor))
    spread = np.sqrt((genuine.var() + impostor.var()) / 2)
    return float(abs(genuine.mean() - impostor.mean()) / max(spread, 1e-12))
