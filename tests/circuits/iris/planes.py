"""Planes made from a seed: nobody's eye."""

from __future__ import annotations

import numpy as np

from protocol.types import Plane, PlaneName


def random_plane(name: PlaneName, seed: int) -> Plane:
    low, high = (0, 2) if name.is_mask else (1, 256)
    return Plane(name, np.random.default_rng(seed).integers(low, high, name.cells, dtype=np.uint8).tobytes())


def plane_of(name: PlaneName, value: int) -> Plane:
    return Plane(name, bytes([value]) * name.cells)
