"""Looking at an eye through a camera, until a living one was captured."""

from __future__ import annotations

from pathlib import Path

from app.coach import Coach
from app.frames import Camera
from protocol.errors import InputError
from protocol.types import EyeSide

__all__ = ["coach_eye", "import_url", "open_camera"]


def open_camera(url: str) -> Camera:
    """A camera by its URL: `camera:0`, `video:FILE` or `stills:FOLDER`. Raises `InputError` where it is not there."""
    return Camera(url)


def coach_eye(camera: Camera, eye_side: EyeSide) -> Coach:
    """Begin to watch: the coach says what to do, and has the capture of a living eye in the end."""
    return Coach(camera, eye_side)


def import_url(path: Path) -> str:
    """The camera URL of a film, or of a folder of pictures taken one after the other.

    Raises `InputError` for what is neither. One picture alone cannot show that an eye is alive, so it is not taken.
    """
    if path.is_dir():
        return f"stills:{path}"
    if path.suffix.lower() in {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm"}:
        raise InputError(
            "one picture cannot show that the eye is alive",
            hint="give a film of two seconds, or the folder of pictures taken during them",
        )
    return f"video:{path}"
