"""Upper and lower eyelid as parabolas across the iris.

The parabola with the strongest mean vertical edge wins, and counts only if it stands out from the iris' own
texture. Lengths are pixels of a view (`_views`). The limit on the thin edge comes from a prototype that was measured on
two public sets of near-infrared eyes; the limit on the broad step was set on synthetic eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Circle, Doubles

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

MIN_EDGE = 11.0
"""Mean Sobel response by which a lid's edge exceeds 1.6 times the iris' own."""
MIN_STEP = 15.0
"""Grey levels by which skin is brighter than iris, in the squared mean of square roots along the edge."""

_HEIGHTS = np.arange(0.20, 0.98, 0.02)  # distance from the limbus centre, in iris radii
_BENDS = np.array([0.0, 0.15, 0.3, 0.45])
_TILTS = np.array([-0.15, 0.0, 0.15])

__all__ = ["Eyelid", "find_eyelid"]


@dataclass(frozen=True)
class Eyelid:
    """The edge y = y_px + tilt * u + bend_per_px * u^2 with u = x - x_px; an upper lid hides what is above it."""

    upper: bool
    x_px: float
    y_px: float
    tilt: float
    bend_per_px: float

    def edge_y_px(self, x_px: Doubles) -> Doubles:
        u = x_px - self.x_px
        return np.asarray(self.y_px + self.tilt * u + self.bend_per_px * u**2, np.float64)

    def shows(self, x_px: Doubles, y_px: Doubles, margin_px: float) -> npt.NDArray[np.bool_]:
        """Which points lie in the open, at least `margin_px` from the edge."""
        edge = self.edge_y_px(x_px)
        return np.asarray(y_px > edge + margin_px if self.upper else y_px < edge - margin_px, np.bool_)

    def scaled(self, factor: float) -> Eyelid:
        """The same edge in an image resized by `factor`."""
        x, y = (self.x_px + 0.5) * factor - 0.5, (self.y_px + 0.5) * factor - 0.5
        return Eyelid(self.upper, x, y, self.tilt, self.bend_per_px / factor)

    def moved(self, dx_px: float, dy_px: float) -> Eyelid:
        return Eyelid(self.upper, self.x_px + dx_px, self.y_px + dy_px, self.tilt, self.bend_per_px)


def find_eyelid(smooth: Bytes, pupil: Circle, limbus: Circle, *, upper: bool) -> Eyelid | None:
    """The lid's edge over the iris, or None where no edge stands out: the lid is clear of the iris.

    Where no thin edge stands out (lashes break it up), a broad step from bright skin to the iris will do.
    """
    edges = _vertical_edges(smooth)
    parabolas = _Parabolas.over(limbus, upper=upper)
    # Close to the limbus, its own edge is tangent to the lid's and would be mistaken for it; so would the pupil's.
    thin = parabolas.strength(np.minimum(edges, 120), pupil, limbus, 1.12)
    best = int(np.argmax(thin))
    if thin[best] - 1.6 * _texture_edges(edges, pupil, limbus) > MIN_EDGE:
        return parabolas.eyelid(best, limbus, upper=upper)
    broad = parabolas.strength(np.clip(_broad_steps(smooth, upper=upper), 0, None) ** 0.5, pupil, limbus, 1.3)
    best = int(np.argmax(broad))
    return parabolas.eyelid(best, limbus, upper=upper) if broad[best] ** 2 > MIN_STEP else None


@dataclass(frozen=True, eq=False)
class _Parabolas:
    """Every parabola tried, (468, 60) points, with its height, bend and tilt, (468, 1) each."""

    height: Doubles
    bend: Doubles
    tilt: Doubles
    x_px: Doubles
    y_px: Doubles
    upper: bool

    @classmethod
    def over(cls, limbus: Circle, *, upper: bool) -> _Parabolas:
        towards, radius = (-1.0 if upper else 1.0), limbus.radius_px
        height, bend, tilt = (grid.ravel()[:, None] for grid in np.meshgrid(_HEIGHTS, _BENDS, _TILTS, indexing="ij"))
        u = np.linspace(-0.85, 0.85, 60)[None] * radius
        x = limbus.x_px + np.broadcast_to(u, (len(height), 60))
        y = limbus.y_px + towards * height * radius - towards * bend * u**2 / radius + tilt * u
        return cls(height, bend, tilt, x, y, upper)

    def strength(self, response: Floats, pupil: Circle, limbus: Circle, clear_of_pupil: float) -> Doubles:
        """Mean response along each parabola's part over the iris, times the root of how much that is; (468,)."""
        height_px, width_px = response.shape
        x, y = self.x_px, self.y_px
        counted = np.hypot(x - limbus.x_px, y - limbus.y_px) < 0.93 * limbus.radius_px
        counted &= np.hypot(x - pupil.x_px, y - pupil.y_px) > clear_of_pupil * pupil.radius_px
        counted &= (x > 1) & (x < width_px - 2) & (y > 1) & (y < height_px - 2)
        rows = np.clip(y.round().astype(np.intp), 0, height_px - 1)
        columns = np.clip(x.round().astype(np.intp), 0, width_px - 1)
        points = np.where(self._possible(pupil), counted.sum(axis=1), 0)
        mean = (response[rows, columns] * counted).sum(axis=1) / np.maximum(points, 1)
        return np.asarray(np.where(points >= 18, mean * np.sqrt(points / 60), 0), np.float64)

    def _possible(self, pupil: Circle) -> npt.NDArray[np.bool_]:
        """No lower lid reaches into the pupil of an open eye; what seems to is a lamp's reflection on its edge."""
        if not self.upper:
            nearest = np.argmin(np.abs(self.x_px - pupil.x_px), axis=1)
            return np.asarray(
                self.y_px[np.arange(len(nearest)), nearest] > pupil.y_px + 0.9 * pupil.radius_px, np.bool_
            )
        return np.ones(len(self.height), np.bool_)

    def eyelid(self, index: int, limbus: Circle, *, upper: bool) -> Eyelid:
        towards, radius = (-1.0 if upper else 1.0), limbus.radius_px
        y_px = limbus.y_px + towards * float(self.height[index, 0]) * radius
        bend_per_px = -towards * float(self.bend[index, 0]) / radius
        return Eyelid(upper, limbus.x_px, y_px, float(self.tilt[index, 0]), bend_per_px)


def _broad_steps(smooth: Bytes, *, upper: bool) -> Floats:
    """How much brighter 8 px beyond a point (towards the lid) are than 8 px before it, 2 px left out at either side."""
    means = cv2.blur(smooth, (9, 8)).astype(np.float32)
    above, below = np.roll(means, 6, axis=0), np.roll(means, -6, axis=0)
    return np.asarray(above - below if upper else below - above, np.float32)


def _vertical_edges(smooth: Bytes) -> Floats:
    opened = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    blurred = cv2.GaussianBlur(opened, (0, 0), sigmaX=4, sigmaY=2).astype(np.float32)
    return np.abs(np.asarray(cv2.Sobel(blurred, cv2.CV_32F, 0, 1, ksize=3), np.float32))


def _texture_edges(edges: Floats, pupil: Circle, limbus: Circle) -> float:
    """Mean vertical edge in the sides of the iris, where no lid reaches."""
    height_px, width_px = edges.shape
    yy, xx = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    dx, dy = xx - limbus.x_px, yy - limbus.y_px
    zone = np.hypot(dx, dy) < 0.85 * limbus.radius_px
    zone &= np.hypot(xx - pupil.x_px, yy - pupil.y_px) > 1.25 * pupil.radius_px
    zone &= np.abs(dy) < 0.45 * np.abs(dx)
    return float(np.minimum(edges[zone], 120).mean()) if zone.sum() > 50 else 10.0
