"""Copies of the eye image to search in: blurred, at a standard size, with poor contrast raised.

The limits of the searches were found on eyes with an iris radius of about 100 px. A picture of another size is
searched at about 320 px wide first; then a close-up with that radius is cut out for everything exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Circle, Contour
from model.pipeline.eyelids import Eyelid, LidEdges
from model.pipeline.image import EyeImage
from model.pipeline.limbus import without_hairs
from model.pipeline.pupil import without_glints, without_lamps

Bytes = npt.NDArray[np.uint8]

SEARCH_WIDTH_PX = 320
USUAL_RADIUS_PX = 100.0
_NEAR_USUAL_PX = (75.0, 135.0)
_NORMAL_SPAN = 120.0
"""Grey levels between the 0.5th and the 99th percentile below which a view is stretched."""
_MOST_GAIN = 5.0

__all__ = ["View", "close_up", "close_up_of", "search_view"]


@dataclass(frozen=True, eq=False)
class View:
    """`scale` is pixels here per pixel of the image; `origin_px` is where the view's corner lies in the image."""

    smooth: Bytes = field(repr=False)
    """uint8[H, W], blurred by 2 px."""
    opened: Bytes = field(repr=False)
    """The same without lamps and small bright spots."""
    scale: float
    origin_px: tuple[int, int]
    gain: float
    """By how much the contrast was raised; 1 for a normal picture."""

    @cached_property
    def hairless(self) -> Bytes:
        """What the limbus is sought in."""
        return without_hairs(self.smooth)

    @cached_property
    def lid_edges(self) -> LidEdges:
        """What the lids are sought in."""
        return LidEdges(self.smooth)

    def circle_in(self, other: View, circle: Circle) -> Circle:
        """A circle of this view as `other` sees it."""
        factor = other.scale / self.scale
        x = (self.origin_px[0] - other.origin_px[0]) * other.scale + (circle.x_px + 0.5) * factor - 0.5
        y = (self.origin_px[1] - other.origin_px[1]) * other.scale + (circle.y_px + 0.5) * factor - 0.5
        return Circle(x, y, circle.radius_px * factor)

    def circle_from_image(self, circle: Circle) -> Circle:
        moved = Contour(circle.x_px, circle.y_px, (circle.radius_px,)).moved(-self.origin_px[0], -self.origin_px[1])
        return moved.scaled(self.scale).circle

    def lid_from_image(self, lid: Eyelid | None) -> Eyelid | None:
        return lid.moved(-self.origin_px[0], -self.origin_px[1]).scaled(self.scale) if lid else None

    def circle_in_image(self, circle: Circle) -> Circle:
        return (
            Contour(circle.x_px, circle.y_px, (circle.radius_px,)).scaled(1 / self.scale).moved(*self.origin_px).circle
        )

    def contour_in_image(self, contour: Contour) -> Contour:
        return contour.scaled(1 / self.scale).moved(*self.origin_px)

    def lid_in_image(self, lid: Eyelid | None) -> Eyelid | None:
        return lid.scaled(1 / self.scale).moved(*self.origin_px) if lid else None


def search_view(image: EyeImage) -> View:
    """The whole image, shrunk to 320 px wide if it is much larger."""
    if _is_searched_whole(image):
        return _view(image.pixels, 1.0, (0, 0))
    scale = SEARCH_WIDTH_PX / image.width_px
    size = (SEARCH_WIDTH_PX, round(image.height_px * scale))
    return _view(np.asarray(cv2.resize(image.pixels, size, interpolation=cv2.INTER_AREA), np.uint8), scale, (0, 0))


def close_up(image: EyeImage, search: View, limbus: Circle) -> View:
    """The surroundings of an eye, so scaled that its iris has a radius of 100 px; `search` itself where it does."""
    if search.scale == 1.0 and _NEAR_USUAL_PX[0] <= limbus.radius_px <= _NEAR_USUAL_PX[1]:
        return search
    x, y = (limbus.x_px + 0.5) / search.scale - 0.5, (limbus.y_px + 0.5) / search.scale - 0.5
    return _cut_out(image, Circle(x, y, limbus.radius_px / search.scale))


def close_up_of(image: EyeImage, limbus: Circle) -> View:
    """As `close_up`, of an eye whose place in the image is known, without a search view where none is needed."""
    if _is_searched_whole(image) and _NEAR_USUAL_PX[0] <= limbus.radius_px <= _NEAR_USUAL_PX[1]:
        return search_view(image)
    return _cut_out(image, limbus)


def _is_searched_whole(image: EyeImage) -> bool:
    return image.width_px <= 1.25 * SEARCH_WIDTH_PX


def _cut_out(image: EyeImage, limbus: Circle) -> View:
    x, y, radius_px = limbus.x_px, limbus.y_px, limbus.radius_px
    left, right = max(0, int(x - 1.9 * radius_px)), min(image.width_px, int(x + 1.9 * radius_px) + 1)
    top, bottom = max(0, int(y - 1.6 * radius_px)), min(image.height_px, int(y + 1.6 * radius_px) + 1)
    cut = image.pixels[top:bottom, left:right]
    scale = USUAL_RADIUS_PX / radius_px
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return _view(np.asarray(cv2.resize(cut, size, interpolation=way), np.uint8), scale, (left, top))


def _view(pixels: Bytes, scale: float, origin_px: tuple[int, int]) -> View:
    smooth, unlit = (
        np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.0), np.float32) for picture in (pixels, without_lamps(pixels))
    )
    low, high = np.percentile(smooth, (0.5, 99))
    gain = float(np.clip(_NORMAL_SPAN / max(float(high - low), 1.0), 1.0, _MOST_GAIN))
    if gain > 1.0:
        smooth, unlit = ((picture - low) * gain + min(float(low), 20.0) for picture in (smooth, unlit))
    levels = np.clip(smooth, 0, 255).astype(np.uint8)
    return View(levels, without_glints(np.clip(unlit, 0, 255).astype(np.uint8)), scale, origin_px, gain)
