"""Whether the code at an address is what our compiler made: links filled in, immutables in place, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from protocol.errors import ArtifactFailed, VerificationError
from registry_contract.contracts import build_contracts

__all__ = ["CompiledCode", "compiled_from", "compiled_named"]

_OUT = Path(__file__).resolve().parent / "out"
_LIBRARY_HEAD = bytes([0x73]) + bytes(20) + bytes([0x30, 0x14])
"""PUSH20 0, ADDRESS, EQ: where a library's own address stands in its code, once it has one."""


@dataclass(frozen=True)
class CompiledCode:
    """A contract that is being deployed. `runtime` has its links filled in and zeros for its immutables."""

    name: str
    runtime: bytes = field(repr=False)
    immutables: tuple[tuple[int, int], ...] = field(repr=False)
    """(offset, length) of each place."""

    def require_at(self, address: str, code: bytes) -> None:
        """Raise `VerificationError` unless `code`, found at `address`, is this contract's, but for its immutables.

        The immutables are what the constructor made of its arguments; `deploying` compares them with a dry run.
        """
        expected = bytearray(self.runtime)
        if expected.startswith(_LIBRARY_HEAD):
            expected[1:21] = bytes.fromhex(address.removeprefix("0x"))
        found = bytearray(code)
        if len(found) == len(expected):
            for start, length in self.immutables:
                found[start : start + length] = bytes(length)
        if found != expected:
            raise VerificationError(
                f"the code at {address} is not {self.name} as compiled here ({len(code):,} bytes,"
                f" expected {len(expected):,})",
                hint="compare with the sources that it was deployed from",
            )


def compiled_from(creation: bytes) -> CompiledCode:
    """The contract of ours whose creation code this is, libraries linked and no arguments behind it.

    Raises `ArtifactFailed` where it is none of them.
    """
    build_contracts()
    for path in sorted(_OUT.glob("*.sol/*.json")):
        data = json.loads(path.read_text())
        made = data["bytecode"]["object"].removeprefix("0x")
        if len(made) != 2 * len(creation) or not made:
            continue
        libraries = _libraries(creation, data["bytecode"]["linkReferences"])
        if _linked(made, data["bytecode"]["linkReferences"], libraries) == creation:
            return _compiled(path.stem, data, libraries)
    raise ArtifactFailed("the code to be deployed is of none of the compiled contracts")


@cache
def _artifact(name: str) -> dict[str, Any]:
    build_contracts()
    data: dict[str, Any] = json.loads((_OUT / f"{name}.sol" / f"{name}.json").read_text())
    return data


def compiled_named(name: str, libraries: Mapping[str, str]) -> CompiledCode:
    """The contract `name` of ours with its libraries (name -> address) linked; others than it needs are passed over.

    Raises what `build_contracts` raises, and `ArtifactFailed` for a library that is missing.
    """
    data = _artifact(name)
    needed = {library for library, _ in _places(data["deployedBytecode"]["linkReferences"])}
    if missing := needed - set(libraries):
        raise ArtifactFailed(f"{name} needs {', '.join(sorted(missing))}")
    return _compiled(name, data, {lib: bytes.fromhex(libraries[lib].removeprefix("0x")) for lib in needed})


def _compiled(name: str, data: dict[str, Any], libraries: Mapping[str, bytes]) -> CompiledCode:
    deployed = data["deployedBytecode"]
    runtime = _linked(deployed["object"].removeprefix("0x"), deployed["linkReferences"], libraries)
    places = [p for parts in deployed.get("immutableReferences", {}).values() for p in parts]
    return CompiledCode(name, runtime, tuple((p["start"], p["length"]) for p in places))


def _places(references: dict[str, Any]) -> list[tuple[str, int]]:
    return [(name, place["start"]) for names in references.values() for name, ps in names.items() for place in ps]


def _libraries(creation: bytes, references: dict[str, Any]) -> dict[str, bytes]:
    return {name: creation[start : start + 20] for name, start in _places(references)}


def _linked(code: str, references: dict[str, Any], libraries: Mapping[str, bytes]) -> bytes:
    for name, start in _places(references):
        code = code[: 2 * start] + libraries[name].hex() + code[2 * start + 40 :]
    return bytes.fromhex(code)
