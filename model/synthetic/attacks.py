"""Synthetic frames of a living eye, and of attacks on the camera. Deterministic from seeds.

Attack and defence are drawn by one hand here: error rates on these frames say that the tests do what they are meant to,
not how often a real attack succeeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline.image import EyeImage
from model.synthetic.capture import CaptureConditions, capture
from model.synthetic.eye import make_eye

Floats = npt.NDArray[np.float32]

FRAMES, FRAME_S = 10, 0.22
_BASE_RATIO = 0.40

__all__ = ["ATTACKS", "FrameSequence", "living_eye", "paper_with_hole", "print_held", "screen_replay", "still_replay"]


@dataclass(frozen=True, eq=False)
class FrameSequence:
    frames: tuple[EyeImage, ...]
    times_s: tuple[float, ...]


def living_eye(seed: int) -> FrameSequence:
    """Hippus, drift, tremor and, for every third seed, a blink."""
    rng = np.random.default_rng((seed, 0x11FE))
    ratios, drift = _hippus(rng), np.cumsum(rng.normal(0, 0.7, (FRAMES, 2)), axis=0)
    base, frames = CaptureConditions(severity=0.7), []
    for n in range(FRAMES):
        blink = seed % 3 == 0 and n == 4
        shift = (float(drift[n, 0]), float(drift[n, 1]))
        wanted = replace(base, pupil_ratio=float(ratios[n]), centre_shift_px=shift, opening=0.1 if blink else 1.0)
        frames.append(_seen(capture(make_eye(seed), seed, wanted).image.pixels.astype(np.float32), rng))
    return _sequence(frames)


def still_replay(seed: int) -> FrameSequence:
    """One picture again and again, with the camera's noise."""
    rng = np.random.default_rng((seed, 0x5711))
    return _sequence([_seen(_still(seed), rng) for _ in range(FRAMES)])


def print_held(seed: int) -> FrameSequence:
    """A print with halftone dots, held by a hand that trembles."""
    rng = np.random.default_rng((seed, 0xF41F))
    paper = _halftone(_still(seed), float(rng.uniform(2.8, 4.5)))
    return _sequence([_seen(_moved(paper, rng), rng) for _ in range(FRAMES)])


def screen_replay(seed: int) -> FrameSequence:
    """A video of a living eye on a screen: pixels, and bands from its refreshing."""
    rng = np.random.default_rng((seed, 0x5C2E))
    period_px, depth = float(rng.uniform(2.4, 4.5)), float(rng.uniform(0.08, 0.2))
    height_px, width_px = 240, 320
    yy, xx = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    frames = []
    for image in living_eye(seed).frames:
        grid = 1 + depth * (np.cos(2 * np.pi * xx / period_px) + np.cos(2 * np.pi * yy / period_px)) / 2
        band = 1 + 0.06 * np.sin(2 * np.pi * yy / 170 + float(rng.uniform(0, 6.28)))
        frames.append(_seen(np.asarray(image.pixels * grid * band, np.float32), rng))
    return _sequence(frames)


def paper_with_hole(seed: int) -> FrameSequence:
    """A fine print of an iris with a hole, through which a living pupil shows: it moves and the iris does not."""
    rng = np.random.default_rng((seed, 0x401E))
    ratios = _hippus(rng)
    conditions = CaptureConditions(severity=0.7, pupil_ratio=float(ratios.min()))
    drawn = capture(make_eye(seed), seed, conditions)
    centre = drawn.truth.pupil_contour_px.mean(axis=0)
    limbus = drawn.truth.limbus_contour_px
    radius_px = float(np.hypot(*(limbus - limbus.mean(axis=0)).T).mean())
    yy, xx = np.mgrid[0:240, 0:320].astype(np.float32)
    distance = np.hypot(xx - centre[0], yy - centre[1])
    frames = []
    for ratio in ratios:
        outside = 1 / (1 + np.exp(-(distance - ratio * radius_px) / 0.9))
        level = drawn.image.pixels[int(centre[1]), int(centre[0])]
        picture = np.asarray(drawn.image.pixels * outside + min(int(level), 40) * (1 - outside), np.float32)
        frames.append(_seen(_moved(picture, rng), rng))
    return _sequence(frames)


def _hippus(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Slow and fast restlessness of the pupil: some per cent of its width."""
    t = np.arange(FRAMES) * FRAME_S
    slow, fast = rng.uniform(0.015, 0.03), rng.uniform(0.004, 0.01)
    phases = rng.uniform(0, 2 * np.pi, 2)
    waves = slow * np.sin(2 * np.pi * 0.5 * t + phases[0]) + fast * np.sin(2 * np.pi * 1.3 * t + phases[1])
    return np.asarray(_BASE_RATIO + waves, np.float64)


def _still(seed: int) -> Floats:
    conditions = CaptureConditions(severity=0.7, pupil_ratio=_BASE_RATIO)
    return capture(make_eye(seed), seed, conditions).image.pixels.astype(np.float32)


def _halftone(picture: Floats, period_px: float) -> Floats:
    """Dots at 45 degrees whose size follows the grey level, a little blurred by paper and lens."""
    yy, xx = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    u, v = (xx + yy) * np.float32(np.sqrt(0.5)), (xx - yy) * np.float32(np.sqrt(0.5))
    screen = 0.5 + 0.25 * (np.cos(2 * np.pi * u / period_px) + np.cos(2 * np.pi * v / period_px))
    ink = 1 / (1 + np.exp(-(picture / 255 - screen) * 9))
    return np.asarray(cv2.GaussianBlur((25 + 200 * ink).astype(np.float32), (0, 0), 0.9), np.float32)


def _moved(picture: Floats, rng: np.random.Generator) -> Floats:
    turn_deg, (x, y) = float(rng.normal(0, 0.6)), rng.normal(0, 1.5, 2)
    way = cv2.getRotationMatrix2D((160, 120), turn_deg, 1 + float(rng.normal(0, 0.004)))
    way[:, 2] += (x, y)
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, way, size, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _seen(picture: Floats, rng: np.random.Generator) -> EyeImage:
    noisy = picture + rng.normal(0, 2.0, picture.shape)
    return EyeImage(np.clip(np.round(noisy), 0, 255).astype(np.uint8))


def _sequence(frames: list[EyeImage]) -> FrameSequence:
    return FrameSequence(tuple(frames), tuple(n * FRAME_S for n in range(len(frames))))


ATTACKS: dict[str, Callable[[int], FrameSequence]] = {
    "still_replay": still_replay,
    "print": print_held,
    "screen": screen_replay,
    "paper_with_hole": paper_with_hole,
}
"""Every kind by name; each takes a seed."""
