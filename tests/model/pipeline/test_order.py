"""Order statistics are numpy's, to the last bit: codes depend on them."""

from __future__ import annotations

import numpy as np
import pytest

from model.pipeline._order import grey_percentiles, median, medians_of_rows, percentiles

SHARES = (0.0, 0.5, 15.0, 16.0, 25.0, 30.0, 50.0, 85.0, 99.0, 100.0)


@pytest.mark.parametrize("size", [1, 2, 3, 72, 504, 1001])
def test_medians_and_percentiles_are_numpy_s(size: int) -> None:
    for seed in range(20):
        values = np.random.default_rng((size, seed)).normal(100, 40, size)
        assert median(values) == np.median(values)
        assert percentiles(values, *SHARES) == tuple(np.percentile(values, share) for share in SHARES)


def test_medians_of_rows_are_numpy_s() -> None:
    values = np.random.default_rng(1).normal(100, 40, (21, 72))
    assert np.array_equal(medians_of_rows(values), np.median(values, axis=1))


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (13, 7), (120, 160)])
def test_percentiles_of_pixels_are_numpy_s(shape: tuple[int, int]) -> None:
    for seed in range(20):
        image = np.random.default_rng((*shape, seed)).integers(0, 256, shape, np.uint8)
        assert grey_percentiles(image, *SHARES) == tuple(np.percentile(image, share) for share in SHARES)


def test_arguments_are_left_as_they_were() -> None:
    values = np.array([3.0, 1.0, 2.0, 5.0])
    median(values), percentiles(values, 40), medians_of_rows(values[None])
    assert values.tolist() == [3.0, 1.0, 2.0, 5.0]
