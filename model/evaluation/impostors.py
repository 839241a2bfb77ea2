"""What strangers' distances look like: the figures that the threshold rule needs, and how well it then predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.evaluation.encoders import Symbols
from model.evaluation.metrics import FMR_TARGETS, MIN_EXPECTED, NEVER, Scores
from model.pipeline.thresholds import ImpostorModel, false_match_rate, threshold_for

Floats = npt.NDArray[np.float32]

__all__ = ["ImpostorFigures", "RuleCheck", "check_rule", "measure_impostors", "symbol_bias"]

_AT = 0.01
"""Effective rotations are read where this share of the least distances lies below: in the tail that decides."""


@dataclass(frozen=True)
class ImpostorFigures:
    """`model` goes into `thresholds.threshold_for`; the raw figures are of the unscaled distance at rotation 0."""

    model: ImpostorModel
    mean: float
    deviation: float
    least: float
    raw_mean: float
    raw_degrees_of_freedom: float


@dataclass(frozen=True)
class RuleCheck:
    """A threshold of the rule for one comparison, and what was measured there."""

    target_fmr: float
    threshold: float
    measured_fmr: float
    has_enough_pairs: bool


def measure_impostors(scores: Scores, unturned: Floats, scaled_unturned: Floats) -> ImpostorFigures:
    """`unturned` and `scaled_unturned` are the impostor pairs' distances at rotation 0, as they are and scaled, NaN
    where a pair has too few symbols in common.

    Effective rotations: with F0 the distribution at rotation 0 and F that of the least distance, R such that
    1 - (1 - F0(t))^R = F(t) = 1 %. F0 is its binomial: only the tail counts, and there are few pairs in it.
    """
    least = scores.impostor[scores.impostor < NEVER].astype(np.float64)
    raw = unturned[~np.isnan(unturned)].astype(np.float64)
    scaled = scaled_unturned[~np.isnan(scaled_unturned)].astype(np.float64)
    mean = float(scaled.mean())
    freedom = max(mean * (1 - mean) / max(float(scaled.var()), 1e-9), 8.0)
    once = ImpostorModel(freedom, 1.0, mean)
    at = float(np.quantile(least, _AT))
    single = false_match_rate(at, 1, once)
    rotations = np.log1p(-_AT) / np.log1p(-single) if 0 < single < 1 else 1.0
    raw_mean = float(raw.mean())
    return ImpostorFigures(
        model=ImpostorModel(freedom, max(float(rotations), 1.0), mean),
        mean=float(least.mean()),
        deviation=float(least.std()),
        least=float(least[0]),
        raw_mean=raw_mean,
        raw_degrees_of_freedom=raw_mean * (1 - raw_mean) / max(float(raw.var()), 1e-9),
    )


def check_rule(scores: Scores, model: ImpostorModel) -> tuple[RuleCheck, ...]:
    """The rule's threshold for each target that the set can measure."""
    checks = []
    for target in FMR_TARGETS:
        if target * len(scores.impostor) < 1:
            continue
        threshold = threshold_for(target, 1, model)
        below = int(np.searchsorted(scores.impostor, np.float32(threshold), side="right"))
        enough = target * len(scores.impostor) >= MIN_EXPECTED
        checks.append(RuleCheck(target, threshold, below / len(scores.impostor), enough))
    return tuple(checks)


def symbol_bias(codes: Symbols) -> dict[str, float]:
    """Share of +1 among the unmasked values of each symbol, over int8[codes, rows, columns]: mean over symbols,
    deviation, the least and the largest; symbols that fewer than half of the codes show are left out."""
    seen = (codes != 0).sum(axis=0)
    often = seen >= max(len(codes) / 2, 1)
    share = (codes == 1).sum(axis=0)[often] / seen[often]
    if share.size == 0:
        return {}
    return {
        "mean": float(share.mean()),
        "deviation": float(share.std()),
        "least": float(share.min()),
        "largest": float(share.max()),
        "symbols_counted": int(often.sum()),
    }
