"""The phone's camera, by our CameraX class (`mobile_build/java`), under the contract of every frame source."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.pipeline.image import EyeImage
from protocol.errors import InputError

__all__ = ["CameraXSource"]

_FRAME_TIMEOUT_MS = 5000


class CameraXSource:
    """Frames of one camera, as `app.frames.FrameSource` wants them. `frames` is a `org.irisproof.app.Frames`, opened.

    A phone's cameras see by visible light, which the pipeline refuses for dark eyes; a near-infrared camera on USB that
    Android lists as a camera is opened by its number.
    """

    interval_s = 0.0

    def __init__(self, frames: Any) -> None:
        self._frames = frames

    def read(self) -> EyeImage | None:
        """The next image; None when the camera was taken away. Raises `InputError` where it may not be used."""
        packed = self._frames.next(_FRAME_TIMEOUT_MS)  # width and height, 2 bytes each, big-endian; then RGBA rows
        problem = self._frames.problem()
        if problem:
            raise InputError(f"the camera cannot be used: {problem}", hint="allow it in the system's settings")
        if packed is None:
            return None
        data = np.frombuffer(bytes(packed), np.uint8)
        width, height = (int(data[at]) << 8 | int(data[at + 1]) for at in (0, 2))
        rgba = data[4:].reshape(height, width, 4)  # (H, W, 4) uint8
        return EyeImage.from_colours(np.ascontiguousarray(rgba[:, :, 2::-1]))  # the pipeline's order: BGR

    def close(self) -> None:
        """Free the camera."""
        self._frames.close()
