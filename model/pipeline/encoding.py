"""Texture and mask planes -> iris code: the exact integer reference of the iris network.

The network itself is the pinned ONNX file; this module computes the same function on integers, and a test
holds it against torch, onnxruntime and the circuit's witness, symbol for symbol.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError
from protocol.types import IrisCode, Plane, PlaneName

NETWORK_V1 = "iris_v1"

__all__ = ["NETWORK_V1", "encode_v1"]


def encode_v1(texture: Plane, mask: Plane) -> IrisCode:
    """The box-kernel bank on planes of 8 x 120: 1,920 symbols, the even kernel's 960 first, then the odd one's.

    With B(j) = t(j) + t(j+1) + t(j+2) along the angle, which wraps round: odd(j) = B(j+3) - B(j) has the taps
    -1 -1 -1 1 1 1, and even(j) = odd(j) - odd(j+3) has -1 -1 -1 2 2 2 -1 -1 -1. A symbol is the sign of the
    response times the mask. |even| <= 6 * 255 = 1,530; |odd| <= 765.
    Raises `EncodingError` for other planes.
    """
    if (texture.name, mask.name) != (PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120):
        raise EncodingError(f"{NETWORK_V1} reads texture_8x120 and mask_8x120, not {texture.name} and {mask.name}")
    cells = _as_grid(texture)  # (8, 120) int64
    valid = _as_grid(mask)
    box = cells + _ahead(cells, 1) + _ahead(cells, 2)
    odd = _ahead(box, 3) - box
    even = odd - _ahead(odd, 3)
    symbols = np.concatenate([(np.sign(even) * valid).ravel(), (np.sign(odd) * valid).ravel()])  # (1920,)
    return IrisCode(NETWORK_V1, tuple(symbols.tolist()), mask)


def _as_grid(plane: Plane) -> npt.NDArray[np.int64]:
    return np.frombuffer(plane.cells, np.uint8).reshape(plane.name.shape).astype(np.int64)


def _ahead(grid: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.int64]:
    """The grid as seen `steps` cells further along the angle."""
    return np.roll(grid, -steps, axis=1)
