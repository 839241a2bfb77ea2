"""The comparison in the clear, on exact integers: what the secure one has to agree with, score for score."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from uniqueness.constants import ANGLE_COLUMNS, ROTATIONS, ComparisonRule

__all__ = ["matches", "rotated", "scores"]

Element = TypeVar("Element", bound=np.generic)
Integers = npt.NDArray[np.int64]


def scores(rule: ComparisonRule, query: Integers, records: Integers) -> Integers:
    """a dot - b ov - c of the query, turned to each of the 17 rotations, with each record: int64[records, 17].

    `query` is int64[width], `records` int64[n, width]: symbols, then mask cells.
    """
    turned = rotated(query)  # (17, width)
    dots = records[:, : rule.symbols] @ turned[:, : rule.symbols].T
    overlaps = rule.kernels * (records[:, rule.symbols :] @ turned[:, rule.symbols :].T)
    return np.asarray(rule.agreement_weight * dots - rule.overlap_weight * overlaps - rule.offset)


def matches(rule: ComparisonRule, query: Integers, records: Integers) -> bool:
    """Whether any record at any rotation is the query's eye: the one bit that leaves the committee."""
    return bool((scores(rule, query, records) > 0).any())


def rotated(vector: npt.NDArray[Element]) -> npt.NDArray[Element]:
    """`vector` (symbols, then mask cells; rows of 120 columns each) turned to each rotation: [17, width].

    A permutation of the elements, so that it does on shares what it does on codes.
    """
    rows = vector.reshape(-1, ANGLE_COLUMNS)
    return np.stack([np.roll(rows, columns, axis=1).ravel() for columns in ROTATIONS])
