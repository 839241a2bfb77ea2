"""Order statistics of small arrays. numpy's own have a tenth of a millisecond of checks before they begin, and the
search for an eye asks for hundreds. The values are numpy's to the last bit; a test compares them.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Doubles

__all__ = ["grey_percentiles", "median", "medians_of_rows", "percentiles"]


def median(values: Doubles) -> float:
    """As `np.median` of all values; float64, not empty, no NaN."""
    middle = values.size // 2
    if values.size % 2:
        return float(np.partition(values, middle, axis=None)[middle])
    ordered = np.partition(values, (middle - 1, middle), axis=None)
    return float((ordered[middle - 1] + ordered[middle]) / 2)


def medians_of_rows(values: Doubles) -> Doubles:
    """As `np.median(values, axis=1)` for an even number of columns; float64[rows, columns] in, no NaN."""
    middle = values.shape[1] // 2
    ordered = np.partition(values, (middle - 1, middle), axis=1)
    return np.asarray((ordered[:, middle - 1] + ordered[:, middle]) / 2, np.float64)


def percentiles(values: Doubles, *shares: float) -> tuple[float, ...]:
    """As `np.percentile` of all values, for shares of 0..100; float64, not empty, no NaN."""
    places = [_place(values.size, share) for share in shares]
    ordered = np.partition(values, sorted({row for low, high, _ in places for row in (low, high)}), axis=None)
    return tuple(_between(float(ordered[low]), float(ordered[high]), part) for low, high, part in places)


def grey_percentiles(image: npt.NDArray[np.uint8], *shares: float) -> tuple[float, ...]:
    """As `np.percentile` of all pixels, by counting."""
    counts = cv2.calcHist([image], [0], None, [256], [0.0, 256.0])
    below = np.cumsum(np.asarray(counts, np.float64).ravel())  # whole numbers
    found = []
    for share in shares:
        low, high, part = _place(image.size, share)
        first, second = (float(np.searchsorted(below, row, side="right")) for row in (low, high))
        found.append(_between(first, second, part))
    return tuple(found)


def _place(size: int, share: float) -> tuple[int, int, float]:
    """The two ranks between which a percentile lies, and how far along (numpy's method "linear")."""
    rank = (size - 1) * (share / 100)
    low = int(rank)
    return low, min(low + 1, size - 1), rank - low


def _between(low: float, high: float, part: float) -> float:
    """From the nearer end, as numpy does it."""
    return high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part
