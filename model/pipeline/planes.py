"""Normalised iris -> the planes that a capture commits to (`protocol.md`, objects 1 and 2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Doubles
from protocol.types import TEXTURE_COLS, TEXTURE_ROWS, NormalizedIris, Plane, PlaneName

KERNEL_COLUMNS = 9
"""Support of the widest kernel of iris networks v1 and v2: columns j..j+8."""
KERNEL_ROWS = {PlaneName.MASK_8X120: 1, PlaneName.MASK_16X120: 2}
"""Rows under a kernel: network v2 reads pairs of rows, i and i+1."""
MIN_VISIBLE_UNDER_KERNEL = 0.7
MIN_VISIBLE_IN_CELL = 0.5

__all__ = ["make_planes"]


def make_planes(iris: NormalizedIris) -> dict[PlaneName, Plane]:
    """All six planes.

    A pooled texture cell is the mean of its block's visible texels, rounded; where less than half of them are
    visible it is the mean of its row's other cells (neutral to kernels that sum to zero). A pooled mask cell
    (row, j) is 1 when more than 0.7 of the texels under a kernel at columns j..j+8 of 120, which wrap round,
    are visible: the symbol at j is then worth keeping. A kernel lies on one row of 8, and on two rows of 16 (row and
    the next one out); the last of the 16 begins no pair and is 0. The whole texture and validity are planes as they
    are.
    """
    texture = np.frombuffer(iris.texture, np.uint8).reshape(TEXTURE_ROWS, TEXTURE_COLS)
    valid = np.frombuffer(iris.validity, np.uint8).reshape(TEXTURE_ROWS, TEXTURE_COLS)
    planes = [
        Plane(PlaneName.TEXTURE_64X480, np.maximum(texture, 1).tobytes()),
        Plane(PlaneName.MASK_64X480, valid.tobytes()),
    ]
    for texture_name, mask_name in (
        (PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120),
        (PlaneName.TEXTURE_16X120, PlaneName.MASK_16X120),
    ):
        cells, shares = _pool(texture, valid, texture_name.shape)
        planes += [
            Plane(texture_name, cells.tobytes()),
            Plane(mask_name, _mask(shares, KERNEL_ROWS[mask_name]).tobytes()),
        ]
    return {plane.name: plane for plane in planes}


def _pool(
    texture: npt.NDArray[np.uint8], valid: npt.NDArray[np.uint8], shape: tuple[int, int]
) -> tuple[npt.NDArray[np.uint8], Doubles]:
    """Cells uint8[rows, cols] and the visible share of each, float64[rows, cols]."""
    rows, cols = shape
    blocks = (rows, TEXTURE_ROWS // rows, cols, TEXTURE_COLS // cols)
    visible = valid.reshape(blocks).astype(np.float64)
    count = visible.sum(axis=(1, 3))
    total = (texture.reshape(blocks) * visible).sum(axis=(1, 3))
    shares = count / (blocks[1] * blocks[3])
    means = total / np.maximum(count, 1)
    kept = shares >= MIN_VISIBLE_IN_CELL
    everywhere = float(means[kept].mean()) if kept.any() else 128.0
    in_row = kept.sum(axis=1)
    row_means = np.where(in_row > 0, (means * kept).sum(axis=1) / np.maximum(in_row, 1), everywhere)
    cells = np.where(kept, means, row_means[:, None])
    return np.clip(np.round(cells), 1, 255).astype(np.uint8), shares


def _mask(shares: Doubles, kernel_rows: int) -> npt.NDArray[np.uint8]:
    """uint8[rows, cols]; the last `kernel_rows` - 1 rows are 0."""
    places = len(shares) - kernel_rows + 1
    in_rows = sum(shares[ahead : ahead + places] for ahead in range(kernel_rows)) / kernel_rows
    under_kernel = sum(np.roll(in_rows, -ahead, axis=1) for ahead in range(KERNEL_COLUMNS)) / KERNEL_COLUMNS
    mask = np.zeros(shares.shape, np.uint8)
    mask[:places] = under_kernel > MIN_VISIBLE_UNDER_KERNEL
    return mask
