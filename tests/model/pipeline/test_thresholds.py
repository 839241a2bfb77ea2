"""The threshold rule against exact sums, and what it refuses."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.pipeline.thresholds import ImpostorModel, false_match_rate, threshold_for
from protocol.errors import InputError

_MODEL = ImpostorModel(degrees_of_freedom=200, effective_rotations=7.5)


def _exact(successes: int, tosses: int) -> Fraction:
    """P(x <= successes) of a fair coin."""
    return Fraction(sum(math.comb(tosses, k) for k in range(successes + 1)), 2**tosses)


@pytest.mark.parametrize("figures", [(7.9, 1.0, 0.5), (math.inf, 1.0, 0.5), (math.nan, 1.0, 0.5)])
def test_model_with_impossible_degrees_of_freedom_is_refused(figures: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="degrees of freedom"):
        ImpostorModel(*figures)


@pytest.mark.parametrize("rotations", [0.99, math.nan, math.inf])
def test_model_with_impossible_rotations_is_refused(rotations: float) -> None:
    with pytest.raises(InputError, match="rotations"):
        ImpostorModel(200, rotations)


@pytest.mark.parametrize("mean", [0.0, 1.0, -0.1])
def test_model_with_an_impossible_mean_is_refused(mean: float) -> None:
    with pytest.raises(InputError, match="mean"):
        ImpostorModel(200, 2, mean)


@pytest.mark.parametrize("target", [0.0, 1.0, -1e-3, math.nan])
def test_threshold_for_an_impossible_target_is_refused(target: float) -> None:
    with pytest.raises(InputError, match="false-match rate"):
        threshold_for(target, 1, _MODEL)


@pytest.mark.parametrize("comparisons", [0, -1])
def test_threshold_for_no_comparison_is_refused(comparisons: int) -> None:
    with pytest.raises(InputError, match="comparisons"):
        threshold_for(1e-3, comparisons, _MODEL)


def test_threshold_for_more_people_than_the_code_carries_is_refused() -> None:
    with pytest.raises(InputError, match="20 degrees of freedom cannot hold") as caught:
        threshold_for(1e-6, 10_000_000, ImpostorModel(20, 5))
    assert "both eyes" in caught.value.hint


@pytest.mark.parametrize(("successes", "tosses"), [(0, 30), (7, 30), (20, 100), (70, 200)])
def test_false_match_rate_at_one_rotation_is_the_binomial_tail(successes: int, tosses: int) -> None:
    # A hair above the whole number, so that rounding does not fall below it.
    rate = false_match_rate(successes / tosses + 1e-12, 1, ImpostorModel(tosses, 1))
    assert rate == pytest.approx(float(_exact(successes, tosses)), rel=1e-6)


def test_false_match_rate_of_an_unfair_coin_is_its_binomial_tail() -> None:
    expected = sum(math.comb(50, k) * 0.45**k * 0.55 ** (50 - k) for k in range(11))
    assert false_match_rate(10 / 50 + 1e-12, 1, ImpostorModel(50, 1, 0.45)) == pytest.approx(expected, rel=1e-6)


def test_false_match_rate_grows_with_rotations_and_records_alike() -> None:
    once = float(_exact(60, 200))
    at = 60 / 200 + 1e-12
    assert false_match_rate(at, 1, ImpostorModel(200, 10)) == pytest.approx(1 - (1 - once) ** 10, rel=1e-6)
    assert false_match_rate(at, 10, ImpostorModel(200, 1)) == pytest.approx(1 - (1 - once) ** 10, rel=1e-6)


def test_false_match_rate_at_distance_one_is_one_and_below_zero_that_of_zero() -> None:
    assert false_match_rate(1.0, 1, _MODEL) == 1.0
    assert false_match_rate(-0.5, 1, _MODEL) == false_match_rate(0.0, 1, _MODEL) > 0


@given(st.floats(1e-9, 0.5), st.integers(1, 10**7), st.floats(150, 600), st.floats(1, 31))
@settings(max_examples=60, deadline=None)
def test_threshold_is_the_largest_that_keeps_the_target(
    target: float, comparisons: int, freedom: float, rotations: float
) -> None:
    model = ImpostorModel(freedom, rotations)
    try:
        threshold = threshold_for(target, comparisons, model)
    except InputError:
        assert false_match_rate(0.0, comparisons, model) > target
        return
    assert false_match_rate(threshold, comparisons, model) <= target
    if threshold < model.mean - 1e-6:
        assert false_match_rate(threshold + 1e-6, comparisons, model) > target


def test_threshold_falls_with_the_database_and_rises_with_the_degrees_of_freedom() -> None:
    assert threshold_for(1e-4, 1, _MODEL) > threshold_for(1e-4, 1000, _MODEL)
    assert threshold_for(1e-4, 1, ImpostorModel(300, 7.5)) > threshold_for(1e-4, 1, _MODEL)


def test_model_of_both_eyes_has_twice_the_degrees_of_freedom_and_all_pairs_of_rotations() -> None:
    both = _MODEL.of_both_eyes()
    assert (both.degrees_of_freedom, both.effective_rotations, both.mean) == (400, 7.5**2, 0.5)
    assert threshold_for(1e-6, 10**6, both) > threshold_for(1e-6, 10**6, _MODEL)
