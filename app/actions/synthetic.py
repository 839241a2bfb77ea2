"""Pictures of synthetic eyes, for trying things out. No phone's package has this."""

from __future__ import annotations

from pathlib import Path

import cv2

from circuits.artifacts import write_atomic
from model.synthetic import capture, make_eye
from protocol.errors import InputError

__all__ = ["write_synthetic_eye"]


def write_synthetic_eye(path: Path, eye_seed: int, capture_seed: int) -> None:
    """Write a synthetic capture as PNG, whole or not at all: nobody's eye, the same bytes for the same seeds.

    Raises `ArtifactUnavailable` where it cannot be written.
    """
    picture = capture(make_eye(eye_seed), capture_seed).image.pixels
    encoded, data = cv2.imencode(".png", picture)
    if not encoded:
        raise InputError(f"{path.name} cannot be encoded as png")
    write_atomic(path, data.tobytes())
