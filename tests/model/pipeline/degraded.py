"""Synthetic captures with a few things wrong at once, each from harmless to hopeless."""

from __future__ import annotations

import numpy as np

from model.pipeline.image import EyeImage
from model.synthetic import CaptureConditions, Glints, capture, make_eye

__all__ = ["degraded", "degraded_conditions"]

_SIZES = [(320, 240)] * 15 + [(400, 300)] * 2 + [(640, 480)] * 2 + [(1280, 960)]


def degraded_conditions(seed: int) -> CaptureConditions:
    """A few things wrong at once, each from harmless to hopeless."""
    rng = np.random.default_rng((seed, 0xDE6))
    width_px, height_px = _SIZES[rng.integers(len(_SIZES))]

    def sometimes(share: float, low: float, high: float, otherwise: float) -> float:
        wrong, value = rng.random() < share, float(rng.uniform(low, high))
        return value if wrong else otherwise

    shift = 0.4 if rng.random() < 0.2 else 0.0
    return CaptureConditions(
        width_px=width_px,
        height_px=height_px,
        iris_radius_px=height_px * sometimes(0.3, 0.14, 0.52, 0.42),
        severity=float(rng.uniform(0, 2.5)),
        opening=sometimes(0.3, 0.3, 1.0, 1.0),
        pupil_ratio=sometimes(0.3, 0.15, 0.8, 0.38),
        yaw_rad=sometimes(0.25, -0.8, 0.8, 0.0),
        pitch_rad=sometimes(0.2, -0.6, 0.6, 0.0),
        defocus_px=sometimes(0.25, 0.0, 9.0, 0.0),
        motion_px=sometimes(0.25, 0.0, 35.0, 0.0),
        exposure=2.0 ** sometimes(0.3, -3.3, 1.1, 0.0),
        glints=list(Glints)[rng.integers(4)],
        limbus_contrast=sometimes(0.3, 0.05, 1.0, 1.0),
        centre_shift_px=(shift * width_px * float(rng.uniform(-1, 1)), shift * height_px * float(rng.uniform(-1, 1))),
    )


def degraded(eye_seed: int, seed: int) -> EyeImage:
    pixels = capture(make_eye(eye_seed), seed, degraded_conditions(seed)).image.pixels
    rng = np.random.default_rng((seed, 0x0153))
    if rng.random() < 0.3:
        noisy = pixels + rng.normal(0, rng.uniform(0, 25), pixels.shape)
        pixels = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    return EyeImage(pixels)
