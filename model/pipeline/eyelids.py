"""Upper and lower eyelid as parabolas across the iris.

The parabola with the strongest mean vertical edge wins, and counts only if it stands out from the iris' own
texture. Lengths are pixels of the working image; the limits were found on two public sets of near-infrared eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Circle, Doubles

Bytes = npt.NDArray[np.uint8]

MIN_EDGE = 11.0
"""Mean Sobel response by which a lid's edge exceeds 1.6 times the iris' own."""

_HEIGHTS = np.arange(0.30, 0.98, 0.02)  # distance from the limbus centre, in iris radii
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
    """The lid's edge over the iris, or None where no edge stands out: the lid is clear of the iris."""
    edges = _vertical_edges(smooth)
    radius = limbus.radius_px
    towards = -1.0 if upper else 1.0
    height, bend, tilt = (grid.ravel()[:, None] for grid in np.meshgrid(_HEIGHTS, _BENDS, _TILTS, indexing="ij"))
    u = np.linspace(-0.85, 0.85, 60)[None] * radius
    x = limbus.x_px + np.broadcast_to(u, (len(height), 60))
    y = limbus.y_px + towards * height * radius - towards * bend * u**2 / radius + tilt * u  # (408, 60)
    height_px, width_px = smooth.shape
    # Close to the limbus, its own edge is tangent to the lid's and would be mistaken for it; so would the pupil's.
    counted = np.hypot(x - limbus.x_px, y - limbus.y_px) < 0.93 * radius
    counted &= np.hypot(x - pupil.x_px, y - pupil.y_px) > 1.12 * pupil.radius_px
    counted &= (x > 1) & (x < width_px - 2) & (y > 1) & (y < height_px - 2)
    rows = np.clip(y.round().astype(np.intp), 0, height_px - 1)
    columns = np.clip(x.round().astype(np.intp), 0, width_px - 1)
    points = counted.sum(axis=1)
    mean = (np.minimum(edges[rows, columns], 120) * counted).sum(axis=1) / np.maximum(points, 1)
    strength = np.where(points >= 18, mean * np.sqrt(points / 60), 0)
    best = int(np.argmax(strength))
    if strength[best] - 1.6 * _texture_edges(edges, pupil, limbus) <= MIN_EDGE:
        return None
    y_px = limbus.y_px + towards * float(height[best, 0]) * radius
    return Eyelid(upper, limbus.x_px, y_px, float(tilt[best, 0]), -towards * float(bend[best, 0]) / radius)


def _vertical_edges(smooth: Bytes) -> npt.NDArray[np.float32]:
    opened = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    blurred = cv2.GaussianBlur(opened, (0, 0), sigmaX=4, sigmaY=2).astype(np.float32)
    return np.abs(np.asarray(cv2.Sobel(blurred, cv2.CV_32F, 0, 1, ksize=3), np.float32))


def _texture_edges(edges: npt.NDArray[np.float32], pupil: Circle, limbus: Circle) -> float:
    """Mean vertical edge in the sides of the iris, where no lid reaches."""
    height_px, width_px = edges.shape
    yy, xx = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    dx, dy = xx - limbus.x_px, yy - limbus.y_px
    zone = np.hypot(dx, dy) < 0.85 * limbus.radius_px
    zone &= np.hypot(xx - pupil.x_px, yy - pupil.y_px) > 1.25 * pupil.radius_px
    zone &= np.abs(dy) < 0.45 * np.abs(dx)
    return float(np.minimum(edges[zone], 120).mean()) if zone.sum() > 50 else 10.0
