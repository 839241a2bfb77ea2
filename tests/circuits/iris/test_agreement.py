"""torch, the integer reference, onnxruntime and the circuit's witness are one function."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import torch

from circuits.iris._felts import felt_to_int, to_felts
from circuits.iris._worker import run_job
from circuits.iris.circuit import Circuit
from circuits.iris.network import evaluate, load_network
from model.pipeline.encoding import encode_v1
from model.training.box_bank import BoxBank
from protocol.field import SCALAR_FIELD
from protocol.pins import read_pinned
from protocol.types import Plane, PlaneName
from tests.circuits.iris.planes import plane_of, random_plane

TEXTURE, MASK = PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120
SALTS = 32


def _one_pixel(name: PlaneName, background: int, value: int, position: int) -> Plane:
    cells = bytearray([background]) * name.cells
    cells[position] = value
    return Plane(name, bytes(cells))


def _cases() -> list[tuple[Plane, Plane]]:
    """200 random pairs and the extremes: all 1, all 255, all masked, none masked, one pixel, steps, one valid cell."""
    full, none = plane_of(MASK, 1), plane_of(MASK, 0)
    cases = [(random_plane(TEXTURE, seed), random_plane(MASK, 1000 + seed)) for seed in range(200)]
    cases += [(plane_of(TEXTURE, value), mask) for value in (1, 255) for mask in (full, none)]
    cases += [(_one_pixel(TEXTURE, 1, 255, position), full) for position in (0, 119, 120, 480, 959)]
    cases += [(_one_pixel(TEXTURE, 255, 1, position), full) for position in (0, 119, 120, 480, 959)]
    cases += [(random_plane(TEXTURE, 7), _one_pixel(MASK, 0, 1, position)) for position in (0, 119, 959)]
    # the largest responses: a step of the whole range every third cell reaches |even| = 6 * 254
    step = bytes(255 if (cell % 9) in (3, 4, 5) else 1 for cell in range(960))
    return [*cases, (Plane(TEXTURE, step), full), (Plane(TEXTURE, bytes(256 - cell for cell in step)), full)]


@pytest.fixture(scope="module")
def cases() -> list[tuple[Plane, Plane]]:
    return _cases()


@pytest.fixture(scope="module")
def reference(cases: list[tuple[Plane, Plane]]) -> list[tuple[int, ...]]:
    return [encode_v1(texture, mask).symbols for texture, mask in cases]


def _vector(plane: Plane, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    return np.array([*plane.cells, *range(SALTS)], dtype)


def test_reference_covers_all_symbols_and_the_largest_responses(reference: list[tuple[int, ...]]) -> None:
    assert len(reference) >= 200
    assert {symbol for code in reference for symbol in code} == {-1, 0, 1}
    assert all(len(code) == 1920 for code in reference)


def test_torch_equals_the_reference(cases: list[tuple[Plane, Plane]], reference: list[tuple[int, ...]]) -> None:
    network = BoxBank().eval()
    for (texture, mask), expected in zip(cases, reference, strict=True):
        out = network(*(torch.tensor(_vector(plane, np.float32)) for plane in (texture, mask)))
        rounded = torch.round(out).int().tolist()
        assert tuple(rounded[:1920]) == expected
        assert rounded[1920:] == list(range(SALTS))


def test_onnxruntime_equals_the_reference(cases: list[tuple[Plane, Plane]], reference: list[tuple[int, ...]]) -> None:
    session = onnxruntime.InferenceSession(read_pinned("onnx_iris_v1"), providers=["CPUExecutionProvider"])
    for (texture, mask), expected in zip(cases, reference, strict=True):
        feeds = {plane.name.value: _vector(plane, np.float32) for plane in (texture, mask)}
        out = np.rint(session.run(None, feeds)[0]).astype(int).tolist()
        assert tuple(out[:1920]) == expected


def test_the_onnx_file_on_integers_equals_the_reference(
    cases: list[tuple[Plane, Plane]], reference: list[tuple[int, ...]]
) -> None:
    network = load_network(read_pinned("onnx_iris_v1"))
    for (texture, mask), expected in zip(cases, reference, strict=True):
        out, _ = evaluate(network, {plane.name: _vector(plane, np.int64) for plane in (texture, mask)})
        assert tuple(out.tolist()[:1920]) == expected


def test_the_circuits_witness_equals_the_reference(
    circuit: Circuit, cases: list[tuple[Plane, Plane]], reference: list[tuple[int, ...]]
) -> None:
    inputs = [[to_felts(_vector(plane, object).tolist()) for plane in pair] for pair in cases]
    outputs = run_job("evaluate", {"inputs": inputs, **circuit.paths()})["outputs"]
    for out, expected in zip(outputs, reference, strict=True):
        values = [felt_to_int(felt) for felt in out]
        signed = tuple(value - SCALAR_FIELD if value > SCALAR_FIELD // 2 else value for value in values)
        assert signed[:1920] == expected
        assert signed[1920:] == tuple(range(SALTS))
