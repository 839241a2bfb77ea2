"""Frames of an eye from a camera, a film or a folder of pictures: one contract, whatever stands behind it.

    camera:0            the first camera of this device
    video:eye.avi       a film, at its own pace, again and again
    stills:pictures     a folder of pictures in the order of their names, five a second, again and again

A thread reads; whoever looks gets the newest frame and never waits. Frames stay in memory.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from app.device import this_device
from model.pipeline.image import EyeImage, load_image
from model.pipeline.quality import MAX_COLOUR_SPREAD
from protocol.errors import InputError, IrisproofError

__all__ = ["Camera", "Frame", "FrameSource", "Light", "light_of", "open_source"]

STILLS_PER_S = 5.0
_DEFAULT_FPS = 30.0
_KINDS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm"})
_URLS = "camera:0, video:FILE or stills:FOLDER"


class Light(Enum):
    """What a camera sees by, as far as its picture tells."""

    NEAR_INFRARED = "near-infrared"
    """Grey or evenly tinted. A grey camera for visible light looks the same: texture and contrast judge it."""
    VISIBLE = "visible"


def light_of(image: EyeImage) -> Light:
    """Visible light is told by its colours; the limit is the pipeline's own."""
    return Light.VISIBLE if image.colour_spread > MAX_COLOUR_SPREAD else Light.NEAR_INFRARED


@dataclass(frozen=True, eq=False)
class Frame:
    """`number` counts from 1; `time_s` is the source's own clock, so that a slow reader does not change it."""

    number: int
    time_s: float
    image: EyeImage = field(repr=False)


class FrameSource(Protocol):
    """Something that gives images one after the other."""

    interval_s: float
    """From one frame to the next; 0 for a device, which waits by itself."""

    def read(self) -> EyeImage | None:
        """The next image; None when there will be none. Raises `InputError` or `QualityError`."""

    def close(self) -> None:
        """Free the device or file."""


class _Film:
    """A device or a film. A film begins again at its end; a device that ends has been unplugged."""

    def __init__(self, target: int | str, name: str) -> None:
        self._capture = cv2.VideoCapture(target)
        if not self._capture.isOpened():
            self._capture.release()
            raise InputError(f"{name} cannot be opened", hint=f"is it there, and free? Cameras are named {_URLS}")
        self._loops = isinstance(target, str)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.interval_s = 1 / (fps if 0 < fps < 1000 else _DEFAULT_FPS) if self._loops else 0.0

    def read(self) -> EyeImage | None:
        found, colours = self._capture.read()
        if not found and self._loops:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            found, colours = self._capture.read()
        return EyeImage.from_colours(np.asarray(colours, np.uint8)) if found else None

    def close(self) -> None:
        self._capture.release()


class _Stills:
    """Pictures in the order of their names; a damaged one is an error with its name."""

    interval_s = 1 / STILLS_PER_S

    def __init__(self, folder: Path) -> None:
        try:
            self._paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _KINDS)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise InputError(f"{folder.name or folder} cannot be read: {reason}", hint="give a folder") from None
        if not self._paths:
            raise InputError(
                f"there is no picture in {folder.name or folder}", hint="PNG, JPEG, BMP, TIFF and PGM count"
            )
        self._next = 0

    def read(self) -> EyeImage | None:
        path = self._paths[self._next % len(self._paths)]
        self._next += 1
        return load_image(path)

    def close(self) -> None:
        """Nothing is open between two pictures."""


def open_source(url: str) -> FrameSource:
    """Open a camera by its URL. Raises `InputError` for an unknown URL, or what is not there."""
    kind, _, rest = url.partition(":")
    if kind == "camera" and (rest or "0").isdecimal():
        own = this_device().open_camera
        return _Film(int(rest or 0), f"camera {rest or 0}") if own is None else own(int(rest or 0))
    if kind == "video" and rest:
        if not Path(rest).is_file():
            raise InputError(f"there is no film {Path(rest).name}", hint="check the path")
        return _Film(rest, Path(rest).name)
    if kind == "stills" and rest:
        return _Stills(Path(rest))
    raise InputError(f"{url!r} names no camera", hint=f"give {_URLS}")


class Camera:
    """Reads a source in a thread. Raises as `open_source`; what goes wrong later is in `error`."""

    def __init__(self, url: str) -> None:
        self._source = open_source(url)
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._error: IrisproofError | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read_all, name="camera", daemon=True)
        self._thread.start()

    @property
    def error(self) -> IrisproofError | None:
        """Why no more frames come; None while they do."""
        return self._error

    def latest(self) -> Frame | None:
        """The newest frame, at once; None before the first."""
        with self._changed:
            return self._frame

    def wait_newer(self, number: int, timeout_s: float) -> Frame | None:
        """The newest frame beyond `number`; None if none comes within the time, or none will."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_beyond(number) or self._error or self._closed.is_set(), timeout_s)
            return self._frame if self._is_beyond(number) else None

    def close(self) -> None:
        """Stop reading; the last frame is forgotten."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join()
        self._source.close()
        self._frame = None

    def _is_beyond(self, number: int) -> bool:
        return self._frame is not None and self._frame.number > number

    def _read_all(self) -> None:
        number, started_s = 0, time.monotonic()
        while not self._closed.is_set():
            try:
                image = self._source.read()
            except IrisproofError as error:
                self._fail(error)
                return
            if image is None:
                self._fail(InputError("the camera stopped", hint="plug it in again, and choose it in the settings"))
                return
            due_s = number * self._source.interval_s
            number += 1
            now_s = time.monotonic() - started_s
            with self._changed:
                self._frame = Frame(number, due_s if self._source.interval_s else now_s, image)
                self._changed.notify_all()
            self._closed.wait(max(0.0, due_s + self._source.interval_s - now_s))

    def _fail(self, error: IrisproofError) -> None:
        with self._changed:
            self._error = error
            self._changed.notify_all()
