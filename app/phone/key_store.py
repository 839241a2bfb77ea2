"""The vault's key in the phone's key store: sealed in a file that only the confirmed key opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

from app.vault.device import Remembered
from app.vault.slots import DeviceSecret
from circuits.artifacts import write_atomic

__all__ = ["Cipher", "SealedStore"]

_VERSION = 1


class Cipher(Protocol):
    """As `app.phone.keys.KeystoreCipher`."""

    def seal(self, plain: bytes) -> bytes: ...
    def open(self, sealed: bytes) -> bytes: ...
    def forget(self) -> None: ...


class SealedStore:
    """A `DeviceStore`. `folder` is the app's own; the file there opens by the device's key alone.

    The newest generation stands beside it in clear: it is no secret, and the file system is the app's own. Whoever can
    write to it could set it back; then the vault's rollback goes unnoticed, as without a device slot.
    """

    def __init__(self, folder: Path, cipher: Cipher) -> None:
        self._folder = folder
        self._cipher = cipher

    def recall(self, vault_id: bytes) -> Remembered | None:
        """Asks the person, where there is something to recall."""
        kept = self._read(vault_id)
        if kept is None:
            return None
        sealed, generation = kept
        return Remembered(DeviceSecret(self._cipher.open(sealed)), generation)

    def newest(self, vault_id: bytes) -> int | None:
        kept = self._read(vault_id)
        return None if kept is None else kept[1]

    def remember(self, vault_id: bytes, what: Remembered) -> None:
        self._write(vault_id, self._cipher.seal(what.secret.secret), what.generation)

    def advance(self, vault_id: bytes, generation: int) -> None:
        """Without asking: after every save of the vault."""
        kept = self._read(vault_id)
        if kept is not None:
            self._write(vault_id, kept[0], generation)

    def forget(self, vault_id: bytes) -> None:
        self._path(vault_id).unlink(missing_ok=True)
        self._cipher.forget()

    def _path(self, vault_id: bytes) -> Path:
        return self._folder / f"device-{vault_id.hex()}.json"

    def _read(self, vault_id: bytes) -> tuple[bytes, int] | None:
        try:
            kept = json.loads(self._path(vault_id).read_bytes())
            return (bytes.fromhex(kept["sealed"]), int(kept["generation"])) if kept["version"] == _VERSION else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # no way in, and nothing to say

    def _write(self, vault_id: bytes, sealed: bytes, generation: int) -> None:
        text = json.dumps({"version": _VERSION, "sealed": sealed.hex(), "generation": generation})
        write_atomic(self._path(vault_id), text.encode(), mode=0o600)
