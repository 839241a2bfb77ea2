"""The limbus: where the iris meets the sclera.

An integro-differential search (Daugman 1993): the circle across whose lateral arcs the mean grey level rises most,
seen through a narrow and a wide window. Only the sides of the eye are looked at: above and below are the lids.
All lengths are pixels of a view (`_views`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import (
    ANGLES,
    Circle,
    Contour,
    Doubles,
    agreed_circle,
    closed_path,
    distance_px,
    fit_contour,
    sample_polar,
    turn,
)
from model.pipeline._order import median
from model.pipeline.eyelids import Eyelid

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Lids = tuple[Eyelid | None, Eyelid | None]
"""The upper and the lower one, where they reach over the iris."""

MIN_RADIUS_PX, MAX_RADIUS_PX = 17.0, 158.0
_UNSEEN = 0.3
_HALF_WEIGHT_OFFSET = 0.16
"""Pupils lie off the limbus' centre by a twentieth of its radius, give or take; seen from aside by a little more."""
_RIVAL_DISTANCE = 1 / 8
_REFINED_BY = 0.06
"""Farther off, the edge points are more often a lid's than the limbus'."""
_RIDGE = np.array([0.0, 1.0, 1.0, 4.0, 4.0])
"""Two harmonics: an eye that looks aside shows an ellipse."""

__all__ = [
    "SIDES",
    "Arc",
    "Lids",
    "Limbus",
    "find_limbus",
    "limbus_view",
    "refine_limbus",
    "trace_limbus",
    "without_hairs",
]


@dataclass(frozen=True)
class Limbus:
    """`score` ranks circles; `right_step` and `left_step` are the rises in grey levels across the two sides
    (3 o'clock and 9 o'clock), 0 for a side of which less than half lies in the picture."""

    circle: Circle
    score: float
    right_step: float
    left_step: float
    rival: float
    """Score of the best circle with a radius that differs by more than an eighth, over `score`: near 1 where it is
    a toss which of two edges is the limbus; at least 0."""


@dataclass(frozen=True)
class Arc:
    """A part of either side of the limbus: from one angle below the horizontal to another, in degrees."""

    highest_deg: float
    lowest_deg: float


SIDES = Arc(-25.0, 45.0)


@dataclass(frozen=True, eq=False)
class _Search:
    """Circles to try: every centre (n, 2) with every radius; `step_px` apart."""

    centres_px: Doubles
    radii_px: Doubles
    degrees: Doubles
    """Angles below the horizontal, the same at both sides."""


def without_hairs(smooth: Bytes) -> Bytes:
    """The image with hairs and spots opened away."""
    opened = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.GaussianBlur(opened, (0, 0), 2.0), np.uint8)


def limbus_view(hairless: Bytes, pupil: Circle) -> npt.NDArray[np.float32]:
    """`without_hairs`, the pupil flattened to the iris around it and the contrast clipped, so that the limbus is the
    strongest edge left."""
    view = hairless.copy()
    centre = (pupil.x_px, pupil.y_px)
    ring, farther = (
        median(sample_polar(view, centre, np.linspace(least, least + 0.3, 8) * pupil.radius_px, turn(72)))
        for least in (1.2, 1.8)
    )
    cv2.circle(view, (round(pupil.x_px), round(pupil.y_px)), round(1.18 * pupil.radius_px), ring, -1)
    # The zone around a pupil may be brighter than the rest of its iris, which must not be clipped to it.
    return np.clip(view.astype(np.float32), min(ring, farther) - 12, ring + 110)


def find_limbus(
    view: npt.NDArray[np.float32], pupil: Circle, sides: Arc = SIDES, about_px: float | None = None
) -> Limbus | None:
    """The best circle around the pupil, coarse then fine; None where no radius is possible.

    `sides` is the part of either side that is looked at: lids may hide the rest. `about_px` asks for a radius within a
    fifth of it.
    """
    arc = np.arange(sides.highest_deg, sides.lowest_deg + 0.5, 3.0)
    nearest = max(1.3 * pupil.radius_px + 4, MIN_RADIUS_PX)
    farthest = min(6.0 * pupil.radius_px, MAX_RADIUS_PX, 0.75 * max(view.shape))
    if about_px is not None:
        nearest, farthest = max(nearest, 0.8 * about_px), min(farthest, 1.2 * about_px)
    if farthest - nearest < 12:
        return None
    offsets = np.arange(-12.0, 13.0, 4.0)
    coarse = _best(view, pupil, _Search(_centres(pupil, offsets, pupil), np.arange(nearest, farthest, 2.0), arc[::2]))
    around = np.arange(coarse.circle.radius_px - 5, coarse.circle.radius_px + 5.5)
    around = around[(around >= nearest) & (around <= farthest)]
    fine = _best(view, pupil, _Search(_centres(coarse.circle, np.arange(-3.0, 4.0), pupil), around, arc))
    return replace(fine, rival=coarse.rival)


def refine_limbus(view: npt.NDArray[np.float32], found: Limbus, sides: Arc = SIDES) -> Limbus:
    """The circle that most edge points at the sides agree with: twice, and only where it stays near the one found
    and more points agree with it than with that one."""
    circle = found.circle
    for _ in range(2):
        x_px, y_px, usable = _side_points(view, circle)
        below_deg = np.rad2deg(np.arcsin(np.clip((y_px - circle.y_px) / circle.radius_px, -1, 1)))
        usable &= (below_deg > sides.highest_deg) & (below_deg < sides.lowest_deg)
        if usable.sum() < ANGLES // 6:
            break
        x_px, y_px = x_px[usable], y_px[usable]
        tolerance_px = 0.018 * circle.radius_px + 0.5
        fitted = agreed_circle(x_px, y_px, tolerance_px)
        moved = float(np.hypot(fitted.x_px - found.circle.x_px, fitted.y_px - found.circle.y_px))
        near = abs(fitted.radius_px - found.circle.radius_px) <= _REFINED_BY * found.circle.radius_px
        before, after = (int((distance_px(c, x_px, y_px) < tolerance_px).sum()) for c in (circle, fitted))
        if moved > _REFINED_BY * found.circle.radius_px or not near or after < before:
            break
        circle = fitted
    return replace(found, circle=circle)


def trace_limbus(view: npt.NDArray[np.float32], circle: Circle, lids: Lids) -> Contour:
    """A free contour close to the circle, from clear edge points at the sides that no lid hides.

    Elsewhere it follows the circle: under lids and lashes the strongest edge is seldom the limbus.
    """
    x_px, y_px, usable = _side_points(view, circle)
    for lid in lids:
        if lid is not None:
            usable &= lid.shows(x_px, y_px, 0.06 * circle.radius_px)
    usable &= distance_px(circle, x_px, y_px) < 0.015 * circle.radius_px + 0.5
    return fit_contour(circle, (x_px[usable], y_px[usable]), _RIDGE, max_deviation=0.08)


def _side_points(view: npt.NDArray[np.float32], circle: Circle) -> tuple[Doubles, Doubles, npt.NDArray[np.bool_]]:
    """Edge points all around, and which of them lie at the sides, in the picture and on a clear edge."""
    x_px, y_px, strength = _edge_points(view, circle)
    height_px, width_px = view.shape
    angle_deg = np.rad2deg(turn(ANGLES))
    usable = (angle_deg <= 55) | (angle_deg >= 335) | ((angle_deg >= 125) & (angle_deg <= 205))
    usable &= (x_px > 2) & (x_px < width_px - 3) & (y_px > 2) & (y_px < height_px - 3)
    if usable.any():
        usable &= strength > 0.4 * float(np.median(strength[usable]))
    return x_px, y_px, usable


def _centres(around: Circle, offsets: Doubles, pupil: Circle) -> Doubles:
    dx, dy = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
    centres = np.stack([around.x_px + dx, around.y_px + dy], axis=1)
    off_pupil = np.hypot(centres[:, 0] - pupil.x_px, centres[:, 1] - pupil.y_px)
    near = off_pupil <= max(0.3 * pupil.radius_px + 6, float(off_pupil.min()))
    return centres[near]


def _best(view: npt.NDArray[np.float32], pupil: Circle, search: _Search) -> Limbus:
    step_px = float(search.radii_px[1] - search.radii_px[0]) if len(search.radii_px) > 1 else 1.0
    reach = int(np.ceil(0.15 * search.radii_px[-1] / step_px)) + 1
    first = search.radii_px[0] - reach * step_px
    radii = first + step_px * np.arange(len(search.radii_px) + 2 * reach)
    sums, known = _arc_sums(view, search, radii)

    at = np.arange(reach, reach + len(search.radii_px))
    narrow = np.clip(search.radii_px / (18 * step_px), 1, 5 / step_px).round().astype(np.intp)
    wide = np.clip(0.14 * search.radii_px / step_px, 2, None).round().astype(np.intp)
    known_steps = _rise(sums, known, at, np.maximum(narrow, 1))  # (centres, 2 sides, radii)
    broad = _rise(sums, known, at, wide)
    steps, broad = _mirrored(known_steps), _mirrored(broad)
    clear, weak = np.minimum(steps, 60).sum(axis=1), np.clip(steps.min(axis=1), 0, 40)
    off_pupil = np.hypot(search.centres_px[:, 0] - pupil.x_px, search.centres_px[:, 1] - pupil.y_px)
    off_share = off_pupil[:, None] / search.radii_px
    ratio = pupil.radius_px / search.radii_px
    unusual = 60 * (np.clip(ratio - 0.68, 0, None) + np.clip(0.22 - ratio, 0, None))
    score = (clear + 2 * weak + 0.5 * np.minimum(broad, 60).sum(axis=1)) * _usual_centre(off_share) - unusual
    centre, radius = np.unravel_index(int(np.argmax(score)), score.shape)
    x, y = search.centres_px[centre]
    right, left = known_steps[centre, :, radius]
    circle = Circle(float(x), float(y), float(search.radii_px[radius]))
    winner = float(score[centre, radius])
    others = score[:, np.abs(search.radii_px / circle.radius_px - 1) > _RIVAL_DISTANCE]
    rival = max(float(others.max()), 0.0) / max(winner, 1e-9) if others.size else 0.0
    return Limbus(circle, winner, float(right), float(left), rival)


def _usual_centre(off_share: Doubles) -> Doubles:
    """Weight of circles whose centre lies off the pupil's by this share of their radius: 0.91 at a twentieth. Lids cut
    the iris to a shape that a lower, smaller circle fits too."""
    return np.asarray(1 / (1 + (off_share / _HALF_WEIGHT_OFFSET) ** 2), np.float64)


def _arc_sums(view: npt.NDArray[np.float32], search: _Search, radii: Doubles) -> tuple[Floats, Floats]:
    """Cumulative sums over the radii, float32[radii + 1, centres, 2, angles] of the levels along every ray, and
    float32[radii + 1, centres, 2] of whether at least half of a side's arc lies in the picture."""
    degrees = search.degrees
    angles = np.deg2rad(np.concatenate([degrees, 180 - degrees])).astype(np.float32)
    radii32, centres = np.maximum(radii, 0).astype(np.float32)[:, None], search.centres_px.astype(np.float32)
    x = (radii32 * np.cos(angles))[:, None] + centres[:, 0, None]
    y = (radii32 * np.sin(angles))[:, None] + centres[:, 1, None]
    height_px, width_px = view.shape
    flat = (len(radii) * len(centres), len(angles))
    found = cv2.remap(view, x.reshape(flat), y.reshape(flat), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    shape = (len(radii), len(centres), 2, len(degrees))
    seen = (x >= 1) & (x <= width_px - 2) & (y >= 1) & (y <= height_px - 2)
    shown = seen.reshape(-1, len(degrees)).astype(np.float32) @ np.ones(len(degrees), np.float32)  # whole numbers
    known = (shown >= 0.5 * len(degrees)).reshape(shape[:3])
    return _summed(np.asarray(found, np.float32).reshape(shape)), _summed(known.astype(np.float32))


def _summed(steps: Floats) -> Floats:
    """Cumulative sums along the first axis, from 0 on. `np.cumsum` walks through memory the long way there."""
    sums = np.zeros((len(steps) + 1, *steps.shape[1:]), np.float32)
    for step, before, after in zip(steps, sums, sums[1:], strict=False):
        np.add(before, step, out=after)
    return sums


def _rise(levels: Floats, known: Floats, at: npt.NDArray[np.intp], window: npt.NDArray[np.intp]) -> Doubles:
    """How much brighter `window` samples outside are than as many inside: (centres, 2 sides, radii).

    Over each arc, the squared mean of signed square roots: a weak edge all along it counts for more than a strong
    one along a part of it, such as a lid's. 0 where too much is out of the picture.
    """
    steps = levels[at + 1 + window]
    steps -= levels[at + 1]
    steps -= levels[at]
    steps += levels[at - window]
    steps /= window.astype(np.float32)[:, None, None, None]
    roots = np.abs(steps)
    np.sqrt(roots, out=roots)
    roots = np.copysign(roots, steps, out=roots).mean(axis=3)
    rise = np.sign(roots) * roots**2
    outer_known, inner_known = known[at + 1 + window] - known[at + 1], known[at] - known[at - window]
    enough = 0.7 * window[:, None, None]
    complete = (outer_known >= enough) & (inner_known >= enough)
    return np.asarray(np.where(complete, rise, 0.0).transpose(1, 2, 0), np.float64)


def _mirrored(steps: Doubles) -> Doubles:
    """A side that is out of the picture is taken to be a little like the other one: circles that leave the picture
    are neither preferred nor ruled out."""
    return np.where(steps == 0.0, _UNSEEN * steps[:, ::-1], steps)


def _edge_points(view: npt.NDArray[np.float32], circle: Circle) -> tuple[Doubles, Doubles, Doubles]:
    """The closed path of steepest rise within 12 % of the circle: x, y and the rise, at `ANGLES` angles."""
    angles = turn(ANGLES)
    nearest, farthest = 0.88 * circle.radius_px, 1.12 * circle.radius_px
    radii = np.linspace(nearest, farthest, max(9, int((farthest - nearest) * 2) + 1))
    polar = sample_polar(view, (circle.x_px, circle.y_px), radii, angles).astype(np.float32)
    rising = np.clip(cv2.Sobel(polar, cv2.CV_32F, 0, 1, ksize=7), 0, None)
    slope = np.asarray(cv2.GaussianBlur(rising, (5, 3), 0), np.float64)
    rows = closed_path(-slope / (float(slope.max()) + 1e-6), step_cost=0.02)
    radius = radii[rows]
    strength = slope[rows, np.arange(ANGLES)]
    return circle.x_px + radius * np.cos(angles), circle.y_px + radius * np.sin(angles), strength
