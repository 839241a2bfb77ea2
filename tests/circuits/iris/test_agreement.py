"""torch, the integer reference, onnxruntime and the circuit's witness are one function, for each network."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import torch

from circuits.iris._felts import felt_to_int, to_felts
from circuits.iris._worker import run_job
from circuits.iris.circuit import Circuit
from circuits.iris.network import evaluate, load_network
from model.export.onnx_export import network_v1, network_v2
from model.pipeline.encoding import ENCODERS
from protocol.field import SCALAR_FIELD
from protocol.pins import read_pinned
from protocol.types import Plane, PlaneName
from tests.circuits.iris.planes import plane_of, random_plane

SALTS = 32
TORCH = {"iris_v1": network_v1, "iris_v2": network_v2}


@dataclass(frozen=True)
class Cases:
    """Pairs of planes of one network, and the symbols that the integer reference gives for them."""

    network: str
    planes: list[tuple[Plane, Plane]] = field(repr=False)
    symbols: list[tuple[int, ...]] = field(repr=False)


def _one_pixel(name: PlaneName, background: int, value: int, position: int) -> Plane:
    cells = bytearray([background]) * name.cells
    cells[position] = value
    return Plane(name, bytes(cells))


def _pairs(texture: PlaneName, mask: PlaneName) -> list[tuple[Plane, Plane]]:
    """200 random pairs and the extremes: all 1, all 255, all masked, none masked, one pixel, steps, one valid cell."""
    full, none, last = plane_of(mask, 1), plane_of(mask, 0), texture.cells - 1
    pairs = [(random_plane(texture, seed), random_plane(mask, 1000 + seed)) for seed in range(200)]
    pairs += [(plane_of(texture, value), valid) for value in (1, 255) for valid in (full, none)]
    places = (0, 119, 120, 480, last)
    pairs += [(_one_pixel(texture, 1, 255, position), full) for position in places]
    pairs += [(_one_pixel(texture, 255, 1, position), full) for position in places]
    pairs += [(random_plane(texture, 7), _one_pixel(mask, 0, 1, position)) for position in (0, 119, last - 120, last)]
    # the largest responses: a step of the whole range in every third group of three columns
    step = bytes(255 if (cell % 120) % 9 in (3, 4, 5) else 1 for cell in range(texture.cells))
    return [*pairs, (Plane(texture, step), full), (Plane(texture, bytes(256 - cell for cell in step)), full)]


@cache
def _cases(network: str) -> Cases:
    encoder = ENCODERS[network]
    pairs = _pairs(encoder.texture, encoder.mask)
    return Cases(network, pairs, [encoder.encode(*pair).symbols for pair in pairs])


@pytest.fixture(params=sorted(ENCODERS))
def cases(request: pytest.FixtureRequest) -> Cases:
    return _cases(request.param)


def _vector(plane: Plane, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    return np.array([*plane.cells, *range(SALTS)], dtype)


def test_reference_covers_all_symbols(cases: Cases) -> None:
    assert len(cases.symbols) >= 200
    assert {symbol for code in cases.symbols for symbol in code} == {-1, 0, 1}
    assert {len(code) for code in cases.symbols} == {{"iris_v1": 1920, "iris_v2": 3840}[cases.network]}


def test_torch_equals_the_reference(cases: Cases) -> None:
    network, _ = TORCH[cases.network]()
    for planes, expected in zip(cases.planes, cases.symbols, strict=True):
        out = network(*(torch.tensor(_vector(plane, np.float32)) for plane in planes))
        rounded = torch.round(out).int().tolist()
        assert tuple(rounded[:-SALTS]) == expected
        assert rounded[-SALTS:] == list(range(SALTS))


def test_onnxruntime_equals_the_reference(cases: Cases) -> None:
    session = onnxruntime.InferenceSession(read_pinned(f"onnx_{cases.network}"), providers=["CPUExecutionProvider"])
    for planes, expected in zip(cases.planes, cases.symbols, strict=True):
        feeds = {plane.name.value: _vector(plane, np.float32) for plane in planes}
        out = np.rint(session.run(None, feeds)[0]).astype(int).tolist()
        assert tuple(out[:-SALTS]) == expected


def test_the_onnx_file_on_integers_equals_the_reference(cases: Cases) -> None:
    network = load_network(read_pinned(f"onnx_{cases.network}"))
    for planes, expected in zip(cases.planes, cases.symbols, strict=True):
        out, _ = evaluate(network, {plane.name: _vector(plane, np.int64) for plane in planes})
        assert tuple(out.tolist()[:-SALTS]) == expected


def test_the_largest_responses_are_reached_up_to_the_darkest_cell(cases: Cases) -> None:
    """A texture cell is at least 1, so that responses reach 254 / 255 of the bounds that the circuit allows for."""
    network = load_network(read_pinned(f"onnx_{cases.network}"))
    largest = np.zeros(len(network.pre_activation_bounds))
    for planes in cases.planes[-2:]:
        _, steps = evaluate(network, {plane.name: _vector(plane, np.int64) for plane in planes})
        largest = np.maximum(largest, [np.abs(step.a).max() for step in steps if step.operation == "Tanh"])
    assert tuple(largest) == tuple(254 * bound // 255 for bound in network.pre_activation_bounds)


def test_the_circuits_witness_equals_the_reference(each_circuit: Circuit) -> None:
    cases = _cases(each_circuit.facts.network)
    inputs = [[to_felts(_vector(plane, object).tolist()) for plane in pair] for pair in cases.planes]
    outputs = run_job("evaluate", {"inputs": inputs, **each_circuit.paths()})["outputs"]
    for out, expected in zip(outputs, cases.symbols, strict=True):
        values = [felt_to_int(felt) for felt in out]
        signed = tuple(value - SCALAR_FIELD if value > SCALAR_FIELD // 2 else value for value in values)
        assert signed[:-SALTS] == expected
        assert signed[-SALTS:] == tuple(range(SALTS))
