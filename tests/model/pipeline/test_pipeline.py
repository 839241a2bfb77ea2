"""Image to code on synthetic captures. Figures here are about synthetic eyes and nothing else."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from model.pipeline.encoding import encode_v1
from model.pipeline.image import EyeImage
from model.pipeline.matching import distance
from model.pipeline.pipeline import inspect_eye, normalize_eye
from model.pipeline.planes import make_planes
from model.synthetic import CaptureConditions, Glints, capture, make_eye
from protocol.errors import EncodingError, QualityError
from protocol.types import EyeSide, IrisCode, PlaneName

_EYES, _CAPTURES = 12, 3


def _code(image: EyeImage) -> IrisCode:
    planes = make_planes(normalize_eye(image, eye_side=EyeSide.LEFT, captured_at=1_700_000_000))
    return encode_v1(planes[PlaneName.TEXTURE_8X120], planes[PlaneName.MASK_8X120])


@cache
def _codes() -> tuple[tuple[IrisCode, ...], ...]:
    glints = list(Glints)
    return tuple(
        tuple(
            _code(capture(make_eye(400 + eye), n, CaptureConditions(glints=glints[eye % 4])).image)
            for n in range(_CAPTURES)
        )
        for eye in range(_EYES)
    )


def test_ordinary_captures_all_pass_the_gates() -> None:
    assert sum(len(codes) for codes in _codes()) == _EYES * _CAPTURES


def test_captures_of_one_eye_are_nearer_than_those_of_two() -> None:
    genuine = [distance(codes[0], other) for codes in _codes() for other in codes[1:]]
    impostor = [distance(one[0], two[1]) for i, one in enumerate(_codes()) for two in _codes()[:i]]
    spread = np.sqrt((np.var(genuine) + np.var(impostor)) / 2)
    assert max(genuine) < min(impostor)
    assert (np.mean(impostor) - np.mean(genuine)) / spread > 6


def test_the_same_image_gives_the_same_iris() -> None:
    image = capture(make_eye(7), 0).image
    one, other = (normalize_eye(image, eye_side=EyeSide.RIGHT, captured_at=5) for _ in range(2))
    assert one == other


def test_iris_carries_side_time_and_figures() -> None:
    iris = normalize_eye(capture(make_eye(7), 0).image, eye_side=EyeSide.RIGHT, captured_at=5)
    assert (iris.eye_side, iris.captured_at) == (EyeSide.RIGHT, 5)
    assert 180 < iris.quality.iris_diameter_px < 225
    assert 0.2 < iris.quality.pupil_to_iris_ratio < 0.6
    assert 0.5 < iris.quality.visible_iris_share <= 1
    assert iris.quality.focus > 20
    assert iris.quality.off_gaze < 0.5


def test_capture_before_1970_is_refused() -> None:
    with pytest.raises(EncodingError, match="1970"):
        normalize_eye(capture(make_eye(7), 0).image, eye_side=EyeSide.LEFT, captured_at=-1)


def test_inspection_holds_every_stage_and_shows_no_pixels() -> None:
    inspection = inspect_eye(capture(make_eye(7), 0).image, eye_side=EyeSide.LEFT, captured_at=5)
    assert inspection.unrolled.texture.tobytes() == inspection.iris.texture
    assert inspection.unrolled.valid.astype(np.uint8).tobytes() == inspection.iris.validity
    shown = repr(inspection)
    assert "array" not in shown
    assert "b'" not in shown


@pytest.mark.parametrize(("width_px", "height_px"), [(640, 480), (1280, 960)])
def test_code_of_a_larger_picture_of_the_eye_is_the_same_eyes(width_px: int, height_px: int) -> None:
    eye = make_eye(400)
    large = capture(eye, 0, CaptureConditions(width_px=width_px, height_px=height_px))
    assert distance(_code(large.image), _codes()[0][0]) < 0.2


def test_code_survives_a_pupil_that_widens() -> None:
    eye = make_eye(401)
    narrow, wide = (_code(capture(eye, 3, CaptureConditions(pupil_ratio=ratio)).image) for ratio in (0.28, 0.55))
    assert distance(narrow, wide) < 0.3


def test_code_survives_half_the_light() -> None:
    eye = make_eye(402)
    bright, dim = (_code(capture(eye, 3, CaptureConditions(exposure=level)).image) for level in (1.0, 0.5))
    assert distance(bright, dim) < 0.25


def test_mirrored_eye_is_a_strangers() -> None:
    image = capture(make_eye(403), 0).image
    mirrored = EyeImage(np.ascontiguousarray(image.pixels[:, ::-1]))
    assert distance(_code(image), _code(mirrored)) > 0.36


def _doodle(seed: int) -> EyeImage:
    """Rectangles, discs, lines and letters at random: a desk, a page, a street."""
    rng = np.random.default_rng((seed, 0xD00D1E))
    picture = np.full((240, 320), int(rng.integers(256)), np.uint8)
    for _ in range(int(rng.integers(3, 40))):
        x, y, u, v = (int(n) for n in rng.integers(0, (320, 240, 320, 240)))
        grey, kind = int(rng.integers(256)), int(rng.integers(4))
        if kind == 0:
            cv2.rectangle(picture, (x, y), (u, v), grey, -1)
        elif kind == 1:
            cv2.circle(picture, (x, y), int(rng.integers(3, 60)), grey, -1)
        elif kind == 2:
            cv2.line(picture, (x, y), (u, v), grey, int(rng.integers(1, 9)))
        else:
            cv2.putText(picture, "iris", (x, y), cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.5, 4)), grey, 3)
    blurred = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 4))).astype(np.float64)
    return EyeImage(np.clip(blurred + rng.normal(0, 3, blurred.shape), 0, 255).astype(np.uint8))


def test_doodles_are_refused_with_a_quality_error_and_nothing_else() -> None:
    refused = 0
    for seed in range(60):
        try:
            normalize_eye(_doodle(seed), eye_side=EyeSide.LEFT, captured_at=0)
        except QualityError:
            refused += 1
    assert refused >= 58  # discs on discs may pass for an eye: segmentation is no test of liveness
