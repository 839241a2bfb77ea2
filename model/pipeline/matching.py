"""How far apart two iris codes are. At which distance they count as one eye: `thresholds`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError, QualityError
from protocol.types import IrisCode

ANGLE_COLUMNS = 120
MAX_ROTATION_COLUMNS = 8
"""Eyes are compared turned by up to 8 of 120 columns (24 degrees) either way: 17 rotations."""
HALF_TURN_COLUMNS = ANGLE_COLUMNS // 2
TYPICAL_COMMON_SHARE = 0.625
"""Share of the symbols that two ordinary captures have in common; distances are scaled to it."""
MIN_COMMON_SHARE = 0.20

Counts = npt.NDArray[np.floating] | npt.NDArray[np.integer]

__all__ = ["HALF_TURN_COLUMNS", "MAX_ROTATION_COLUMNS", "both_eyes_distance", "distance", "scaled_distance"]


def distance(a: IrisCode, b: IrisCode, max_rotation_columns: int = MAX_ROTATION_COLUMNS) -> float:
    """Normalised fractional Hamming distance, the least over all rotations; 0 is equal, strangers are near 0.45.

    `scaled_distance` at each of the 17 rotations; the least of them brings strangers from 0.5 to about 0.45. With
    `HALF_TURN_COLUMNS` it is sought over the whole turn, as the committee does.

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
    rotations = range(-max_rotation_columns, max_rotation_columns + 1)
    turned = np.stack([np.roll(other, columns, axis=1).ravel() for columns in rotations])  # (rotations, symbols)
    common = np.abs(turned) @ np.abs(one).ravel()
    distances = scaled_distance(turned @ one.ravel(), common, one.size)
    if np.isnan(distances).all():
        needed = MIN_COMMON_SHARE * one.size
        raise QualityError(
            f"the codes have {int(common.max())} of {one.size} symbols in common, {int(needed)} are needed",
            measure="common_symbols",
            value=float(common.max()),
            limit=needed,
            hint="take both pictures again with the eye wide open",
        )
    return float(np.nanmin(distances))


def both_eyes_distance(a: tuple[IrisCode, IrisCode], b: tuple[IrisCode, IrisCode]) -> float:
    """Mean of the left eyes' and the right eyes' distances; each argument is one person's (left, right).

    Raises as `distance` does: where one eye cannot be compared, there is no distance of both.
    """
    return (distance(a[0], b[0]) + distance(a[1], b[1])) / 2


def scaled_distance(agreement: Counts, common: Counts, size: int) -> npt.NDArray[np.floating]:
    """Distances at one rotation each, elementwise; not a number where fewer than 20 % of the symbols are in common.

    With n = `common` symbols that neither code masks, of which a share h differs (`agreement` = n (1 - 2 h)), a
    distance is 0.5 - (0.5 - h) sqrt(n / n_typical), never below 0: few symbols agree by chance more easily (Daugman
    2007, section VI). `size` is the number of symbols of a code.
    """
    enough = common >= MIN_COMMON_SHARE * size
    shared = np.where(enough, common, 1)
    similarity = 0.5 * agreement / np.sqrt(shared * (TYPICAL_COMMON_SHARE * size))
    return np.asarray(np.where(enough, np.clip(0.5 - similarity, 0.0, 1.0), np.nan))


def _by_column(code: IrisCode) -> npt.NDArray[np.int64]:
    """Symbols as int64[kernels * rows, 120], so that a rotation is a roll of the last axis."""
    if len(code.symbols) == 0 or len(code.symbols) % ANGLE_COLUMNS:
        raise EncodingError(f"{len(code.symbols)} symbols do not fill rows of {ANGLE_COLUMNS} columns")
    return np.array(code.symbols, np.int64).reshape(-1, ANGLE_COLUMNS)
