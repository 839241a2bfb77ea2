"""Folders and films of synthetic eyes for the camera: nobody's eyes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline.image import EyeImage
from model.synthetic.attacks import FrameSequence, living_eye


def in_colours(image: EyeImage) -> npt.NDArray[np.uint8]:
    """The eye as a camera for visible light might see it: what is bright is reddish, what is dark is bluish."""
    grey = image.pixels.astype(np.float32)[:, :, None]
    tint = np.where(grey > np.median(grey), np.array([0.7, 0.8, 1.0]), np.array([1.0, 0.8, 0.6]))
    return np.asarray(grey * tint, np.uint8)


@cache
def living(seed: int) -> FrameSequence:
    """About two seconds of a living eye; drawn once."""
    return living_eye(seed)


def write_stills(folder: Path, sequence: FrameSequence) -> str:
    """Write the frames as PNG; returns the camera's URL."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(sequence.frames):
        assert cv2.imwrite(str(folder / f"{number:03}.png"), image.pixels)
    return f"stills:{folder}"


def write_film(path: Path, sequence: FrameSequence, fps: float = 5.0) -> str:
    """Write the frames as a film without losses; returns the camera's URL."""
    height, width = sequence.frames[0].pixels.shape
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), fps, (width, height))
    assert film.isOpened()
    for image in sequence.frames:
        film.write(np.repeat(image.pixels[:, :, None], 3, axis=2))
    film.release()
    return f"video:{path}"
