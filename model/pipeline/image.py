"""An eye image: 8-bit grey pixels that are fit to be looked at, from a file or from a camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._image_file import colour_spread as measure_colour_spread
from model.pipeline._image_file import decode, read_bytes
from protocol.errors import InputError, QualityError

MIN_WIDTH_PX, MIN_HEIGHT_PX = 320, 240
MAX_WIDTH_PX, MAX_HEIGHT_PX = 1280, 960

__all__ = ["MAX_HEIGHT_PX", "MAX_WIDTH_PX", "MIN_HEIGHT_PX", "MIN_WIDTH_PX", "EyeImage", "load_image"]


@dataclass(frozen=True, eq=False)
class EyeImage:
    """A grey image of one eye. `pixels` is a read-only uint8[H, W], 320x240 to 1280x960; never in `repr`.

    The array is copied at birth, so that nobody can change it afterwards. Raises `InputError` for another
    type or number of dimensions, and `QualityError` for a size outside the limits; `EyeImage.from_array`
    and `load_image` shrink what is too large.
    """

    pixels: npt.NDArray[np.uint8] = field(repr=False)
    colour_spread: float = 0.0
    """How much the colour varies over the picture (0: grey, or evenly tinted); see `_image_file.colour_spread`."""

    def __post_init__(self) -> None:
        if not isinstance(self.pixels, np.ndarray) or self.pixels.dtype != np.uint8 or self.pixels.ndim != 2:
            raise InputError("an eye image is a two-dimensional array of bytes", hint="convert it to 8-bit grey first")
        _require_size(*self.pixels.shape)
        if self.width_px > MAX_WIDTH_PX or self.height_px > MAX_HEIGHT_PX:
            raise QualityError(
                f"the image is {self.width_px}x{self.height_px} px, at most {MAX_WIDTH_PX}x{MAX_HEIGHT_PX} are used",
                measure="width_px",
                value=self.width_px,
                limit=MAX_WIDTH_PX,
                hint="use EyeImage.from_array, which shrinks it",
            )
        own = self.pixels.copy()
        own.setflags(write=False)
        object.__setattr__(self, "pixels", own)

    @property
    def width_px(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.pixels.shape[0])

    @classmethod
    def from_array(cls, pixels: npt.NDArray[np.uint8], *, colour_spread: float = 0.0) -> EyeImage:
        """A frame from a camera, uint8[H, W]. What is larger than 1280x960 is shrunk to fit, keeping its shape,
        by averaging pixel areas (`cv2.INTER_AREA`), so that noise and moire do not survive.
        """
        if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2:
            raise InputError("an eye image is a two-dimensional array of bytes", hint="convert it to 8-bit grey first")
        height_px, width_px = pixels.shape
        _require_size(height_px, width_px)
        factor = min(1.0, MAX_WIDTH_PX / width_px, MAX_HEIGHT_PX / height_px)
        if factor < 1.0:
            size = (max(1, int(width_px * factor)), max(1, int(height_px * factor)))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        return cls(pixels, colour_spread)

    @classmethod
    def from_colours(cls, colours: npt.NDArray[np.uint8]) -> EyeImage:
        """A frame from a camera that gives colours, uint8[H, W, 3], BGR; grey by ITU-R BT.601 weights as in files."""
        if not isinstance(colours, np.ndarray) or colours.dtype != np.uint8 or colours.shape[2:] != (3,):
            raise InputError("a frame in colour is an array of bytes, three a pixel", hint="convert it to BGR first")
        grey = np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY), np.uint8)
        return cls.from_array(grey, colour_spread=measure_colour_spread(colours))


def load_image(path: Path) -> EyeImage:
    """Read a PNG, JPEG, BMP, TIFF or PGM file.

    Colour becomes grey (ITU-R BT.601 weights); 16-bit samples are shifted so that the brightest bit in use is
    kept; what is larger than 1280x960 is shrunk. Raises `InputError` for a file that is missing, a directory,
    empty, no image, cut short or of a kind that is not read, and `QualityError` for one too small.
    """
    picture = decode(read_bytes(path), path.name)
    return EyeImage.from_array(picture.grey, colour_spread=picture.colour_spread)


def _require_size(height_px: int, width_px: int) -> None:
    for measure, value, limit in (("width_px", width_px, MIN_WIDTH_PX), ("height_px", height_px, MIN_HEIGHT_PX)):
        if value < limit:
            raise QualityError(
                f"the image is {width_px}x{height_px} px, at least {MIN_WIDTH_PX}x{MIN_HEIGHT_PX} are needed",
                measure=measure,
                value=value,
                limit=limit,
                hint="take the picture closer to the eye, or with more pixels",
            )
