"""Contours, polar samples, closed paths and circles, against known shapes."""

from __future__ import annotations

import numpy as np
import pytest

from model.pipeline._geometry import (
    Circle,
    Contour,
    agreed_circle,
    closed_path,
    distance_px,
    fit_circle,
    fit_contour,
    sample_polar,
    turn,
)


def _ring(circle: Circle, samples: int = 128) -> tuple[np.ndarray, np.ndarray]:
    angles = turn(samples)
    return circle.x_px + circle.radius_px * np.cos(angles), circle.y_px + circle.radius_px * np.sin(angles)


def test_contour_points_start_at_three_o_clock_and_run_clockwise_in_the_image() -> None:
    points = Contour(10.0, 20.0, (5.0,)).points_px(np.array([0.0, np.pi / 2, np.pi]))
    assert points == pytest.approx(np.array([[15, 20], [10, 25], [5, 20]]))  # y points down


def test_contour_scaled_and_back_is_the_contour() -> None:
    contour = Contour(10.0, 20.0, (5.0, 0.5, -0.25))
    assert contour.scaled(2.5).scaled(0.4).coefficients_px == pytest.approx(contour.coefficients_px)
    assert contour.scaled(2.0).x_px == 20.5  # the centre of pixel 10 of a doubled image


def test_sample_polar_reads_the_pixel_in_the_named_direction() -> None:
    image = np.zeros((41, 41), np.uint8)
    image[30, 20] = 200  # 10 px below the centre: 6 o'clock
    found = sample_polar(image, (20.0, 20.0), np.array([10.0]), np.array([0.0, np.pi / 2, np.pi, 3 * np.pi / 2]))
    assert found[0].round().tolist() == [0, 200, 0, 0]


def test_closed_path_follows_a_wave_and_closes() -> None:
    rows = np.round(20 + 6 * np.sin(2 * turn(128))).astype(int)
    cost = np.zeros((40, 128))
    cost[rows, np.arange(128)] = -1
    path = closed_path(cost, 0.02)
    assert np.array_equal(path, rows)
    assert abs(int(path[0]) - int(path[-1])) <= 1


def test_closed_path_never_jumps() -> None:
    cost = np.random.default_rng(1).random((30, 128))
    path = closed_path(cost, 0.0)
    assert np.abs(np.diff(path)).max() <= 1


@pytest.mark.parametrize("levels", [2, 3, 1000])
def test_closed_path_is_the_cheapest_by_the_plain_recursion(levels: int) -> None:
    """With few levels many paths cost the same: straight on wins, then from the row above."""
    for seed in range(10):
        cost = np.random.default_rng((levels, seed)).integers(0, levels, (9, 12)) / 10
        around = np.concatenate([cost[:, 6:], cost, cost[:, :6]], axis=1).T.tolist()
        totals, moves = [around[0]], []
        for here in around[1:]:
            before = [np.inf, *totals[-1], np.inf]
            ways = [[before[row + 1], before[row] + 0.02, before[row + 2] + 0.02] for row in range(9)]
            moves.append([(0, -1, 1)[way.index(min(way))] for way in ways])
            totals.append([min(way) + own for way, own in zip(ways, here, strict=True)])
        rows = [totals[-1].index(min(totals[-1]))]
        for move in reversed(moves):
            rows.insert(0, rows[0] + move[rows[0]])
        assert closed_path(cost, 0.02).tolist() == rows[6:18]


def test_fit_circle_of_exact_points_is_exact() -> None:
    circle = Circle(33.0, 44.0, 21.0)
    found = fit_circle(*_ring(circle))
    assert (found.x_px, found.y_px, found.radius_px) == pytest.approx((33.0, 44.0, 21.0))


def test_agreed_circle_ignores_a_third_of_stray_points() -> None:
    circle = Circle(100.0, 90.0, 40.0)
    x, y = _ring(circle)
    y = y.copy()
    y[74:118] = 62.0  # a lid's flat edge across the top
    found = agreed_circle(x, y, 2.0)
    assert distance_px(found, *_ring(circle)).max() < 1.0


def test_agreed_circle_is_the_same_every_time() -> None:
    rng = np.random.default_rng(3)
    x, y = (v + rng.normal(0, 2, 128) for v in _ring(Circle(50, 50, 30)))
    assert agreed_circle(x, y, 2.0) == agreed_circle(x, y, 2.0)


def test_fit_contour_takes_an_oval_and_is_held_by_its_bound() -> None:
    angles = turn(128)
    radius = 40 * (1 + 0.05 * np.cos(2 * angles))
    points = (radius * np.cos(angles), radius * np.sin(angles))
    loose = fit_contour(Circle(0, 0, 40), points, np.array([0, 0.25, 0.25, 1, 1]), 0.2)
    assert loose.radius_px(angles) == pytest.approx(radius, rel=0.01)
    tight = fit_contour(Circle(0, 0, 40), points, np.array([0, 0.25, 0.25, 1, 1]), 0.01)
    assert np.abs(tight.radius_px(angles) - tight.mean_radius_px).max() <= 0.4 + 1e-6


def test_fit_contour_without_points_is_the_circle() -> None:
    nothing = np.zeros(0)
    contour = fit_contour(Circle(3, 4, 50), (nothing, nothing), np.array([0.0, 1, 1, 4, 4]), 0.1)
    assert contour.radius_px(turn(8)) == pytest.approx(np.full(8, 50.0))
