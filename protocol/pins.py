"""SHA-256 pins of everything the protocol depends on: networks, keys, SRS, verifiers, npm artifacts.

`pins.toml` is the list; a file is checked when it is loaded, never trusted by name.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from protocol.errors import ArtifactAbsent, ArtifactFailed, ArtifactUnavailable

__all__ = ["Pin", "pin", "pin_names", "read_pinned", "root_dir"]

_PINS = Path(__file__).with_name("pins.toml")


@dataclass(frozen=True)
class Pin:
    """`path` is relative to the checkout; `made_by` is the command that makes the file."""

    name: str
    path: str
    sha256: str
    made_by: str


def root_dir() -> Path:
    """The checkout: the folder that holds `protocol/`, `model/` and `circuits/`."""
    return Path(__file__).resolve().parents[1]


@cache
def _table() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = tomllib.loads(_PINS.read_text())
    return table


def pin(name: str) -> Pin:
    """The pin called `name`; raises `ArtifactAbsent` for a name that nobody pinned."""
    try:
        row = _table()[name]
    except KeyError:
        raise ArtifactAbsent(f"nothing is pinned under the name {name!r}") from None
    return Pin(name, row["path"], row["sha256"], row["made_by"])


def pin_names() -> tuple[str, ...]:
    """All pins, in the file's order."""
    return tuple(_table())


def read_pinned(name: str) -> bytes:
    """The bytes of a pinned file, checked against its hash.

    Raises `ArtifactAbsent` (no such file), `ArtifactUnavailable` (unreadable) or `ArtifactFailed` (other bytes).
    """
    wanted = pin(name)
    path = root_dir() / wanted.path
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ArtifactAbsent(f"{wanted.path} is missing", hint=f"run: {wanted.made_by}") from None
    except OSError as error:
        raise ArtifactUnavailable(f"{wanted.path} cannot be read: {error.strerror}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != wanted.sha256:
        raise ArtifactFailed(
            f"{wanted.path} is not the pinned file: sha256 {found[:16]}…, pinned {wanted.sha256[:16]}…",
            hint=f"restore it, or make it again with: {wanted.made_by}",
        )
    return data
