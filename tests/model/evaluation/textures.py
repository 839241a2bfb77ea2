"""Synthetic textures and masks of 128 x 512 for parity with open-iris; nothing but numpy, so that the generator of the
vectors can run where this project is not installed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SEEDS = (1, 2, 3)


def texture_and_mask(seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Smoothed random levels around 110 (integers throughout, so the same on every machine), and a mask with a lid, two
    spots and scattered holes; seed 1 hides nothing."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 2**16, (128, 512)).astype(np.int64)
    for axis, reach in ((1, 2), (1, 3), (0, 5), (0, 9)):
        levels = sum(np.roll(levels, step, axis=axis) for step in range(-reach, reach + 1)) // (2 * reach + 1)
    spread = int(np.abs(levels - levels.mean()).mean()) or 1
    texture = np.clip(110 + (levels - int(levels.mean())) * 14 // spread, 0, 255).astype(np.uint8)
    mask = np.ones((128, 512), np.bool_)
    if seed > 1:
        mask[40:, 330 + 10 * seed : 440] = False
        mask[:6, 100:112] = False
        mask[60:75, 5:20] = False
        mask[rng.integers(0, 128, 40), rng.integers(0, 512, 40)] = False
    return texture, mask
