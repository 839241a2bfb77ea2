"""Presentation attacks: is there a living eye before the camera? Asked of several frames of about two seconds.

- `pupil_variation`: a living pupil is never at rest (hippus). Refuses prints and stills.
- `sheet_lead`: when a pupil widens, the texture of a real iris moves with it, as on a rubber sheet; that of paper
  with a hole stays. How much better the first explains the frames with the narrowest and the widest pupil.
- `grid_peak`: halftone dots and screen pixels leave a sharp peak in the spectrum; eyes, skin and lashes do not.

NO SUBSTITUTE FOR A CERTIFIED SENSOR. The limits were set, and the error rates measured, on synthetic frames and
synthetic attacks only (`model.synthetic.attacks`): nothing is known about real ones. A screen finer than the camera
resolves, a patterned lens, a glass eye that moves or pictures fed in past the camera pass every test here. No test
uses the lamps' reflections: that asks for a lamp under the program's control.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Doubles, turn
from model.pipeline.image import EyeImage
from model.pipeline.pipeline import Inspection, inspect_eye
from model.pipeline.quality import Gate, enforce
from protocol.errors import InputError, QualityError
from protocol.types import EyeSide, NormalizedIris

MIN_FRAMES, MIN_DURATION_S = 6, 1.0
MIN_PUPIL_VARIATION = 0.005
MIN_SHEET_LEAD = 0.0
MAX_GRID_PEAK = 40.0

_WINDOW_PX = 192
_HINT = "hold a living eye before the camera for two seconds, without glasses; a blink does no harm"

__all__ = ["LivenessFigures", "check_liveness", "liveness_gates", "measure_liveness", "normalize_eye_from_frames"]


@dataclass(frozen=True)
class LivenessFigures:
    usable_frames: int
    """Frames that passed the quality gates; blinks do not."""
    duration_s: float
    """From the first usable frame to the last."""
    pupil_variation: float
    """Standard deviation of the pupil-to-iris ratio, or that of the pupil's radius over the usual one of the iris,
    whichever is less: a limbus found now here and now there moves the first alone, a print that comes nearer the
    second."""
    sheet_lead: float
    """Correlation of the texture on the rubber sheet, less that at fixed distances from the limbus; -2..2."""
    grid_peak: float
    """Highest power of periods from 2 to 8 pixels over the mean of its ring in the spectrum."""


def check_liveness(frames: Sequence[EyeImage], times_s: Sequence[float]) -> LivenessFigures:
    """Raises `QualityError` with the measure that speaks against a living eye, and `InputError` for times that do not
    rise."""
    figures = measure_liveness(frames, times_s)
    enforce(liveness_gates(figures))
    return figures


def measure_liveness(frames: Sequence[EyeImage], times_s: Sequence[float]) -> LivenessFigures:
    """As `check_liveness`, without judging."""
    return _measure(_usable(frames, times_s))


def normalize_eye_from_frames(
    frames: Sequence[EyeImage], times_s: Sequence[float], *, eye_side: EyeSide, captured_at: int
) -> NormalizedIris:
    """The sharpest usable frame's normalised iris, after the test of liveness. Raises as `check_liveness`."""
    usable = _usable(frames, times_s, eye_side, captured_at)
    enforce(liveness_gates(_measure(usable)))
    return max((seen.inspection.iris for seen in usable), key=lambda iris: iris.quality.focus)


def liveness_gates(figures: LivenessFigures) -> tuple[Gate, ...]:
    few = "too few frames show a usable eye"
    still = "the pupil does not move: a print or a still picture?"
    flat = "the iris does not move with the pupil: paper with a hole?"
    grid = "the picture has a grid: a print or a screen?"
    return (
        Gate("usable_frames", figures.usable_frames, MIN_FRAMES, few, _HINT),
        Gate("duration_s", figures.duration_s, MIN_DURATION_S, few, _HINT),
        Gate("grid_peak", figures.grid_peak, MAX_GRID_PEAK, grid, _HINT, at_most=True),
        Gate("pupil_variation", figures.pupil_variation, MIN_PUPIL_VARIATION, still, _HINT),
        Gate("sheet_lead", figures.sheet_lead, MIN_SHEET_LEAD, flat, _HINT),
    )


@dataclass(frozen=True, eq=False)
class _Frame:
    image: EyeImage
    time_s: float
    inspection: Inspection

    @property
    def ratio(self) -> float:
        return self.inspection.measured.geometry.pupil_to_iris_ratio


def _usable(
    frames: Sequence[EyeImage], times_s: Sequence[float], eye_side: EyeSide = EyeSide.LEFT, captured_at: int = 0
) -> list[_Frame]:
    if len(frames) != len(times_s) or not all(a < b for a, b in pairwise(times_s)):
        raise InputError("every frame needs a time in seconds, each later than the one before")
    found = []
    for image, time_s in zip(frames, times_s, strict=True):
        try:
            found.append(_Frame(image, time_s, inspect_eye(image, eye_side=eye_side, captured_at=captured_at)))
        except QualityError:
            continue
    return found


def _measure(usable: Sequence[_Frame]) -> LivenessFigures:
    """Figures of usable frames; those that need more frames than there are speak against a living eye."""
    if len(usable) < 2:
        return LivenessFigures(len(usable), 0.0, 0.0, -1.0, 0.0)
    by_ratio = sorted(usable, key=lambda frame: frame.ratio)
    return LivenessFigures(
        usable_frames=len(usable),
        duration_s=float(usable[-1].time_s - usable[0].time_s),
        pupil_variation=_pupil_variation(usable),
        sheet_lead=_sheet_lead(by_ratio[0], by_ratio[-1]),
        grid_peak=float(np.median([_grid_peak(frame.image.pixels) for frame in usable])),
    )


def _pupil_variation(usable: Sequence[_Frame]) -> float:
    found = [frame.inspection.segmentation for frame in usable]
    iris_px = float(np.median([eye.limbus.mean_radius_px for eye in found]))
    pupils = [eye.pupil.mean_radius_px / iris_px for eye in found]
    return min(float(np.std([frame.ratio for frame in usable])), float(np.std(pupils)))


def _sheet_lead(narrow: _Frame, wide: _Frame) -> float:
    """Both samplings from the ring that is iris in both frames."""
    radii = np.linspace(wide.ratio + 0.04, 0.9, 24)
    same_place = [_ring(frame, radii) for frame in (narrow, wide)]
    share = (radii - wide.ratio) / (1 - wide.ratio)
    moved = _ring(narrow, narrow.ratio + share * (1 - narrow.ratio))
    return _correlation(moved, same_place[1]) - _correlation(same_place[0], same_place[1])


def _ring(frame: _Frame, radii: Doubles) -> Doubles:
    """Grey levels at shares of the limbus' radius, at the sides of the iris; float64[24, 160], its rows and columns of
    mean 0."""
    found = frame.inspection.segmentation
    angles = turn(480)
    angles = angles[np.abs(np.sin(angles)) < 0.5]
    pupil, limbus = found.pupil, found.limbus
    share = ((radii - frame.ratio) / (1 - frame.ratio))[:, None]
    inner, outer = pupil.points_px(angles), limbus.points_px(angles)
    x = (1 - share) * inner[:, 0] + share * outer[:, 0]
    y = (1 - share) * inner[:, 1] + share * outer[:, 1]
    smooth = cv2.GaussianBlur(frame.image.pixels.astype(np.float32), (0, 0), max(1.0, limbus.mean_radius_px / 100))
    levels = cv2.remap(smooth, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    levels = np.asarray(levels, np.float64)
    # What all radii have in common (fibres) tells the two apart as little as what all angles have.
    return np.asarray(levels - levels.mean(axis=0) - levels.mean(axis=1, keepdims=True) + levels.mean(), np.float64)


def _correlation(a: Doubles, b: Doubles) -> float:
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-9))


def _grid_peak(pixels: npt.NDArray[np.uint8]) -> float:
    height_px, width_px = pixels.shape
    top, left = (height_px - _WINDOW_PX) // 2, (width_px - _WINDOW_PX) // 2
    part = pixels[top : top + _WINDOW_PX, left : left + _WINDOW_PX].astype(np.float32)
    part = part - cv2.GaussianBlur(part, (0, 0), 3.0)
    part = np.clip(part, -20, 20)  # lashes and reflections are strong, and not what is sought
    window = np.hanning(_WINDOW_PX)
    power = np.abs(np.fft.fft2(part * window[:, None] * window[None])) ** 2
    frequency = np.fft.fftfreq(_WINDOW_PX)
    distance = np.hypot(frequency[:, None], frequency[None])
    ring = np.round(distance * _WINDOW_PX / 4).astype(np.intp)
    mean = np.bincount(ring.ravel(), power.ravel()) / np.maximum(np.bincount(ring.ravel()), 1)
    band = (distance >= 0.125) & (distance <= 0.5)
    return float((power / np.maximum(mean[ring], 1e-9))[band].max())
