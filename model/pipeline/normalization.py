"""Segmented eye -> unrolled iris (the rubber sheet of Daugman 1993), with what hides it masked."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Doubles, turn
from model.pipeline.image import EyeImage
from model.pipeline.segmentation import Segmentation
from protocol.types import TEXTURE_COLS, TEXTURE_ROWS

Texels = npt.NDArray[np.uint8]

_NEUTRAL = 128.0
_SPREAD = 36.0
"""Standard deviation, in levels, that the texture is stretched to: seven of them span a byte."""
_MOST_GAIN = 8.0
_BURNT_OUT = 250.0

__all__ = ["UnrolledIris", "unroll"]


@dataclass(frozen=True, eq=False)
class UnrolledIris:
    """Radius (pupil to limbus) x angle (from 3 o'clock, clockwise in the image). Private: never in `repr`."""

    texture: Texels = field(repr=False)
    """uint8[64, 480], 1..255: stretched so that its mean is 128; hidden texels carry their row's mean."""
    valid: npt.NDArray[np.bool_] = field(repr=False)
    """bool[64, 480]: not hidden by lids, lashes, reflections or the border of the image."""
    levels: Doubles = field(repr=False)
    """float64[64, 480]: the same texture in grey levels of the image, before it was stretched."""


def unroll(image: EyeImage, found: Segmentation) -> UnrolledIris:
    """Sample the image, blurred by 1 % of the iris radius (at least 1 px), at 64 x 480 points between the contours.

    Every ray runs from the pupil's contour to the limbus at the same angle around each one's own centre.
    """
    x, y = _sheet(found)  # (64, 480) each
    blur_px = max(1.0, found.limbus.mean_radius_px / 100)
    blurred = cv2.GaussianBlur(image.pixels.astype(np.float32), (0, 0), blur_px)
    levels = cv2.remap(
        blurred, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float64)

    valid = (x >= 0) & (x <= image.width_px - 1) & (y >= 0) & (y <= image.height_px - 1)
    margin_px = 0.02 * found.limbus.mean_radius_px
    for lid in (found.upper_lid, found.lower_lid):
        if lid is not None:
            valid &= lid.shows(x, y, margin_px)
    valid &= ~_lashes_and_glints(levels, valid, found.gain)
    filled = _fill_rows(levels, valid)
    return UnrolledIris(_stretch(filled, valid), valid, filled)


def _sheet(found: Segmentation) -> tuple[Doubles, Doubles]:
    angles = turn(TEXTURE_COLS)
    share = ((np.arange(TEXTURE_ROWS) + 0.5) / TEXTURE_ROWS)[:, None]
    inner, outer = found.pupil.points_px(angles), found.limbus.points_px(angles)
    return (1 - share) * inner[:, 0] + share * outer[:, 0], (1 - share) * inner[:, 1] + share * outer[:, 1]


def _lashes_and_glints(levels: Doubles, valid: npt.NDArray[np.bool_], gain: float) -> npt.NDArray[np.bool_]:
    """Texels far darker or brighter (3 and 3.5 robust deviations) than the sides of the iris, and their neighbours.

    The sides, 20 degrees above to 50 below the horizontal, are hidden least; a lid that was missed is not part of
    what it is judged by.
    """
    angle_deg = np.rad2deg(turn(TEXTURE_COLS))
    sides = (angle_deg <= 50) | (angle_deg >= 340) | ((angle_deg >= 130) & (angle_deg <= 200))
    seen = levels[:, sides][valid[:, sides]]
    if seen.size < 500:
        return np.zeros_like(valid)
    middle = float(np.median(seen))
    deviation = 1.48 * float(np.median(np.abs(seen - middle))) + 3 / gain
    outlying = (levels < middle - 3.0 * deviation) | (levels > min(middle + 3.5 * deviation, _BURNT_OUT))
    # The sheet wraps round: grow the spots across column 0 as well.
    wrapped = np.concatenate([outlying[:, -3:], outlying, outlying[:, :3]], axis=1).astype(np.uint8)
    return np.asarray(cv2.dilate(wrapped, np.ones((3, 5), np.uint8))[:, 3:-3] > 0, np.bool_)


def _fill_rows(levels: Doubles, valid: npt.NDArray[np.bool_]) -> Doubles:
    """Hidden texels take the mean of their row's visible ones, or of all visible ones where a row has none."""
    everywhere = float(levels[valid].mean()) if valid.any() else _NEUTRAL
    count = valid.sum(axis=1)
    means = np.where(count > 0, (levels * valid).sum(axis=1) / np.maximum(count, 1), everywhere)
    return np.where(valid, levels, means[:, None])


def _stretch(levels: Doubles, valid: npt.NDArray[np.bool_]) -> Texels:
    """Same texture at a standard brightness and contrast: codes depend on neither, but bytes round the faint ones."""
    seen = levels[valid]
    if seen.size == 0:
        return np.full(levels.shape, int(_NEUTRAL), np.uint8)
    gain = min(_MOST_GAIN, _SPREAD / max(float(seen.std()), 1e-6))
    stretched = np.round(_NEUTRAL + gain * (levels - float(seen.mean())))
    return np.asarray(np.clip(stretched, 1, 255), np.uint8)
