"""What is measured on a segmented eye and its unrolled iris. `quality` says which values will do.

- `focus`: iris radius over the width of the pupil's edge (standard deviation of the blur that would make it,
  along the worst of four directions, so that motion counts).
- `off_gaze`: sqrt(1 - (b/a)^2) of the oval a x b that the pupil's edge follows: the sine of the angle away from the
  camera, if the pupil itself is round. The limbus says less: its upper and lower parts are hidden.
- `code_contrast`: how strong a texture the iris network sees.
- `code_noise`: what the sensor's noise alone would leave of that.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Contour, Doubles, sample_polar, turn
from model.pipeline.evidence import PupilEvidence

_FOCUS_SECTORS = 16
_NOISE_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)

__all__ = ["TextureStrength", "code_contrast", "code_noise", "focus", "off_gaze"]


def off_gaze(found: PupilEvidence) -> float:
    """See the module's text."""
    stretch = min(found.stretch, 0.9)
    axes = (1 - stretch) / (1 + stretch)
    return float(np.sqrt(1 - axes**2))


def focus(image: npt.NDArray[np.float32], pupil: Contour, limbus: Contour) -> float:
    """See the module's text. `image` is the picture before any blur.

    The width of the edge is the distance between a quarter and three quarters of its rise, over 1.349 as for the
    integral of a Gaussian; median profiles of 16 sectors, in four directions through the pupil.
    """
    room = min(0.6 * pupil.mean_radius_px, 0.8 * (limbus.mean_radius_px - pupil.mean_radius_px))
    reach = min(0.2 * limbus.mean_radius_px, room)
    across = np.linspace(-reach, reach, 61)
    angles = turn(_FOCUS_SECTORS * 8)
    radii = pupil.radius_px(angles)[None] + across[:, None]
    profiles = sample_polar(image, (pupil.x_px, pupil.y_px), radii, angles)
    sectors = np.median(profiles.reshape(len(across), _FOCUS_SECTORS, 8), axis=2)  # (61, 16)
    low = float(np.median(np.percentile(sectors[:20], 30, axis=0)))
    high = np.median(sectors[-15:], axis=0)
    risen = (sectors - low) / np.maximum(high - low, 1.0)
    steps = np.array([_rise_steps(profile) for profile in risen.T])
    if np.isnan(steps).sum() > _FOCUS_SECTORS // 2:
        return 0.0
    width_px = np.where(np.isnan(steps), np.nanmedian(steps), steps) * (across[1] - across[0]) / 1.349
    # Sector s and its opposite s + 8 lie in one direction; 3 o'clock is between sectors 15 and 0. Blur widens all four
    # sectors of a direction, a lid, a lash or a lamp one or two: the two sharpest count.
    pairs = np.roll(width_px, 1).reshape(2, 4, 2)
    by_direction = np.sort(pairs.transpose(1, 0, 2).reshape(4, 4), axis=1)[:, :2].mean(axis=1)
    return float(limbus.mean_radius_px / max(float(by_direction.max()), 0.1))


def _rise_steps(profile: Doubles) -> float:
    """Samples (and parts) from the last quarter to the first three quarters after it; float64[61] in, with the edge
    in the middle. The whole profile where it never rises that far, and not a number where a lamp's reflection hides
    the dark side."""
    low = np.flatnonzero(profile[: len(profile) * 2 // 3] <= 0.25)
    if low.size == 0:
        return float("nan")
    start = int(low[-1])
    if profile[start + 1] <= 0.25:  # still dark where the edge should have ended
        return float(len(profile))
    high = np.flatnonzero(profile[start:] >= 0.75)
    if high.size == 0:
        return float(len(profile))
    end = start + int(high[0])
    before = (0.25 - profile[start]) / (profile[start + 1] - profile[start])
    after = (profile[end] - 0.75) / (profile[end] - profile[end - 1])
    return float(end - start - before - after)


def code_contrast(texture: Doubles, valid: npt.NDArray[np.bool_]) -> float:
    """What the iris network's odd kernel sees: 1.48 times the median size of the difference between neighbouring
    means of 8 x 12 texels, in grey levels; float64[64, 480] in, masked texels already neutral."""
    cells = texture.reshape(8, 8, 120, 4).mean(axis=(1, 3))
    shares = valid.reshape(8, 8, 120, 4).mean(axis=(1, 3))
    box, seen = _three(cells) / 3, _three(shares) / 3
    difference = np.abs(np.roll(box, -3, axis=1) - box)
    usable = np.minimum(seen, np.roll(seen, -3, axis=1)) > 0.7
    return float(1.48 * np.median(difference[usable])) if usable.sum() >= 100 else 0.0


def _three(cells: Doubles) -> Doubles:
    return np.asarray(cells + np.roll(cells, -1, axis=1) + np.roll(cells, -2, axis=1), np.float64)


@dataclass(frozen=True)
class TextureStrength:
    """What the iris network's odd kernel sees, in grey levels of the image."""

    contrast: float
    """1.48 times the median size of the kernel's response: texture and noise together."""
    noise: float
    """What the sensor's noise alone would leave of it."""

    @property
    def signal_to_noise(self) -> float:
        """The texture without the noise, over the noise. With s of it, a symbol turns with probability
        arctan(1 / s) / pi (two normal variables): 0.15 at s = 2, 0.25 at s = 1."""
        signal = float(np.sqrt(max(self.contrast**2 - self.noise**2, 0.0)))
        return signal / max(self.noise, 1e-9)


def code_noise(pixels: npt.NDArray[np.uint8], pupil: Contour, limbus: Contour) -> float:
    """What independent noise of the pixels leaves of the difference of two of the network's boxes, in grey levels.

    The noise's spread comes from the mask [1 -2 1; -2 4 -2; 1 -2 1], to which edges and slopes are silent (Immerkaer
    1996), as 1.48 times the median size over the ring between pupil and limbus, over the mask's norm of 6; it counts
    rounding to whole grey levels too. A box covers an eighth of the ring's width and three of its 120 columns.
    """
    inner_px, outer_px = pupil.mean_radius_px, limbus.mean_radius_px
    top, left = (max(0, int(centre - outer_px)) for centre in (limbus.y_px, limbus.x_px))
    part = pixels[top : int(limbus.y_px + outer_px) + 2, left : int(limbus.x_px + outer_px) + 2].astype(np.float32)
    xx, yy = (np.arange(size, dtype=np.float32) for size in part.shape[::-1])
    yy = yy[:, None]
    ring = np.hypot(xx + left - limbus.x_px, yy + top - limbus.y_px) < 0.95 * outer_px
    ring &= np.hypot(xx + left - pupil.x_px, yy + top - pupil.y_px) > 1.1 * inner_px
    response = np.abs(cv2.filter2D(part, cv2.CV_32F, _NOISE_MASK))[ring]
    spread = 1.48 * float(np.median(response)) / 6 if response.size else 0.0
    pixels_of_box = max(1.0, (outer_px - inner_px) / 8) * max(1.0, 3 * np.pi * (inner_px + outer_px) / 120)
    return float(spread * np.sqrt(2 / pixels_of_box))
