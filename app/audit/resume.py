"""What was verified already, on the disk: an audit that was stopped goes on, a later one verifies what is new.

A claim's digest holds all that it says, so it stays verified whatever the chain does; log and state are read and
replayed whole every time. The file is the auditor's own: its checksum finds damage, not an enemy who writes there.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from circuits.artifacts import write_atomic
from protocol.errors import InputError
from registry_contract.deployment import Deployment
from registry_contract.public_log import Head

__all__ = ["STATE_VERSION", "AuditState"]

STATE_VERSION = 1
_HINT = "remove the file to begin anew, or give another --state"


class AuditState:
    """Digests of claims that hold, and the last head that was audited whole; kept in memory where `path` is None."""

    def __init__(self, path: Path | None, deployment: Deployment) -> None:
        """Raises `InputError` for a file that is damaged, of another version, or of another deployment."""
        self._path = path
        self._key = {"chain_id": deployment.chain_id, "registry": deployment.registry, "block": deployment.block}
        self.verified: set[str] = set()
        self.last_head: dict[str, Any] | None = None
        if path is not None and path.exists():
            self._read(path)

    def add(self, digests: set[str]) -> None:
        """Remember claims that hold, on the disk too."""
        self.verified |= digests
        self._save()

    def finish(self, head: Head) -> None:
        """Remember how far an audit came that found everything in order."""
        self.last_head = {"block": head.block, "hash": head.hash}
        self._save()

    def _read(self, path: Path) -> None:
        try:
            data = json.loads(path.read_bytes())
            version, checksum = data["version"], data.pop("sha256")
        except OSError as error:
            raise InputError(f"the audit's state {path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"the audit's state {path} is damaged", hint=_HINT) from error
        if version != STATE_VERSION:
            raise InputError(
                f"the audit's state is of version {version}; this program reads {STATE_VERSION}", hint=_HINT
            )
        if checksum != _checksum(data):
            raise InputError(f"the audit's state {path} is damaged: its checksum is another", hint=_HINT)
        if data["deployment"] != self._key:
            raise InputError(f"the audit's state {path} is of another deployment", hint=_HINT)
        self.verified, self.last_head = set(data["verified"]), data["last_head"]

    def _save(self) -> None:
        if self._path is None:
            return
        data = {
            "version": STATE_VERSION,
            "deployment": self._key,
            "last_head": self.last_head,
            "verified": sorted(self.verified),
        }
        write_atomic(self._path, (json.dumps(data | {"sha256": _checksum(data)}, indent=0) + "\n").encode())


def _checksum(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
