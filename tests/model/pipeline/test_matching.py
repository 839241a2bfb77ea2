"""Distances between codes: codes here are drawn at random, as 8 x 120 symbols of two kernels."""

from __future__ import annotations

import numpy as np
import pytest

from model.pipeline.encoding import NETWORK_V1
from model.pipeline.matching import (
    HALF_TURN_COLUMNS,
    MIN_COMMON_SHARE,
    TYPICAL_COMMON_SHARE,
    both_eyes_distance,
    distance,
)
from protocol.errors import EncodingError, QualityError
from protocol.types import IrisCode, Plane, PlaneName

_MASK = Plane(PlaneName.MASK_8X120, bytes([1]) * 960)


def _code(symbols: np.ndarray, network: str = NETWORK_V1) -> IrisCode:
    return IrisCode(network, tuple(int(s) for s in symbols.ravel()), _MASK)


def _random(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1, 1], (16, 120))


def test_distance_of_codes_of_different_networks_is_refused() -> None:
    with pytest.raises(EncodingError, match="cannot be compared"):
        distance(_code(_random(1)), _code(_random(1), "iris_v2"))


def test_distance_of_codes_of_different_sizes_is_refused() -> None:
    with pytest.raises(EncodingError, match="cannot be compared"):
        distance(_code(_random(1)), _code(_random(1)[:8]))


@pytest.mark.parametrize("count", [0, 100, 121])
def test_distance_of_codes_without_whole_rows_is_refused(count: int) -> None:
    code = _code(np.ones(count, int))
    with pytest.raises(EncodingError, match="rows of 120"):
        distance(code, code)


def test_distance_of_a_code_to_itself_is_zero() -> None:
    assert distance(_code(_random(1)), _code(_random(1))) == 0


def test_distance_is_symmetric() -> None:
    one, other = _code(_random(1)), _code(_random(2))
    assert distance(one, other) == distance(other, one)


@pytest.mark.parametrize("columns", [-8, -3, 5, 8])
def test_distance_of_a_turned_code_is_zero_up_to_eight_columns(columns: int) -> None:
    assert distance(_code(_random(1)), _code(np.roll(_random(1), columns, axis=1))) == 0


@pytest.mark.parametrize("columns", [-9, 9])
def test_distance_of_a_code_turned_by_nine_columns_is_a_strangers(columns: int) -> None:
    assert distance(_code(_random(1)), _code(np.roll(_random(1), columns, axis=1))) > 0.4


@pytest.mark.parametrize("columns", [-9, 30, 60])
def test_over_the_whole_turn_a_code_is_found_however_it_is_turned(columns: int) -> None:
    turned = _code(np.roll(_random(1), columns, axis=1))
    assert distance(_code(_random(1)), turned, HALF_TURN_COLUMNS) == 0


def test_distance_of_strangers_is_near_the_published_mean() -> None:
    distances = [distance(_code(_random(10 + i)), _code(_random(100 + i))) for i in range(40)]
    assert 0.43 < np.mean(distances) < 0.49  # independent symbols: real codes, whose symbols are not, sit at 0.446


def test_distance_follows_the_formula_for_a_known_share() -> None:
    one = _random(3)
    other = one.copy()
    other[:, ::5] *= -1  # a fifth of the symbols differs
    expected = 0.5 - (0.5 - 0.2) * np.sqrt(1 / TYPICAL_COMMON_SHARE)
    assert distance(_code(one), _code(other)) == pytest.approx(expected)


def test_distance_ignores_masked_symbols() -> None:
    one, other = _random(3), _random(3)
    other[:4] *= -1
    one[:4] = 0
    assert distance(_code(one), _code(other)) == 0


def test_distance_of_fewer_common_symbols_is_nearer_to_a_strangers() -> None:
    one = _random(3)
    other = one.copy()
    other[:, ::4] *= -1
    fewer = one.copy()
    fewer[: len(one) // 2] = 0
    assert distance(_code(one), _code(other)) < distance(_code(fewer), _code(other)) < 0.5


def test_distance_with_too_few_common_symbols_is_refused() -> None:
    one = _random(3)
    one.ravel()[int(MIN_COMMON_SHARE * 1920) - 1 :] = 0
    with pytest.raises(QualityError, match="383 of 1920 symbols in common, 384 are needed") as caught:
        distance(_code(one), _code(_random(3)))
    assert caught.value.hint


def test_distance_with_just_enough_common_symbols_is_measured() -> None:
    one = _random(3)
    one.ravel()[int(MIN_COMMON_SHARE * 1920) :] = 0
    # Few symbols count for less: equal, and yet not at distance 0.
    expected = 0.5 - 0.5 * np.sqrt(MIN_COMMON_SHARE / TYPICAL_COMMON_SHARE)
    assert distance(_code(one), _code(_random(3))) == pytest.approx(expected)


def test_distance_of_both_eyes_is_the_mean_of_left_and_right() -> None:
    left, right, other = (_code(_random(seed)) for seed in (1, 2, 3))
    assert both_eyes_distance((left, right), (left, right)) == 0
    assert both_eyes_distance((left, right), (left, other)) == distance(right, other) / 2
    assert both_eyes_distance((left, right), (other, right)) == distance(left, other) / 2


def test_distance_of_both_eyes_with_one_that_cannot_be_compared_is_refused() -> None:
    whole, empty = _code(_random(1)), _code(np.zeros((16, 120), int))
    with pytest.raises(QualityError, match="in common"):
        both_eyes_distance((whole, empty), (whole, whole))
    with pytest.raises(QualityError, match="in common"):
        both_eyes_distance((empty, whole), (whole, whole))
