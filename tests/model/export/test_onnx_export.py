"""The committed network is what the code exports, byte for byte, and says nothing of the machine that made it."""

from __future__ import annotations

import hashlib

import onnx
import pytest

from model.export.onnx_export import export_onnx, network_v1
from protocol.pins import pin, read_pinned


def test_export_of_v1_gives_the_committed_bytes() -> None:
    data = export_onnx(*network_v1())
    assert hashlib.sha256(data).hexdigest() == pin("onnx_iris_v1").sha256
    assert data == read_pinned("onnx_iris_v1")


def test_the_network_file_names_its_planes_and_bounds_and_no_machine() -> None:
    model = onnx.load_from_string(read_pinned("onnx_iris_v1"))
    meta = {prop.key: prop.value for prop in model.metadata_props}
    assert meta["irisproof.planes"] == "texture_8x120,mask_8x120"
    assert meta["irisproof.pre_activation_bounds"] == "1530,765"
    assert meta["irisproof.symbols"] == "1920"
    assert b"/home" not in model.SerializeToString()
    assert b".py" not in model.SerializeToString()


@pytest.mark.parametrize("operation", ["Conv", "MatMul", "Gemm", "Einsum", "Pad", "Div"])
def test_the_network_holds_no_costly_or_unsound_operation(operation: str) -> None:
    model = onnx.load_from_string(read_pinned("onnx_iris_v1"))
    assert operation not in {node.op_type for node in model.graph.node}
