"""The device's own key store as a way into the vault, and as a memory of how new the vault must be.

`keyring` is an optional package (`pip install irisproof[device]`); without it, or without a key store that it can
reach, the vault has its passphrase and its words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

from app.vault.slots import DeviceSecret
from protocol.errors import ArtifactUnavailable

__all__ = ["DeviceStore", "KeyringStore", "Remembered"]

_SERVICE = "irisproof vault"


@dataclass(frozen=True)
class Remembered:
    """What a device keeps of a vault: its key, and the newest generation that it saved."""

    secret: DeviceSecret
    generation: int


class DeviceStore(Protocol):
    """A place for one secret a vault. All methods raise `ArtifactUnavailable` where the device keeps no keys."""

    def recall(self, vault_id: bytes) -> Remembered | None: ...
    def newest(self, vault_id: bytes) -> int | None:
        """The newest generation alone: no secret, so nobody is asked for a fingerprint."""

    def remember(self, vault_id: bytes, what: Remembered) -> None: ...
    def advance(self, vault_id: bytes, generation: int) -> None: ...
    def forget(self, vault_id: bytes) -> None: ...


class KeyringStore:
    """Secret Service, Keychain or Credential Locker, by way of the `keyring` package."""

    def recall(self, vault_id: bytes) -> Remembered | None:
        text = self._ask("get_password", vault_id)
        if text is None:
            return None
        try:
            data = json.loads(text)
            return Remembered(DeviceSecret(bytes.fromhex(data["secret"])), int(data["generation"]))
        except (ValueError, KeyError, TypeError):
            return None  # somebody else's entry: no way in, and nothing to say

    def newest(self, vault_id: bytes) -> int | None:
        known = self.recall(vault_id)
        return None if known is None else known.generation

    def remember(self, vault_id: bytes, what: Remembered) -> None:
        self._ask(
            "set_password", vault_id, json.dumps({"secret": what.secret.secret.hex(), "generation": what.generation})
        )

    def advance(self, vault_id: bytes, generation: int) -> None:
        known = self.recall(vault_id)
        if known is not None:
            self.remember(vault_id, Remembered(known.secret, generation))

    def forget(self, vault_id: bytes) -> None:
        if self._ask("get_password", vault_id) is not None:
            self._ask("delete_password", vault_id)

    def _ask(self, function: str, vault_id: bytes, *arguments: str) -> Any:
        try:
            import keyring  # noqa: PLC0415 - optional
            from keyring.errors import KeyringError  # noqa: PLC0415
        except ImportError:
            raise _unavailable("the package keyring is not installed") from None
        try:
            return getattr(keyring, function)(_SERVICE, vault_id.hex(), *arguments)
        except KeyringError as error:  # NoKeyringError among them; its words name no secret, but say too much
            raise _unavailable(f"the key store said {type(error).__name__}") from None


def _unavailable(why: str) -> ArtifactUnavailable:
    return ArtifactUnavailable(f"this device keeps no keys for irisproof: {why}", hint="use the passphrase")
