"""Upper and lower eyelid as parabolas across the iris.

The parabola with the strongest mean vertical edge wins, and counts only if it stands out from the iris' own
texture. Lengths are pixels of a view (`_views`). The limit on the thin edge comes from a prototype that was measured on
two public sets of near-infrared eyes; the limit on the broad step was set on synthetic eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

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
_HEIGHT, _BEND, _TILT = (grid.ravel()[:, None] for grid in np.meshgrid(_HEIGHTS, _BENDS, _TILTS, indexing="ij"))
"""Of every parabola tried, (468, 1) each."""

__all__ = ["Eyelid", "LidEdges", "find_eyelids"]


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


@dataclass(frozen=True, eq=False)
class LidEdges:
    """What both lids are sought in: an image, and its edges, which are computed once."""

    smooth: Bytes = field(repr=False)

    @cached_property
    def thin(self) -> Floats:
        """Size of the vertical edges."""
        opened = cv2.morphologyEx(self.smooth, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        blurred = cv2.GaussianBlur(opened, (0, 0), sigmaX=4, sigmaY=2).astype(np.float32)
        return np.abs(np.asarray(cv2.Sobel(blurred, cv2.CV_32F, 0, 1, ksize=3), np.float32))

    @cached_property
    def thin_limited(self) -> Floats:
        return np.minimum(self.thin, 120)

    def broad(self, *, upper: bool) -> Floats:
        """Root of how much brighter 8 px beyond a point (towards the lid) are than 8 px before it, 2 px left out at
        either side."""
        means = cv2.blur(self.smooth, (9, 8)).astype(np.float32)
        above, below = np.roll(means, 6, axis=0), np.roll(means, -6, axis=0)
        return np.asarray(np.clip(above - below if upper else below - above, 0, None) ** 0.5, np.float32)

    def of_texture(self, pupil: Circle, limbus: Circle) -> float:
        """Mean thin edge in the sides of the iris, where no lid reaches."""
        height_px, width_px = self.smooth.shape
        reach = limbus.radius_px  # the zone below ends within it
        left, right = max(0, int(limbus.x_px - reach)), min(width_px, int(limbus.x_px + reach) + 2)
        top, bottom = max(0, int(limbus.y_px - reach)), min(height_px, int(limbus.y_px + reach) + 2)
        xx, yy = np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32)[:, None]
        dx, dy = xx - limbus.x_px, yy - limbus.y_px
        zone = np.hypot(dx, dy) < 0.85 * limbus.radius_px
        zone &= np.hypot(xx - pupil.x_px, yy - pupil.y_px) > 1.25 * pupil.radius_px
        zone &= np.abs(dy) < 0.45 * np.abs(dx)
        return float(self.thin_limited[top:bottom, left:right][zone].mean()) if zone.sum() > 50 else 10.0


def find_eyelids(edges: LidEdges, pupil: Circle, limbus: Circle) -> tuple[Eyelid | None, Eyelid | None]:
    """The upper and the lower lid's edge over the iris, or None where no edge stands out: the lid is clear of it.

    Where no thin edge stands out (lashes break it up), a broad step from bright skin to the iris will do.
    """
    texture = edges.of_texture(pupil, limbus)
    return _find(edges, texture, pupil, _Parabolas.over(limbus, upper=True)), _find(
        edges, texture, pupil, _Parabolas.over(limbus, upper=False)
    )


def _find(edges: LidEdges, texture: float, pupil: Circle, parabolas: _Parabolas) -> Eyelid | None:
    # Close to the limbus, its own edge is tangent to the lid's and would be mistaken for it; so would the pupil's.
    thin = parabolas.strength(edges.thin_limited, pupil, 1.12)
    best = int(np.argmax(thin))
    if thin[best] - 1.6 * texture > MIN_EDGE:
        return parabolas.eyelid(best)
    broad = parabolas.strength(edges.broad(upper=parabolas.upper), pupil, 1.3)
    best = int(np.argmax(broad))
    return parabolas.eyelid(best) if broad[best] ** 2 > MIN_STEP else None


@dataclass(frozen=True, eq=False)
class _Parabolas:
    """Every parabola tried across one limbus: (468, 60) points."""

    limbus: Circle
    x_px: Doubles
    """(60,): the same for all."""
    y_px: Doubles
    upper: bool

    @classmethod
    def over(cls, limbus: Circle, *, upper: bool) -> _Parabolas:
        towards, radius = (-1.0 if upper else 1.0), limbus.radius_px
        u = np.linspace(-0.85, 0.85, 60) * radius
        y = limbus.y_px + towards * _HEIGHT * radius - towards * _BEND * u**2 / radius + _TILT * u
        return cls(limbus, limbus.x_px + u, y, upper)

    def strength(self, response: Floats, pupil: Circle, clear_of_pupil: float) -> Doubles:
        """Mean response along each parabola's part over the iris, times the root of how much that is; (468,)."""
        height_px, width_px = response.shape
        x, y, limbus = self.x_px, self.y_px, self.limbus
        # squares, not roots: the one thing here that is done for every point
        counted = (x - limbus.x_px) ** 2 + (y - limbus.y_px) ** 2 < (0.93 * limbus.radius_px) ** 2
        counted &= (x - pupil.x_px) ** 2 + (y - pupil.y_px) ** 2 > (clear_of_pupil * pupil.radius_px) ** 2
        counted &= (x > 1) & (x < width_px - 2)
        counted &= (y > 1) & (y < height_px - 2)
        rows = np.clip(y.round().astype(np.intp), 0, height_px - 1)
        columns = np.clip(x.round().astype(np.intp), 0, width_px - 1)
        points = np.where(self._possible(pupil), counted.sum(axis=1), 0)
        mean = (response.take(rows * width_px + columns) * counted).sum(axis=1) / np.maximum(points, 1)
        return np.asarray(np.where(points >= 18, mean * np.sqrt(points / 60), 0), np.float64)

    def _possible(self, pupil: Circle) -> npt.NDArray[np.bool_]:
        """No lower lid reaches into the pupil of an open eye; what seems to is a lamp's reflection on its edge."""
        if not self.upper:
            nearest = np.argmin(np.abs(self.x_px - pupil.x_px))
            return np.asarray(self.y_px[:, nearest] > pupil.y_px + 0.9 * pupil.radius_px, np.bool_)
        return np.ones(len(self.y_px), np.bool_)

    def eyelid(self, index: int) -> Eyelid:
        towards, limbus = (-1.0 if self.upper else 1.0), self.limbus
        y_px = limbus.y_px + towards * float(_HEIGHT[index, 0]) * limbus.radius_px
        bend_per_px = -towards * float(_BEND[index, 0]) / limbus.radius_px
        return Eyelid(self.upper, limbus.x_px, y_px, float(_TILT[index, 0]), bend_per_px)
