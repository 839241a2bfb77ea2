"""Eye image -> pupil, limbus and lids.

The search runs on a working copy, about 320 pixels wide, blurred by 2 pixels and stretched where its contrast
is poor; what it finds is given in pixels of the image itself. Texture is sampled elsewhere, from the image itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline import quality
from model.pipeline._geometry import Circle, Contour, turn
from model.pipeline.evidence import LimbusEvidence, PupilEvidence, measure_limbus, measure_pupil
from model.pipeline.eyelids import Eyelid, find_eyelid
from model.pipeline.image import EyeImage
from model.pipeline.limbus import Limbus, find_limbus, limbus_view, refine_limbus, trace_limbus
from model.pipeline.pupil import PupilCandidate, find_pupils, trace_pupil, without_glints
from protocol.errors import QualityError

Bytes = npt.NDArray[np.uint8]

WORKING_WIDTH_PX = 320
_NORMAL_SPAN = 120
"""Grey levels between the 0.5th and the 99th percentile below which the working copy is stretched."""
_MOST_GAIN = 5.0

__all__ = ["Segmentation", "segment"]


@dataclass(frozen=True)
class Segmentation:
    """Boundaries in pixels of the image; `gain` is by how much the working copy's contrast was raised."""

    pupil: Contour
    limbus: Contour
    upper_lid: Eyelid | None
    lower_lid: Eyelid | None
    pupil_evidence: PupilEvidence
    limbus_evidence: LimbusEvidence
    gain: float

    def iris_mask(self, width_px: int, height_px: int) -> npt.NDArray[np.bool_]:
        """bool[height, width]: between pupil and limbus and under no lid."""
        ring = np.zeros((height_px, width_px), np.uint8)
        for contour, value in ((self.limbus, 1), (self.pupil, 0)):
            points = np.round(contour.points_px(turn(360)) * 16).astype(np.int32)
            cv2.fillPoly(ring, [points], value, cv2.LINE_8, 4)
        inside = ring > 0
        yy, xx = np.mgrid[0:height_px, 0:width_px].astype(np.float64)
        for lid in (self.upper_lid, self.lower_lid):
            if lid is not None:
                inside &= lid.shows(xx, yy, 0.0)
        return inside


@dataclass(frozen=True, eq=False)
class _Working:
    """The image to search in; `scale` is working pixels per image pixel."""

    smooth: Bytes = field(repr=False)
    opened: Bytes = field(repr=False)
    scale: float
    gain: float


@dataclass(frozen=True)
class _Candidate:
    pupil: PupilCandidate
    limbus: Limbus

    @property
    def score(self) -> float:
        """Roundness and contrast of the pupil, times what lies around it."""
        return self.pupil.score * max(self.limbus.score, 0.0)


def segment(image: EyeImage) -> Segmentation:
    """Raises `QualityError` where there is no eye, more than one, or one whose boundaries cannot be trusted."""
    working = _working_copy(image)
    candidates = _candidates(working)
    quality.require_candidate(len(candidates))
    traced = _trace(working, candidates[0])
    traced.check()
    limbus = traced.limbus
    quality.require_one_eye(_another_eye(working, candidates[1:], limbus))

    upper = find_eyelid(working.smooth, traced.pupil_circle, limbus, upper=True)
    lower = find_eyelid(working.smooth, traced.pupil_circle, limbus, upper=False)
    contour = trace_limbus(limbus_view(working.smooth, traced.pupil_circle), limbus, (upper, lower))
    back = 1 / working.scale
    return Segmentation(
        pupil=traced.pupil.scaled(back),
        limbus=contour.scaled(back),
        upper_lid=upper.scaled(back) if upper else None,
        lower_lid=lower.scaled(back) if lower else None,
        pupil_evidence=traced.pupil_evidence,
        limbus_evidence=traced.limbus_evidence,
        gain=working.gain,
    )


def _working_copy(image: EyeImage) -> _Working:
    scale = min(1.0, WORKING_WIDTH_PX / image.width_px) if image.width_px > 1.25 * WORKING_WIDTH_PX else 1.0
    pixels: Bytes = image.pixels
    if scale < 1.0:
        size = (WORKING_WIDTH_PX, round(image.height_px * scale))
        scale = WORKING_WIDTH_PX / image.width_px
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    smooth = cv2.GaussianBlur(pixels, (0, 0), 2.0).astype(np.float32)
    low, high = np.percentile(smooth, (0.5, 99))
    gain = float(np.clip(_NORMAL_SPAN / max(float(high - low), 1.0), 1.0, _MOST_GAIN))
    if gain > 1.0:
        smooth = (smooth - low) * gain + min(float(low), 20.0)
    levels = np.clip(smooth, 0, 255).astype(np.uint8)
    return _Working(levels, without_glints(levels), scale, gain)


def _candidates(working: _Working) -> list[_Candidate]:
    """Dark round things with a brighter surrounding at both sides, best first."""
    found = []
    for pupil in find_pupils(working.opened):
        limbus = find_limbus(limbus_view(working.smooth, pupil.circle), pupil.circle)
        if limbus is not None:
            found.append(_Candidate(pupil, limbus))
    return sorted(found, key=lambda candidate: -candidate.score)


@dataclass(frozen=True)
class _Traced:
    """Exact boundaries of a candidate, in the working image, and what speaks for them."""

    pupil: Contour
    limbus: Circle
    pupil_evidence: PupilEvidence
    limbus_evidence: LimbusEvidence

    @property
    def pupil_circle(self) -> Circle:
        return Circle(self.pupil.x_px, self.pupil.y_px, self.pupil.mean_radius_px)

    def check(self) -> None:
        """Raises `QualityError` where this is no eye."""
        quality.check_pupil(self.pupil_evidence)
        quality.check_limbus(self.limbus_evidence)


def _trace(working: _Working, candidate: _Candidate) -> _Traced:
    traced = trace_pupil(working.opened, candidate.pupil.circle)
    pupil = traced.contour
    circle = Circle(pupil.x_px, pupil.y_px, pupil.mean_radius_px)
    view = limbus_view(working.smooth, circle)
    limbus = refine_limbus(view, find_limbus(view, circle) or candidate.limbus)
    of_pupil = measure_pupil(working.opened, traced, candidate.pupil.score)
    of_limbus = measure_limbus(working.smooth, view, limbus, (pupil, of_pupil))
    return _Traced(pupil, limbus.circle, of_pupil, of_limbus)


def _another_eye(working: _Working, others: list[_Candidate], first: Circle) -> float:
    """Distance in iris radii from the first eye to another candidate that is an eye as well; 0 if there is none."""
    for other in others:
        apart = float(np.hypot(other.limbus.circle.x_px - first.x_px, other.limbus.circle.y_px - first.y_px))
        size = other.limbus.circle.radius_px / first.radius_px
        if apart < 1.5 * first.radius_px or not 0.65 <= size <= 1.55:
            continue
        try:
            _trace(working, other).check()
        except QualityError:
            continue
        return apart / first.radius_px
    return 0.0
