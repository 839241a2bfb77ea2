"""The comparison in the clear, on exact integers: what the secure one has to agree with, score for score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from uniqueness.constants import ANGLE_COLUMNS, ROTATIONS, ComparisonRule

__all__ = ["matches", "mirrored_vector", "rotated", "scores"]

Element = TypeVar("Element", bound=np.generic)
Integers = npt.NDArray[np.int64]


def scores(rule: ComparisonRule, query: Integers, records: Integers) -> Integers:
    """a dot - b ov - c of the query, turned to each of the 120 rotations, with each record: int64[records, 120].

    `query` is int64[width], `records` int64[n, width]: symbols, then mask cells.
    """
    turned = rotated(query)  # (120, width)
    dots = records[:, : rule.symbols] @ turned[:, : rule.symbols].T
    overlaps = rule.kernels * (records[:, rule.symbols :] @ turned[:, rule.symbols :].T)
    return np.asarray(rule.agreement_weight * dots - rule.overlap_weight * overlaps - rule.offset)


def matches(rule: ComparisonRule, query: Integers, records: Integers) -> bool:
    """Whether any record at any rotation is the query's eye: the one bit that leaves the committee."""
    return bool((scores(rule, query, records) > 0).any())


def rotated(vector: npt.NDArray[Element], rotations: Sequence[int] = ROTATIONS) -> npt.NDArray[Element]:
    """`vector` (symbols, then mask cells; rows of 120 columns each) turned to each rotation: [rotations, width].

    A permutation of the elements, so that it does on shares what it does on codes.
    """
    rows = vector.reshape(-1, ANGLE_COLUMNS)
    sources = (np.arange(ANGLE_COLUMNS) - np.array(rotations)[:, None]) % ANGLE_COLUMNS
    return rows[:, sources].swapaxes(0, 1).reshape(len(rotations), vector.size)


def mirrored_vector(vector: npt.NDArray[Element], rule: ComparisonRule) -> npt.NDArray[Element]:
    """The vector of the picture's mirror image: [width] -> [width].

    A mirror turns angle t into 180 degrees - t, so column j of 120 into 59 - j. The even kernel lies on columns
    j..j+8, so its symbol j becomes that of 51 - j; the odd one on j..j+5, so its symbol j becomes minus that of 54 - j;
    a mask cell stands for columns j..j+8. Even symbols come first, then odd ones, then the mask. A permutation with
    signs: it does on shares what it does on codes. (An odd symbol keeps the mask cell that it had, 3 columns off.)
    """
    rows = vector.reshape(-1, ANGLE_COLUMNS)
    half = rule.symbols // 2 // ANGLE_COLUMNS
    columns = np.arange(ANGLE_COLUMNS)
    even, odd = (51 - columns) % ANGLE_COLUMNS, (54 - columns) % ANGLE_COLUMNS
    negated = np.negative(rows[half : 2 * half][:, odd])
    parts = [rows[:half][:, even], negated, rows[2 * half :][:, even]]
    return np.concatenate(parts).ravel()
