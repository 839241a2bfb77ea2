"""Error rates on distances whose rates can be counted by hand, and intervals that cover what they should."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.bootstrap import bootstrap_intervals
from model.evaluation.metrics import (
    NEVER,
    Scores,
    d_prime,
    equal_error_rate,
    false_non_match_rate,
    operating_points,
    scores_of,
    threshold_at,
)


def _scores(genuine: list[float], impostor: list[float], lost: int = 0) -> Scores:
    return Scores(
        np.array(sorted(genuine), np.float32),
        np.zeros(len(genuine), np.int32),
        np.array(sorted(impostor), np.float32),
        np.stack([np.zeros(len(impostor), np.int32), np.ones(len(impostor), np.int32)]),
        np.array([lost, 0]),
    )


def _drawn(persons: int, per_person: int, overlap: float, seed: int) -> Scores:
    """Distances of a population: genuine around 0.2, impostor around 0.45."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(persons, dtype=np.int32), per_person)
    own_level = rng.normal(0, 0.02, persons)[owner]
    genuine = (rng.normal(0.2, overlap, len(owner)) + own_level).astype(np.float32)
    first, second = np.triu_indices(persons, 1)
    impostor = rng.normal(0.45, 0.03, len(first)).astype(np.float32)
    up, apart = np.argsort(genuine), np.argsort(impostor)
    pairs = np.stack([first, second]).astype(np.int32)
    return Scores(genuine[up], owner[up], impostor[apart], pairs[:, apart], np.zeros(persons, np.int64))


def test_scores_leave_out_the_two_eyes_of_one_person() -> None:
    labels, persons = np.array([0, 0, 1, 2], np.int32), np.array([0, 0, 0, 1], np.int32)
    distances = np.full((4, 4), 0.9, np.float32)
    distances[0, 1] = 0.1  # one eye twice
    distances[0, 3], distances[1, 3], distances[2, 3] = 0.5, 0.4, 0.45  # two persons
    scores = scores_of(distances, labels, persons, np.zeros(2, np.int64))
    assert scores.genuine.tolist() == pytest.approx([0.1])
    assert scores.impostor.tolist() == pytest.approx([0.4, 0.45, 0.5])
    assert scores.impostor_persons.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_pairs_that_cannot_be_compared_never_match() -> None:
    distances = np.full((3, 3), np.nan, np.float32)
    scores = scores_of(distances, np.array([0, 0, 1], np.int32), np.array([0, 0, 1], np.int32), np.zeros(2, np.int64))
    assert scores.genuine.tolist() == [NEVER]
    assert false_non_match_rate(scores, 1.0) == 1.0
    assert threshold_at(scores.impostor, 0.4) < NEVER


@pytest.mark.parametrize(("target", "below"), [(0.09, 0), (0.1, 1), (0.19, 1), (0.2, 2), (1.0, 10)])
def test_threshold_lets_through_as_many_impostors_as_the_target_allows(target: float, below: int) -> None:
    impostor = np.linspace(0.41, 0.5, 10).astype(np.float32)
    assert int((impostor <= np.float32(threshold_at(impostor, target))).sum()) == below


def test_threshold_among_equal_distances_stays_below_all_of_them() -> None:
    impostor = np.array([0.4, 0.42, 0.42, 0.42, 0.5], np.float32)
    assert int((impostor <= np.float32(threshold_at(impostor, 0.4))).sum()) == 1


def test_false_non_match_rate_counts_misses_and_lost_pairs() -> None:
    scores = _scores([0.1, 0.2, 0.3, 0.4], [0.5], lost=4)
    assert false_non_match_rate(scores, 0.3) == 0.25  # the threshold itself matches
    assert false_non_match_rate(scores, 0.2999) == 0.5
    assert false_non_match_rate(scores, 0.3, with_fte=True) == 5 / 8


def test_equal_error_rate_of_apart_distributions_is_zero_until_pairs_are_lost() -> None:
    scores = _scores([0.1, 0.2], list(np.linspace(0.4, 0.5, 100)), lost=2)
    assert equal_error_rate(scores) == 0
    assert equal_error_rate(scores, with_fte=True) == 0.5


def test_equal_error_rate_of_a_known_overlap() -> None:
    # One of ten genuine pairs lies beyond one of ten impostor pairs.
    genuine = [*np.linspace(0.1, 0.2, 9), 0.46]
    impostor = [0.3, *np.linspace(0.47, 0.5, 9)]
    assert equal_error_rate(_scores(genuine, impostor)) == pytest.approx(0.1)


def test_operating_points_are_left_out_below_one_expected_impostor() -> None:
    points = operating_points(_scores([0.1], list(np.linspace(0.4, 0.5, 2000))))
    assert [point.target_fmr for point in points] == [1e-2, 1e-3]
    assert [point.has_enough_pairs for point in points] == [True, False]


def test_d_prime_of_known_distributions() -> None:
    scores = _scores([0.1, 0.3], [0.4, 0.6])  # means 0.2 and 0.5, deviations 0.1
    assert d_prime(scores) == pytest.approx(3.0, rel=1e-5)
    assert d_prime(_scores([0.1, 0.3, float(NEVER)], [0.4, 0.6])) == pytest.approx(3.0, rel=1e-5)


def test_intervals_hold_the_point_and_shrink_with_more_persons() -> None:
    widths = []
    for persons in (30, 120):
        scores = _drawn(persons, 10, 0.08, seed=4)
        found = bootstrap_intervals(scores, np.ones(persons, np.int64), (1e-2,), 200)
        low, high = found["eer"]
        assert low <= equal_error_rate(scores) <= high
        point = operating_points(scores)[0]
        assert found["fnmr@0.01"][0] <= point.fnmr <= found["fnmr@0.01"][1]
        widths.append(high - low)
    assert widths[1] < 0.8 * widths[0]


def test_intervals_are_the_same_on_every_run() -> None:
    scores = _drawn(20, 5, 0.08, seed=5)
    runs = [bootstrap_intervals(scores, np.ones(20, np.int64), (1e-2,), 30) for _ in range(2)]
    assert runs[0] == runs[1]


def test_intervals_cover_the_true_rate_about_as_often_as_they_say() -> None:
    truth = equal_error_rate(_drawn(600, 20, 0.08, seed=1))
    covered = 0
    for seed in range(40):
        low, high = bootstrap_intervals(_drawn(40, 8, 0.08, seed + 10), np.ones(40, np.int64), (), 80)["eer"]
        covered += low <= truth <= high
    assert covered >= 32  # 95 % are meant; bootstrap intervals of few persons are somewhat short


def test_lost_pairs_widen_nothing_but_the_columns_with_failures() -> None:
    scores = _drawn(20, 5, 0.02, seed=6)
    lost = np.zeros(20, np.int64)
    lost[:5] = 10
    with_lost = Scores(scores.genuine, scores.genuine_person, scores.impostor, scores.impostor_persons, lost)
    found = bootstrap_intervals(with_lost, np.ones(20, np.int64), (1e-2,), 60)
    assert found["fnmr@0.01"] == bootstrap_intervals(scores, np.ones(20, np.int64), (1e-2,), 60)["fnmr@0.01"]
    assert found["fnmr_with_fte@0.01"][0] > found["fnmr@0.01"][1]


def test_intervals_with_failures_hold_the_rate_also_where_it_is_high() -> None:
    scores = _drawn(60, 6, 0.02, seed=7)
    lost = np.full(60, 2, np.int64)  # two of eight pairs: the rates cross at a quarter
    lost[:20] = 0
    with_lost = Scores(scores.genuine, scores.genuine_person, scores.impostor, scores.impostor_persons, lost)
    low, high = bootstrap_intervals(with_lost, np.ones(60, np.int64), (1e-2,), 60)["eer_with_fte"]
    rate = equal_error_rate(with_lost, with_fte=True)
    assert low < rate - 0.02 < rate + 0.02 < high
