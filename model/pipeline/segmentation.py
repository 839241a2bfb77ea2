"""Eye image -> pupil, limbus and lids.

Candidates are found on a view of the whole image, boundaries on a close-up (`_views`); they are given in pixels of
the image itself. Texture is sampled elsewhere, from the image itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline import quality
from model.pipeline._geometry import Circle, Contour, turn
from model.pipeline._views import View, close_up, close_up_of, search_view
from model.pipeline.evidence import LimbusEvidence, PupilEvidence, measure_limbus, measure_pupil
from model.pipeline.eyelids import Eyelid, find_eyelids
from model.pipeline.image import EyeImage
from model.pipeline.limbus import (
    SIDES,
    Arc,
    Lids,
    Limbus,
    find_limbus,
    limbus_view,
    refine_limbus,
    trace_limbus,
)
from model.pipeline.pupil import PupilCandidate, find_pupils, trace_pupil, without_large_glints
from protocol.errors import QualityError

Floats = npt.NDArray[np.float32]

_SHORTEST_ARC_DEG = 30.0
"""Of either side of the limbus, between the lids: with less of it, the whole sides are the better guide."""

__all__ = ["Segmentation", "Sighting", "follow", "segment", "sight"]


@dataclass(frozen=True)
class Segmentation:
    """Boundaries in pixels of the image."""

    pupil: Contour
    limbus: Contour
    upper_lid: Eyelid | None
    lower_lid: Eyelid | None
    pupil_evidence: PupilEvidence
    limbus_evidence: LimbusEvidence
    gain: float
    """By how much the contrast of the view was raised for the search."""
    another_eye_radii: float
    """Distance to a second eye, in iris radii; 0 if there is none."""

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


@dataclass(frozen=True)
class Sighting:
    """What looks most like an eye, before anything is judged. Boundaries in pixels of the image."""

    pupil_score: float
    pupil: Contour
    limbus: Circle
    pupil_evidence: PupilEvidence
    limbus_evidence: LimbusEvidence


@dataclass(frozen=True)
class _Candidate:
    """A dark round thing with a brighter surrounding at both sides, in the search view."""

    pupil: PupilCandidate
    limbus: Limbus

    @property
    def score(self) -> float:
        """Roundness and contrast of the pupil, times what lies around it."""
        return self.pupil.score * max(self.limbus.score, 0.0)


@dataclass(frozen=True, eq=False)
class _Traced:
    """Exact boundaries of a candidate in its close-up, and what speaks for them."""

    view: View
    edges: Floats = field(repr=False)
    """Of the limbus."""
    pupil: Contour
    limbus: Circle
    lids: Lids
    pupil_evidence: PupilEvidence
    limbus_evidence: LimbusEvidence

    def check(self) -> None:
        """Raises `QualityError` where this is no eye."""
        quality.enforce(quality.pupil_gates(self.pupil_evidence))
        quality.enforce(quality.limbus_gates(self.limbus_evidence))


def segment(image: EyeImage) -> Segmentation:
    """Raises `QualityError` where there is no eye, or one whose boundaries cannot be trusted."""
    search = search_view(image)
    candidates = _candidates(search)
    quality.enforce(quality.candidate_gates(candidates[0].pupil.score if candidates else 0.0))
    traced = _trace(image, search, candidates[0])
    traced.check()
    return _segmentation(traced, _distance_to_another_eye(image, search, candidates))


def follow(image: EyeImage, last: Segmentation) -> Segmentation:
    """The eye of a moment ago in the next frame: for guidance, at half of `segment`'s cost, never for a capture.

    It is sought near where it was and between the lids as they were, the pupil's edge in one round. A second eye is
    not looked for. Raises `QualityError` as `segment`, where the eye may only have moved too far: search again.
    """
    view = close_up_of(image, last.limbus.circle)
    opened = without_large_glints(view.opened, start := view.circle_from_image(last.pupil.circle))
    traced = trace_pupil(opened, start, rounds=1)
    pupil = traced.contour.circle
    edges = limbus_view(view.hairless, pupil)
    before = view.circle_from_image(last.limbus.circle)
    limbus = find_limbus(edges, pupil) or Limbus(before, 0.0, 0.0, 0.0, 0.0)  # which no gate lets through
    arc = _open_arc(before, (view.lid_from_image(last.upper_lid), view.lid_from_image(last.lower_lid)))
    if arc is not None:
        again = find_limbus(edges, pupil, arc, limbus.circle.radius_px)
        limbus = limbus if again is None else replace(again, rival=limbus.rival)
    limbus = refine_limbus(edges, limbus, arc or SIDES)
    lids = find_eyelids(view.lid_edges, pupil, limbus.circle)
    of_pupil = measure_pupil(opened, traced, lids)
    of_limbus = measure_limbus(view.smooth, edges, (limbus, lids), (traced.contour, of_pupil))
    found = _Traced(view, edges, traced.contour, limbus.circle, lids, of_pupil, of_limbus)
    found.check()
    return _segmentation(found, last.another_eye_radii)


def _segmentation(traced: _Traced, another_eye_radii: float) -> Segmentation:
    view, (upper, lower) = traced.view, traced.lids
    return Segmentation(
        pupil=view.contour_in_image(traced.pupil),
        limbus=view.contour_in_image(trace_limbus(traced.edges, traced.limbus, traced.lids)),
        upper_lid=view.lid_in_image(upper),
        lower_lid=view.lid_in_image(lower),
        pupil_evidence=traced.pupil_evidence,
        limbus_evidence=traced.limbus_evidence,
        gain=view.gain,
        another_eye_radii=another_eye_radii,
    )


def sight(image: EyeImage) -> Sighting | None:
    """The best candidate for an eye, good or bad, for showing why it was refused; None where there is none at all."""
    search = search_view(image)
    candidates = _candidates(search)
    if not candidates:
        return None
    traced = _trace(image, search, candidates[0])
    return Sighting(
        pupil_score=candidates[0].pupil.score,
        pupil=traced.view.contour_in_image(traced.pupil),
        limbus=traced.view.circle_in_image(traced.limbus),
        pupil_evidence=traced.pupil_evidence,
        limbus_evidence=traced.limbus_evidence,
    )


def _candidates(search: View) -> list[_Candidate]:
    """Best first."""
    found = []
    for pupil in find_pupils(search.opened):
        limbus = find_limbus(limbus_view(search.hairless, pupil.circle), pupil.circle)
        if limbus is not None:
            found.append(_Candidate(pupil, limbus))
    return sorted(found, key=lambda candidate: -candidate.score)


def _trace(image: EyeImage, search: View, candidate: _Candidate) -> _Traced:
    view = close_up(image, search, candidate.limbus.circle)
    start = search.circle_in(view, candidate.pupil.circle)
    opened = without_large_glints(view.opened, start)
    traced = trace_pupil(opened, start)
    pupil = traced.contour.circle
    edges = limbus_view(view.hairless, pupil)
    limbus = find_limbus(edges, pupil) or candidate.limbus
    limbus = refine_limbus(edges, limbus)
    lids = find_eyelids(view.lid_edges, pupil, limbus.circle)
    arc = _open_arc(limbus.circle, lids)
    if arc is not None:
        # Lids cut the iris to a shape that a lower, smaller circle fits too: once more, between them.
        again = find_limbus(edges, pupil, arc, limbus.circle.radius_px)
        if again is not None:
            limbus = refine_limbus(edges, replace(again, rival=limbus.rival), arc)
            lids = find_eyelids(view.lid_edges, pupil, limbus.circle)
    of_pupil = measure_pupil(opened, traced, lids)
    of_limbus = measure_limbus(view.smooth, edges, (limbus, lids), (traced.contour, of_pupil))
    return _Traced(view, edges, traced.contour, limbus.circle, lids, of_pupil, of_limbus)


def _open_arc(limbus: Circle, lids: Lids) -> Arc | None:
    """The part of both sides that no lid hides; None for the whole of them, or too little."""
    below_deg = np.arange(SIDES.highest_deg, SIDES.lowest_deg + 0.5)
    x = limbus.radius_px * np.cos(np.deg2rad(below_deg))
    y = limbus.y_px + limbus.radius_px * np.sin(np.deg2rad(below_deg))
    shown = np.ones(len(below_deg), np.bool_)
    for lid in lids:
        if lid is not None:
            margin_px = 0.05 * limbus.radius_px
            shown &= lid.shows(limbus.x_px + x, y, margin_px) & lid.shows(limbus.x_px - x, y, margin_px)
    seen_deg = below_deg[shown]
    if shown.all() or not shown.any() or seen_deg[-1] - seen_deg[0] < _SHORTEST_ARC_DEG:
        return None
    return Arc(float(seen_deg[0]), float(seen_deg[-1]))


def _distance_to_another_eye(image: EyeImage, search: View, candidates: list[_Candidate]) -> float:
    """From the best candidate to another that is an eye of about its size, in iris radii; 0 if there is none."""
    first = candidates[0].limbus.circle
    for other in candidates[1:]:
        circle = other.limbus.circle
        apart = float(np.hypot(circle.x_px - first.x_px, circle.y_px - first.y_px)) / first.radius_px
        if apart < 1.5 or not 0.65 <= circle.radius_px / first.radius_px <= 1.55:
            continue
        try:
            _trace(image, search, other).check()
        except QualityError:
            continue
        return apart
    return 0.0
