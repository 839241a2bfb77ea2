"""Eye pictures -> what networks are trained and chosen on: pooled textures, turned upright, with what is visible.

The persons are split in two fixed halves: kernels are learned on one and all candidates compared on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from model.evaluation.dataset import EyeSet
from model.evaluation.labels import half_of
from model.pipeline.encoding import encode_v1
from model.pipeline.matching import ANGLE_COLUMNS, MAX_ROTATION_COLUMNS
from model.pipeline.pipeline import normalize_eye
from model.pipeline.planes import make_planes
from protocol.errors import InputError, QualityError
from protocol.types import EyeSide, Plane, PlaneName

Floats = npt.NDArray[np.float32]

__all__ = ["Half", "TrainingData", "gather"]

_TEXTURES = {8: PlaneName.TEXTURE_8X120, 16: PlaneName.TEXTURE_16X120}


@dataclass(frozen=True, eq=False)
class Half:
    """Samples of half of the persons; biometrics, never stored."""

    textures: dict[int, Floats] = field(repr=False)
    """Rows (8 or 16) -> float32[samples, rows, 120] of 1..255, each turned to fit the first one of its eye best."""
    visible: dict[int, Floats] = field(repr=False)
    """Rows -> visible share of each cell."""
    label: npt.NDArray[np.int32]
    person: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class TrainingData:
    learn: Half
    choose: Half
    pictures: int
    refused: int


def gather(eyes: EyeSet, progress: Callable[[float], None] = lambda _: None) -> TrainingData:
    """Run the shipped pipeline over a set. Raises `InputError` where a half has no two persons left."""
    planes: list[dict[PlaneName, Plane]] = []
    kept = []
    for done, sample in enumerate(eyes.samples):
        progress(done / len(eyes.samples))
        try:
            iris = normalize_eye(sample.open(), eye_side=EyeSide.LEFT, captured_at=0)
        except (QualityError, InputError):
            continue
        planes.append(make_planes(iris))
        kept.append(sample)
    progress(1.0)
    labels = {name: number for number, name in enumerate(sorted({sample.label for sample in kept}))}
    people = {name: number for number, name in enumerate(sorted({sample.person for sample in kept}))}
    halves = []
    for half in ("a", "b"):
        mine = [number for number, sample in enumerate(kept) if half_of(sample.person) == half]
        label = np.array([labels[kept[number].label] for number in mine], np.int32)
        person = np.array([people[kept[number].person] for number in mine], np.int32)
        if len(set(person.tolist())) < 2:
            raise InputError(
                "a half of the set has fewer than two persons with a usable picture", hint="use more persons"
            )
        halves.append(_half([planes[number] for number in mine], label, person))
    learn, choose = halves
    return TrainingData(learn, choose, len(eyes.samples), len(eyes.samples) - len(kept))


def _half(planes: list[dict[PlaneName, Plane]], label: npt.NDArray[np.int32], person: npt.NDArray[np.int32]) -> Half:
    turns = _upright(planes, label)
    textures, visible = {}, {}
    valid = np.stack([_grid(found[PlaneName.MASK_64X480]) for found in planes])
    for rows, name in _TEXTURES.items():
        textures[rows] = _turned(np.stack([_grid(found[name]) for found in planes]), turns)
        blocks = valid.reshape(len(planes), rows, 64 // rows, ANGLE_COLUMNS, 480 // ANGLE_COLUMNS)
        visible[rows] = _turned(blocks.mean(axis=(2, 4), dtype=np.float32), turns)
    return Half(textures, visible, label, person)


def _upright(planes: list[dict[PlaneName, Plane]], label: npt.NDArray[np.int32]) -> list[int]:
    """By how many columns each sample is to be rolled so that network v1's code fits its eye's first sample best."""
    codes = np.array([encode_v1(p[PlaneName.TEXTURE_8X120], p[PlaneName.MASK_8X120]).symbols for p in planes], np.int32)
    grids = codes.reshape(len(planes), -1, ANGLE_COLUMNS)
    first = {name: int(np.argmax(label == name)) for name in set(label.tolist())}
    ways = sorted(range(-MAX_ROTATION_COLUMNS, MAX_ROTATION_COLUMNS + 1), key=abs)
    return [
        max(ways, key=lambda way: int((np.roll(grid, way, axis=1) * grids[first[name]]).sum()))
        for grid, name in zip(grids, label.tolist(), strict=True)
    ]


def _grid(plane: Plane) -> Floats:
    return np.frombuffer(plane.cells, np.uint8).reshape(plane.name.shape).astype(np.float32)


def _turned(grids: Floats, turns: list[int]) -> Floats:
    return np.stack([np.roll(grid, way, axis=1) for grid, way in zip(grids, turns, strict=True)])
