"""Captures as two kinds of close-up camera take them, harder to segment than ordinary ones. Deterministic from seeds.

Both are drawn after what is known of two public research sets of near-infrared eyes, without a picture of them: the
iris fills the picture or is cut by its border, the limbus is soft and faint, lashes hang into the eye, the lamps shine
in the pupil. Figures on these captures are about synthetic eyes; they say whether a gate would refuse such pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.synthetic.capture import CaptureConditions, Glints, SyntheticCapture, capture
from model.synthetic.eye import TEXTURE_RADII, SyntheticEye, make_eye

__all__ = ["CAMERAS", "hand_held", "ring_of_lamps"]


def hand_held(eye_seed: int, capture_seed: int) -> SyntheticCapture:
    """320x240, two lamps in the pupil, many lashes, a dark sclera; as of IITD's camera."""
    eye, rng = _anatomy(eye_seed), _random(eye_seed, capture_seed, 1)
    eye = replace(eye, lash_count=int(eye.lash_count * rng.uniform(1.2, 2.2)))
    conditions = CaptureConditions(
        iris_radius_px=float(np.clip(rng.normal(105, 9), 88, 125)),
        severity=float(rng.uniform(0.5, 1.5)),
        opening=float(rng.uniform(0.85, 1.0)),
        pupil_ratio=float(rng.uniform(0.25, 0.58)),
        glints=Glints.TWO_LAMPS,
        limbus_contrast=float(rng.uniform(0.35, 1.0)),
        centre_shift_px=(float(rng.normal(0, 16)), float(rng.normal(0, 8))),
    )
    return capture(eye, capture_seed, conditions)


def ring_of_lamps(eye_seed: int, capture_seed: int) -> SyntheticCapture:
    """320x280, eight lamps in a ring in the pupil, sharp, wide pupils, lids partly outside; as of CASIA-Interval's."""
    eye, rng = _anatomy(eye_seed), _random(eye_seed, capture_seed, 2)
    eye = replace(eye, skin_level=eye.skin_level + 20, lid_opening=eye.lid_opening * 0.92)
    conditions = CaptureConditions(
        height_px=280,
        iris_radius_px=float(np.clip(rng.normal(107, 8), 90, 125)),
        severity=float(rng.uniform(0.3, 1.2)),
        opening=float(rng.uniform(0.9, 1.0)),
        pupil_ratio=float(rng.uniform(0.25, 0.65)),
        glints=Glints.WIDE_RING,
        limbus_contrast=float(rng.uniform(0.3, 0.9)),
        centre_shift_px=(float(rng.normal(0, 16)), float(rng.normal(0, 10))),
    )
    return capture(eye, capture_seed, conditions)


CAMERAS: dict[str, Callable[[int, int], SyntheticCapture]] = {"hand_held": hand_held, "ring_of_lamps": ring_of_lamps}
"""Each takes an eye's seed and a capture's."""


def _random(eye_seed: int, capture_seed: int, camera: int) -> np.random.Generator:
    return np.random.default_rng((eye_seed, capture_seed, camera, 0xCA3E))


def _anatomy(eye_seed: int) -> SyntheticEye:
    """The eye of that seed with a softer limbus, a greyer sclera and a pupillary zone that is darker or brighter than
    the rest: its edge, the collarette, is the circle that is most easily taken for the limbus."""
    eye, rng = make_eye(eye_seed), np.random.default_rng((eye_seed, 0xA2A7))
    radii = (np.arange(TEXTURE_RADII) / TEXTURE_RADII)[:, None]
    inside = 1 / (1 + np.exp((radii - rng.uniform(0.25, 0.45)) / 0.03))
    texture = (eye.texture + rng.normal(0, 0.8) * inside).astype(np.float32)
    texture.setflags(write=False)
    return replace(
        eye,
        texture=texture,
        limbus_softness=float(rng.uniform(0.025, 0.06)),
        sclera_level=float(rng.uniform(145, 195)),
        iris_level=float(rng.uniform(75, 125)),
    )
