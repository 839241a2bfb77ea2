"""Many codes at once against one pair at a time."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation import pairs
from model.evaluation.encoders import Symbols
from model.evaluation.pairs import all_pairs, paired_distances
from model.pipeline.encoding import NETWORK_V1
from model.pipeline.matching import MAX_ROTATION_COLUMNS, distance
from protocol.errors import QualityError
from protocol.types import IrisCode, Plane, PlaneName

_MASK = Plane(PlaneName.MASK_8X120, bytes([1]) * 960)


def _codes(count: int, seed: int = 0) -> Symbols:
    """Random codes; every third is its neighbour turned and disturbed, the last one hides almost everything."""
    rng = np.random.default_rng(seed)
    codes = rng.choice([-1, 0, 1], (count, 16, 120), p=[0.4, 0.2, 0.4]).astype(np.int8)
    for index in range(2, count, 3):
        codes[index] = np.roll(codes[index - 1], int(rng.integers(-10, 11)), axis=1)
        codes[index, :3] *= -1
    codes[-1, 2:] = 0
    return codes


def _one_by_one(codes: Symbols, i: int, j: int) -> float:
    a, b = (IrisCode(NETWORK_V1, tuple(codes[k].ravel().tolist()), _MASK) for k in (i, j))
    try:
        return distance(a, b)
    except QualityError:
        return float("nan")


def test_all_pairs_are_the_distances_of_the_shipped_matcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "BLOCK", 4)  # several blocks, the last one not full
    codes = _codes(11)
    found = all_pairs(codes, (0, MAX_ROTATION_COLUMNS)).least[MAX_ROTATION_COLUMNS]
    for i in range(11):
        for j in range(i + 1, 11):
            assert found[i, j] == pytest.approx(_one_by_one(codes, i, j), abs=1e-6, nan_ok=True)
    assert np.isnan(found[0, 10])


def test_all_pairs_do_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = _codes(9)
    whole = all_pairs(codes, (0, 3))
    monkeypatch.setattr(pairs, "BLOCK", 2)
    parts = all_pairs(codes, (0, 3))
    above = np.triu_indices(9, 1)
    for rotation in (0, 3):
        assert np.array_equal(whole.least[rotation][above], parts.least[rotation][above], equal_nan=True)
    assert np.array_equal(whole.unturned[above], parts.unturned[above], equal_nan=True)


def test_larger_rotations_never_lie_farther_apart() -> None:
    least = all_pairs(_codes(8), (0, 2, 5)).least
    above = np.triu_indices(7, 1)
    assert (least[0][above] >= least[2][above]).all()
    assert (least[2][above] >= least[5][above]).all()
    assert (least[0][above] > least[5][above]).any()


def test_unturned_distance_is_the_share_of_differing_symbols() -> None:
    codes = np.ones((2, 16, 120), np.int8)
    codes[1].ravel()[:480] = -1
    codes[1].ravel()[480:960] = 0
    assert all_pairs(codes, (0,)).unturned[0, 1] == pytest.approx(480 / 1440)


def test_paired_distances_are_those_of_all_pairs() -> None:
    codes = _codes(10)
    found = paired_distances(codes[:5], codes[5:], MAX_ROTATION_COLUMNS)
    expected = all_pairs(codes, (MAX_ROTATION_COLUMNS,)).least[MAX_ROTATION_COLUMNS]
    assert np.allclose(found, [expected[i, i + 5] for i in range(5)], equal_nan=True)
    assert np.isnan(found[-1])


def test_progress_ends_at_one() -> None:
    told: list[float] = []
    all_pairs(_codes(5), (0,), told.append)
    assert told[-1] == 1
