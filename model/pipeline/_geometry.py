"""Closed contours as low-order Fourier series, polar sampling, and the cheapest closed path through a cost map.

Angles start at 3 o'clock and grow clockwise in the image (y points down). Pixel (0, 0) has its centre at (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Grey = npt.NDArray[np.uint8] | npt.NDArray[np.float32]

ANGLES = 128
"""Samples per turn while searching for a contour."""


@dataclass(frozen=True)
class Circle:
    x_px: float
    y_px: float
    radius_px: float


@dataclass(frozen=True)
class Contour:
    """Radius around (x_px, y_px) as a Fourier series: r(a) = c0 + c1 cos a + c2 sin a + c3 cos 2a + c4 sin 2a + ..."""

    x_px: float
    y_px: float
    coefficients_px: tuple[float, ...]

    @property
    def mean_radius_px(self) -> float:
        return self.coefficients_px[0]

    def radius_px(self, angle_rad: Doubles) -> Doubles:
        orders = (len(self.coefficients_px) - 1) // 2
        return np.asarray(harmonics(angle_rad, orders) @ np.array(self.coefficients_px), np.float64)

    def points_px(self, angle_rad: Doubles) -> Doubles:
        """(n,) angles -> (n, 2) points (x, y)."""
        radius = self.radius_px(angle_rad)
        points = [self.x_px + radius * np.cos(angle_rad), self.y_px + radius * np.sin(angle_rad)]
        return np.stack(points, axis=1)

    def scaled(self, factor: float) -> Contour:
        """The same contour in an image resized by `factor` (pixel areas, as `cv2.resize` maps them)."""
        return Contour(
            (self.x_px + 0.5) * factor - 0.5,
            (self.y_px + 0.5) * factor - 0.5,
            tuple(c * factor for c in self.coefficients_px),
        )

    def moved(self, dx_px: float, dy_px: float) -> Contour:
        return Contour(self.x_px + dx_px, self.y_px + dy_px, self.coefficients_px)

    @property
    def circle(self) -> Circle:
        return Circle(self.x_px, self.y_px, self.mean_radius_px)


def turn(samples: int) -> Doubles:
    """Angles of one turn, float64[samples], from 0."""
    return np.arange(samples, dtype=np.float64) * (2 * np.pi / samples)


def harmonics(angle_rad: Doubles, orders: int) -> Doubles:
    """(n,) -> (n, 1 + 2 * orders): 1, cos a, sin a, cos 2a, sin 2a, ..."""
    columns = [np.ones_like(angle_rad)]
    for order in range(1, orders + 1):
        columns += [np.cos(order * angle_rad), np.sin(order * angle_rad)]
    return np.stack(columns, axis=1)


def sample_polar(image: Grey, centre: tuple[float, float], radii_px: Doubles, angle_rad: Doubles) -> Doubles:
    """Bilinear samples float64[radii, angles] around `centre`; beyond the border the border's pixel is repeated.

    `radii_px` is (radii,) for circles, or (radii, angles).
    """
    radii = radii_px if radii_px.ndim == 2 else radii_px[:, None]
    map_x = centre[0] + radii * np.cos(angle_rad)
    map_y = centre[1] + radii * np.sin(angle_rad)
    found = cv2.remap(
        image,
        map_x.astype(np.float32),
        map_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, np.float64)


def closed_path(cost: Doubles, step_cost: float) -> npt.NDArray[np.intp]:
    """Row per column of the cheapest path through cost[rows, columns] that moves one row a column at most.

    Dynamic programming over two turns; the middle turn of the path closes up to a row or so.
    """
    rows, columns = cost.shape
    around = np.concatenate([cost[:, columns // 2 :], cost, cost[:, : columns // 2]], axis=1).T
    totals = np.full((len(around), rows + 2), np.inf)  # cheapest path to each place, with a wall at either side
    totals[0, 1:-1] = around[0]
    cheapest = np.empty(rows)
    inner, left, right = totals[:, 1:-1], totals[:, :-2], totals[:, 2:]
    for here, before, from_left, from_right, after in zip(around[1:], inner, left, right, inner[1:], strict=False):
        np.minimum(from_left, from_right, out=cheapest)
        np.add(cheapest, step_cost, out=cheapest)
        np.minimum(before, cheapest, out=cheapest)
        np.add(cheapest, here, out=after)
    return _traced_back(totals, step_cost)[columns // 2 : columns // 2 + columns]


def _traced_back(totals: Doubles, step_cost: float) -> npt.NDArray[np.intp]:
    """Row per position of the path that ends cheapest; straight on where two ways cost the same, else from the left."""
    row = int(np.argmin(totals[-1, 1:-1])) + 1
    path = np.zeros(len(totals), np.intp)
    path[-1] = row - 1
    for position in range(len(totals) - 2, -1, -1):
        left, straight, right = totals[position, row - 1 : row + 2].tolist()
        left, right = left + step_cost, right + step_cost
        if min(left, right) < straight:
            row += -1 if left <= right else 1
        path[position] = row - 1
    return path


def fit_circle(x_px: Doubles, y_px: Doubles) -> Circle:
    """Least-squares circle (Kasa), five rounds, each without the points beyond 2 x 1.48 median distances."""
    kept = np.ones(len(x_px), bool)
    circle = Circle(float(x_px.mean()), float(y_px.mean()), 1.0)
    for _ in range(5):
        system = np.stack([x_px[kept], y_px[kept], np.ones(int(kept.sum()))], axis=1)
        solved = np.linalg.lstsq(system, x_px[kept] ** 2 + y_px[kept] ** 2, rcond=None)[0]
        x, y = float(solved[0] / 2), float(solved[1] / 2)
        circle = Circle(x, y, float(np.sqrt(max(solved[2] + x * x + y * y, 1.0))))
        distance = distance_px(circle, x_px, y_px)
        closer = distance < max(1.0, 2 * 1.48 * float(np.median(distance[kept])))
        if closer.sum() < 20 or bool((closer == kept).all()):
            break
        kept = closer
    return circle


def distance_px(circle: Circle, x_px: Doubles, y_px: Doubles) -> Doubles:
    """How far points lie from the circle's line."""
    return np.asarray(np.abs(np.hypot(x_px - circle.x_px, y_px - circle.y_px) - circle.radius_px), np.float64)


def agreed_circle(x_px: Doubles, y_px: Doubles, tolerance_px: float) -> Circle:
    """The circle through three of the points that most points agree with, then fitted to those (RANSAC).

    The draws are the same every time, so that the same image gives the same circle.
    """
    trio = _draws(len(x_px), 300, 3)
    (x1, x2, x3), (y1, y2, y3) = x_px[trio].T, y_px[trio].T
    determinant = 2 * (x1 * (y2 - y3) + x2 * (y3 - y1) + x3 * (y1 - y2))
    usable = np.abs(determinant) > 0.02 * max(float(np.ptp(x_px)) * float(np.ptp(y_px)), 1.0)
    determinant = np.where(usable, determinant, 1.0)
    s1, s2, s3 = x1**2 + y1**2, x2**2 + y2**2, x3**2 + y3**2
    cx = (s1 * (y2 - y3) + s2 * (y3 - y1) + s3 * (y1 - y2)) / determinant
    cy = (s1 * (x3 - x2) + s2 * (x1 - x3) + s3 * (x2 - x1)) / determinant
    radius = np.hypot(x1 - cx, y1 - cy)
    off = np.hypot(x_px - cx[:, None], y_px - cy[:, None])
    off -= radius[:, None]
    np.abs(off, out=off)
    votes = np.where(usable, _agreement(off / tolerance_px), 0)
    near = off[int(np.argmax(votes))] < tolerance_px
    return fit_circle(x_px[near], y_px[near]) if near.sum() >= len(x_px) // 9 else fit_circle(x_px, y_px)


@lru_cache(maxsize=256)
def _draws(points: int, draws: int, each: int) -> npt.NDArray[np.int64]:
    """The same every time."""
    drawn = np.random.default_rng(0).integers(0, points, (draws, each))
    drawn.setflags(write=False)
    return drawn


def _agreement(off: Doubles) -> Doubles:
    """(candidates, points) distances in tolerances -> (candidates,): 1 for each point on the line, less for those near
    it. Overwrites `off`."""
    np.subtract(1, off, out=off)
    np.clip(off, 0, 1, out=off)
    return np.asarray(off.sum(axis=1), np.float64)


@dataclass(frozen=True)
class Oval:
    """An ellipse, as the mean of its half axes and (a - b) / (a + b) of them."""

    circle: Circle
    stretch: float
    off_px: Doubles
    """How far each of the points that it was found among lies from it, to first order."""


def agreed_oval(circle: Circle, points_px: tuple[Doubles, Doubles], tolerance_px: float) -> Oval:
    """The ellipse through five of the points that most points agree with, then fitted to those (RANSAC).

    Only ellipses near `circle` count, with axes up to 2 : 1; `circle` itself where none is found. The draws are the
    same every time.
    """
    u, v = (
        (values - centre) / circle.radius_px
        for values, centre in zip(points_px, (circle.x_px, circle.y_px), strict=True)
    )
    terms = np.stack([u * u, u * v, v * v, u, v], axis=1)  # conics: terms @ q = 1
    tolerance = tolerance_px / circle.radius_px
    systems = terms[_draws(len(u), 400, 5)]
    solvable = np.abs(np.linalg.det(systems)) > 1e-7
    conics = np.linalg.solve(systems[solvable], np.ones((int(solvable.sum()), 5, 1)))[..., 0]
    conics = np.concatenate([[[1.0, 0.0, 1.0, 0.0, 0.0]], conics[_plausible(conics)]])
    votes = _agreement(_conic_distance(conics, terms) / tolerance)
    best = conics[int(np.argmax(votes))]
    for _ in range(4):
        off = _conic_distance(best[None], terms)[0]
        weight = np.where(off < tolerance, 1.0, 0.0) / _slope(best[None], terms)[0]
        fitted = np.linalg.lstsq(terms * weight[:, None], weight, rcond=None)[0]
        if not _plausible(fitted[None])[0]:
            break
        best = fitted
    (x, y), (a, b) = (values[0] for values in _shape(best[None]))
    radius_px = float(a + b) / 2 * circle.radius_px
    centre = Circle(circle.x_px + float(x) * circle.radius_px, circle.y_px + float(y) * circle.radius_px, radius_px)
    off_px = _conic_distance(best[None], terms)[0] * circle.radius_px
    return Oval(centre, float((a - b) / (a + b)), off_px)


def _shape(conics: Doubles) -> tuple[Doubles, Doubles]:
    """(n, 5) conics -> centres (n, 2) and half axes (n, 2), longer one first; not numbers where it is no ellipse."""
    a, b, c, d, e = conics.T
    with np.errstate(all="ignore"):
        determinant = 4 * a * c - b * b
        centre = np.stack([b * e - 2 * c * d, b * d - 2 * a * e], axis=1) / determinant[:, None]
        level = 1 - 0.5 * (d * centre[:, 0] + e * centre[:, 1])
        middle, half = (a + c) / 2, np.hypot((a - c) / 2, b / 2)
        axes = np.sqrt(np.stack([level / (middle - half), level / (middle + half)], axis=1))
    return centre, axes


def _plausible(conics: Doubles) -> npt.NDArray[np.bool_]:
    """Ellipses within a quarter of the unit circle, axes up to 2 : 1."""
    centre, axes = _shape(conics)
    near = np.hypot(centre[:, 0], centre[:, 1]) < 0.25
    return np.asarray(near & (axes[:, 1] > 0.5 * axes[:, 0]) & (np.abs(axes.mean(axis=1) - 1) < 0.25), np.bool_)


def _conic_distance(conics: Doubles, terms: Doubles) -> Doubles:
    """Distance of points from conics to first order (Sampson): |q . terms - 1| / |gradient|; (conics, points)."""
    distance = conics @ terms.T
    distance -= 1
    np.abs(distance, out=distance)
    distance /= _slope(conics, terms)
    return distance


def _slope(conics: Doubles, terms: Doubles) -> Doubles:
    u, v = terms[:, 3], terms[:, 4]
    a, b, c, d, e = (conics[:, k, None] for k in range(5))
    return np.asarray(np.maximum(np.hypot(2 * a * u + b * v + d, b * u + 2 * c * v + e), 1e-6), np.float64)


def fit_contour(circle: Circle, points_px: tuple[Doubles, Doubles], ridge: Doubles, max_deviation: float) -> Contour:
    """A Fourier contour around the circle's centre through points (x, y).

    `ridge` weighs down each coefficient (so it says how many there are): angles without points follow the circle.
    The sum of all harmonics is kept within `max_deviation` times the radius.
    """
    x_px, y_px = points_px
    angle = np.arctan2(y_px - circle.y_px, x_px - circle.x_px)
    offset = np.hypot(x_px - circle.x_px, y_px - circle.y_px) - circle.radius_px
    orders = (len(ridge) - 1) // 2
    system = np.concatenate([harmonics(angle, orders), np.diag(np.sqrt(0.04 * ANGLES * ridge))])
    solved = np.linalg.lstsq(system, np.concatenate([offset, np.zeros(len(ridge))]), rcond=None)[0]
    swing = float(np.abs(harmonics(turn(ANGLES), orders)[:, 1:] @ solved[1:]).max())
    solved[1:] *= min(1.0, max_deviation * circle.radius_px / max(swing, 1e-9))
    return Contour(circle.x_px, circle.y_px, (circle.radius_px + float(solved[0]), *map(float, solved[1:])))
