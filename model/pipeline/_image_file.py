"""Bytes of an image file -> grey pixels, with the file's own header read before anything is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from protocol.errors import InputError

MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_PIXELS = 64_000_000
"""The largest phone pictures have about 50 million pixels; a decoder is not asked for more than this."""

_KINDS = "PNG, JPEG, BMP, TIFF or PGM"


@dataclass(frozen=True, eq=False)
class DecodedPicture:
    grey: npt.NDArray[np.uint8] = field(repr=False)
    colour_spread: float = 0.0


def read_bytes(path: Path) -> bytes:
    """The whole file; `InputError` names what stands in the way."""
    try:
        if path.is_dir():
            raise InputError(f"{path.name} is a directory, not an image", hint=f"give one {_KINDS} file")
        if path.exists() and not path.is_file():
            raise InputError(f"{path.name} is not a regular file", hint=f"give one {_KINDS} file")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(
                f"{path.name} has {size:,} bytes, at most {MAX_FILE_BYTES:,} are read", hint="save it smaller"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", hint="check the path") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise InputError(f"{path.name} cannot be read: {reason}", hint="check the permissions") from None
    except ValueError:
        raise InputError("the path of the image cannot be a path", hint="check the path") from None
    if not data:
        raise InputError(f"{path.name} is empty (0 bytes)", hint="copy or save the image again")
    return data


def decode(data: bytes, name: str) -> DecodedPicture:
    """Decode after the header said that it is worth it. `name` is for messages only."""
    width_px, height_px, whole = _read_header(data, name)
    if width_px < 1 or height_px < 1:
        raise InputError(f"{name} is damaged: it says it has {width_px}x{height_px} pixels", hint="save it again")
    if width_px * height_px > MAX_PIXELS:
        raise InputError(
            f"{name} says it has {width_px}x{height_px} pixels, at most {MAX_PIXELS:,} are decoded",
            hint="shrink the image first",
        )
    if not whole:
        raise InputError(f"{name} is cut short", hint="copy or save the image again")
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise InputError(f"{name} is damaged: it cannot be decoded", hint="copy or save the image again")
    return DecodedPicture(*_to_grey(pixels, name))


def colour_spread(colours: npt.NDArray[np.uint8]) -> float:
    """Spread of red minus blue over the sum of the channels, among pixels that are not dark (uint8[H, W, 3], BGR).

    Grey and evenly tinted pictures, as near-infrared cameras deliver them, are at about 0; an eye in visible
    light has red skin, a white sclera and a coloured iris. The spread is half the distance from the 10th to the
    90th percentile, of every eighth pixel in each direction.
    """
    sample = colours[::8, ::8].reshape(-1, 3).astype(np.float64)
    total = sample.sum(axis=1)
    lit = total > 3 * 40
    if lit.sum() < 100:
        return 0.0
    balance = (sample[lit, 2] - sample[lit, 0]) / total[lit]
    low, high = np.percentile(balance, (10, 90))
    return float(high - low) / 2


def _to_grey(pixels: npt.NDArray[np.generic], name: str) -> tuple[npt.NDArray[np.uint8], float]:
    if pixels.dtype == np.uint16:
        # Cameras store 10 or 12 bits in 16: keep the eight bits below the highest one in use.
        bits = max(8, int(pixels.max()).bit_length())
        shifted = pixels.astype(np.uint16) >> np.uint16(bits - 8)
        pixels = shifted.astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise InputError(f"{name} has samples of type {pixels.dtype}", hint="save it with 8 or 16 bits a sample")
    bytes_ = np.asarray(pixels, np.uint8)
    if bytes_.ndim == 2:
        return bytes_, 0.0
    return np.asarray(cv2.cvtColor(bytes_, cv2.COLOR_BGR2GRAY), np.uint8), colour_spread(bytes_)


def _read_header(data: bytes, name: str) -> tuple[int, int, bool]:
    """(width, height, whether the end of the file is there)."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return (*struct.unpack(">II", data[16:24]), b"IEND" in data[-32:])
        if data.startswith(b"\xff\xd8"):
            return (*_jpeg_size(data), b"\xff\xd9" in data[-64:])
        if data.startswith(b"BM"):
            width, height = struct.unpack("<ii", data[18:26])
            return width, abs(height), len(data) >= struct.unpack("<I", data[2:6])[0]
        if data[:4] in (b"II*\0", b"MM\0*"):
            return (*_tiff_size(data), True)
        if data[:2] in (b"P2", b"P3", b"P5", b"P6"):
            return _portable_size(data)
    except (struct.error, ValueError, IndexError):
        raise InputError(f"{name} is cut short or damaged", hint="copy or save the image again") from None
    raise InputError(f"{name} is not an image that can be read", hint=f"give a {_KINDS} file")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Walk the segments to the frame header (SOF0..SOF15 without DHT, JPG and DAC)."""
    position = 2
    while True:
        marker, length = struct.unpack(">xBH", data[position : position + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        if data[position] != 0xFF or marker in (0xD9, 0xDA):
            raise ValueError("no frame header")
        position += 1 if marker == 0xFF else 2 + length


def _tiff_size(data: bytes) -> tuple[int, int]:
    """Width (tag 256) and height (257) of the first directory; its strips must lie within the file."""
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack(order + "I", data[4:8])
    (count,) = struct.unpack(order + "H", data[start : start + 2])
    values: dict[int, int] = {}
    for index in range(count):
        entry = data[start + 2 + 12 * index : start + 14 + 12 * index]
        tag, kind = struct.unpack(order + "HH", entry[:4])
        layout = order + ("H" if kind == 3 else "I")
        values[tag] = struct.unpack(layout, entry[8 : 8 + struct.calcsize(layout)])[0]
    if 256 not in values or 257 not in values:
        raise ValueError("no size")
    return values[256], values[257]


def _portable_size(data: bytes) -> tuple[int, int, bool]:
    """PBM, PGM and PPM: magic, width, height, (maximum), with comments in between."""
    lines = [line.split(b"#")[0] for line in data[:1024].split(b"\n")]
    fields = b" ".join(lines).split()
    width, height = int(fields[1]), int(fields[2])
    if data[1:2] in b"56":
        channels = 3 if data[1:2] == b"6" else 1
        sample_bytes = 2 if int(fields[3]) > 255 else 1
        return width, height, len(data) > width * height * channels * sample_bytes
    return width, height, True
