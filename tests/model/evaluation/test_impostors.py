"""Degrees of freedom, effective rotations and bias, recovered from codes that were drawn with known ones."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.impostors import check_rule, measure_impostors, symbol_bias
from model.evaluation.metrics import Scores
from model.pipeline.thresholds import ImpostorModel


def _strangers(tosses: int, rotations: int, pairs: int, seed: int = 0) -> tuple[Scores, np.ndarray]:
    """Least of `rotations` independent binomial distances, and the first of them."""
    drawn = np.random.default_rng(seed).binomial(tosses, 0.5, (rotations, pairs)) / tosses
    least = np.sort(drawn.min(axis=0)).astype(np.float32)
    persons = np.stack([np.zeros(pairs, np.int32), np.ones(pairs, np.int32)])
    scores = Scores(np.array([0.1], np.float32), np.zeros(1, np.int32), least, persons, np.zeros(2, np.int64))
    return scores, drawn[0].astype(np.float32)


@pytest.mark.parametrize(("tosses", "rotations"), [(200, 1), (200, 8), (350, 15)])
def test_known_degrees_of_freedom_and_rotations_are_recovered(tosses: int, rotations: int) -> None:
    scores, once = _strangers(tosses, rotations, 200_000)
    found = measure_impostors(scores, once, once)
    assert found.model.degrees_of_freedom == pytest.approx(tosses, rel=0.02)
    assert found.raw_degrees_of_freedom == pytest.approx(tosses, rel=0.02)
    assert found.model.effective_rotations == pytest.approx(rotations, rel=0.35, abs=0.5)
    assert found.mean == pytest.approx(float(scores.impostor.mean()), abs=1e-6)


def test_pairs_without_a_distance_are_left_out() -> None:
    scores, once = _strangers(200, 4, 20_000)
    found = measure_impostors(scores, once, once)
    holes = once.copy()
    holes[::7] = np.nan
    again = measure_impostors(scores, holes, holes)
    assert again.model.degrees_of_freedom == pytest.approx(found.model.degrees_of_freedom, rel=0.05)


def test_rule_is_met_by_strangers_who_are_as_it_supposes() -> None:
    scores, once = _strangers(250, 8, 400_000)
    checks = check_rule(scores, measure_impostors(scores, once, once).model)
    assert [check.target_fmr for check in checks] == [1e-2, 1e-3, 1e-4, 1e-5]
    for check in checks[:3]:
        assert check.target_fmr / 3 < check.measured_fmr < 3 * check.target_fmr


def test_rule_check_shows_a_model_that_promises_too_much() -> None:
    scores, _ = _strangers(100, 8, 100_000)
    check = check_rule(scores, ImpostorModel(250, 8))[1]
    assert check.measured_fmr > 10 * check.target_fmr


def test_bias_counts_unmasked_symbols_only() -> None:
    codes = np.zeros((4, 1, 3), np.int8)
    codes[:, 0, 0] = (1, 1, 1, -1)
    codes[:, 0, 1] = (1, -1, 0, 0)
    codes[:, 0, 2] = (1, 0, 0, 0)  # shown by one code of four: left out
    found = symbol_bias(codes)
    assert (found["mean"], found["least"], found["largest"], found["symbols_counted"]) == (0.625, 0.5, 0.75, 2)


def test_bias_of_codes_that_show_nothing_is_no_figure() -> None:
    assert symbol_bias(np.zeros((3, 1, 4), np.int8)) == {}
