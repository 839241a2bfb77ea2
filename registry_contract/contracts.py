"""Build the contracts when their sources changed, and load what the compiler made of them."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from protocol.errors import ArtifactAbsent, ArtifactFailed, ArtifactUnavailable
from protocol.pins import root_dir
from registry_contract.forge import require_success, run_forge

__all__ = ["ContractArtifact", "build_contracts", "load_contract"]

_FOLDER = Path(__file__).resolve().parent
_OUT = _FOLDER / "out"
_STAMP = _OUT / ".stamp"
_SOURCES = _FOLDER / "src"


@dataclass(frozen=True)
class ContractArtifact:
    """A compiled contract. `creation` and `runtime` are hex without 0x, with 40 placeholder characters at each link."""

    name: str
    abi: list[dict[str, Any]] = field(repr=False)
    creation: str = field(repr=False)
    runtime: str = field(repr=False)
    links: dict[str, tuple[int, ...]] = field(repr=False)
    """Library name -> byte offsets in `creation` where its address belongs."""

    def linked_creation(self, libraries: Mapping[str, str]) -> bytes:
        """Creation code with the libraries' addresses in place. Raises `ArtifactFailed` for a library not given."""
        code = self.creation
        for library, offsets in self.links.items():
            if library not in libraries:
                raise ArtifactFailed(f"{self.name} needs the library {library}, which is not deployed")
            address = libraries[library].removeprefix("0x").lower()
            for offset in offsets:
                code = code[: 2 * offset] + address + code[2 * offset + 40 :]
        return bytes.fromhex(code)

    @property
    def runtime_hash(self) -> bytes:
        """keccak256 of the runtime code, which the chain reports as the deployed contract's code hash.

        Only for contracts without links and immutables, such as a generated verifier.
        """
        return keccak(bytes.fromhex(self.runtime))


def build_contracts() -> bool:
    """Compile `src/` unless the last build was of exactly these sources. True where something was compiled.

    Raises `ArtifactFailed` with the compiler's first error, and what `run_forge` raises.
    """
    if not _SOURCES.is_dir():
        return False  # a phone's package: the contracts' interfaces are there, and nothing to make them from
    digest = _source_digest()
    if _stamp() == digest:
        return False
    with _build_lock():
        if _stamp() == digest:  # another process did it while this one waited
            return False
        run = run_forge(["build", "--skip", "test"])
        require_success(run, "building the contracts")
        temporary = _STAMP.with_suffix(f".{os.getpid()}")
        temporary.write_text(digest)
        temporary.replace(_STAMP)  # last: a build that was cut off leaves no stamp
    load_contract.cache_clear()
    return True


@cache
def load_contract(name: str) -> ContractArtifact:
    """The compiled contract `name`, which stands in `name`.sol; builds first where sources changed."""
    build_contracts()
    path = _OUT / f"{name}.sol" / f"{name}.json"
    try:
        data = json.loads(path.read_text())
        references = data["bytecode"]["linkReferences"]
        links = {
            library: tuple(place["start"] for place in places)
            for libraries in references.values()
            for library, places in libraries.items()
        }
        creation, runtime = data["bytecode"]["object"], data["deployedBytecode"]["object"]
        return ContractArtifact(name, data["abi"], creation.removeprefix("0x"), runtime.removeprefix("0x"), links)
    except FileNotFoundError:
        raise ArtifactAbsent(f"there is no contract {name}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ArtifactFailed(f"the compiled contract {name} cannot be read", hint=_REBUILD) from error


_REBUILD = "run: python -m registry_contract.forge clean"


def _stamp() -> str:
    try:
        return _STAMP.read_text()
    except FileNotFoundError:
        return ""


def _source_digest() -> str:
    """SHA-256 over all that the compiler's output depends on; npm packages by their lock file."""
    files = sorted(_SOURCES.rglob("*.sol"))
    files += [_FOLDER / "foundry.toml", _FOLDER / "solc-shim", root_dir() / "package-lock.json"]
    digest = hashlib.sha256()
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ArtifactUnavailable(f"{path.name} cannot be read: {error.strerror}") from error
        digest.update(f"{path.relative_to(root_dir()).as_posix()}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


@contextmanager
def _build_lock() -> Iterator[None]:
    """One build at a time in one checkout; the lock ends with its process."""
    _OUT.mkdir(exist_ok=True)
    with (_OUT / ".lock").open("w") as handle:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
