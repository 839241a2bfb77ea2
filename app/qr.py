"""Links as QR codes, both ways, by OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from circuits.artifacts import write_atomic
from protocol.errors import InputError

__all__ = ["draw_qr", "read_qr", "read_qr_file", "write_qr_file"]

Picture = npt.NDArray[np.uint8]

_QUIET_MODULES = 4
"""Width of the white frame that the standard asks for."""


def draw_qr(text: str, module_px: int = 8) -> Picture:
    """The code of `text`, uint8[side, side], black on white. Raises `InputError` for a text that has no code."""
    try:
        small = cv2.QRCodeEncoder.create().encode(text)  # one pixel a module; the encoder's own frame is cut off
    except cv2.error as error:
        raise InputError(f"a text of {len(text)} characters has no QR code") from error
    rows, cols = np.nonzero(small < 128)
    core = np.where(small[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1] < 128, 0, 255).astype(np.uint8)
    framed = np.pad(core, _QUIET_MODULES, constant_values=255)
    return framed.repeat(module_px, axis=0).repeat(module_px, axis=1)


def read_qr(picture: Picture) -> str:
    """The text of the one QR code in a picture, grey or in colours. Raises `InputError` where none can be read."""
    # the first reads codes of every size that screens show; the second alone misses most that fill their picture
    for detector in (cv2.QRCodeDetectorAruco(), cv2.QRCodeDetector()):
        text, _, _ = detector.detectAndDecode(picture)
        if text:
            return str(text)
    raise InputError("no QR code can be read in this picture", hint="fill the picture with the code, hold still")


def read_qr_file(path: Path) -> str:
    """As `read_qr`, of a picture file."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from error
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if picture is None:
        raise InputError(f"{path.name} is not an image")
    return read_qr(picture.astype(np.uint8))


def write_qr_file(path: Path, text: str) -> None:
    """As PNG, whole or not at all."""
    encoded, data = cv2.imencode(".png", draw_qr(text))
    if not encoded:
        raise InputError(f"{path.name} cannot be encoded as png")
    write_atomic(path, data.tobytes())
