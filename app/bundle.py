"""Where the programs of the desktop bundle begin: `irisproof`, `irisproof-window`, and what they start of themselves.

A bundle is its own interpreter: what runs as `[sys.executable, "-m", MODULE]` in a checkout does so in a bundle, too,
for the modules named below. It has no folder of its own to write to, and no prover until a person installs one.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from app.provers import use_provers

__all__ = ["MODULES", "main"]

MODULES = frozenset({"app.cli", "app.jobs", "circuits.iris._ezkl", "pip"})
"""What may be run as `-m MODULE`: the command line, the worker, the prover, and what fetches provers."""
WINDOW = "irisproof-window"


def main() -> None:
    """Entry point of both programs; the file's name says which."""
    os.environ.setdefault("IRISPROOF_HOME", str(_derived_files()))
    use_provers()
    if sys.argv[1:2] == ["-m"] and len(sys.argv) > 2:
        _run_module(sys.argv[2])
    elif Path(sys.executable).stem == WINDOW:
        from app.main import main as window  # noqa: PLC0415 - the toolkit opens a display when it is loaded

        sys.exit(window())
    else:
        from app.cli import main as command_line  # noqa: PLC0415 - the worker does without it

        command_line()


def _run_module(name: str) -> None:
    if name not in MODULES:
        sys.stderr.write(f"irisproof: this bundle does not run the module {name}\n")
        sys.exit(2)
    sys.argv = [name, *sys.argv[3:]]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _derived_files() -> Path:
    """Circuits, keys and provers can all be made or fetched again: they are a cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "irisproof"
