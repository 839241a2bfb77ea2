"""Every gate says no on one side of its limit and yes on the other, and names measure, value and limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from model.pipeline import quality
from model.pipeline._geometry import Contour
from model.pipeline.evidence import LimbusEvidence, PupilEvidence
from model.pipeline.image import EyeImage
from model.pipeline.measures import TextureStrength, code_contrast, code_noise, focus, off_gaze
from model.pipeline.pipeline import normalize_eye
from model.synthetic import CaptureConditions, Glints, capture, make_eye
from model.synthetic.refusals import REFUSALS
from protocol.errors import QualityError
from protocol.types import EyeSide, QualityFigures

_FIGURES = QualityFigures(
    focus=40.0, iris_diameter_px=200.0, pupil_to_iris_ratio=0.4, visible_iris_share=0.9, off_gaze=0.1
)
_PUPIL = PupilEvidence(step=60, dark_share=1, ring_bright_share=1, edge_share=1, round_share=1, stretch=0.02, lid_gap=1)
_LIMBUS = LimbusEvidence(
    right_step=20, left_step=20, edge_share=1, rival=0.3, arc_deg=90, pupil_share=0.4, unevenness=0.1
)
_TEXTURE = TextureStrength(contrast=5.0, noise=0.2)
_TINY = 1e-6
_DOUBTFUL = quality.MIN_LIMBUS_LEAD + quality.LEAD_A_DOUBT


def _circle(radius: float, x: float = 160.0) -> Contour:
    return Contour(x, 120.0, (radius, 0.0, 0.0, 0.0, 0.0))


def _check_figures(figures: QualityFigures, texture: TextureStrength = _TEXTURE) -> None:
    quality.enforce(quality.figure_gates(figures, texture, visible_share_30=0.9))


def _refusal(check: Callable[[], None]) -> QualityError:
    with pytest.raises(QualityError) as caught:
        check()
    error = caught.value
    assert error.hint
    assert error.message == error.message.lower()
    assert "\n" not in error.message
    return error


@pytest.mark.parametrize(
    ("name", "measure", "limit"),
    [
        ("step", "pupil_step_grey_levels", quality.MIN_PUPIL_STEP),
        ("dark_share", "pupil_dark_share", quality.MIN_PUPIL_DARK_SHARE),
        ("ring_bright_share", "ring_bright_share", quality.MIN_RING_BRIGHT_SHARE),
        ("edge_share", "pupil_edge_share", quality.MIN_PUPIL_EDGE_SHARE),
        ("round_share", "pupil_round_share", quality.MIN_PUPIL_ROUND_SHARE),
    ],
)
def test_pupil_gate_refuses_below_its_limit_and_accepts_at_it(name: str, measure: str, limit: float) -> None:
    def check(found: PupilEvidence) -> None:
        quality.enforce(quality.pupil_gates(found))

    check(replace(_PUPIL, **{name: limit}))
    error = _refusal(lambda: check(replace(_PUPIL, **{name: limit - _TINY})))
    assert (error.measure, error.limit) == (measure, limit)


@pytest.mark.parametrize("side", ["right_step", "left_step"])
def test_limbus_gate_needs_a_step_at_both_sides(side: str) -> None:
    quality.enforce(quality.limbus_gates(replace(_LIMBUS, rival=0.0, **{side: quality.MIN_LIMBUS_STEP})))
    error = _refusal(
        lambda: quality.enforce(quality.limbus_gates(replace(_LIMBUS, **{side: quality.MIN_LIMBUS_STEP - _TINY})))
    )
    assert error.measure == "limbus_step_grey_levels"


def test_limbus_gate_says_when_the_iris_is_cut_off() -> None:
    assert "cut off" in _refusal(lambda: quality.enforce(quality.limbus_gates(replace(_LIMBUS, left_step=0.0)))).message


def test_limbus_gate_needs_an_edge_along_the_arcs() -> None:
    quality.enforce(quality.limbus_gates(replace(_LIMBUS, edge_share=quality.MIN_LIMBUS_EDGE_SHARE)))
    _refusal(
        lambda: quality.enforce(
            quality.limbus_gates(replace(_LIMBUS, edge_share=quality.MIN_LIMBUS_EDGE_SHARE - _TINY))
        )
    )


def test_limbus_gate_refuses_an_uneven_iris() -> None:
    quality.enforce(quality.limbus_gates(replace(_LIMBUS, unevenness=quality.MAX_IRIS_UNEVENNESS)))
    _refusal(
        lambda: quality.enforce(quality.limbus_gates(replace(_LIMBUS, unevenness=quality.MAX_IRIS_UNEVENNESS + _TINY)))
    )


def test_gate_refuses_what_is_not_a_number() -> None:
    _refusal(lambda: quality.enforce(quality.pupil_gates(replace(_PUPIL, step=float("nan")))))
    _refusal(lambda: quality.enforce(quality.limbus_gates(replace(_LIMBUS, unevenness=float("nan")))))


def test_pupil_score_gate_refuses_below_its_limit() -> None:
    quality.enforce(quality.candidate_gates(quality.MIN_PUPIL_SCORE))
    assert (
        "no eye found"
        in _refusal(lambda: quality.enforce(quality.candidate_gates(quality.MIN_PUPIL_SCORE - _TINY))).message
    )
    assert _refusal(lambda: quality.enforce(quality.candidate_gates(0.0))).value == 0.0


def test_second_eye_is_refused_at_any_distance() -> None:
    quality.enforce(quality.one_eye_gates(0.0))
    assert "two eyes" in _refusal(lambda: quality.enforce(quality.one_eye_gates(1.6))).message


def test_iris_diameter_gate_at_80_px() -> None:
    quality.enforce(quality.shape_gates(_circle(15), _circle(40)))
    assert (
        _refusal(lambda: quality.enforce(quality.shape_gates(_circle(15), _circle(39.99)))).measure
        == "iris_diameter_px"
    )


@pytest.mark.parametrize(("accepted", "refused"), [(15.01, 14.99), (69.99, 70.01)])
def test_pupil_ratio_gate_between_0_15_and_0_70(accepted: float, refused: float) -> None:
    quality.enforce(quality.shape_gates(_circle(accepted), _circle(100)))
    error = _refusal(lambda: quality.enforce(quality.shape_gates(_circle(refused), _circle(100))))
    assert error.measure == "pupil_to_iris_ratio"


def test_centre_offset_gate_at_a_quarter_of_the_radius() -> None:
    quality.enforce(quality.shape_gates(_circle(40, x=184.9), _circle(100)))
    error = _refusal(lambda: quality.enforce(quality.shape_gates(_circle(40, x=185.1), _circle(100))))
    assert error.measure == "centre_offset_iris_radii"


def test_off_gaze_of_an_oval_is_the_sine_of_its_angle() -> None:
    for angle in (0.0, 0.2, 0.5, 1.0):
        stretch = (1 - np.cos(angle)) / (1 + np.cos(angle))
        assert off_gaze(replace(_PUPIL, stretch=stretch)) == pytest.approx(np.sin(angle))


def test_gaze_gate_at_28_degrees() -> None:
    stretch = lambda angle: (1 - np.cos(angle)) / (1 + np.cos(angle))  # noqa: E731
    quality.enforce(quality.pupil_gates(replace(_PUPIL, stretch=stretch(np.deg2rad(28.0)))))
    assert (
        _refusal(
            lambda: quality.enforce(quality.pupil_gates(replace(_PUPIL, stretch=stretch(np.deg2rad(28.1)))))
        ).measure
        == "off_gaze"
    )


@pytest.mark.parametrize(
    ("name", "limit"), [("visible_iris_share", quality.MIN_VISIBLE_SHARE), ("focus", quality.MIN_FOCUS)]
)
def test_figure_gate_refuses_below_its_limit_and_accepts_at_it(name: str, limit: float) -> None:
    _check_figures(replace(_FIGURES, **{name: limit}))
    error = _refusal(lambda: _check_figures(replace(_FIGURES, **{name: limit - _TINY})))
    assert (error.measure, error.limit) == (name, limit)


def test_texture_gate_refuses_below_its_limit_and_accepts_at_it() -> None:
    _check_figures(_FIGURES, TextureStrength(quality.MIN_CODE_CONTRAST, 0.01))
    faint = TextureStrength(quality.MIN_CODE_CONTRAST - _TINY, 0.01)
    assert _refusal(lambda: _check_figures(_FIGURES, faint)).measure == "code_contrast_grey_levels"


def test_noise_gate_refuses_below_its_limit_and_accepts_above_it() -> None:
    limit = quality.MIN_CODE_SIGNAL_TO_NOISE
    contrast = lambda ratio: np.hypot(1, ratio)  # noqa: E731  # texture and noise 1 add as squares
    _check_figures(_FIGURES, TextureStrength(contrast(limit + _TINY), 1.0))
    error = _refusal(lambda: _check_figures(_FIGURES, TextureStrength(contrast(limit - _TINY), 1.0)))
    assert (error.measure, error.limit) == ("code_signal_to_noise", limit)


def test_oval_pupil_under_a_lid_is_refused_sooner() -> None:
    stretch = (1 - np.cos(np.deg2rad(25.0))) / (1 + np.cos(np.deg2rad(25.0)))
    oval = replace(_PUPIL, stretch=stretch, lid_gap=quality.LID_GAP)
    quality.enforce(quality.pupil_gates(oval))
    error = _refusal(lambda: quality.enforce(quality.pupil_gates(replace(oval, lid_gap=quality.LID_GAP - 0.01))))
    assert (error.measure, error.limit) == ("off_gaze", quality.MAX_OFF_GAZE_UNDER_LID)


def test_texture_weaker_than_the_noise_has_no_signal() -> None:
    assert TextureStrength(1.0, 1.5).signal_to_noise == 0


def test_sides_gate_refuses_below_its_limit_and_accepts_at_it() -> None:
    quality.enforce(quality.figure_gates(_FIGURES, _TEXTURE, quality.MIN_VISIBLE_SHARE_30))
    hidden = quality.figure_gates(_FIGURES, _TEXTURE, quality.MIN_VISIBLE_SHARE_30 - _TINY)
    assert _refusal(lambda: quality.enforce(hidden)).measure == "visible_share_30"


def test_limbus_gate_refuses_where_another_edge_fits_nearly_as_well() -> None:
    at_limit = 1 - quality.MIN_LIMBUS_LEAD / 20
    quality.enforce(quality.limbus_gates(replace(_LIMBUS, rival=at_limit - _TINY)))
    error = _refusal(lambda: quality.enforce(quality.limbus_gates(replace(_LIMBUS, rival=at_limit + _TINY))))
    assert (error.measure, error.limit) == ("limbus_lead_grey_levels", quality.MIN_LIMBUS_LEAD)


@pytest.mark.parametrize(
    ("unusual", "lead"),
    [
        ({"arc_deg": quality.USUAL_LIMBUS_ARC_DEG[0] - 10}, quality.MIN_LIMBUS_LEAD + 4),
        ({"arc_deg": quality.USUAL_LIMBUS_ARC_DEG[1] + 1}, _DOUBTFUL),
        ({"pupil_share": quality.MAX_USUAL_PUPIL_SHARE + _TINY}, _DOUBTFUL),
        ({"pupil_share": 0.7, "arc_deg": 160}, _DOUBTFUL + quality.LEAD_A_DOUBT),
    ],
)
def test_limbus_through_the_eyes_corners_clear_of_all_lids_or_close_to_the_pupil_must_lead_by_more(
    unusual: dict[str, float], lead: float
) -> None:
    at_limit = 1 - lead / 20
    found = replace(_LIMBUS, **unusual)
    quality.enforce(quality.limbus_gates(replace(found, rival=at_limit - _TINY)))
    error = _refusal(lambda: quality.enforce(quality.limbus_gates(replace(found, rival=at_limit + _TINY))))
    assert (error.measure, error.limit) == ("limbus_lead_grey_levels", pytest.approx(lead))


def test_limbus_that_lids_hide_but_for_its_ends_is_refused() -> None:
    quality.enforce(quality.limbus_gates(replace(_LIMBUS, rival=0.0, arc_deg=quality.MIN_LIMBUS_ARC_DEG)))
    hidden = replace(_LIMBUS, arc_deg=quality.MIN_LIMBUS_ARC_DEG - 1)
    assert _refusal(lambda: quality.enforce(quality.limbus_gates(hidden))).measure == "limbus_arc_deg"


def test_code_noise_of_plain_noise_is_what_it_leaves_of_two_boxes() -> None:
    rng = np.random.default_rng(2)
    pixels = np.clip(np.round(128 + 8 * rng.standard_normal((240, 320))), 0, 255).astype(np.uint8)
    box = 60 / 8 * 3 * np.pi * 140 / 120  # pixels
    assert code_noise(pixels, _circle(40), _circle(100)) == pytest.approx(8 * np.sqrt(2 / box), rel=0.05)


def test_code_noise_hears_no_slope_and_no_edge() -> None:
    pixels = np.tile(np.linspace(40, 200, 320).round().astype(np.uint8), (240, 1))
    pixels[:, :150] //= 2
    assert code_noise(pixels, _circle(40), _circle(100)) < 0.1


@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_picture_is_refused_by_its_contrast(level: int) -> None:
    error = _refusal(lambda: quality.check_image(EyeImage(np.full((240, 320), level, np.uint8))))
    assert error.measure == "contrast_grey_levels"


def test_burnt_out_picture_is_refused() -> None:
    pixels = capture(make_eye(4), 0).image.pixels.copy()
    quality.check_image(EyeImage(pixels))
    pixels[: pixels.shape[0] * 6 // 10] = 255
    assert _refusal(lambda: quality.check_image(EyeImage(pixels))).measure == "burnt_out_share"


def test_picture_in_visible_light_is_refused_by_its_colours() -> None:
    pixels = capture(make_eye(4), 0).image.pixels
    quality.check_image(EyeImage(pixels, colour_spread=quality.MAX_COLOUR_SPREAD))
    error = _refusal(lambda: quality.check_image(EyeImage(pixels, colour_spread=quality.MAX_COLOUR_SPREAD + _TINY)))
    assert "visible light" in error.message


def test_focus_of_a_blurred_step_is_radius_over_sigma() -> None:
    for sigma in (2.0, 4.0, 6.0):
        picture = np.full((240, 320), 120, np.float32)
        cv2.circle(picture, (160, 120), 40, 30.0, -1, cv2.LINE_AA)
        measured = focus(cv2.GaussianBlur(picture, (0, 0), sigma), _circle(40), _circle(100))
        assert measured == pytest.approx(100 / sigma, rel=0.15)


def test_focus_falls_with_a_smear_in_any_direction() -> None:
    picture = np.full((240, 320), 120, np.float32)
    cv2.circle(picture, (160, 120), 40, 30.0, -1, cv2.LINE_AA)
    picture = cv2.GaussianBlur(picture, (0, 0), 1.5)
    sharp = focus(picture, _circle(40), _circle(100))
    for axis in ((1, 25), (25, 1)):
        assert focus(cv2.blur(picture, axis), _circle(40), _circle(100)) < 0.4 * sharp


def test_focus_is_that_of_the_open_edge_where_a_lid_covers_the_rest() -> None:
    picture = np.full((240, 320), 120, np.float32)
    cv2.circle(picture, (160, 120), 40, 30.0, -1, cv2.LINE_AA)
    picture = cv2.GaussianBlur(picture, (0, 0), 2.0)
    sharp = focus(picture, _circle(40), _circle(100))
    shade = np.linspace(0, 1, 20)[:, None]
    picture[80:100] = picture[80:100] * shade + 30 * (1 - shade)  # a soft shadow over the pupil's upper edge
    picture[:80] = 30
    assert focus(picture, _circle(40), _circle(100)) > 0.8 * sharp


def test_code_contrast_of_an_even_texture_is_zero_and_of_stripes_their_height() -> None:
    valid = np.ones((64, 480), bool)
    assert code_contrast(np.full((64, 480), 90.0), valid) == 0
    stripes = 90 + 20.0 * ((np.arange(480) // 12) % 2)[None] * np.ones((64, 1))
    assert code_contrast(stripes, valid) == pytest.approx(1.48 * 20 / 3)  # at two of three phases
    assert code_contrast(stripes, np.zeros((64, 480), bool)) == 0


_EXPECTED = {
    "closed_eye": {
        "pupil_score",
        "off_gaze",
        "pupil_dark_share",
        "pupil_edge_share",
        "pupil_round_share",
        "iris_diameter_px",
    },
    "half_closed_eye": {
        "pupil_score",
        "ring_bright_share",
        "pupil_dark_share",
        "pupil_edge_share",
        "pupil_round_share",
        "off_gaze",
    },
    "defocused": {"focus", "limbus_lead_grey_levels"},
    "flat_grey": {"contrast_grey_levels"},
    "printed_circle": {"code_contrast_grey_levels"},
    "two_eyes": {"second_eye_distance_iris_radii"},
    "dark_disc": {"limbus_step_grey_levels", "limbus_lead_grey_levels", "iris_diameter_px"},
    "glare": {"pupil_score"},
    "eyebrow": {"pupil_score"},
}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_picture_without_a_usable_eye_is_refused_for_its_reason(kind: str, seed: int) -> None:
    error = _refusal(lambda: normalize_eye(REFUSALS[kind](seed), eye_side=EyeSide.LEFT, captured_at=0) and None)
    if kind in _EXPECTED:
        assert error.measure in _EXPECTED[kind]


def test_eye_cut_off_by_the_border_is_refused() -> None:
    cut = capture(make_eye(6), 1, CaptureConditions(centre_shift_px=(110.0, 0.0))).image
    with pytest.raises(QualityError):
        normalize_eye(cut, eye_side=EyeSide.LEFT, captured_at=0)


def test_eye_that_is_too_small_is_refused_with_its_diameter() -> None:
    small = capture(make_eye(6), 1, CaptureConditions(iris_radius_px=36.0, glints=Glints.NONE)).image
    error = _refusal(lambda: normalize_eye(small, eye_side=EyeSide.LEFT, captured_at=0) and None)
    assert error.measure == "iris_diameter_px"
    assert error.value == pytest.approx(72, abs=4)


def test_eye_turned_by_40_degrees_is_refused_for_its_gaze() -> None:
    measures = []
    for seed in range(6):
        aside = CaptureConditions(yaw_rad=0.7, severity=0.3, glints=Glints.NONE)
        try:
            normalize_eye(capture(make_eye(seed), 0, aside).image, eye_side=EyeSide.LEFT, captured_at=0)
        except QualityError as error:
            measures.append(error.measure)
    assert measures.count("off_gaze") >= 2


def test_coloured_picture_is_refused_by_the_pipeline() -> None:
    coloured = EyeImage(capture(make_eye(4), 0).image.pixels, colour_spread=0.1)
    error = _refusal(lambda: normalize_eye(coloured, eye_side=EyeSide.LEFT, captured_at=0) and None)
    assert error.measure == "colour_spread"
