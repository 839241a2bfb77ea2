"""Pictures that the pipeline must refuse, each for its own reason. Deterministic from seeds."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline.image import EyeImage
from model.synthetic.capture import CaptureConditions, capture
from model.synthetic.eye import make_eye

__all__ = [
    "REFUSALS",
    "closed_eye",
    "dark_disc",
    "defocused",
    "eyebrow",
    "flat_grey",
    "glare",
    "half_closed_eye",
    "looking_aside",
    "motion_blurred",
    "noise",
    "printed_circle",
    "skin",
    "tiny_pixels",
    "two_eyes",
    "visible_light_eye",
]


def closed_eye(seed: int) -> EyeImage:
    """Lids shut, lashes where they meet."""
    return capture(make_eye(seed), seed, CaptureConditions(opening=0.0)).image


def half_closed_eye(seed: int) -> EyeImage:
    """The upper lid hides the upper part of the pupil."""
    return capture(make_eye(seed), seed, CaptureConditions(opening=0.48)).image


def defocused(seed: int) -> EyeImage:
    """Blurred by a standard deviation of 11 % of the iris radius."""
    return capture(make_eye(seed), seed, CaptureConditions(defocus_px=11)).image


def motion_blurred(seed: int) -> EyeImage:
    """Smeared sideways by 45 % of the iris radius."""
    return capture(make_eye(seed), seed, CaptureConditions(motion_px=45)).image


def looking_aside(seed: int) -> EyeImage:
    """Turned by 1 rad (57 degrees)."""
    return capture(make_eye(seed), seed, CaptureConditions(yaw_rad=1.0)).image


def glare(seed: int) -> EyeImage:
    """A lamp mirrored by glasses: a burnt-out patch over pupil and iris."""
    pixels = capture(make_eye(seed), seed).image.pixels.astype(np.float32)
    rng = np.random.default_rng((seed, 0x61A8E))
    height_px, width_px = pixels.shape
    yy, xx = np.mgrid[0:height_px, 0:width_px]
    x, y = width_px / 2 + rng.uniform(-20, 20), height_px / 2 + rng.uniform(-15, 15)
    light = 1 / (1 + np.exp((np.hypot((xx - x) / 1.3, yy - y) - 62) / 3))
    return _image(pixels + 260 * light)


def visible_light_eye(seed: int) -> EyeImage:
    """A brown eye in visible light, in grey: pupil and iris are equally dark."""
    return capture(make_eye(seed), seed, CaptureConditions(visible_light_brown=True)).image


def two_eyes(seed: int) -> EyeImage:
    """Both eyes of a face side by side."""
    half = CaptureConditions(width_px=320, height_px=240, iris_radius_px=62)
    one, other = capture(make_eye(seed), 0, half), capture(make_eye(seed + 1_000_000), 0, half)
    return EyeImage(np.ascontiguousarray(np.concatenate([one.image.pixels, other.image.pixels], axis=1)))


def skin(seed: int) -> EyeImage:
    """A cheek: uneven light, pores and moles."""
    rng = np.random.default_rng((seed, 0x5C14))
    slow = cv2.GaussianBlur(rng.standard_normal((240, 320)).astype(np.float32), (0, 0), 40) * 900
    pores = cv2.GaussianBlur(rng.standard_normal((240, 320)).astype(np.float32), (0, 0), 1.5) * 12
    picture = np.asarray(150 + slow + pores, np.float32)
    for _ in range(int(rng.integers(0, 4))):
        x, y, radius = (int(v) for v in (rng.integers(20, 300), rng.integers(20, 220), rng.integers(3, 9)))
        spot = np.zeros((240, 320), np.uint8)
        cv2.circle(spot, (x, y), radius, 60, -1)
        picture = np.asarray(picture - cv2.GaussianBlur(spot, (0, 0), 2), np.float32)
    return _image(picture)


def eyebrow(seed: int) -> EyeImage:
    """Thick dark hairs on skin, no eye."""
    rng = np.random.default_rng((seed, 0xB20))
    picture = skin(seed).pixels.copy()
    for _ in range(400):
        x = rng.uniform(20, 300)
        y = 120 - 30 * np.cos((x - 160) / 90) + rng.normal(0, 14)
        lean, length = rng.normal(0.6, 0.3), rng.uniform(15, 40)
        end = (round(x + length * np.cos(lean)), round(y - length * np.sin(lean)))
        cv2.line(picture, (round(x), round(y)), end, int(rng.integers(20, 70)), 2, cv2.LINE_AA)
    return EyeImage(picture)


def noise(seed: int) -> EyeImage:
    """Independent random pixels for even seeds, random blotches for odd ones."""
    rng = np.random.default_rng((seed, 0x2015E))
    white = rng.standard_normal((240, 320)).astype(np.float32)
    if seed % 2 == 0:
        return _image(128 + 50 * white)
    blotches = np.asarray(cv2.GaussianBlur(white, (0, 0), 12), np.float32)
    return _image(128 + 50 * blotches / float(blotches.std()))


def flat_grey(seed: int) -> EyeImage:
    """A lens cap, or a wall: one level and a little noise."""
    rng = np.random.default_rng((seed, 0xF1A7))
    return _image(rng.uniform(0, 255) + 2 * rng.standard_normal((240, 320)))


def printed_circle(seed: int) -> EyeImage:
    """The drawing of an eye: black disc, grey ring, white paper; as a camera sees it."""
    return _drawing(seed, ring_level=115)


def dark_disc(seed: int) -> EyeImage:
    """A black disc on white paper."""
    return _drawing(seed, ring_level=205)


def tiny_pixels(seed: int) -> npt.NDArray[np.uint8]:
    """A good eye with a quarter of the pixels that are needed, uint8[120, 160]: no `EyeImage` can hold it."""
    pixels = capture(make_eye(seed), seed).image.pixels
    return np.asarray(cv2.resize(pixels, (160, 120), interpolation=cv2.INTER_AREA), np.uint8)


def _drawing(seed: int, ring_level: int) -> EyeImage:
    rng = np.random.default_rng((seed, 0xC12C))
    picture = np.full((240, 320), 205, np.float32)
    centre = (int(rng.integers(140, 180)), int(rng.integers(110, 130)))
    radius = int(rng.integers(80, 100))
    cv2.circle(picture, centre, radius, float(ring_level), -1, cv2.LINE_AA)
    cv2.circle(picture, centre, int(radius * rng.uniform(0.3, 0.5)), 30.0, -1, cv2.LINE_AA)
    slope = 1 + rng.normal(0, 0.06) * np.linspace(-0.5, 0.5, 320)[None]
    blurred = cv2.GaussianBlur(picture * slope.astype(np.float32), (0, 0), 1.2)
    return _image(blurred + rng.normal(0, 3, picture.shape))


def _image(picture: npt.NDArray[np.floating]) -> EyeImage:
    return EyeImage(np.clip(np.round(picture), 0, 255).astype(np.uint8))


REFUSALS: dict[str, Callable[[int], EyeImage]] = {
    "closed_eye": closed_eye,
    "half_closed_eye": half_closed_eye,
    "defocused": defocused,
    "motion_blurred": motion_blurred,
    "looking_aside": looking_aside,
    "glare": glare,
    "visible_light_eye": visible_light_eye,
    "two_eyes": two_eyes,
    "skin": skin,
    "eyebrow": eyebrow,
    "noise": noise,
    "flat_grey": flat_grey,
    "printed_circle": printed_circle,
    "dark_disc": dark_disc,
}
"""Every kind by name; each takes a seed."""
