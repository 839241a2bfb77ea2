"""`python -m mobile_build.stage OUT`: copy what ships on a phone, by the allow-list, into a tree of its own.

The tree is what `buildozer.spec` packs. It runs as it lies: `main.py` is the app, `service/prover.py` the prover's
service. Circuits are built here, where ezkl's build tools and the compiler are; a phone only proves with them.
"""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import actions
from app.fonts import FAMILIES
from circuits.srs import SrsSource, srs_file
from model.pipeline.encoding import ENCODERS
from protocol.errors import ArtifactAbsent, InputError, IrisproofError
from protocol.pins import pin, read_pinned, root_dir
from registry_contract.contracts import load_contract

__all__ = ["AllowList", "Staged", "read_allow_list", "stage"]

_LIST = Path(__file__).with_name("allow_list.toml")
_MAIN = '''"""The app. Written by mobile_build.stage."""

import sys

from app.phone.start import main

sys.exit(main())
'''
_SERVICE = '''"""The prover's service. Written by mobile_build.stage."""

import sys

from app.phone.service import main

sys.exit(main())
'''


@dataclass(frozen=True)
class AllowList:
    """`allow_list.toml`, as its comments say. Paths are relative to the checkout."""

    entries: tuple[str, ...]
    modules: tuple[Path, ...]
    data: tuple[Path, ...]
    pinned: tuple[str, ...]
    per_network: tuple[str, ...]
    circuit_files: tuple[str, ...]
    abis: tuple[str, ...]
    installed: dict[str, str]

    @property
    def packages(self) -> frozenset[str]:
        """The tree's own top-level packages."""
        return frozenset(path.parts[0] for path in self.modules)


@dataclass(frozen=True)
class Staged:
    """A staged tree and its bytes: of code, of circuits, SRS and keys, of fonts and catalogues."""

    folder: Path
    code_bytes: int
    artifact_bytes: int
    font_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.code_bytes + self.artifact_bytes + self.font_bytes


def read_allow_list() -> AllowList:
    """The list that ships."""
    table: dict[str, Any] = tomllib.loads(_LIST.read_text())
    return AllowList(
        entries=tuple(table["entries"]),
        modules=_paths(
            {folder: [f"{name}.py" for name in names.split()] for folder, names in table["modules"].items()}
        ),
        data=_paths(table["data"]),
        pinned=tuple(table["pinned"]["always"]),
        per_network=tuple(table["pinned"]["per_network"]),
        circuit_files=tuple(table["circuit"]["files"]),
        abis=tuple(table["contracts"]["abis"]),
        installed=dict(table["installed"]),
    )


def stage(out: Path, networks: tuple[str, ...] = tuple(ENCODERS)) -> Staged:
    """Copy everything into `out`, which must not be there yet; circuits that are not built are built first.

    Raises `InputError` for a folder that is there, `ArtifactAbsent` for a file that is not, `ArtifactFailed` where one
    is not the pinned one.
    """
    if out.exists():
        raise InputError(f"{out} is there already", hint="remove it, or choose another folder")
    allowed = read_allow_list()
    for path in (*allowed.modules, *allowed.data):
        _copy(root_dir() / path, out / path)
    _write(out / "main.py", _MAIN)
    _write(out / "service" / "prover.py", _SERVICE)
    _write_metadata(out)
    for name in allowed.abis:
        _write_abi(out, name)
    code_bytes = _size(out)
    for network in networks:
        _copy_circuit(out, network, allowed)
    for name in (*allowed.pinned, *_of_networks(allowed.per_network, networks)):
        _copy_pinned(out, name)
    artifact_bytes = _size(out) - code_bytes
    for family in FAMILIES:
        for path in (family.path(), family.path(bold=True)):
            _copy(path, out / path.relative_to(root_dir()))
    return Staged(out, code_bytes, artifact_bytes, _size(out) - code_bytes - artifact_bytes)


def _paths(folders: dict[str, list[str]]) -> tuple[Path, ...]:
    return tuple(Path(folder) / name for folder, names in folders.items() for name in names)


def _of_networks(patterns: tuple[str, ...], networks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(pattern.format(network=network) for network in networks for pattern in patterns)


def _copy_circuit(out: Path, network: str, allowed: AllowList) -> None:
    circuit = actions.ready_circuit(network=network)
    target = out / "build" / "circuits" / circuit.folder.name
    for name in allowed.circuit_files:
        _copy(circuit.folder / name, target / name)


def _copy_pinned(out: Path, name: str) -> None:
    wanted = pin(name)
    if name.startswith("srs_derived_k"):
        srs_file(int(name.rpartition("k")[2]), SrsSource.DERIVED)  # derives a smaller size that is not there yet
    _write(out / wanted.path, read_pinned(name))


def _write_abi(out: Path, name: str) -> None:
    """In the compiler's form, with its bytecode left out."""
    empty = {"object": "0x", "linkReferences": {}}
    artifact = {"abi": load_contract(name).abi, "bytecode": empty, "deployedBytecode": empty}
    _write(out / "registry_contract" / "out" / f"{name}.sol" / f"{name}.json", json.dumps(artifact))


def _write_metadata(out: Path) -> None:
    """The window tells its version, which it asks of the installed package's metadata."""
    project = tomllib.loads((root_dir() / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: {project['license']}\n"
    _write(out / f"{name}-{version}.dist-info" / "METADATA", text)


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise ArtifactAbsent(f"{source.name} is to ship and is not there", hint="bring mobile_build/allow_list.toml up")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(target: Path, content: str | bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Exit status: 0 staged, 1 not."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m mobile_build.stage OUT\n")
        return 1
    try:
        staged = stage(Path(sys.argv[1]))
    except IrisproofError as error:
        sys.stderr.write(f"mobile_build.stage: {error.message} ({error.hint})\n")
        return 1
    parts = {"code": staged.code_bytes, "artifacts": staged.artifact_bytes, "fonts": staged.font_bytes}
    sizes = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in parts.items())
    sys.stdout.write(f"staged in {staged.folder}: {staged.total_bytes / 1e6:.1f} MB ({sizes})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
