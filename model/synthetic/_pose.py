"""Where the eye stands in a capture: geometry shared by the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model.synthetic.eye import SyntheticEye
from protocol.types import EyeSide

if TYPE_CHECKING:
    from model.synthetic.capture import CaptureConditions

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]

_NASAL_SHIFT = 0.045
"""Pupils lie towards the nose: to the right of a right eye in a picture. How far, in iris radii, is a guess."""


@dataclass(frozen=True)
class Pose:
    """Positions in pixels, the rest in iris radii and radians."""

    centre_px: tuple[float, float]
    iris_radius_px: float
    foreshortening: tuple[float, float]
    rotation_rad: float
    pupil_ratio: float
    pupil_offset: tuple[float, float]
    pupil_shape: tuple[float, float]
    lid_opening: float
    lid_tilt: float
    lower_lid: float

    def to_pixels(self, points: Points) -> Points:
        """(n, 2) iris radii -> (n, 2) pixels."""
        scale = self.iris_radius_px * np.array(self.foreshortening)
        return np.asarray(np.array(self.centre_px) + points * scale, np.float64)

    def pupil_radius(self, angle_rad: Floats | Points) -> Points:
        a, b = self.pupil_shape
        bulge = a * np.cos(2 * angle_rad) + b * np.sin(2 * angle_rad)
        return np.asarray(self.pupil_ratio * (1 + bulge), np.float64)


@dataclass(frozen=True, eq=False)
class Grid:
    """float32[H, W] each: position in iris radii, rubber-sheet radius (0 pupil, 1 limbus) and angle."""

    x: Floats
    y: Floats
    radial: Floats
    angle_rad: Floats


def pose_of(eye: SyntheticEye, conditions: CaptureConditions, rng: np.random.Generator) -> Pose:
    """Draw the pose of one capture."""

    def nuisance(spread: float) -> float:
        return float(rng.normal(0, spread * conditions.severity))

    radius_px = (conditions.iris_radius_px or 0.42 * conditions.height_px) * (1 + nuisance(0.015))
    shift_x, shift_y = conditions.centre_shift_px
    centre_px = (
        conditions.width_px / 2 + nuisance(0.10) * radius_px + shift_x,
        conditions.height_px / 2 + nuisance(0.06) * radius_px + shift_y,
    )
    yaw_rad, pitch_rad = nuisance(0.08) + conditions.yaw_rad, nuisance(0.06) + conditions.pitch_rad
    own_ratio = float(np.clip(eye.pupil_ratio + nuisance(0.04), 0.2, 0.65))
    # The pupil lies behind the cornea: looking aside moves it.
    nasal = 0.0 if conditions.side is None else _NASAL_SHIFT if conditions.side is EyeSide.RIGHT else -_NASAL_SHIFT
    offset = (eye.pupil_offset[0] + nasal + 0.05 * np.sin(yaw_rad), eye.pupil_offset[1] + 0.05 * np.sin(pitch_rad))
    return Pose(
        centre_px=centre_px,
        iris_radius_px=radius_px,
        foreshortening=(float(np.cos(yaw_rad)), float(np.cos(pitch_rad))),
        rotation_rad=nuisance(np.deg2rad(4)),
        pupil_ratio=own_ratio if conditions.pupil_ratio is None else conditions.pupil_ratio,
        pupil_offset=(float(offset[0]), float(offset[1])),
        pupil_shape=eye.pupil_shape,
        lid_opening=eye.lid_opening * (1 - 0.06 * abs(nuisance(1))),
        lid_tilt=eye.lid_tilt + nuisance(0.03),
        lower_lid=0.98 - 0.04 * abs(nuisance(1)),
    )


def iris_coordinates(pose: Pose, size_px: tuple[int, int]) -> Grid:
    """Invert the rubber sheet for every pixel by fixed-point steps (the pupil is nearly concentric)."""
    height_px, width_px = size_px
    yy, xx = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    x = (xx - np.float32(pose.centre_px[0])) / np.float32(pose.iris_radius_px * pose.foreshortening[0])
    y = (yy - np.float32(pose.centre_px[1])) / np.float32(pose.iris_radius_px * pose.foreshortening[1])
    radial = np.zeros_like(x)
    angle_rad = np.arctan2(y, x)
    for _ in range(4):
        inner = np.clip(1 - radial, 0, 1)
        from_x = x - inner * np.float32(pose.pupil_offset[0])
        from_y = y - inner * np.float32(pose.pupil_offset[1])
        angle_rad = np.arctan2(from_y, from_x)
        pupil = pose.pupil_radius(angle_rad).astype(np.float32)
        radial = (np.hypot(from_x, from_y) - pupil) / (1 - pupil)
    return Grid(x, y, radial.astype(np.float32), angle_rad.astype(np.float32))


def pupil_points_px(pose: Pose) -> Points:
    angles = np.deg2rad(np.arange(360.0))
    radius = np.asarray(pose.pupil_radius(angles))
    points = np.array(pose.pupil_offset) + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return pose.to_pixels(points)


def limbus_points_px(pose: Pose) -> Points:
    angles = np.deg2rad(np.arange(360.0))
    return pose.to_pixels(np.stack([np.cos(angles), np.sin(angles)], axis=1))
