"""Ways into a vault: each slot holds the data key, wrapped under what one key gives.

A passphrase goes through Argon2id (RFC 9106, second recommendation: 64 MiB, 3 passes, 4 lanes); recovery words and the
device's key have 256 bits of their own and go through HKDF.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.vault.words import parse_words
from protocol.errors import EncodingError, InputError, VaultLocked

__all__ = ["DeviceSecret", "KeySource", "Passphrase", "RecoveryWords", "Slot", "SlotKind", "WrappingKey"]

KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12

MIN_PASSPHRASE = 10
"""Characters. Length is what a person can do; Argon2id does the rest."""

_MEMORY_KIB, _PASSES, _LANES = 64 * 1024, 3, 4
_MAX_MEMORY_KIB, _MAX_PASSES, _MAX_LANES = 1024 * 1024, 16, 16
"""More is refused: a file that somebody changed must not exhaust this machine."""


class SlotKind(Enum):
    """How a slot is opened. The value stands in the file."""

    PASSPHRASE = "passphrase"
    WORDS = "words"
    DEVICE = "device"


class KeySource(Protocol):
    """What a person or a device gives to open a vault."""

    @property
    def kind(self) -> SlotKind: ...

    def wrapping_key(self, salt: bytes, cost: tuple[int, int, int]) -> bytes:
        """32 bytes. `cost`: Argon2id's memory (KiB), passes and lanes; others ignore it."""


@dataclass(frozen=True)
class Passphrase:
    """What the person remembers. Composed and decomposed letters are the same (NFKC)."""

    text: str = field(repr=False)
    kind = SlotKind.PASSPHRASE

    def require_new(self) -> None:
        """Raises `InputError` for one that is too short to be chosen now; an old one still opens its vault."""
        if len(self._normal) < MIN_PASSPHRASE:
            raise InputError(
                f"the passphrase has {len(self._normal)} characters; it needs {MIN_PASSPHRASE}",
                hint="five random words are easy to keep in mind",
            )

    def wrapping_key(self, salt: bytes, cost: tuple[int, int, int]) -> bytes:
        memory_kib, passes, lanes = cost
        derive = Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib)
        return derive.derive(self._normal.encode())

    @property
    def _normal(self) -> str:
        return unicodedata.normalize("NFKC", self.text)


@dataclass(frozen=True)
class RecoveryWords:
    """24 words. Raises `InputError` at birth for words that are none."""

    text: str = field(repr=False)
    kind = SlotKind.WORDS

    def __post_init__(self) -> None:
        parse_words(self.text)

    def wrapping_key(self, salt: bytes, cost: tuple[int, int, int]) -> bytes:  # noqa: ARG002 - part of the protocol
        return _expand(parse_words(self.text), salt, self.kind)


@dataclass(frozen=True)
class DeviceSecret:
    """32 bytes that the operating system keeps for this person on this device."""

    secret: bytes = field(repr=False)
    kind = SlotKind.DEVICE

    def wrapping_key(self, salt: bytes, cost: tuple[int, int, int]) -> bytes:  # noqa: ARG002 - part of the protocol
        return _expand(self.secret, salt, self.kind)


@dataclass(frozen=True)
class WrappingKey:
    """A slot's wrapping key as it was derived before: lets an open vault renew a slot without asking for its words."""

    kind: SlotKind
    salt: bytes
    key: bytes = field(repr=False)

    @classmethod
    def derive(cls, source: KeySource) -> WrappingKey:
        """With a fresh salt."""
        salt = os.urandom(SALT_BYTES)
        return cls(source.kind, salt, source.wrapping_key(salt, (_MEMORY_KIB, _PASSES, _LANES)))


@dataclass(frozen=True)
class Slot:
    """One entry of a vault's header. Nothing in it is secret; all of it is authenticated with the body."""

    kind: SlotKind
    salt: bytes
    cost: tuple[int, int, int]
    nonce: bytes
    wrapped: bytes

    def __post_init__(self) -> None:
        limits = (_MAX_MEMORY_KIB, _MAX_PASSES, _MAX_LANES)
        if not all(1 <= value <= limit for value, limit in zip(self.cost, limits, strict=True)):
            raise EncodingError("a slot's cost lies outside what this program accepts")
        if (len(self.salt), len(self.nonce), len(self.wrapped)) != (SALT_BYTES, NONCE_BYTES, KEY_BYTES + 16):
            raise EncodingError("a slot's salt, nonce or key is of another length")

    @classmethod
    def wrap(cls, key: WrappingKey, data_key: bytes, vault_id: bytes) -> Slot:
        """A slot that opens to `data_key` for this vault alone."""
        nonce = os.urandom(NONCE_BYTES)
        wrapped = AESGCM(key.key).encrypt(nonce, data_key, _bound_to(key.kind, vault_id))
        return cls(key.kind, key.salt, (_MEMORY_KIB, _PASSES, _LANES), nonce, wrapped)

    def unwrap(self, source: KeySource, vault_id: bytes) -> bytes:
        """The data key. Raises `VaultLocked` where `source` is not what the slot was made with."""
        key = source.wrapping_key(self.salt, self.cost)
        try:
            return AESGCM(key).decrypt(self.nonce, self.wrapped, _bound_to(self.kind, vault_id))
        except InvalidTag:
            raise VaultLocked(f"the {_SAID[self.kind]} not open this vault", hint=_HINTS[self.kind]) from None

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "salt": self.salt.hex(),
            "cost": list(self.cost),
            "nonce": self.nonce.hex(),
            "wrapped": self.wrapped.hex(),
        }

    @classmethod
    def from_json(cls, data: Any) -> Slot:
        """Raises `EncodingError` for anything but the one form."""
        try:
            slot = cls(
                SlotKind(data["kind"]),
                bytes.fromhex(data["salt"]),
                (int(data["cost"][0]), int(data["cost"][1]), int(data["cost"][2])),
                bytes.fromhex(data["nonce"]),
                bytes.fromhex(data["wrapped"]),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise EncodingError("a slot cannot be read") from error
        if slot.to_json() != data:
            raise EncodingError("a slot is not in its one form")
        return slot


_SAID = {
    SlotKind.PASSPHRASE: "passphrase does",
    SlotKind.WORDS: "recovery words do",
    SlotKind.DEVICE: "key that this device keeps does",
}
_HINTS = {
    SlotKind.PASSPHRASE: "check caps lock and keyboard; the 24 recovery words open it too",
    SlotKind.WORDS: "they may be of another vault",
    SlotKind.DEVICE: "use the passphrase",
}


def _expand(secret: bytes, salt: bytes, kind: SlotKind) -> bytes:
    label = f"irisproof vault slot v1 {kind.value}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=label).derive(secret)


def _bound_to(kind: SlotKind, vault_id: bytes) -> bytes:
    return f"irisproof vault slot v1 {kind.value} ".encode() + vault_id
