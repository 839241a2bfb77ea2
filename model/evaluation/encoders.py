"""What turns an unrolled iris into symbols: the shipped networks, and the baselines on the same segmentation."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx.reference import ReferenceEvaluator

from model.evaluation.masek import COLUMNS as MASEK_COLUMNS
from model.evaluation.masek import encode_masek
from model.evaluation.open_iris import PROBE_COLUMNS, encode_open_iris
from model.pipeline.encoding import ENCODERS
from model.pipeline.matching import ANGLE_COLUMNS, MAX_ROTATION_COLUMNS
from model.pipeline.pipeline import Inspection
from model.pipeline.planes import make_planes
from protocol.errors import ArtifactFailed, InputError
from protocol.pins import read_pinned
from protocol.types import Plane

Symbols = npt.NDArray[np.int8]

BASELINES = ("masek", "open-iris")

__all__ = ["BASELINES", "Encoder", "Symbols", "baseline", "shipped_network"]


@dataclass(frozen=True)
class Encoder:
    """`encode` gives int8[rows, columns] in {-1, 0, 1}, 0 masked; a rotation rolls the last axis."""

    name: str
    columns: int
    max_rotation_columns: int
    encode: Callable[[Inspection], Symbols]
    onnx_sha256: str = ""

    @property
    def max_rotation_deg(self) -> float:
        return 360 * self.max_rotation_columns / self.columns


def baseline(name: str) -> Encoder:
    """`masek`, `open-iris` or another shipped network. The baselines are searched over the networks' own angles:
    masek's columns are half as wide; open-iris' own matcher turns by 15 of 256 columns, two less than here.
    Raises `InputError` for another name."""
    if name in ENCODERS:
        return shipped_network(name)
    degrees = 360 * MAX_ROTATION_COLUMNS / ANGLE_COLUMNS
    if name == "masek":
        columns, encode = MASEK_COLUMNS, encode_masek
    elif name == "open-iris":
        columns, encode = PROBE_COLUMNS, encode_open_iris
    else:
        raise InputError(f"there is no baseline {name}", hint=f"one of {', '.join((*BASELINES, *ENCODERS))}")
    rotation = math.floor(degrees * columns / 360)
    return Encoder(name, columns, rotation, lambda seen: encode(seen.unrolled.levels, seen.unrolled.valid))


def shipped_network(name: str) -> Encoder:
    """The exact integer reference of a network, which is compared with the pinned ONNX file on every picture.

    Raises `InputError` for an unknown network and the `ArtifactError` of a file that is not the pinned one; `encode`
    raises `ArtifactFailed` where reference and file disagree in a symbol.
    """
    if name not in ENCODERS:
        raise InputError(f"there is no network {name}", hint=f"one of {', '.join(ENCODERS)}")
    reference = ENCODERS[name]
    data = read_pinned(f"onnx_{name}")
    exported = _Exported(data)

    def encode(seen: Inspection) -> Symbols:
        planes = make_planes(seen.iris)
        texture, mask = planes[reference.texture], planes[reference.mask]
        symbols = np.array(reference.encode(texture, mask).symbols, np.int8)
        differing = int((exported.run(texture, mask) != symbols).sum())
        if differing:
            raise ArtifactFailed(f"{name}.onnx and its integer reference disagree in {differing} symbols")
        return symbols.reshape(-1, ANGLE_COLUMNS)

    return Encoder(name, ANGLE_COLUMNS, MAX_ROTATION_COLUMNS, encode, hashlib.sha256(data).hexdigest())


class _Exported:
    """The ONNX file, run by onnx's own reference evaluator. Salts are 1: they are passed on and thrown away."""

    def __init__(self, data: bytes) -> None:
        model = onnx.load_from_string(data)
        said = {entry.key: entry.value for entry in model.metadata_props}
        self._symbols, self._salts = int(said["irisproof.symbols"]), int(said["irisproof.salts"])
        self._names = [value.name for value in model.graph.input]
        self._evaluator = ReferenceEvaluator(model)

    def run(self, texture: Plane, mask: Plane) -> Symbols:
        """int8[symbols]; the sign is exported as tanh, which rounds to it for whole numbers."""
        vectors = [
            np.concatenate([np.frombuffer(plane.cells, np.uint8).astype(np.float32), np.ones(self._salts, np.float32)])
            for plane in (texture, mask)
        ]
        outputs: Any = self._evaluator.run(None, dict(zip(self._names, vectors, strict=True)))
        return np.asarray(np.round(np.asarray(outputs[0]).ravel()[: self._symbols]), np.int8)
