"""The relayer's settings: one TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from protocol.errors import InputError

__all__ = ["RelayConfig", "read_config"]


@dataclass(frozen=True)
class RelayConfig:
    """`rpc_url`, `deployment`, `key_file` and `queue` must be given. Paths are relative to the settings' own folder."""

    rpc_url: str
    deployment: Path
    """What `irisproof deploy` wrote."""
    key_file: Path
    """The account that pays, mode 0600. It must be used by nothing else."""
    queue: Path
    host: str = "127.0.0.1"
    port: int = 8080
    requests_per_minute: int = 30
    """Of one address. Behind a reverse proxy all have the proxy's: let the proxy limit, and raise this."""
    max_waiting: int = 20_000
    """Jobs not yet mined; more are refused."""
    ballot_gas: int = 450_000
    enrollment_gas: int = 1_500_000
    checkers: int = 1
    """Processes that verify membership proofs."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("port", 0, 65_535),
            ("requests_per_minute", 1, 1_000_000),
            ("max_waiting", 1, 10_000_000),
            ("ballot_gas", 21_000, 30_000_000),
            ("enrollment_gas", 21_000, 30_000_000),
            ("checkers", 1, 64),
        ):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise InputError(f"{name} is {value!r}; it must be a whole number from {low:,} to {high:,}")


def read_config(path: Path) -> RelayConfig:
    """Raises `InputError` for a file that cannot be read, and for missing and unknown names."""
    try:
        data = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"the settings {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    known = {field.name: field for field in fields(RelayConfig)}
    required = {"rpc_url", "deployment", "key_file", "queue"}
    if wrong := sorted((set(data) - set(known)) | (required - set(data))):
        raise InputError(f"{path} has missing or unknown names: {', '.join(wrong)}")
    for name in ("rpc_url", "deployment", "key_file", "queue", "host"):
        if name in data and not isinstance(data[name], str):
            raise InputError(f"{name} is no text")
    for name in ("deployment", "key_file", "queue"):
        data[name] = path.parent / Path(data[name]).expanduser()
    return RelayConfig(**data)
