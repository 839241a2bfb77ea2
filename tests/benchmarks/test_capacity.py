"""The capacity model says what its constants say, and docs/scaling.md shows it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.capacity import ENGINES, EngineCost, constants, load_of, tables
from protocol.pins import root_dir
from uniqueness.comparison import Query, scores_per_record
from uniqueness.constants import RULES, ComparisonRule
from uniqueness.linear import record_row
from uniqueness.rehearsal import held, random_codes, ring_shares

COST = EngineCost("test", linear_ns=100, bits_ns=300, sent_bytes=30)


def test_the_page_shows_what_the_constants_give() -> None:
    page = (root_dir() / "docs" / "scaling.md").read_text()
    assert constants() in page
    for table in tables().split("\n\n**"):
        assert table.removeprefix("**").strip() in page
    assert len(ENGINES) == 2


@pytest.mark.parametrize("eyes", [1, 2])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_record_costs_the_comparisons_and_bytes_of_the_real_one(rule: ComparisonRule, eyes: int) -> None:
    shares = ring_shares(random_codes(rule, 1, np.random.default_rng(1))[0], np.random.default_rng(2))
    query = Query((held(rule, shares, 0),) * eyes)
    load = load_of(1000, eyes, rule, COST)
    assert load.comparisons == 1000 * scores_per_record(query)
    assert load.memory_bytes == 1000 * sum(record_row(eye).nbytes for eye in query.eyes)


def test_costs_follow_from_the_constants_by_hand() -> None:
    load = load_of(1_000_000, 1, RULES["iris_v1"], COST)
    assert load.comparisons == 240_000_000
    assert load.core_s == pytest.approx(240e6 * 400e-9)
    assert load.sent_bytes == pytest.approx(7.2e9)
    assert load.answer_cores == pytest.approx(9.6)
    assert load.answer_bits_per_s == pytest.approx(5.76e9)
    assert load.year_cores == pytest.approx(1e6 * 96 / 2 / (365 * 86_400))
    assert load_of(1_000_000, 1, RULES["iris_v2"], COST).core_s == pytest.approx(240e6 * 500e-9)


def test_machines_are_enough_for_memory_and_for_cores() -> None:
    assert load_of(1, 1, RULES["iris_v1"], COST).machines == 1
    assert load_of(10**8, 1, RULES["iris_v1"], COST).machines == 15  # 1.15 TB, 960 cores
    assert load_of(10**8, 1, RULES["iris_v1"], EngineCost("slow", 0, 40_000, 30)).machines == 1500  # 96,000 cores
