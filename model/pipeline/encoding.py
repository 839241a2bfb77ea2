"""Texture and mask planes -> iris code: the exact integer references of the iris networks.

The networks themselves are the pinned ONNX files; this module computes the same functions on integers, and tests
hold them against torch, onnxruntime and the circuits' witnesses, symbol for symbol.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError
from protocol.types import IrisCode, Plane, PlaneName

NETWORK_V1, NETWORK_V2 = "iris_v1", "iris_v2"

Grid = npt.NDArray[np.int64]

__all__ = ["ENCODERS", "NETWORK_V1", "NETWORK_V2", "Encoder", "encode_v1", "encode_v2"]


def encode_v1(texture: Plane, mask: Plane) -> IrisCode:
    """The box-kernel bank on planes of 8 x 120: 1,920 symbols, the even kernel's 960 first, then the odd one's.

    With B(j) = t(j) + t(j+1) + t(j+2) along the angle, which wraps round: odd(j) = B(j+3) - B(j) has the taps
    -1 -1 -1 1 1 1, and even(j) = odd(j) - odd(j+3) has -1 -1 -1 2 2 2 -1 -1 -1. A symbol is the sign of the
    response times the mask. |even| <= 6 * 255 = 1,530; |odd| <= 765.
    Raises `EncodingError` for other planes.
    """
    cells, valid = _grids(NETWORK_V1, texture, mask)  # (8, 120) each
    even, odd = _box_bank(cells)
    symbols = np.concatenate([(np.sign(even) * valid).ravel(), (np.sign(odd) * valid).ravel()])  # (1920,)
    return IrisCode(NETWORK_V1, tuple(symbols.tolist()), mask)


def encode_v2(texture: Plane, mask: Plane) -> IrisCode:
    """The same kernels over each pair of neighbouring rows of planes of 16 x 120: 3,840 symbols, even ones first.

    Row i of a response is that of t(i) + t(i+1), i = 0..14. The last row has no neighbour: its symbols are its mask
    cells, which `make_planes` leaves 0, so that there is one symbol a kernel and mask cell. |even| <= 3,060;
    |odd| <= 1,530. Raises `EncodingError` for other planes.
    """
    cells, valid = _grids(NETWORK_V2, texture, mask)  # (16, 120) each
    seen, last = valid[:-1], valid[-1]
    even, odd = _box_bank(cells[:-1] + cells[1:])  # (15, 120) each
    symbols = np.concatenate([(np.sign(even) * seen).ravel(), last, (np.sign(odd) * seen).ravel(), last])  # (3840,)
    return IrisCode(NETWORK_V2, tuple(symbols.tolist()), mask)


@dataclass(frozen=True)
class Encoder:
    """A network's exact integer reference and the planes that it reads."""

    texture: PlaneName
    mask: PlaneName
    encode: Callable[[Plane, Plane], IrisCode]


ENCODERS = {
    NETWORK_V1: Encoder(PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120, encode_v1),
    NETWORK_V2: Encoder(PlaneName.TEXTURE_16X120, PlaneName.MASK_16X120, encode_v2),
}


def _grids(network: str, texture: Plane, mask: Plane) -> tuple[Grid, Grid]:
    wanted = ENCODERS[network]
    if (texture.name, mask.name) != (wanted.texture, wanted.mask):
        raise EncodingError(
            f"{network} reads {wanted.texture.value} and {wanted.mask.value}, "
            f"not {texture.name.value} and {mask.name.value}"
        )
    return _as_grid(texture), _as_grid(mask)


def _box_bank(cells: Grid) -> tuple[Grid, Grid]:
    """Responses of the even and the odd kernel, int64 of the shape of `cells`."""
    box = cells + _ahead(cells, 1) + _ahead(cells, 2)
    odd = _ahead(box, 3) - box
    return odd - _ahead(odd, 3), odd


def _as_grid(plane: Plane) -> Grid:
    return np.frombuffer(plane.cells, np.uint8).reshape(plane.name.shape).astype(np.int64)


def _ahead(grid: Grid, steps: int) -> Grid:
    """The grid as seen `steps` cells further along the angle."""
    return np.roll(grid, -steps, axis=1)
