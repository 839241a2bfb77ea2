"""The same network as ezkl builds it by default: what one would get by following its first example.

Everything is left at ezkl 23's defaults (scales 7, two inner columns, public inputs and outputs, 2^17 rows, no trimmed
rows) but the lookup range, which has to hold the largest response at that scale, or nothing could be proved. The
circuit then commits to nothing: its inputs, the person's iris, are public. It is here for its cost alone.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from circuits.artifacts import build_dir
from circuits.iris._felts import to_felts
from circuits.iris._worker import run_job
from protocol.pins import pin, root_dir
from protocol.types import Plane

__all__ = ["NaiveRun", "prove_naively"]

SCALE = 1 << 7
K = 17


@dataclass(frozen=True)
class NaiveRun:
    cpu_s: float
    peak_mib: float
    proof_bytes: int


def prove_naively(texture: Plane, mask: Plane, salts: int) -> NaiveRun:
    """Set up once (about two minutes, kept in the build folder), then prove one example."""
    folder = build_dir("benchmarks") / "naive"
    files = {
        "onnx": str(folder / "network.onnx"),
        "settings": str(folder / "settings.json"),
        "compiled": str(folder / "circuit.ezkl"),
        "vk": str(folder / "vk"),
        "pk": str(folder / "pk"),
        "srs": str(folder / "srs"),
    }
    if not (folder / "done").exists():
        _set_up(folder, files)
    felts = [to_felts(SCALE * value for value in (*plane.cells, *range(salts))) for plane in (texture, mask)]
    outputs = run_job("evaluate", {"inputs": [felts], **files})["outputs"][0]
    made = run_job("prove", {"felts": felts, "expected": outputs, **files})
    return NaiveRun(made["cpu_s"], made["peak_kib"] / 1024, len(made["proof"]) // 2 - 1)


def _set_up(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(root_dir() / pin("onnx_iris_v1").path, files["onnx"])
    largest = 6 * 255 * SCALE
    run_job("settings", {"run_args": {"lookup_range": [-largest, largest]}, **files})
    run_job("throwaway_srs", {"k": K, **files})
    run_job("set_up", files)
    (folder / "done").touch()
