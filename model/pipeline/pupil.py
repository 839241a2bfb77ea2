"""Where the pupil may be, and its contour.

All lengths are pixels of a view (`_views`). The ladder of thresholds, the shape limits and the score come from a
prototype that segmented 96 to 99 % of two public sets of near-infrared eyes; this implementation itself, which
works at half resolution, was measured on synthetic eyes only.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import (
    ANGLES,
    Circle,
    Contour,
    Doubles,
    agreed_oval,
    closed_path,
    fit_contour,
    sample_polar,
    turn,
)
from model.pipeline._order import grey_percentiles, median, medians_of_rows, percentiles

Bytes = npt.NDArray[np.uint8]

MIN_RADIUS_PX, MAX_RADIUS_PX = 7.0, 92.0
_RIDGE = np.array([0.0, 0.25, 0.25, 1.0, 1.0, 2.0, 2.0])
"""Three harmonics: pupils are not quite round."""

_RING_SHARES = np.linspace(0.5, 1.5, 21)
_SCORED_SHARES = np.concatenate([_RING_SHARES, np.linspace(0.2, 0.8, 13)])
"""Of a blob's radius: where its surroundings and its core are sampled."""

_GLINT_STEP = 35
_LAMP_PX = 31
"""Wider than a lamp's reflection, narrower than a pupil."""
_LAMP_STEP, _LAMP_LEAD = 40, 8
_CERTAIN_LAMP_STEP = 160

__all__ = [
    "PupilCandidate",
    "TracedPupil",
    "find_pupils",
    "trace_pupil",
    "without_glints",
    "without_lamps",
    "without_large_glints",
]


@dataclass(frozen=True)
class PupilCandidate:
    """A dark round thing. `score` is its contrast in grey levels, less for what is small, not round or far off the
    middle."""

    circle: Circle
    score: float


def without_glints(image: Bytes) -> Bytes:
    """The image without bright spots smaller than about 9 px: opened, then smoothed."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    opened = cv2.morphologyEx(image, cv2.MORPH_OPEN, kernel)
    return np.asarray(cv2.GaussianBlur(opened, (5, 5), 0), np.uint8)


def without_lamps(image: Bytes) -> Bytes:
    """The image (not yet blurred) without the lamps' reflections: spots brighter than any larger surface in it,
    or much brighter than what they stand on. Left in a pupil, they cost it its darkness in `find_pupils`.

    Skin between lashes is bright too, but no brighter than other skin.
    """
    calm = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), np.uint8)  # or every noisy pixel would be a lamp
    ground = np.asarray(cv2.morphologyEx(calm, cv2.MORPH_OPEN, np.ones((_LAMP_PX, _LAMP_PX), np.uint8)), np.uint8)
    step = cv2.subtract(calm, ground)
    (brightest,) = grey_percentiles(ground, 99)
    spots = (step > _CERTAIN_LAMP_STEP) | ((step > _LAMP_STEP) & (calm > brightest + _LAMP_LEAD))
    grown = cv2.dilate(spots.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    return np.where(grown > 0, ground, image)


def without_large_glints(opened: Bytes, pupil: Circle) -> Bytes:
    """`opened` without bright spots up to nearly half as wide as the pupil, in and around it."""
    side = max(3, int(0.9 * pupil.radius_px) | 1)
    reach = round(1.5 * pupil.radius_px) + side
    top, left = max(0, round(pupil.y_px) - reach), max(0, round(pupil.x_px) - reach)
    part = opened[top : round(pupil.y_px) + reach, left : round(pupil.x_px) + reach]
    ground = cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    spots = cv2.dilate((cv2.subtract(part, ground) > _GLINT_STEP).astype(np.uint8), np.ones((5, 5), np.uint8))
    cleaned = opened.copy()
    cleaned[top : top + part.shape[0], left : left + part.shape[1]] = np.where(spots > 0, ground, part)
    return cleaned


def find_pupils(opened: Bytes, limit: int = 6) -> list[PupilCandidate]:
    """The best dark round blobs, best first, at most `limit`; no two alike.

    `opened` comes from `without_glints`. Blobs are the connected parts below each of a ladder of thresholds,
    holes (large reflections) filled, hairs cut off by openings of three sizes; at half resolution.
    """
    half = np.asarray(cv2.resize(opened, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    darkest = int(grey_percentiles(half, 0.5)[0])
    first = max(darkest + 4, 8)
    thresholds = [*range(first, first + 24, 6), *range(first + 24, min(darkest + 110, 150), 9)]
    circles: list[PupilCandidate] = []
    for threshold in thresholds:
        for contour in _blobs(half, threshold):
            found = _score(half, contour)
            if found is not None:
                circles.append(found)
    circles.sort(key=lambda candidate: -candidate.score)
    kept: list[PupilCandidate] = []
    for candidate in circles:
        if all(_apart(candidate.circle, other.circle) for other in kept):
            kept.append(candidate)
        if len(kept) == limit:
            break
    return [PupilCandidate(_doubled(candidate.circle), candidate.score) for candidate in kept]


@dataclass(frozen=True)
class TracedPupil:
    contour: Contour
    round_share: float
    """Share of the turn in which the strongest edge lies within 4 % of the radius (and half a pixel) of an ellipse."""
    stretch: float
    """(a - b) / (a + b) of the oval a x b that most of the edge follows: 0 for a circle."""


def trace_pupil(opened: Bytes, start: Circle, rounds: int = 3) -> TracedPupil:
    """The pupil's contour from a rough circle: rounds of the strongest closed edge and the ellipse that most of it
    agrees with, then a Fourier contour through the edge points near that ellipse."""
    circle, angles = start, turn(ANGLES)
    for _ in range(rounds):
        x_px, y_px = _strongest_edge(opened, circle, angles)
        oval = agreed_oval(circle, (x_px, y_px), 0.05 * circle.radius_px + 1.0)
        circle = oval.circle
    near = oval.off_px < 0.05 * circle.radius_px + 1.0
    return TracedPupil(
        contour=fit_contour(circle, (x_px[near], y_px[near]), _RIDGE, max_deviation=0.15),
        round_share=float((oval.off_px < 0.04 * circle.radius_px + 0.5).mean()),
        stretch=oval.stretch,
    )


def _strongest_edge(opened: Bytes, circle: Circle, angles: Doubles) -> tuple[Doubles, Doubles]:
    centre = (circle.x_px, circle.y_px)
    nearest, farthest = max(3.0, 0.65 * circle.radius_px), 1.35 * circle.radius_px + 2
    radii = np.linspace(nearest, farthest, int((farthest - nearest) * 2) + 1)
    polar = sample_polar(opened, centre, radii, angles)
    few = turn(72)
    inside = median(sample_polar(opened, centre, np.linspace(2, 0.6 * circle.radius_px, 12), few))
    ring = sample_polar(opened, centre, np.linspace(1.15, 1.35, 6) * circle.radius_px, few)
    (outside,) = percentiles(ring, 30)
    # Clipped between pupil and iris: neither a reflection nor the sclera outbids the edge.
    clipped = np.clip(polar, inside, max(inside + 8, inside + 0.85 * (outside - inside))).astype(np.float32)
    slope = cv2.GaussianBlur(cv2.Sobel(clipped, cv2.CV_32F, 0, 1, ksize=5), (5, 3), 0)
    rise = np.asarray(np.clip(slope, 0, None), np.float64)
    usual = percentiles(rise.max(axis=0), 50)[0] + 1e-6
    rows = closed_path(-np.minimum(rise / usual, 1.5), step_cost=0.05)
    radius = radii[rows]
    return centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)


def _blobs(half: Bytes, threshold: int) -> list[npt.NDArray[np.int32]]:
    """Outer contours of what is darker than `threshold`, after each opening."""
    dark = (half < threshold).astype(np.uint8)
    contours, tree = cv2.findContours(dark, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return []
    holes = [c for c, links in zip(contours, tree[0], strict=True) if links[3] >= 0 and cv2.contourArea(c) < 650]
    cv2.drawContours(dark, holes, -1, 1, -1)
    found: list[npt.NDArray[np.int32]] = []
    for size in (3, 7, 13):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        opened = cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel)
        outer, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        found += [np.asarray(c, np.int32) for c in outer if len(c) >= 12]
    return found


def _score(half: Bytes, contour: npt.NDArray[np.int32]) -> PupilCandidate | None:
    """None for what is no pupil: wrong size, not round, at the border, no brighter ring around it."""
    hull = cv2.convexHull(contour)
    area, hull_area = cv2.contourArea(contour), cv2.contourArea(hull)
    radius = float(np.sqrt(hull_area / np.pi))
    if not MIN_RADIUS_PX / 2 <= radius <= MAX_RADIUS_PX / 2 or len(hull) < 5:
        return None
    (x, y), (one_axis, other_axis), _ = cv2.fitEllipse(hull)
    aspect = min(one_axis, other_axis) / max(one_axis, other_axis, 1e-3)
    solidity = area / hull_area
    height_px, width_px = half.shape
    margin = 0.8 * radius
    whole = margin <= x <= width_px - margin and margin <= y <= height_px - margin
    if aspect < 0.6 or solidity < 0.75 or not whole:
        return None
    # From near the middle outwards: the dark inner part of an iris is bright beside the pupil that it surrounds.
    both = sample_polar(half, (x, y), _SCORED_SHARES * radius, turn(72))
    rings, core = both[: len(_RING_SHARES)], both[len(_RING_SHARES) :]
    (outside,) = percentiles(rings[14:17].mean(axis=0), 25)
    darker, brighter = percentiles(core, 15, 85)
    inside = median(rings[2:9])
    contrast = min(max(outside - inside, -50.0), 60.0) - 0.5 * (brighter - darker)
    if contrast < 3:
        return None
    roundness = 4 * np.pi * hull_area / cv2.arcLength(hull, True) ** 2
    off_middle = np.hypot(x - width_px / 2, y - height_px / 2) / np.hypot(width_px / 2, height_px / 2)
    score = contrast * min(1.0, radius / 12) * roundness**2 * aspect * solidity**2 * (1 - 0.35 * off_middle)
    # A blob ends where its threshold lies, the pupil halfway up its edge.
    risen = (medians_of_rows(rings) > (inside + outside) / 2) & (_RING_SHARES > 0.8) & (_RING_SHARES < 1.25)
    edge = float(_RING_SHARES[np.argmax(risen)]) if risen.any() else 1.0
    return PupilCandidate(Circle(float(x), float(y), radius * edge), float(score))


def _apart(one: Circle, other: Circle) -> bool:
    """Another place, or another size: a dark iris around a pupil is a candidate of its own."""
    small, large = sorted((one.radius_px, other.radius_px))
    distance = np.hypot(one.x_px - other.x_px, one.y_px - other.y_px)
    return bool(distance > 0.5 * large or large > 1.6 * small)


def _doubled(circle: Circle) -> Circle:
    return Circle(circle.x_px * 2 + 0.5, circle.y_px * 2 + 0.5, circle.radius_px * 2)
