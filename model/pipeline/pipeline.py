"""The stages in order: image -> quality -> segmentation -> normalisation -> normalised iris."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from model.pipeline import quality
from model.pipeline.geometry import EyeGeometry, measure_geometry
from model.pipeline.image import EyeImage
from model.pipeline.measures import TextureStrength, code_contrast, code_noise, focus
from model.pipeline.normalization import UnrolledIris, unroll
from model.pipeline.segmentation import Segmentation, follow, segment
from protocol.types import EyeSide, NormalizedIris, QualityFigures

__all__ = ["Inspection", "Measured", "inspect_eye", "measure", "normalize_eye"]


@dataclass(frozen=True)
class Measured:
    """Figures about one unrolled iris."""

    figures: QualityFigures
    texture: TextureStrength
    geometry: EyeGeometry


@dataclass(frozen=True, eq=False)
class Inspection:
    """What every stage made of one image, for drawing and printing. Private like the image itself."""

    segmentation: Segmentation
    unrolled: UnrolledIris
    measured: Measured
    iris: NormalizedIris = field(repr=False)


def normalize_eye(image: EyeImage, *, eye_side: EyeSide, captured_at: int) -> NormalizedIris:
    """The normalised iris of one eye; `captured_at` is Unix time in seconds.

    Raises `QualityError`, with measure, value and limit, for a picture without exactly one eye that can be used.
    """
    return inspect_eye(image, eye_side=eye_side, captured_at=captured_at).iris


def inspect_eye(
    image: EyeImage, *, eye_side: EyeSide, captured_at: int, last: Segmentation | None = None
) -> Inspection:
    """As `normalize_eye`, with every stage's result.

    With `last`, of the frame before, the eye is followed and not searched for (`segmentation.follow`): for guidance.
    """
    quality.check_image(image)
    found = segment(image) if last is None else follow(image, last)
    quality.enforce(quality.shape_gates(found.pupil, found.limbus))
    quality.enforce(quality.one_eye_gates(found.another_eye_radii))
    unrolled = unroll(image, found)
    measured = measure(image, found, unrolled)
    quality.enforce(quality.figure_gates(measured.figures, measured.texture, measured.geometry.visible_share_30))
    iris = NormalizedIris(
        texture=unrolled.texture.tobytes(),
        validity=unrolled.valid.astype(np.uint8).tobytes(),
        eye_side=eye_side,
        captured_at=captured_at,
        quality=measured.figures,
    )
    return Inspection(found, unrolled, measured, iris)


def measure(image: EyeImage, found: Segmentation, unrolled: UnrolledIris) -> Measured:
    """The figures of an unrolled iris, good or bad."""
    geometry = measure_geometry(found, unrolled.valid)
    contrast = code_contrast(unrolled.levels, unrolled.valid)
    return Measured(
        figures=QualityFigures(
            focus=focus(image.pixels.astype(np.float32), found.pupil, found.limbus),
            iris_diameter_px=2 * found.limbus.mean_radius_px,
            pupil_to_iris_ratio=geometry.pupil_to_iris_ratio,
            visible_iris_share=float(unrolled.valid.mean()),
            off_gaze=geometry.off_gaze,
        ),
        texture=TextureStrength(contrast, code_noise(image.pixels, found.pupil, found.limbus)),
        geometry=geometry,
    )
