"""A turned head, camera or picture makes nobody else: the whole pipeline, then the committee's comparison."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.actions import unroll_eye
from model.pipeline.encoding import ENCODERS
from model.pipeline.image import EyeImage
from model.pipeline.planes import make_planes
from model.synthetic import CaptureConditions, capture, make_eye
from protocol.errors import QualityError
from protocol.types import EyeSide
from uniqueness.constants import rule_of
from uniqueness.reference import matches, mirrored_vector
from uniqueness.rehearsal import Integers

EYES = (601, 602, 603, 604)
TURNS_DEGREES = (28, 60, 90, 180, 213)
WIDE = CaptureConditions(width_px=900, height_px=900, iris_radius_px=110)
"""Room to turn the picture in, lids and all, and to cut 640x480 out of its middle."""


def _turned(picture: EyeImage, degrees: float, flipped: bool) -> EyeImage:
    height, width = picture.pixels.shape
    turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), degrees, 1.0)
    turned = cv2.warpAffine(picture.pixels, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    top, left = (height - 480) // 2, (width - 640) // 2
    cut = turned[top : top + 480, left : left + 640]
    return EyeImage(np.ascontiguousarray(cut[:, ::-1] if flipped else cut))


def _vector(network: str, picture: EyeImage) -> Integers:
    """Symbols, then mask cells: what is shared among the nodes."""
    planes = make_planes(unroll_eye(picture, EyeSide.LEFT, captured_at=0))
    encoder = ENCODERS[network]
    texture, mask = planes[encoder.texture], planes[encoder.mask]
    cells = np.frombuffer(bytes(mask.cells), np.uint8)
    return np.concatenate([np.array(encoder.encode(texture, mask).symbols, np.int64), cells.astype(np.int64)])


@pytest.mark.parametrize("network", ENCODERS)
def test_another_capture_turned_by_any_angle_or_mirrored_is_the_same_person_or_refused(network: str) -> None:
    rule = rule_of(network)
    first = [_turned(capture(make_eye(eye), 1, WIDE).image, 0, flipped=False) for eye in EYES]
    upright = np.stack([_vector(network, picture) for picture in first])
    found = 0
    for number, eye in enumerate(EYES):
        for degrees in TURNS_DEGREES:
            try:
                asked = _vector(network, _turned(capture(make_eye(eye), 2, WIDE).image, degrees, degrees == 60))
            except QualityError:
                continue
            shown = (asked, mirrored_vector(asked, rule))
            for record, row in enumerate(upright):
                matched = any(matches(rule, one, row[None]) for one in shown)
                assert matched is (record == number), f"eye {eye} turned by {degrees} degrees, record {record}"
            found += 1
    assert found >= 0.75 * len(EYES) * len(TURNS_DEGREES)
