"""Boundaries found on synthetic captures, against the truth about them. Figures here are about synthetic eyes."""

from __future__ import annotations

import contextlib

import cv2
import numpy as np
import pytest

from model.pipeline._geometry import Circle, turn
from model.pipeline.eyelids import Eyelid, LidEdges, find_eyelids
from model.pipeline.image import EyeImage
from model.pipeline.limbus import SIDES, find_limbus, limbus_view, without_hairs
from model.pipeline.pupil import find_pupils, trace_pupil, without_glints, without_lamps, without_large_glints
from model.pipeline.segmentation import Segmentation, _open_arc, follow, segment
from model.synthetic import CaptureConditions, Glints, SyntheticCapture, capture, make_eye
from model.synthetic.attacks import living_eye
from protocol.errors import QualityError

_GLINTS = list(Glints)


def _captures(count: int, **conditions: float) -> list[SyntheticCapture]:
    return [
        capture(make_eye(900 + n), n, CaptureConditions(glints=_GLINTS[n % 4], **conditions))  # type: ignore[arg-type]
        for n in range(count)
    ]


def _ring(shape: tuple[int, int], outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.round(outer * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    cv2.fillPoly(mask, [np.round(inner * 16).astype(np.int32)], 0, cv2.LINE_8, 4)
    return mask > 0


def _overlap(drawn: SyntheticCapture, found: Segmentation) -> float:
    """Intersection over union of the whole ring between pupil and limbus, lids left aside."""
    shape = drawn.image.pixels.shape
    truth = _ring(shape, drawn.truth.limbus_contour_px, drawn.truth.pupil_contour_px)
    ours = _ring(shape, found.limbus.points_px(turn(360)), found.pupil.points_px(turn(360)))
    return float((truth & ours).sum() / (truth | ours).sum())


@pytest.mark.parametrize(
    ("conditions", "median", "least", "refused"),
    [
        ({}, 0.95, 0.87, 0),
        ({"width_px": 640, "height_px": 480}, 0.94, 0.82, 0),
        ({"iris_radius_px": 50.0}, 0.92, 0.82, 1),
        ({"height_px": 280, "iris_radius_px": 115.0}, 0.94, 0.84, 0),
        ({"exposure": 0.4}, 0.94, 0.84, 0),
        ({"pupil_ratio": 0.65}, 0.90, 0.74, 0),
        ({"opening": 0.8}, 0.88, 0.72, 2),  # a doubtful limbus below a low lid is refused
    ],
)
def test_iris_ring_overlaps_the_truth(conditions: dict[str, float], median: float, least: float, refused: int) -> None:
    overlaps = []
    for drawn in _captures(8, **conditions):
        with contextlib.suppress(QualityError):
            overlaps.append(_overlap(drawn, segment(drawn.image)))
    assert len(overlaps) >= 8 - refused
    assert np.median(overlaps) >= median
    assert min(overlaps) >= least


def test_visible_iris_overlaps_the_truth() -> None:
    overlaps = []
    for drawn in _captures(8):
        ours = segment(drawn.image).iris_mask(drawn.image.width_px, drawn.image.height_px)
        truth = drawn.truth.unlidded_iris
        overlaps.append((ours & truth).sum() / (ours | truth).sum())
    assert np.median(overlaps) >= 0.94


def test_pupil_contour_lies_on_the_truth_whatever_the_lamps_leave() -> None:
    for drawn in _captures(8):
        ours = segment(drawn.image).pupil.circle
        truth = drawn.truth.pupil_contour_px
        radius = np.hypot(*(truth - truth.mean(axis=0)).T).mean()
        assert np.hypot(ours.x_px - truth[:, 0].mean(), ours.y_px - truth[:, 1].mean()) < 0.06 * radius
        assert ours.radius_px == pytest.approx(radius, rel=0.06)


def test_segmentation_is_the_same_every_time() -> None:
    drawn = _captures(1)[0]
    assert segment(drawn.image) == segment(drawn.image)


def test_large_glint_in_the_pupil_is_painted_over() -> None:
    picture = np.full((240, 320), 120, np.uint8)
    cv2.circle(picture, (160, 120), 40, 30, -1)
    cv2.circle(picture, (165, 125), 12, 250, -1)
    cleaned = without_large_glints(picture, Circle(160, 120, 40))
    yy, xx = np.mgrid[0:240, 0:320]
    assert cleaned[np.hypot(xx - 160, yy - 120) < 38].max() == 30
    assert cleaned[10, 10] == 120
    assert picture[125, 165] == 250  # the caller's picture is not touched


def test_lamps_are_taken_out_and_bright_skin_between_lashes_is_not() -> None:
    picture = np.full((240, 320), 170, np.uint8)
    cv2.circle(picture, (160, 130), 100, 110, -1)
    cv2.circle(picture, (160, 130), 40, 30, -1)
    for x in range(60, 260, 14):
        cv2.line(picture, (x, 0), (x, 25), 40, 5)
    lit = picture.copy()
    for x, y in ((150, 120), (175, 125), (165, 148)):
        cv2.circle(lit, (x, y), 8, 250, -1)
    cleaned = without_lamps(lit)
    yy, xx = np.mgrid[0:240, 0:320]
    assert cleaned[np.hypot(xx - 160, yy - 130) < 38].max() == 30
    assert np.array_equal(cleaned[:30], picture[:30])


def test_a_lamp_in_the_pupil_costs_its_candidate_no_score() -> None:
    picture = np.full((240, 320), 110, np.uint8)
    cv2.circle(picture, (160, 120), 28, 30, -1)
    lit = picture.copy()
    for x in (150, 170):
        cv2.circle(lit, (x, 115), 8, 250, -1)
    dark, bright = (
        find_pupils(without_glints(cv2.GaussianBlur(without_lamps(shown), (0, 0), 2)))[0] for shown in (picture, lit)
    )
    assert bright.score == pytest.approx(dark.score, rel=0.1)
    assert bright.circle.radius_px == pytest.approx(28, abs=2)


def test_open_arc_ends_where_the_lids_begin() -> None:
    limbus = Circle(160, 120, 100)
    assert _open_arc(limbus, (None, None)) is None
    upper, lower = Eyelid(True, 160, 105, 0, 0), Eyelid(False, 160, 175, 0, 0)
    arc = _open_arc(limbus, (upper, lower))
    assert arc is not None
    assert arc.highest_deg == pytest.approx(-5, abs=1)  # asin(-0.15), and 5 px more
    assert arc.lowest_deg == pytest.approx(30, abs=1)  # asin(0.55), and 5 px less
    high = _open_arc(limbus, (Eyelid(True, 160, 105, 0, 0), None))
    assert high is not None
    assert high.lowest_deg == SIDES.lowest_deg


def test_open_arc_is_none_where_lids_leave_too_little() -> None:
    limbus = Circle(160, 120, 100)
    assert _open_arc(limbus, (Eyelid(True, 160, 110, 0, 0), Eyelid(False, 160, 145, 0, 0))) is None


def test_pupil_search_prefers_the_pupil_to_dark_hairs_and_spots() -> None:
    rng = np.random.default_rng(5)
    picture = np.full((240, 320), 160, np.uint8)
    for x in range(0, 320, 6):
        cv2.line(picture, (x, 20), (x + int(rng.integers(-12, 12)), 55), 25, 3)
    cv2.circle(picture, (250, 200), 9, 40, -1)
    cv2.circle(picture, (150, 130), 34, 35, -1)
    best = find_pupils(without_glints(cv2.GaussianBlur(picture, (0, 0), 2)))[0].circle
    assert np.hypot(best.x_px - 150, best.y_px - 130) < 3
    assert best.radius_px == pytest.approx(34, abs=3)


def test_traced_pupil_is_round_for_a_disc_and_not_for_a_square() -> None:
    disc, square = (np.full((240, 320), 120, np.uint8) for _ in range(2))
    cv2.circle(disc, (160, 120), 35, 30, -1, cv2.LINE_AA)
    cv2.rectangle(square, (128, 88), (192, 152), 30, -1)
    start = Circle(158, 121, 32)
    traced = trace_pupil(cv2.GaussianBlur(disc, (0, 0), 2), start)
    assert traced.round_share == 1.0
    assert traced.stretch < 0.02
    assert trace_pupil(cv2.GaussianBlur(square, (0, 0), 2), start).round_share < 0.8


def test_traced_pupil_measures_the_stretch_of_an_oval() -> None:
    picture = np.full((240, 320), 120, np.uint8)
    cv2.ellipse(picture, (160, 120), (32, 40), 0, 0, 360, 30, -1, cv2.LINE_AA)
    traced = trace_pupil(cv2.GaussianBlur(picture, (0, 0), 2), Circle(160, 120, 36))
    assert traced.stretch == pytest.approx(8 / 72, abs=0.02)


def test_limbus_search_prefers_a_weak_edge_all_along_to_a_strong_one_in_part() -> None:
    picture = np.full((240, 320), 130, np.uint8)
    cv2.circle(picture, (160, 120), 80, 112, -1)  # the limbus: 18 grey levels
    cv2.circle(picture, (160, 120), 30, 30, -1)
    picture[:88] = 190  # skin above the lid's edge, which all arcs cross beyond the iris' radius
    picture = cv2.GaussianBlur(picture, (0, 0), 2)
    pupil = Circle(160, 120, 30)
    found = find_limbus(limbus_view(without_hairs(picture), pupil), pupil)
    assert found is not None
    assert found.circle.radius_px == pytest.approx(80, abs=3)


def test_limbus_search_around_a_pupil_that_fills_the_picture_finds_nothing() -> None:
    assert find_limbus(np.full((240, 320), 100, np.float32), Circle(160, 120, 125)) is None


def test_eyelid_across_the_iris_is_found_and_none_where_there_is_none() -> None:
    picture = np.full((240, 320), 190, np.uint8)
    cv2.circle(picture, (160, 120), 95, 110, -1)
    cv2.circle(picture, (160, 120), 35, 30, -1)
    open_eye = cv2.GaussianBlur(picture, (0, 0), 2)
    pupil, limbus = Circle(160, 120, 35), Circle(160, 120, 95)
    assert find_eyelids(LidEdges(open_eye), pupil, limbus) == (None, None)
    picture[:65] = 180
    half = cv2.GaussianBlur(picture, (0, 0), 2)
    upper, lower = find_eyelids(LidEdges(half), pupil, limbus)
    assert upper is not None
    assert upper.edge_y_px(np.array([160.0]))[0] == pytest.approx(65, abs=4)
    assert lower is None


def test_upper_lid_hides_what_is_above_it_and_the_lower_one_what_is_below() -> None:
    x, y = np.array([50.0, 50.0]), np.array([40.0, 60.0])
    assert Eyelid(True, 50, 50, 0, 0).shows(x, y, 0).tolist() == [False, True]
    assert Eyelid(False, 50, 50, 0, 0).shows(x, y, 0).tolist() == [True, False]
    assert Eyelid(True, 50, 50, 0, 0).shows(x, y, 10.0).tolist() == [False, False]


def test_segmentation_of_a_shifted_picture_shifts_with_it() -> None:
    drawn = capture(make_eye(907), 1, CaptureConditions(width_px=400, height_px=300, iris_radius_px=95.0))
    inner = drawn.image.pixels[20:280, 30:380]
    from model.pipeline.image import EyeImage

    whole, part = segment(drawn.image), segment(EyeImage(inner))
    assert whole.pupil.x_px - part.pupil.x_px == pytest.approx(30, abs=1)
    assert whole.limbus.y_px - part.limbus.y_px == pytest.approx(20, abs=2)


def test_followed_eye_lies_where_the_search_finds_it() -> None:
    frames = living_eye(300).frames
    last, followed = segment(frames[0]), 0
    for image in (*frames[1:4], *frames[5:]):  # in the fifth it is closed
        found, searched = follow(image, last), segment(image)
        for one, other in ((found.limbus, searched.limbus), (found.pupil, searched.pupil)):
            off_px = np.hypot(one.x_px - other.x_px, one.y_px - other.y_px)
            assert off_px < 0.05 * searched.limbus.mean_radius_px
            assert one.mean_radius_px == pytest.approx(other.mean_radius_px, rel=0.03)
        last, followed = found, followed + 1
    assert followed >= 6


@pytest.mark.parametrize("scale", [1, 2])
def test_followed_eye_may_move_a_little(scale: int) -> None:
    picture = cv2.resize(capture(make_eye(3), 1).image.pixels, None, fx=scale, fy=scale)
    moved = np.roll(picture, 4 * scale, axis=1)
    found = follow(EyeImage(moved), segment(EyeImage(picture)))
    searched = segment(EyeImage(moved))
    assert found.limbus.x_px == pytest.approx(searched.limbus.x_px, abs=2 * scale)
    assert found.limbus.mean_radius_px == pytest.approx(searched.limbus.mean_radius_px, rel=0.02)


def test_followed_eye_that_closed_is_refused() -> None:
    frames = living_eye(300).frames
    with pytest.raises(QualityError):
        follow(frames[4], segment(frames[3]))
