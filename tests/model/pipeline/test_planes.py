"""Planes from a normalised iris, against sums written out cell by cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.pipeline.planes import make_planes
from protocol.types import EyeSide, NormalizedIris, Plane, PlaneName, QualityFigures

_FIGURES = QualityFigures(40.0, 200.0, 0.4, 0.9, 0.1)


def _iris(texture: np.ndarray, valid: np.ndarray) -> NormalizedIris:
    return NormalizedIris(
        texture.astype(np.uint8).tobytes(), valid.astype(np.uint8).tobytes(), EyeSide.LEFT, 1, _FIGURES
    )


def _grid(plane: Plane) -> np.ndarray:
    return np.frombuffer(plane.cells, np.uint8).reshape(plane.name.shape)


def _planes(texture: np.ndarray, valid: np.ndarray) -> dict[PlaneName, np.ndarray]:
    return {name: _grid(plane) for name, plane in make_planes(_iris(texture, valid)).items()}


_POOLED = [
    (PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120),
    (PlaneName.TEXTURE_16X120, PlaneName.MASK_16X120),
]


def test_planes_are_all_six() -> None:
    assert set(_planes(np.full((64, 480), 9), np.ones((64, 480)))) == set(PlaneName)


def test_texture_of_zeros_is_raised_to_one() -> None:
    planes = _planes(np.zeros((64, 480)), np.ones((64, 480)))
    assert all(grid.min() == grid.max() == 1 for name, grid in planes.items() if not name.is_mask)


def test_whole_planes_are_the_iris_itself() -> None:
    rng = np.random.default_rng(1)
    texture, valid = rng.integers(1, 256, (64, 480)), rng.integers(0, 2, (64, 480))
    planes = _planes(texture, valid)
    assert np.array_equal(planes[PlaneName.TEXTURE_64X480], texture)
    assert np.array_equal(planes[PlaneName.MASK_64X480], valid)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_pooled_planes_equal_the_sums_written_out(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    texture = rng.integers(1, 256, (64, 480))
    # Validity in patches, so that cells and kernels of every share come up.
    valid = np.repeat(np.repeat(rng.random((16, 60)) < share, 4, axis=0), 8, axis=1) & (rng.random((64, 480)) < 0.95)
    planes = _planes(texture, valid)
    for texture_name, mask_name in _POOLED:
        rows = texture_name.shape[0]
        height = 64 // rows
        shares = np.zeros((rows, 120))
        means = np.full((rows, 120), np.nan)
        for r in range(rows):
            for c in range(120):
                block = slice(height * r, height * r + height), slice(4 * c, 4 * c + 4)
                shares[r, c] = valid[block].mean()
                if shares[r, c] >= 0.5:
                    means[r, c] = texture[block][valid[block]].mean()
        for r in range(rows):
            known = means[r][~np.isnan(means[r])]
            everywhere = means[~np.isnan(means)]
            neutral = known.mean() if known.size else everywhere.mean() if everywhere.size else 128.0
            expected = np.where(np.isnan(means[r]), neutral, means[r])
            assert np.abs(planes[texture_name][r] - expected).max() <= 0.5 + 1e-9
            kernel_rows = {8: 1, 16: 2}[rows]
            if r + kernel_rows > rows:
                assert not planes[mask_name][r].any()
                continue
            for c in range(120):
                support = [(c + ahead) % 120 for ahead in range(9)]
                under = shares[r : r + kernel_rows, support].mean()
                if abs(under - 0.7) > 1e-9:
                    assert planes[mask_name][r, c] == (under > 0.7)


@pytest.mark.parametrize(("hidden", "kept"), [(2, 1), (3, 0)])
def test_mask_cell_falls_when_three_of_nine_cells_are_hidden(hidden: int, kept: int) -> None:
    valid = np.ones((64, 480))
    valid[:, 4 * 20 : 4 * (20 + hidden)] = 0
    mask = _planes(np.full((64, 480), 100), valid)[PlaneName.MASK_8X120]
    assert mask[0, 14] == kept  # the kernel at 14 covers columns 14..22


def test_mask_at_exactly_seven_tenths_is_zero() -> None:
    valid = np.ones((64, 480), int)
    valid[:, 4 * 20 : 4 * 22] = 0  # 2 of 9 cells: 0.777; 288 texels under the kernel, 201.6 is the limit
    block = valid[0:8, 4 * 22 : 4 * 23].copy()
    block.ravel()[: 224 - 202] = 0
    valid[0:8, 4 * 22 : 4 * 23] = block
    mask = _planes(np.full((64, 480), 100), valid)[PlaneName.MASK_8X120]
    assert mask[0, 14] == 1  # 202 of 288
    block.ravel()[: 224 - 201] = 0
    valid[0:8, 4 * 22 : 4 * 23] = block
    mask = _planes(np.full((64, 480), 100), valid)[PlaneName.MASK_8X120]
    assert mask[0, 14] == 0  # 201 of 288


@pytest.mark.parametrize(("hidden", "kept"), [(2, 1), (3, 0)])
def test_mask_cell_of_a_pair_of_rows_falls_for_what_is_hidden_in_either(hidden: int, kept: int) -> None:
    valid = np.ones((64, 480))
    valid[4 * 6 : 4 * 7, 4 * 20 : 4 * (20 + 2 * hidden)] = 0  # row 6 of 16: half of the texels of pairs 5 and 6
    mask = _planes(np.full((64, 480), 100), valid)[PlaneName.MASK_16X120]
    assert [mask[row, 18] for row in (4, 5, 6, 7)] == [1, kept, kept, 1]  # the kernel at 18 covers columns 18..26


def test_mask_of_the_last_row_of_sixteen_is_zero() -> None:
    mask = _planes(np.full((64, 480), 100), np.ones((64, 480)))[PlaneName.MASK_16X120]
    assert mask[:15].all()
    assert not mask[15].any()


def test_mask_wraps_round_the_turn() -> None:
    valid = np.ones((64, 480))
    valid[:, : 4 * 3] = 0  # columns 0..2
    mask = _planes(np.full((64, 480), 100), valid)[PlaneName.MASK_8X120][0]
    assert np.flatnonzero(mask == 0).tolist() == [0, *range(114, 120)]


def test_hidden_texels_do_not_change_a_cell() -> None:
    rng = np.random.default_rng(4)
    texture = rng.integers(50, 200, (64, 480))
    valid = rng.random((64, 480)) < 0.9
    spoiled = np.where(valid, texture, 255)
    for name, grid in _planes(texture, valid).items():
        if name.shape != (64, 480):
            assert np.array_equal(grid, _planes(spoiled, valid)[name])


def test_hidden_cells_take_their_rows_mean() -> None:
    texture = np.repeat(np.arange(1, 9) * 20, 8)[:, None] * np.ones((1, 480))
    valid = np.ones((64, 480))
    valid[:, 100:300] = 0
    grid = _planes(texture, valid)[PlaneName.TEXTURE_8X120]
    assert all(set(row.tolist()) == {20 * (r + 1)} for r, row in enumerate(grid))


def test_iris_without_a_visible_texel_is_neutral_and_masked() -> None:
    planes = _planes(np.full((64, 480), 7), np.zeros((64, 480)))
    assert set(planes[PlaneName.TEXTURE_8X120].ravel().tolist()) == {128}
    assert planes[PlaneName.MASK_8X120].max() == planes[PlaneName.MASK_16X120].max() == 0
