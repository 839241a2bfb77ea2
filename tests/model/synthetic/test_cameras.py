"""Close-up cameras: hard captures that the pipeline must read. Figures here are about synthetic eyes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.pipeline._geometry import turn
from model.pipeline.pipeline import inspect_eye
from model.synthetic import SyntheticCapture
from model.synthetic.cameras import CAMERAS
from protocol.errors import QualityError
from protocol.types import EyeSide

_COUNT = 20


def _ring(shape: tuple[int, ...], outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    for contour, value in ((outer, 1), (inner, 0)):
        cv2.fillPoly(mask, [np.round(contour * 16).astype(np.int32)], value, cv2.LINE_8, 4)
    return mask > 0


def _overlap(drawn: SyntheticCapture) -> float | None:
    """Intersection over union of the ring between pupil and limbus; None for a refused picture."""
    try:
        found = inspect_eye(drawn.image, eye_side=EyeSide.LEFT, captured_at=0).segmentation
    except QualityError:
        return None
    shape = drawn.image.pixels.shape
    truth = _ring(shape, drawn.truth.limbus_contour_px, drawn.truth.pupil_contour_px)
    ours = _ring(shape, found.limbus.points_px(turn(360)), found.pupil.points_px(turn(360)))
    return float((truth & ours).sum() / (truth | ours).sum())


@pytest.mark.slow
@pytest.mark.parametrize("camera", sorted(CAMERAS))
def test_close_up_captures_are_read_and_read_well(camera: str) -> None:
    overlaps = [_overlap(CAMERAS[camera](40_000 + seed, seed)) for seed in range(_COUNT)]
    read = [overlap for overlap in overlaps if overlap is not None]
    assert len(read) >= 0.85 * _COUNT
    assert np.median(read) >= 0.92
    assert np.mean(np.array(read) > 0.8) >= 0.85


@pytest.mark.parametrize("camera", sorted(CAMERAS))
def test_close_up_is_the_same_for_the_same_seeds_and_another_for_others(camera: str) -> None:
    draw = CAMERAS[camera]
    one = draw(7, 1).image.pixels
    assert np.array_equal(one, draw(7, 1).image.pixels)
    for other in (draw(7, 2), draw(8, 1)):
        assert not np.array_equal(one, other.image.pixels)
