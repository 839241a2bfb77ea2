"""Distances of all pairs of codes, by matrix products over blocks; `matching.distance` on many codes at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from model.evaluation.encoders import Symbols
from model.pipeline.matching import scaled_distance

Floats = npt.NDArray[np.float32]

BLOCK = 400
"""Codes a block: 400 codes of 16,384 symbols are 26 MB as float32."""

__all__ = ["PairDistances", "all_pairs", "paired_distances"]


@dataclass(frozen=True, eq=False)
class PairDistances:
    """float32[codes, codes] each; only entries above the diagonal are meant. NaN: too few symbols in common."""

    least: dict[int, Floats] = field(repr=False)
    """Largest rotation in columns -> least distance over all rotations up to it, either way."""
    unturned: Floats = field(repr=False)
    """Fractional distance at rotation 0, not scaled."""


def all_pairs(
    codes: Symbols, rotations: tuple[int, ...], progress: Callable[[float], None] = lambda _: None
) -> PairDistances:
    """`codes` is int8[codes, rows, columns]; `rotations` are the largest rotations that are asked for, ascending.

    Products of -1, 0 and 1 and their sums stay below 2^24, so float32 is exact and the result does not depend on the
    order of additions. `progress` is told the share that is done.
    """
    count = len(codes)
    least = {rotation: np.full((count, count), np.nan, np.float32) for rotation in rotations}
    unturned = np.full((count, count), np.nan, np.float32)
    starts = range(0, count, BLOCK)
    blocks = [(i, j) for i in starts for j in starts if j >= i]
    for done, (i, j) in enumerate(blocks):
        rows, columns = slice(i, i + BLOCK), slice(j, j + BLOCK)
        best, unturned[rows, columns] = _block(codes[rows], codes[columns], rotations)
        for rotation, distances in best.items():
            least[rotation][rows, columns] = distances
        progress((done + 1) / len(blocks))
    return PairDistances(least, unturned)


def _block(ours: Symbols, others: Symbols, rotations: tuple[int, ...]) -> tuple[dict[int, Floats], Floats]:
    size = ours[0].size
    other = others.reshape(len(others), -1).astype(np.float32).T
    other_seen = np.abs(other)
    best = np.full((len(ours), len(others)), np.nan, np.float32)
    unturned = best
    kept: dict[int, Floats] = {}
    for columns in range(rotations[-1] + 1):
        for way in (columns, -columns) if columns else (0,):
            turned = np.roll(ours, way, axis=2).reshape(len(ours), -1).astype(np.float32)
            agreement, common = turned @ other, np.abs(turned) @ other_seen
            best = np.fmin(best, scaled_distance(agreement, common, size).astype(np.float32))
            if columns == 0:
                # The share of differing symbols as it is: degrees of freedom are counted on it.
                unturned = np.where(common >= 1, 0.5 - 0.5 * agreement / np.maximum(common, 1), np.float32(np.nan))
        if columns in rotations:
            kept[columns] = best.copy()
    return kept, unturned


def paired_distances(ours: Symbols, others: Symbols, rotation: int) -> Floats:
    """Least distance of code i of `ours` to code i of `others`, float32[codes]; NaN as in `PairDistances`."""
    size = ours[0].size if len(ours) else 1
    other = others.astype(np.float32)
    best = np.full(len(ours), np.nan, np.float32)
    for columns in range(-rotation, rotation + 1):
        turned = np.roll(ours, columns, axis=2).astype(np.float32)
        agreement = (turned * other).sum(axis=(1, 2))
        common = (np.abs(turned) * np.abs(other)).sum(axis=(1, 2))
        best = np.fmin(best, scaled_distance(agreement, common, size).astype(np.float32))
    return best
