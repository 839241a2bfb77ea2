"""The rubber sheet: where it starts, which way it runs, and what it hides."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.pipeline._geometry import Contour
from model.pipeline.evidence import LimbusEvidence, PupilEvidence
from model.pipeline.eyelids import Eyelid
from model.pipeline.image import EyeImage
from model.pipeline.normalization import UnrolledIris, unroll
from model.pipeline.segmentation import Segmentation

_PUPIL = PupilEvidence(step=60, dark_share=1, ring_bright_share=1, edge_share=1, round_share=1, stretch=0.0, lid_gap=1)
_LIMBUS = LimbusEvidence(
    right_step=20, left_step=20, edge_share=1, rival=0.3, arc_deg=90, pupil_share=0.4, unevenness=0.1
)


def _segmentation(
    upper: Eyelid | None = None, x: float = 160.0, inner: float = 40.0, outer: float = 100.0
) -> Segmentation:
    return Segmentation(
        pupil=Contour(x, 120.0, (inner,)),
        limbus=Contour(x, 120.0, (outer,)),
        upper_lid=upper,
        lower_lid=None,
        pupil_evidence=_PUPIL,
        limbus_evidence=_LIMBUS,
        gain=1.0,
        another_eye_radii=0.0,
    )


def _picture() -> np.ndarray:
    """An even iris with a fine texture."""
    rng = np.random.default_rng(2)
    texture = cv2.GaussianBlur(rng.normal(0, 200, (240, 320)), (0, 0), 3)
    return np.clip(110 + texture, 1, 254).astype(np.uint8)


def _unroll(picture: np.ndarray, **changes: object) -> UnrolledIris:
    return unroll(EyeImage(picture), _segmentation(**changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("direction", "column"), [((1, 0), 0), ((0, 1), 120), ((-1, 0), 240), ((0, -1), 360)])
def test_column_zero_is_three_o_clock_and_columns_run_clockwise(direction: tuple[int, int], column: int) -> None:
    picture = _picture()
    spot = (160 + 70 * direction[0], 120 + 70 * direction[1])
    cv2.circle(picture, spot, 6, 1, -1)
    unrolled = _unroll(picture)
    assert not unrolled.valid[32, column]  # hidden as if by a lash
    assert unrolled.valid[32, (column + 60) % 480]


def test_row_zero_is_at_the_pupil_and_the_last_at_the_limbus() -> None:
    yy, xx = np.mgrid[0:240, 0:320]
    ramp = np.clip(np.hypot(xx - 160, yy - 120), 0, 255).astype(np.uint8)
    levels = _unroll(ramp).levels.mean(axis=1)
    share = (np.arange(64) + 0.5) / 64
    assert levels == pytest.approx(40 + 60 * share, abs=1.0)


def test_texture_is_at_least_one_and_hidden_texels_carry_their_rows_mean() -> None:
    picture = _picture()
    picture[:70] = 250
    unrolled = _unroll(picture, upper=Eyelid(True, 160, 70, 0, 0))
    assert unrolled.texture.min() >= 1
    assert 0.5 < unrolled.valid.mean() < 0.9
    for row in (25, 40, 60):
        hidden, seen = unrolled.levels[row][~unrolled.valid[row]], unrolled.levels[row][unrolled.valid[row]]
        assert hidden.size
        assert hidden == pytest.approx(np.full(hidden.size, seen.mean()))


def test_lid_hides_what_is_above_it() -> None:
    unrolled = _unroll(_picture(), upper=Eyelid(True, 160, 70, 0, 0))
    assert not unrolled.valid[50:, 340:380].any()  # 12 o'clock, near the limbus
    assert unrolled.valid[:, 100:140].all()  # 6 o'clock


def test_glint_and_lash_are_hidden_with_their_margins() -> None:
    picture = _picture()
    cv2.circle(picture, (160 + 70, 120), 4, 254, -1)
    cv2.line(picture, (90, 60), (95, 118), 1, 2)
    unrolled = _unroll(picture)
    assert not unrolled.valid[30:34, 0].any()
    assert (~unrolled.valid[:, 250:300]).any()
    assert unrolled.valid.mean() > 0.9


def test_skin_that_no_lid_was_found_for_is_hidden_all_the_same() -> None:
    picture = _picture()
    picture[:70] = 220
    assert not _unroll(picture).valid[55, 340:380].any()


def test_what_lies_outside_the_picture_is_hidden() -> None:
    unrolled = _unroll(_picture(), x=250.0)
    assert not unrolled.valid[60, :10].any()
    assert unrolled.valid[60, 235:245].all()


def test_texture_does_not_depend_on_brightness_or_contrast() -> None:
    picture = _picture()
    darker = np.round(40 + 0.5 * picture.astype(float)).astype(np.uint8)
    one, other = _unroll(picture), _unroll(darker)
    both = one.valid & other.valid
    difference = np.abs(one.texture.astype(int) - other.texture.astype(int))[both]
    assert np.percentile(difference, 95) <= 5


def test_texture_of_an_iris_turned_by_90_degrees_is_turned_by_120_columns() -> None:
    square = _picture()[:, 40:280]
    picture, turned = (cv2.copyMakeBorder(p, 0, 0, 40, 40, cv2.BORDER_REFLECT) for p in (square, np.rot90(square, -1)))
    centre = 119.5 + 40
    one, other = (unroll(EyeImage(np.ascontiguousarray(p)), _turned_about(centre)) for p in (picture, turned))
    difference = np.abs(np.roll(one.levels, 120, axis=1) - other.levels)
    assert np.median(difference) < 1.0


def _turned_about(x: float) -> Segmentation:
    found = _segmentation()
    contour = lambda radius: Contour(x, 119.5, (radius,))  # noqa: E731
    return Segmentation(
        contour(40.0), contour(100.0), None, None, found.pupil_evidence, found.limbus_evidence, 1.0, 0.0
    )


def test_repr_shows_no_texels() -> None:
    assert repr(_unroll(_picture())) == "UnrolledIris()"
