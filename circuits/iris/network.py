"""The iris network's ONNX file as a small graph that can be run over anything with `+`, `-` and `*`.

Integers give the exact reference of the file itself; intervals give bounds (`bounds.py`); labels give the wiring that
the circuit must have (`wiring.py`). Only the operations that cost what we expect in the circuit are known; any other
is an error, so that a new network cannot bring in one unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from protocol.errors import ArtifactFailed
from protocol.types import PlaneName

__all__ = ["Network", "Step", "evaluate", "exact_sign", "load_network"]

Grid = npt.NDArray[Any]

METADATA_VERSION = "1"


@dataclass(frozen=True)
class Network:
    """A parsed ONNX file. `planes` are the inputs in the file's order; each carries `salts` more elements."""

    name: str
    planes: tuple[PlaneName, ...]
    symbols: int
    salts: int
    pre_activation_bounds: tuple[int, ...]
    graph: onnx.GraphProto = field(repr=False, compare=False)
    onnx_bytes: bytes = field(repr=False)


@dataclass(frozen=True, eq=False)
class Step:
    """One arithmetic operation as `evaluate` ran it: operands and result of one shape; `b` is None for a sign."""

    operation: str
    a: Grid = field(repr=False)
    b: Grid | None = field(repr=False)
    out: Grid = field(repr=False)


def load_network(data: bytes) -> Network:
    """Parse an ONNX file of ours. Raises `ArtifactFailed` for another file, or metadata of an unknown version."""
    try:
        model = onnx.load_from_string(data)
    except Exception as error:  # protobuf raises its own family
        raise ArtifactFailed("the network is not an ONNX file") from error
    meta = {prop.key.removeprefix("irisproof."): prop.value for prop in model.metadata_props}
    if meta.get("version") != METADATA_VERSION:
        raise ArtifactFailed(f"the network's metadata is of version {meta.get('version')}, not {METADATA_VERSION}")
    planes = tuple(PlaneName(name) for name in meta["planes"].split(","))
    if [value.name for value in model.graph.input] != [plane.value for plane in planes]:
        raise ArtifactFailed("the network's inputs are not the planes that its metadata names")
    bounds = tuple(int(bound) for bound in meta["pre_activation_bounds"].split(","))
    symbols, salts = int(meta["symbols"]), int(meta["salts"])
    return Network(meta["network"], planes, symbols, salts, bounds, model.graph, data)


def exact_sign(values: Grid) -> Grid:
    """What the circuit's lookup of tanh at scale 0 gives on integers: -1, 0 or 1."""
    return np.sign(values)


def evaluate(
    network: Network, inputs: Mapping[PlaneName, Grid], sign: Callable[[Grid], Grid] = exact_sign
) -> tuple[Grid, list[Step]]:
    """Run the graph on one vector a plane (cells, then salts); returns the output vector and the arithmetic steps.

    Raises `ArtifactFailed` for an operation that the circuit's cost and soundness rules do not know.
    """
    values: dict[str, Grid] = {plane.value: inputs[plane] for plane in network.planes}
    steps: list[Step] = []
    for node in network.graph.node:
        operands = [values[name] for name in node.input]
        out = _run(node, operands, sign)
        if node.op_type in _ARITHMETIC:
            steps.append(Step(node.op_type, operands[0], operands[1] if len(operands) == 2 else None, out))
        values[node.output[0]] = out
    return values[network.graph.output[0].name], steps


_ARITHMETIC = {"Add", "Sub", "Mul", "Tanh"}


def _run(node: onnx.NodeProto, operands: list[Grid], sign: Callable[[Grid], Grid]) -> Grid:
    attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    run: dict[str, Callable[[], Grid]] = {
        "Constant": lambda: numpy_helper.to_array(attributes["value"]),
        "Slice": lambda: _slice(*operands),
        "Reshape": lambda: operands[0].reshape([int(size) for size in operands[1]]),
        "Concat": lambda: np.concatenate(operands, axis=attributes["axis"]),
        "Add": lambda: operands[0] + operands[1],
        "Sub": lambda: operands[0] - operands[1],
        "Mul": lambda: operands[0] * operands[1],
        "Tanh": lambda: sign(operands[0]),
    }
    if node.op_type not in run:
        raise ArtifactFailed(f"the network uses {node.op_type}, which no iris circuit may use")
    return run[node.op_type]()


def _slice(data: Grid, starts: Grid, ends: Grid, axes: Grid, steps: Grid) -> Grid:
    cut = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[int(axis)] = slice(int(start), int(end), int(step))
    return data[tuple(cut)]
