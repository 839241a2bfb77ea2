"""torch module -> the ONNX file that ships: same bytes on every run, metadata inside, no trace of the machine.

Run `python -m model.export.onnx_export` to write model/networks/*.onnx; the hashes stand in protocol/pins.toml.
"""

from __future__ import annotations

import hashlib
import io
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch

from model.training.box_bank import ANGLES, BANDS, SALTS, BoxBank
from model.training.kernel_bank import IRIS_V2, BankDesign, KernelBank
from protocol.pins import root_dir
from protocol.types import PlaneName

__all__ = ["NetworkSpec", "export_onnx", "network_of", "network_v1", "network_v2"]

OPSET = 17


@dataclass(frozen=True)
class NetworkSpec:
    """What an exported network says of itself. `pre_activation_bounds` is the largest |input| of each sign lookup."""

    name: str
    planes: tuple[PlaneName, PlaneName]
    symbols: int
    salts: int
    pre_activation_bounds: tuple[int, ...]

    @property
    def path(self) -> Path:
        return root_dir() / "model" / "networks" / f"{self.name}.onnx"


def network_v1() -> tuple[torch.nn.Module, NetworkSpec]:
    """The box-kernel bank and its description; |even| <= 6 * 255 and |odd| <= 3 * 255."""
    spec = NetworkSpec(
        name="iris_v1",
        planes=(PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120),
        symbols=2 * BANDS * ANGLES,
        salts=SALTS,
        pre_activation_bounds=(1530, 765),
    )
    return BoxBank().eval(), spec


def network_v2() -> tuple[torch.nn.Module, NetworkSpec]:
    """The bank of kernels over pairs of rows and its description; |even| <= 12 * 255 and |odd| <= 6 * 255."""
    return network_of("iris_v2", IRIS_V2)


def network_of(name: str, design: BankDesign) -> tuple[torch.nn.Module, NetworkSpec]:
    """Any bank of integer kernels: network v2, and what the search tries."""
    spec = NetworkSpec(name, design.planes, design.symbols, SALTS, design.pre_activation_bounds)
    return KernelBank(design).eval(), spec


def export_onnx(module: torch.nn.Module, spec: NetworkSpec) -> bytes:
    """The ONNX file of `module`: deterministic bytes, checked by the ONNX checker."""
    example = tuple(torch.ones(plane.cells + spec.salts) for plane in spec.planes)
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # the TorchScript exporter is deprecated, and writes the graph that ezkl reads
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            module,
            example,
            buffer,  # type: ignore[arg-type] # torch's own documentation allows a buffer
            opset_version=OPSET,
            dynamo=False,
            input_names=[plane.value for plane in spec.planes],
            output_names=["code"],
        )
    model = onnx.load_from_string(buffer.getvalue())
    model.producer_name, model.producer_version, model.doc_string = "irisproof", "", ""
    for node in model.graph.node:
        node.doc_string = ""
    del model.metadata_props[:]
    for key, value in _metadata(spec).items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _metadata(spec: NetworkSpec) -> dict[str, str]:
    return {
        "irisproof.version": "1",
        "irisproof.network": spec.name,
        "irisproof.planes": ",".join(plane.value for plane in spec.planes),
        "irisproof.symbols": str(spec.symbols),
        "irisproof.salts": str(spec.salts),
        "irisproof.pre_activation_bounds": ",".join(str(bound) for bound in spec.pre_activation_bounds),
    }


def main() -> None:
    """Write the files and say their hashes."""
    for module, spec in (network_v1(), network_v2()):
        data = export_onnx(module, spec)
        spec.path.parent.mkdir(exist_ok=True)
        spec.path.write_bytes(data)
        where = spec.path.relative_to(root_dir())
        sys.stdout.write(f"{where}  {len(data)} B  sha256 {hashlib.sha256(data).hexdigest()}\n")


if __name__ == "__main__":
    main()
