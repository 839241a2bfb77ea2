"""How far apart two iris codes are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError, QualityError
from protocol.types import IrisCode

ANGLE_COLUMNS = 120
MAX_ROTATION_COLUMNS = 8
"""Eyes are compared turned by up to 8 of 120 columns (24 degrees) either way: 17 rotations."""
TYPICAL_COMMON_SHARE = 0.625
"""Share of the symbols that two ordinary captures have in common; distances are scaled to it."""
MIN_COMMON_SHARE = 0.20

__all__ = ["MAX_ROTATION_COLUMNS", "distance"]


def distance(a: IrisCode, b: IrisCode) -> float:
    """Normalised fractional Hamming distance, the least over all rotations; 0 is equal, strangers are near 0.45.

    With n symbols that neither code masks, of which a share h differs, a rotation's distance is
    0.5 - (0.5 - h) sqrt(n / n_typical): few symbols agree by chance more easily (Daugman 2007, section VI). The
    least over 17 rotations then brings strangers from 0.5 to about 0.45. Never below 0.

    Raises `EncodingError` for codes of different networks or sizes, and `QualityError` where no rotation leaves
    20 % of the symbols in common.
    """
    if a.network != b.network or len(a.symbols) != len(b.symbols):
        raise EncodingError(
            f"codes of {a.network} ({len(a.symbols)} symbols) and {b.network} ({len(b.symbols)} symbols) "
            "cannot be compared",
            hint="encode both irises with the same network",
        )
    one, other = _by_column(a), _by_column(b)
    rotations = range(-MAX_ROTATION_COLUMNS, MAX_ROTATION_COLUMNS + 1)
    turned = np.stack([np.roll(other, columns, axis=1).ravel() for columns in rotations])  # (17, symbols)
    agreement = turned @ one.ravel()
    common = np.abs(turned) @ np.abs(one).ravel()
    needed = MIN_COMMON_SHARE * one.size
    if common.max() < needed:
        raise QualityError(
            f"the codes have {int(common.max())} of {one.size} symbols in common, {int(needed)} are needed",
            measure="common_symbols",
            value=float(common.max()),
            limit=needed,
            hint="take both pictures again with the eye wide open",
        )
    enough = common >= needed
    similarity = 0.5 * agreement[enough] / common[enough] * np.sqrt(common[enough] / (TYPICAL_COMMON_SHARE * one.size))
    return float(np.clip(0.5 - similarity.max(), 0.0, 1.0))


def _by_column(code: IrisCode) -> npt.NDArray[np.int64]:
    """Symbols as int64[kernels * rows, 120], so that a rotation is a roll of the last axis."""
    if len(code.symbols) == 0 or len(code.symbols) % ANGLE_COLUMNS:
        raise EncodingError(f"{len(code.symbols)} symbols do not fill rows of {ANGLE_COLUMNS} columns")
    return np.array(code.symbols, np.int64).reshape(-1, ANGLE_COLUMNS)
