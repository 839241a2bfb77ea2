"""The part of a report that is the same for every code: rates, intervals, distributions, curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.evaluation.bootstrap import COVERAGE, bootstrap_intervals
from model.evaluation.metrics import (
    FMR_TARGETS,
    NEVER,
    Scores,
    d_prime,
    equal_error_rate,
    false_non_match_rate,
    operating_points,
    threshold_at,
)

HISTOGRAM_STEP = 0.01
HISTOGRAM_BINS = 70

__all__ = ["HISTOGRAM_STEP", "accuracy_of", "rates_at"]


def accuracy_of(scores: Scores, codes_by_person: np.ndarray[Any, np.dtype[np.int64]], resamples: int) -> dict[str, Any]:
    """Error rates with 95 % intervals, d', mean and deviation of both distributions, histograms, DET curve."""
    points = operating_points(scores)
    intervals = bootstrap_intervals(scores, codes_by_person, tuple(point.target_fmr for point in points), resamples)
    genuine, impostor = (part[part < NEVER].astype(np.float64) for part in (scores.genuine, scores.impostor))
    return {
        "genuine_pairs": len(scores.genuine),
        "genuine_pairs_lost_to_refusals": scores.lost,
        "impostor_pairs": len(scores.impostor),
        "not_comparable": {
            "genuine": len(scores.genuine) - len(genuine),
            "impostor": len(scores.impostor) - len(impostor),
        },
        "d_prime": d_prime(scores),
        "genuine": {"mean": genuine.mean(), "deviation": genuine.std(), "largest": genuine.max()},
        "eer": equal_error_rate(scores),
        "eer_with_fte": equal_error_rate(scores, with_fte=True),
        "operating_points": points,
        "intervals": {"coverage": COVERAGE, "resamples": resamples, "of": intervals},
        "histogram": _histogram(scores),
        "det": _det(scores),
    }


def rates_at(scores: Scores) -> dict[str, Any]:
    """Error rates alone."""
    return {
        "genuine_pairs": len(scores.genuine),
        "impostor_pairs": len(scores.impostor),
        "d_prime": d_prime(scores),
        "eer": equal_error_rate(scores),
        "eer_with_fte": equal_error_rate(scores, with_fte=True),
        "operating_points": operating_points(scores),
    }


def _histogram(scores: Scores) -> dict[str, Any]:
    """Counts in steps of 0.01 from 0 on; the last step holds all that lies beyond."""
    edges = np.arange(HISTOGRAM_BINS) * HISTOGRAM_STEP
    counts = {
        name: np.bincount(
            np.clip(np.searchsorted(edges, part, side="right") - 1, 0, HISTOGRAM_BINS - 1), minlength=HISTOGRAM_BINS
        )
        for name, part in (("genuine", scores.genuine), ("impostor", scores.impostor))
    }
    return {"step": HISTOGRAM_STEP, **counts}


def _det(scores: Scores) -> list[dict[str, float]]:
    """FNMR at false-match rates from 1e-5 (or ten pairs) to 0.3, eight a decade."""
    least = max(FMR_TARGETS[-1], 10 / len(scores.impostor))
    rates = [rate for rate in 10 ** np.arange(-5, np.log10(0.3), 0.125) if rate >= least]
    rows = []
    for rate in rates:
        threshold = threshold_at(scores.impostor, float(rate))
        rows.append(
            {
                "fmr": float(rate),
                "fnmr": false_non_match_rate(scores, threshold),
                "fnmr_with_fte": false_non_match_rate(scores, threshold, with_fte=True),
            }
        )
    return rows
