"""The stages in order: image -> quality -> segmentation -> normalisation -> normalised iris."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.pipeline import quality
from model.pipeline.image import EyeImage
from model.pipeline.normalization import UnrolledIris, unroll
from model.pipeline.segmentation import Segmentation, segment
from protocol.types import EyeSide, NormalizedIris, QualityFigures

__all__ = ["Inspection", "inspect_eye", "normalize_eye"]


@dataclass(frozen=True, eq=False)
class Inspection:
    """What every stage made of one image, for drawing and printing. Private like the image itself."""

    segmentation: Segmentation
    unrolled: UnrolledIris
    code_contrast: float
    iris: NormalizedIris = field(repr=False)


def normalize_eye(image: EyeImage, *, eye_side: EyeSide, captured_at: int) -> NormalizedIris:
    """The normalised iris of one eye; `captured_at` is Unix time in seconds.

    Raises `QualityError`, with measure, value and limit, for a picture without exactly one eye that can be used.
    """
    return inspect_eye(image, eye_side=eye_side, captured_at=captured_at).iris


def inspect_eye(image: EyeImage, *, eye_side: EyeSide, captured_at: int) -> Inspection:
    """As `normalize_eye`, with every stage's result."""
    quality.check_image(image)
    found = segment(image)
    quality.check_geometry(found.pupil, found.limbus)
    quality.require_one_eye(found.another_eye_radii)
    unrolled = unroll(image, found)
    figures = QualityFigures(
        focus=quality.focus(image.pixels.astype(np.float32), found.pupil, found.limbus),
        iris_diameter_px=2 * found.limbus.mean_radius_px,
        pupil_to_iris_ratio=found.pupil.mean_radius_px / found.limbus.mean_radius_px,
        visible_iris_share=float(unrolled.valid.mean()),
        off_gaze=quality.off_gaze(found.pupil_evidence),
    )
    contrast = quality.code_contrast(unrolled.levels, unrolled.valid)
    quality.check_figures(figures, contrast)
    iris = NormalizedIris(
        texture=unrolled.texture.tobytes(),
        validity=unrolled.valid.astype(np.uint8).tobytes(),
        eye_side=eye_side,
        captured_at=captured_at,
        quality=figures,
    )
    return Inspection(found, unrolled, contrast, iris)
