"""Where a registry is and by whom it is reached: one JSON file that `irisproof devnet` writes and people are given.

    {"version": 1, "rpc_url": ..., "deployment": {...}, "relay_url": ..., "station_key_file": ...,
     "account_key_file": ..., "committee_config": ...}

Nothing in it is secret: key files are named, not quoted. What stands after the deployment may be null.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from protocol.errors import EncodingError, InputError
from registry_contract.deployment import Deployment

__all__ = ["ENDPOINTS_VERSION", "Endpoints", "read_endpoints"]

ENDPOINTS_VERSION = 1

_PATHS = ("station_key_file", "account_key_file", "committee_config")


@dataclass(frozen=True)
class Endpoints:
    """One registry as a person's device reaches it. Paths are absolute."""

    rpc_url: str
    deployment: Deployment
    relay_url: str | None = None
    """Submits enrolments and ballots; without it they are sent from the account of `account_key_file`."""
    station_key_file: Path | None = None
    """A software station's key, for development: captures are signed on this device."""
    account_key_file: Path | None = None
    """Who pays for what no relayer takes. It is seen on the chain: not for ballots, if that can be helped."""
    committee_config: Path | None = None
    """`committee.json` in the folder that `irisproof committee client` made; None in a registry without a committee."""

    def __post_init__(self) -> None:
        for name in ("rpc_url", "relay_url"):
            url = getattr(self, name)
            if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
                raise EncodingError(f"{name} is no http or https address")
        if self.relay_url is not None:
            object.__setattr__(self, "relay_url", self.relay_url.rstrip("/"))

    def to_json(self) -> str:
        """The file's text. `from_json` reads it anywhere on this machine."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = {"version": ENDPOINTS_VERSION, "rpc_url": self.rpc_url}
        values["deployment"] = json.loads(self.deployment.to_json())
        values["relay_url"] = self.relay_url
        for name in _PATHS:
            path = getattr(self, name)
            values[name] = None if path is None else str(path)
        return values

    @classmethod
    def from_dict(cls, data: Any, folder: Path = Path("/")) -> Endpoints:
        """Relative paths are taken from `folder`. Raises `EncodingError` for another version or other fields."""
        if not isinstance(data, dict) or data.get("version") != ENDPOINTS_VERSION:
            raise EncodingError(f"the registry file is not of version {ENDPOINTS_VERSION}")
        if set(data) != {"version", *(field.name for field in fields(cls))}:
            raise EncodingError("the registry file has other fields than it should")
        for name in ("rpc_url", "relay_url", *_PATHS):
            if not isinstance(data[name], str) and (data[name] is not None or name == "rpc_url"):
                raise EncodingError(f"the registry file's {name} is no text")
        paths = (None if data[name] is None else folder / Path(data[name]).expanduser() for name in _PATHS)
        return cls(data["rpc_url"], Deployment.from_json(json.dumps(data["deployment"])), data["relay_url"], *paths)


def read_endpoints(path: Path) -> Endpoints:
    """Raises `InputError` for a file that cannot be read, `EncodingError` for one of another form."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise InputError(
            f"the registry file {path} cannot be read: {error.strerror}", hint="irisproof devnet writes one to try out"
        ) from error
    except ValueError as error:
        raise EncodingError(f"{path} is no registry file") from error
    return Endpoints.from_dict(data, path.absolute().parent)
