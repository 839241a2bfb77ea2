"""One synthetic eye: what stays the same from capture to capture."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

TEXTURE_ANGLES = 1024
TEXTURE_RADII = 128
"""Grid of an eye's own texture: finer than any capture samples it."""

_OCTAVES = ((2, 48, 1.0), (3, 90, 1.0), (4, 160, 0.9), (7, 260, 0.6), (14, 200, 0.45), (8, 40, 0.8), (4, 16, 0.7))
"""(cells along the radius, cells along the angle, weight): few cells along the radius make radial fibres."""


@dataclass(frozen=True, eq=False)
class SyntheticEye:
    """An eye's texture and the anatomy that a capture varies around. Made by `make_eye`.

    `texture` is float32[128, 1024] (pupil to limbus x angle, clockwise from 3 o'clock), mean 0, about +-2.2.
    Lengths are in iris radii, grey levels are those of a capture at exposure 1.
    """

    seed: int
    texture: Floats = field(repr=False)
    texture_contrast: float
    iris_level: float
    sclera_level: float
    skin_level: float
    pupil_ratio: float
    pupil_offset: tuple[float, float]
    """Centre of the pupil from the centre of the limbus."""
    pupil_shape: tuple[float, float]
    """Second-order deviation of the pupil from a circle (cosine, sine), as a share of its radius."""
    limbus_softness: float
    """Width of the transition from iris to sclera."""
    lid_opening: float
    """How far the upper lid stands above the limbus centre."""
    lid_tilt: float
    lash_count: int


def make_eye(seed: int) -> SyntheticEye:
    """The eye with this seed; different seeds make eyes that share nothing but anatomy."""
    rng = np.random.default_rng((seed, 0x0E1E))
    texture = _fibres(rng)
    texture = _add_collarette(texture, rng)
    texture = _add_furrows(texture, rng)
    texture = _add_crypts(texture, rng)
    texture = (texture - texture.mean()) / texture.std()
    texture = (np.tanh(texture / 2.2) * 2.2).astype(np.float32)
    texture.setflags(write=False)
    return SyntheticEye(
        seed=seed,
        texture=texture,
        texture_contrast=float(rng.uniform(8, 16)),
        iris_level=float(rng.uniform(85, 130)),
        sclera_level=float(rng.uniform(165, 205)),
        skin_level=float(rng.uniform(150, 200)),
        pupil_ratio=float(rng.uniform(0.30, 0.46)),
        pupil_offset=(float(rng.normal(0, 0.025)), float(rng.normal(0, 0.025))),
        pupil_shape=(float(rng.normal(0, 0.012)), float(rng.normal(0, 0.012))),
        limbus_softness=float(rng.uniform(0.02, 0.05)),
        lid_opening=float(rng.uniform(0.72, 1.02)),
        lid_tilt=float(rng.normal(0, 0.05)),
        lash_count=int(rng.integers(25, 70)),
    )


def band_noise(rng: np.random.Generator, radial_cells: int, angular_cells: int) -> Floats:
    """Value noise float32[128, 1024], periodic along the angle, one knot per cell, standard deviation below 1."""
    knots = rng.standard_normal((radial_cells + 3, angular_cells)).astype(np.float32)
    wrapped = np.concatenate([knots[:, -2:], knots, knots[:, :3]], axis=1)
    width = round((angular_cells + 5) * TEXTURE_ANGLES / angular_cells)
    height = round((radial_cells + 3) * TEXTURE_RADII / radial_cells)
    smooth = cv2.resize(wrapped, (width, height), interpolation=cv2.INTER_CUBIC)
    top, left = TEXTURE_RADII // radial_cells, int(2.5 * TEXTURE_ANGLES / angular_cells)
    return np.asarray(smooth[top : top + TEXTURE_RADII, left : left + TEXTURE_ANGLES], np.float32)


def _angles_rad() -> Floats:
    return (np.arange(TEXTURE_ANGLES) * (2 * np.pi / TEXTURE_ANGLES)).astype(np.float32)[None]


def _radii() -> Floats:
    return (np.arange(TEXTURE_RADII) / TEXTURE_RADII).astype(np.float32)[:, None]


def _angle_between(angles_rad: Floats, centre_rad: float) -> Floats:
    return np.asarray((angles_rad - centre_rad + np.pi) % (2 * np.pi) - np.pi, np.float32)


def _fibres(rng: np.random.Generator) -> Floats:
    """Radial fibres in seven octaves, bent by warping the angle."""
    fibres = np.zeros((TEXTURE_RADII, TEXTURE_ANGLES), np.float32)
    for radial_cells, angular_cells, weight in _OCTAVES:
        fibres += np.float32(weight * rng.uniform(0.7, 1.3)) * band_noise(rng, radial_cells, angular_cells)
    bend = band_noise(rng, 4, 20) * 7 + band_noise(rng, 8, 60) * 2.5
    columns = (np.arange(TEXTURE_ANGLES, dtype=np.float32)[None] + bend) % TEXTURE_ANGLES
    rows = np.repeat(np.arange(TEXTURE_RADII, dtype=np.float32)[:, None], TEXTURE_ANGLES, axis=1)
    closed = np.concatenate([fibres, fibres[:, :2]], axis=1)
    return np.asarray(cv2.remap(closed, columns.astype(np.float32), rows, cv2.INTER_LINEAR), np.float32)


def _add_collarette(texture: Floats, rng: np.random.Generator) -> Floats:
    """The bright zigzag ring around the pupillary zone; fibres are strongest near it."""
    angles = _angles_rad()
    ring = np.full_like(angles, rng.uniform(0.22, 0.38))
    for order in range(1, 14):
        amplitude = 0.035 * rng.standard_normal() / order
        ring = ring + np.float32(amplitude) * np.cos(order * angles + np.float32(rng.uniform(0, 2 * np.pi)))
    away = _radii() - ring
    patchy = 1 + 0.8 * band_noise(rng, 2, 70)
    brighter = texture + np.float32(rng.uniform(0.8, 1.6)) * np.exp(-((away / 0.05) ** 2)) * patchy
    return np.asarray(brighter * (1 + 0.35 * np.exp(-((away / 0.25) ** 2))), np.float32)


def _add_furrows(texture: Floats, rng: np.random.Generator) -> Floats:
    """Contraction furrows: dark arcs in the outer zone."""
    angles, radii = _angles_rad(), _radii()
    for _ in range(int(rng.integers(2, 7))):
        radius, middle_rad, reach_rad = rng.uniform(0.55, 0.95), rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 2.2)
        distance = np.abs(_angle_between(angles, middle_rad))
        fade = 1 / (1 + np.exp((distance - reach_rad) * 12))
        arc = np.exp(-(((radii - radius - 0.02 * np.cos(3 * angles)) / 0.018) ** 2))
        texture = np.asarray(texture - np.float32(rng.uniform(0.5, 1.2)) * arc * fade, np.float32)
    return texture


def _add_crypts(texture: Floats, rng: np.random.Generator) -> Floats:
    """Crypts: dark lozenges with a light rim, around the collarette and in the outer zone."""
    angles, radii = _angles_rad(), _radii()
    for _ in range(int(rng.integers(15, 80))):
        radius = float(np.clip(rng.normal(rng.choice([0.3, 0.55]), 0.1), 0.06, 0.95))
        height, width_rad = rng.uniform(0.025, 0.07), rng.uniform(0.015, 0.05)
        offset = _angle_between(angles, rng.uniform(0, 2 * np.pi)) / np.float32(width_rad)
        distance = np.abs((radii - radius) / np.float32(height)) ** 1.5 + np.abs(offset) ** 1.5
        rim = 0.5 * np.exp(-((np.sqrt(distance) - 1.5) ** 2) * 6)
        crypt = np.float32(rng.uniform(1.0, 2.6)) * (rim - np.exp(-distance))
        texture = np.asarray(texture + crypt, np.float32)
    return texture
