"""A vault's file: what is read in clear, what is sealed, and how damage is told from tampering.

    irisproof vault 1\\n
    {"vault": ..., "generation": ..., "slots": [...]}\\n     header, in clear, authenticated with the body
    nonce, 12 bytes | AES-256-GCM of the database | SHA-256 of all before, 32 bytes

The checksum is no protection: it tells a cut or a flipped bit (`VaultDamaged`) from a change that somebody made and
covered up (`VaultTampered`, by GCM). What a wrong key cannot open is `VaultLocked`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.vault.slots import NONCE_BYTES, KeySource, Slot, SlotKind
from circuits.artifacts import write_atomic
from protocol.errors import EncodingError, InputError, VaultDamaged, VaultError, VaultLocked, VaultTampered

__all__ = ["FORMAT_VERSION", "Header", "SealedVault", "read_sealed", "seal", "write_sealed"]

FORMAT_VERSION = 1

_MAGIC = b"irisproof vault "
_CHECKSUM_BYTES = 32
_VAULT_ID_BYTES = 16
_MAX_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Header:
    """What anyone may read of a vault. `generation` counts its saves: an older file in its place can be told."""

    vault_id: bytes
    generation: int
    slots: tuple[Slot, ...]

    def to_bytes(self) -> bytes:
        """The two lines before the body."""
        fields = {
            "vault": self.vault_id.hex(),
            "generation": self.generation,
            "slots": [slot.to_json() for slot in self.slots],
        }
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return _MAGIC + f"{FORMAT_VERSION}\n{text}\n".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        """Raises `EncodingError` for anything that `to_bytes` would not have written."""
        try:
            fields = json.loads(data.split(b"\n")[1])
            slots = tuple(Slot.from_json(slot) for slot in fields["slots"])
            header = cls(bytes.fromhex(fields["vault"]), int(fields["generation"]), slots)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise EncodingError("the vault's header cannot be read") from error
        if header.to_bytes() != data or len(header.vault_id) != _VAULT_ID_BYTES:
            raise EncodingError("the vault's header is not in its one form")
        return header

    @property
    def kinds(self) -> frozenset[SlotKind]:
        """The ways in that this vault has."""
        return frozenset(slot.kind for slot in self.slots)


@dataclass(frozen=True)
class SealedVault:
    """A vault's file as it was read: whole by its checksum, still closed."""

    header: Header
    nonce: bytes
    body: bytes

    def open(self, source: KeySource) -> tuple[bytes, bytes]:
        """(database, data key).

        1. A slot of the source's kind opens with it. 2. The body and the header are what was sealed under that key.

        Raises `VaultLocked` if 1 fails, `VaultTampered` if 2 does.
        """
        slots = [slot for slot in self.header.slots if slot.kind is source.kind]
        if not slots:
            raise VaultLocked(f"this vault has no {source.kind.value} slot", hint="open it another way")
        data_key = slots[0].unwrap(source, self.header.vault_id)
        try:
            return AESGCM(data_key).decrypt(self.nonce, self.body, self.header.to_bytes()), data_key
        except InvalidTag:
            raise VaultTampered(
                "the vault opens, and what is in it was changed by somebody",
                hint="restore a backup; trust this one no more",
            ) from None


def seal(database: bytes, data_key: bytes, header: Header) -> bytes:
    """The file's bytes, under a fresh nonce."""
    head, nonce = header.to_bytes(), os.urandom(NONCE_BYTES)
    whole = head + nonce + AESGCM(data_key).encrypt(nonce, database, head)
    return whole + hashlib.sha256(whole).digest()


def read_sealed(path: Path) -> SealedVault:
    """Read a vault's file.

    Raises `InputError` where there is none or it is no vault, `VaultDamaged` where its checksum is wrong,
    `VaultTampered` where the checksum is right and the header is not of a form that this program writes,
    `EncodingError` for another version.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"there is no vault at {path}", hint="run: irisproof vault create") from None
    except OSError as error:
        raise VaultError(f"the vault {path} cannot be read: {error.strerror}") from error
    return _parse(data, path)


def _parse(data: bytes, path: Path) -> SealedVault:
    damaged = VaultDamaged(f"the vault {path} is damaged", hint="restore a backup")
    if not data.startswith(_MAGIC):
        if not data or _MAGIC.startswith(data) or not data.strip(b"\0"):
            raise damaged
        raise InputError(f"{path} is no vault", hint="choose a file that irisproof wrote")
    whole, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    if hashlib.sha256(whole).digest() != checksum:
        raise damaged
    version, _, rest = whole[len(_MAGIC) :].partition(b"\n")
    if version != str(FORMAT_VERSION).encode():
        raise EncodingError(f"the vault is of version {version[:8]!r}; this program reads {FORMAT_VERSION}")
    end = len(whole) - len(rest) + rest.find(b"\n", 0, _MAX_HEADER_BYTES) + 1
    try:
        header = Header.from_bytes(whole[:end])
    except EncodingError as error:
        raise VaultTampered(f"the vault {path} is not as this program writes it: {error.message}") from error
    return SealedVault(header, whole[end : end + NONCE_BYTES], whole[end + NONCE_BYTES :])


def write_sealed(path: Path, data: bytes) -> None:
    """Whole or not at all, on the disk when this returns, for the owner alone."""
    write_atomic(path, data, mode=0o600)
