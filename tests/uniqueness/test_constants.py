"""The comparison's integers: no score wraps, at either end, and the layout is that of the codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.pipeline.encoding import ENCODERS
from model.pipeline.matching import ANGLE_COLUMNS, MAX_ROTATION_COLUMNS, MIN_COMMON_SHARE, TYPICAL_COMMON_SHARE
from protocol.errors import EncodingError
from uniqueness import constants
from uniqueness.constants import ROTATIONS, RULES, ComparisonRule, rule_of
from uniqueness.reference import scores
from uniqueness.rehearsal import random_codes

V1 = RULES["iris_v1"]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_at_its_extreme_codes_reaches_its_bounds_and_fits_the_ring(rule: ComparisonRule) -> None:
    everything = np.ones(rule.width, np.int64)
    opposite = np.concatenate([-everything[: rule.symbols], everything[rule.symbols :]])
    found = scores(rule, everything, np.stack([everything, opposite]))
    assert (found[0] == rule.greatest_score).all()
    assert (found[1] == rule.least_score).all()
    assert rule.least_score >= -(1 << 15)
    assert rule.greatest_score <= (1 << 15) - 1


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_score_of_any_codes_lies_between_the_bounds_for_their_overlap(rule: ComparisonRule) -> None:
    rng = np.random.default_rng(3)
    for visible in (0.0, 0.3, 0.9, 1.0):
        codes = random_codes(rule, 8, rng, visible)
        found = scores(rule, codes[0], codes)
        assert found.max() <= rule.greatest_score
        assert found.min() >= rule.least_score


def test_a_rule_under_which_a_duplicate_could_be_missed_is_refused() -> None:
    # (a - b) D - c = 32767 with a = 9, b = 0, D = 4800 and c = 10433; the other bound is far beyond and checked second
    for offset, message in ((10433, "match"), (10432, "missed")):
        with pytest.raises(EncodingError, match=message):
            ComparisonRule("x", 4800, 2400, 9, 0, offset, 1440)


def test_a_rule_at_the_edge_of_a_false_duplicate_is_told_from_one_beyond() -> None:
    edge = 32767 - (15 + 1) * 1920  # (a + b) D + c = 32767
    assert replace(V1, agreement_weight=15, offset=edge).least_score == -32767
    with pytest.raises(EncodingError, match="match"):
        replace(V1, agreement_weight=15, offset=edge + 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"symbols": 1921},
        {"symbols": 1900, "mask_cells": 950},
        {"agreement_weight": 1},
        {"overlap_weight": -1},
        {"offset": -1},
        {"minimum_mask_cells": 0},
        {"minimum_mask_cells": 961},
    ],
)
def test_a_rule_that_fits_no_code_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(EncodingError):
        replace(V1, **changes)  # type: ignore[arg-type]


def test_a_network_without_a_rule_is_refused() -> None:
    with pytest.raises(EncodingError, match="iris_v9"):
        rule_of("iris_v9")


@pytest.mark.parametrize("network", ENCODERS)
def test_every_network_has_a_rule_of_its_layout_and_of_the_matchers_scale(network: str) -> None:
    rule = rule_of(network)
    assert rule.mask_cells == ENCODERS[network].mask.cells
    assert rule.kernels == 2
    assert rule.offset == rule.overlap_weight * TYPICAL_COMMON_SHARE * rule.symbols
    assert rule.minimum_mask_cells == 0.6 * rule.mask_cells
    assert (2 * rule.minimum_mask_cells - rule.mask_cells) * rule.kernels >= MIN_COMMON_SHARE * rule.symbols


def test_the_rotations_are_the_whole_turn_each_once_and_the_matchers_are_among_them() -> None:
    assert constants.ANGLE_COLUMNS == ANGLE_COLUMNS
    assert sorted(rotation % ANGLE_COLUMNS for rotation in ROTATIONS) == list(range(ANGLE_COLUMNS))
    assert set(range(-MAX_ROTATION_COLUMNS, MAX_ROTATION_COLUMNS + 1)) <= set(ROTATIONS)


def test_equal_codes_with_too_few_common_symbols_do_not_match() -> None:
    rule = V1
    for cells, expected in ((rule.least_common_symbols // 2, False), (rule.least_common_symbols // 2 + 1, True)):
        vector = np.zeros(rule.width, np.int64)
        vector[rule.symbols : rule.symbols + cells] = 1
        vector[:cells] = 1
        vector[rule.mask_cells : rule.mask_cells + cells] = 1
        assert bool((scores(rule, vector, vector[None]) > 0).any()) is expected
