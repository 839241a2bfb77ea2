"""Sums of scores over subsets of records: what the check of products rests on."""

from __future__ import annotations

import numpy as np
import pytest

from uniqueness.checked.scores import subset_totals


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1000])
def test_totals_of_subsets_are_exact_modulo_the_ring(count: int) -> None:
    rng = np.random.default_rng(count)
    slot = rng.integers(0, 1 << 16, (count, 2, 7), dtype=np.uint16)
    slot[:, 0] = 0xFFFF  # the largest sum a product must hold
    chosen = rng.integers(0, 2, (16, count), dtype=np.uint16)
    chosen[0], chosen[1] = 0, 1
    exact = np.tensordot(chosen.astype(np.int64), slot.astype(np.int64), 1).astype(np.uint16)
    assert (subset_totals(chosen, slot) == exact).all()
