"""A committee node's settings: one TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from protocol.errors import InputError

__all__ = ["NodeSettings", "read_settings", "settings_text"]

_PATHS = ("committee", "deployment", "store", "certificate", "key", "authority", "clients_authority", "box_key",
          "signing_key")  # fmt: skip


@dataclass(frozen=True)
class NodeSettings:
    """Paths are relative to the settings' own folder."""

    node: int
    """0, 1 or 2; node 0 puts requests in order."""
    rpc_url: str
    """A node of the registry's chain that this operator trusts."""
    deployment: Path
    """What `irisproof deploy` wrote."""
    committee: Path = Path("committee.json")
    store: Path = Path("store")
    certificate: Path = Path("node.crt")
    key: Path = Path("node.key")
    authority: Path = Path("nodes.crt")
    clients_authority: Path = Path("clients.crt")
    box_key: Path = Path("box.key")
    signing_key: Path = Path("signing.key")
    listen_clients: str = ""
    """host:port to listen on; the address in the committee's file if empty."""
    listen_peers: str = ""
    requests_per_minute: int = 30
    """Of one client's certificate."""
    settle_s: int = 5
    """How often node 0 asks the chain what became of reservations."""
    products: str = "numpy"
    """numpy, or torch (from some 10,000 people on, where torch is installed)."""
    shards: Path | None = None
    """The plan of the shards (docs/scaling.md), where the committee's engine is SPU and this machine is too small."""
    parent: int = 0
    """Process that this node ends with: for the demo's committee. 0: none."""
    temporary: str = ""
    """Folder that is removed when that process was killed; empty for none."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("node", 0, 2),
            ("requests_per_minute", 1, 1_000_000),
            ("settle_s", 1, 3600),
            ("parent", 0, 1 << 32),
        ):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise InputError(f"{name} is {value!r}; it must be a whole number from {low:,} to {high:,}")
        if self.products not in ("numpy", "torch"):
            raise InputError(f"products is {self.products!r}; it is numpy or torch")


def read_settings(path: Path) -> NodeSettings:
    """Raises `InputError` for a file that cannot be read, and for missing and unknown names."""
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"the settings {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    known = {field.name for field in fields(NodeSettings)}
    if wrong := sorted((set(data) - known) | ({"node", "rpc_url", "deployment"} - set(data))):
        raise InputError(f"{path} has missing or unknown names: {', '.join(wrong)}")
    for name in (*_PATHS, "rpc_url", "listen_clients", "listen_peers", "shards", "temporary"):
        if name in data and not isinstance(data[name], str):
            raise InputError(f"{name} is no text")
    for name in _PATHS:
        default = getattr(NodeSettings, name, "")
        data[name] = path.parent / Path(data.get(name, default)).expanduser()
    if "shards" in data:
        data["shards"] = path.parent / Path(data["shards"]).expanduser()
    return NodeSettings(**data)


def settings_text(node: int, rpc_url: str, deployment: str, **more: object) -> str:
    """A settings file."""
    values = {"node": node, "rpc_url": rpc_url, "deployment": deployment, **more}
    return "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())


def _toml(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
