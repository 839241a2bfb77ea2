"""Eyelids and lashes of a capture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from model.synthetic._pose import Grid, Pose
from model.synthetic.eye import SyntheticEye

Floats = npt.NDArray[np.float32]
_SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class Lids:
    """Two parabolas y(x) in iris radii; `opening` moves the upper one from the lower one (0) to its place (1)."""

    upper: float
    tilt: float
    lower: float
    opening: float

    @classmethod
    def of(cls, pose: Pose, opening: float) -> Lids:
        return cls(upper=pose.lid_opening, tilt=pose.lid_tilt, lower=pose.lower_lid, opening=opening)

    def lower_edge(self, x: Floats) -> Floats:
        return np.asarray(self.lower - 0.28 * x**2 + self.tilt * x, np.float32)

    def upper_edge(self, x: Floats) -> Floats:
        wide_open = -self.upper + 0.45 * x**2 + self.tilt * x
        closed = self.lower_edge(x) + 0.02
        return np.asarray(closed + self.opening * (np.minimum(wide_open, closed) - closed), np.float32)


def paint_lids(
    picture: Floats, grid: Grid, lids: Lids, eye: SyntheticEye, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Skin above and below, a shadow of the upper lid, a wet bright rim of the lower one."""
    upper, lower = lids.upper_edge(grid.x), lids.lower_edge(grid.x)
    below_upper, above_lower = grid.y - upper, lower - grid.y
    grain = cv2.GaussianBlur(rng.standard_normal(picture.shape).astype(np.float32), (0, 0), 1.5) * 10
    pores = cv2.GaussianBlur(rng.standard_normal(picture.shape).astype(np.float32), (0, 0), 6.0) * 40
    crease = -30 * np.exp(-(((below_upper + 0.32 + 0.05 * grid.x) / 0.05) ** 2))
    rounding = 18 * np.cos(grid.y * 2.0 + rng.uniform(-0.4, 0.4)) - 10 * np.abs(grid.x) ** 1.5
    skin = eye.skin_level + rounding + grain + pores + crease

    shade = np.where(below_upper > 0, 35 * np.exp(-np.clip(below_upper, 0, 9) / 0.07), 0)
    shaded = picture - np.minimum(shade, 0.5 * picture)
    rim = 22 * np.exp(-(((above_lower + 0.04) / 0.03) ** 2))
    softness = np.float32(0.012)
    cover = 1 / (1 + np.exp(np.clip(np.minimum(below_upper, above_lower) / softness, -50, 50)))
    lidded = np.minimum(below_upper, above_lower) < 0
    return (shaded * (1 - cover) + (skin + rim) * cover).astype(np.float32), lidded


def draw_lashes(
    picture: Floats, pose: Pose, lids: Lids, eye: SyntheticEye, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Dark curved hairs on both lid margins; nearly half of the upper ones hang into the eye."""
    layer = np.zeros(picture.shape, np.uint8)
    hairs = [(True, x) for x in rng.uniform(-1.35, 1.35, eye.lash_count)]
    hairs += [(False, x) for x in rng.uniform(-1.2, 1.2, eye.lash_count // 3)]
    along = np.linspace(0, 1, 9)
    thin_px = max(1, round(pose.iris_radius_px / 90))
    for on_upper, x in hairs:
        root = np.array([x], np.float32)
        root_y = float((lids.upper_edge(root) if on_upper else lids.lower_edge(root))[0])
        length = rng.uniform(0.12, 0.40) * (1.0 if on_upper else 0.55)
        lean = rng.normal(0.5 * x, 0.25) * length
        hangs = on_upper and rng.random() < 0.45
        grows = length * (0.8 if hangs else -1.0 if on_upper else 1.0)
        curve = np.stack([x + lean * (along + 0.4 * along**2), root_y + grows * (along - 0.3 * along**2)], axis=1)
        points = np.round(pose.to_pixels(curve) * 2**_SUBPIXEL_BITS).astype(np.int32)
        darkness, thickness = int(rng.integers(120, 235)), thin_px + int(rng.random() < 0.3)
        half = points[:6]
        cv2.polylines(layer, [points], False, darkness, thin_px, cv2.LINE_AA, _SUBPIXEL_BITS)
        cv2.polylines(layer, [half], False, darkness, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    cover = cv2.GaussianBlur(layer, (3, 3), 0.6).astype(np.float32) / 255
    return (picture * (1 - cover) + 42 * cover).astype(np.float32), cover > 0.3
