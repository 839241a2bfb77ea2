"""A benchmark's figures: a table for people, `latest.json` for programs."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

__all__ = ["Figure", "readme_row", "write_report"]

_PACKAGES = ("ezkl", "groth16py", "numpy", "onnx", "opencv-python-headless", "wasmtime", "web3", "zksnake")


@dataclass(frozen=True)
class Figure:
    """One measured value; `budget` is the project's own limit, where it has one."""

    name: str
    value: float
    unit: str
    budget: float | None = None


def write_report(figures: list[Figure], path: Path) -> None:
    """Print the table and write the list of {name, value, unit, machine, versions}."""
    out = sys.stdout.write
    out(f"{'name':<26}{'value':>12}  {'unit':<8}{'budget':>12}\n")
    for figure in figures:
        budget = "" if figure.budget is None else f"{figure.budget:,g}"
        out(f"{figure.name:<26}{figure.value:>12,.7g}  {figure.unit:<8}{budget:>12}\n")
    common = {"machine": machine(), "versions": versions()}
    rows = [{**{k: v for k, v in asdict(figure).items() if k != "budget"}, **common} for figure in figures]
    path.write_text(json.dumps(rows, indent=1) + "\n")


def readme_row(name: str, value: float, unit: str) -> str:
    """How the README quotes a figure; a test holds it to `latest.json`."""
    return f"| `{name}` | {value:,g} {unit} |" if abs(value) < 1000 else f"| `{name}` | {value:,.0f} {unit} |"


@cache
def machine() -> dict[str, str | int | None]:
    """Processor, number of processors, memory and system; no name and no path."""
    return {
        "processor": _from_proc("/proc/cpuinfo", "model name"),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": _from_proc("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.machine()}",
    }


@cache
def versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _from_proc(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "unknown")
