"""What speaks for the boundaries of an eye: measured on a view of it, judged in `quality`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Circle, Contour, Doubles, sample_polar, turn
from model.pipeline._order import percentiles
from model.pipeline.eyelids import Eyelid
from model.pipeline.limbus import Lids, Limbus
from model.pipeline.pupil import TracedPupil

Bytes = npt.NDArray[np.uint8]

_LEAST_IN_PICTURE = 0.25

__all__ = ["LimbusEvidence", "PupilEvidence", "measure_limbus", "measure_pupil"]


@dataclass(frozen=True)
class PupilEvidence:
    """Grey levels of the view, and shares of the turn or of the area."""

    step: float
    """Median of the ring around the pupil, less the pupil's dark end (20th percentile)."""
    dark_share: float
    """Share of the pupil's area below the middle of that step."""
    ring_bright_share: float
    """Share of the ring around the pupil above it."""
    edge_share: float
    """Share of the turn in which the edge has at least a third of the step."""
    round_share: float
    """Share of the turn in which the strongest edge lies on an ellipse (`pupil.TracedPupil`)."""
    stretch: float
    """(a - b) / (a + b) of the oval that the edge follows."""
    lid_gap: float
    """From the upper lid's edge to the pupil's, in radii of the pupil; negative where the lid lies over it, and 1 where
    it is farther away than that."""


@dataclass(frozen=True)
class LimbusEvidence:
    """Grey levels of the view, and shares."""

    right_step: float
    left_step: float
    """Rise of the mean grey level across the limbus at either side; 0 where half of it is out of the picture."""
    edge_share: float
    """Share of the two sides' arcs, where in the picture, with at least 0.3 of their median rise."""
    rival: float
    """How nearly a circle of another size fits as well (`limbus.Limbus`)."""
    arc_deg: float
    """How much of the less open side of the limbus no lid hides and the picture shows: 160 at most. A side that lies
    out of the picture for the greater part is not looked at."""
    pupil_share: float
    """The pupil's mean radius over the circle's."""
    unevenness: float
    """Half the distance from the 16th to the 84th percentile over the sides of the iris, over the pupil's step: an
    iris has a texture, but a fine one."""


def measure_pupil(opened: Bytes, traced: TracedPupil, lids: Lids) -> PupilEvidence:
    """Compare the disc inside the pupil's contour with the ring around it."""
    angles = turn(96)
    # Square roots: samples spread evenly over the area.
    inside = _around(opened, traced.contour, np.sqrt(np.linspace(0.01, 0.92**2, 24)), angles)
    ring = _around(opened, traced.contour, np.linspace(1.12, 1.35, 8), angles)
    (dark,), (bright,) = percentiles(inside, 20), percentiles(ring, 50)
    middle = dark + 0.5 * (bright - dark)
    steps = ring.mean(axis=0) - _around(opened, traced.contour, np.linspace(0.7, 0.9, 5), angles).mean(axis=0)
    return PupilEvidence(
        step=bright - dark,
        dark_share=float((inside < middle).mean()),
        ring_bright_share=float((ring > middle).mean()),
        edge_share=float((steps > 0.35 * (bright - dark)).mean()),
        round_share=traced.round_share,
        stretch=traced.stretch,
        lid_gap=_lid_gap(traced.contour, lids[0]),
    )


def measure_limbus(
    smooth: Bytes, view: npt.NDArray[np.float32], found: tuple[Limbus, Lids], pupil: tuple[Contour, PupilEvidence]
) -> LimbusEvidence:
    """Look along the two sides, from 25 degrees above to 45 below the horizontal."""
    limbus, lids = found
    contour, evidence = pupil
    below = np.arange(-25.0, 46.0, 3.0)
    angles = np.deg2rad(np.concatenate([below, 180 - below]))
    circle = limbus.circle
    centre = (circle.x_px, circle.y_px)
    inner = sample_polar(view, centre, np.linspace(0.86, 0.95, 5) * circle.radius_px, angles).mean(axis=0)
    outer = sample_polar(view, centre, np.linspace(1.05, 1.14, 5) * circle.radius_px, angles).mean(axis=0)
    farthest_x = circle.x_px + 1.14 * circle.radius_px * np.cos(angles)
    rises = (outer - inner)[(farthest_x > 0) & (farthest_x < view.shape[1] - 1)]
    clear = rises > 0.3 * max(float(np.median(rises)), 1.0) if rises.size else np.zeros(1)
    nearest = max(1.25 * contour.mean_radius_px / circle.radius_px, 0.3)
    sides = sample_polar(smooth, centre, np.linspace(min(nearest, 0.9), 0.92, 12) * circle.radius_px, angles)
    darker, brighter = percentiles(sides, 16, 84)
    return LimbusEvidence(
        right_step=limbus.right_step,
        left_step=limbus.left_step,
        edge_share=float(clear.mean()),
        rival=limbus.rival,
        pupil_share=contour.mean_radius_px / circle.radius_px,
        arc_deg=_open_arc_deg(circle, lids, view.shape),
        unevenness=(brighter - darker) / 2 / max(evidence.step, 1.0),
    )


def _lid_gap(pupil: Contour, upper: Eyelid | None) -> float:
    if upper is None:
        return 1.0
    angles = turn(96)
    radii = pupil.radius_px(angles)
    x, y = pupil.x_px + radii * np.cos(angles), pupil.y_px + radii * np.sin(angles)
    return min(float((y - upper.edge_y_px(x)).min()) / pupil.mean_radius_px, 1.0)


def _open_arc_deg(circle: Circle, lids: Lids, shape: tuple[int, ...]) -> float:
    below = np.deg2rad(np.arange(-80.0, 80.0))
    arcs = []
    for towards in (1, -1):
        x = circle.x_px + towards * circle.radius_px * np.cos(below)
        y = circle.y_px + circle.radius_px * np.sin(below)
        shown = (x > 1) & (x < shape[1] - 2) & (y > 1) & (y < shape[0] - 2)
        if shown.mean() < _LEAST_IN_PICTURE:
            continue
        for lid in lids:
            if lid is not None:
                shown &= lid.shows(x, y, 0.0)
        arcs.append(float(shown.sum()))
    return min(arcs, default=0.0)


def _around(image: Bytes, contour: Contour, shares: Doubles, angles: Doubles) -> Doubles:
    """Samples at shares of the contour's own radius, float64[shares, angles]."""
    radii = shares[:, None] * contour.radius_px(angles)[None]
    return sample_polar(image, (contour.x_px, contour.y_px), radii, angles)
