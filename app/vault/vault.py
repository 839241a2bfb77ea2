"""The vault: one encrypted file that holds what a person must keep, opened into memory and saved whole.

    with Vault.unlock(path, Passphrase("...")) as vault:
        with vault.change() as db:      # saved on the way out, or nothing changed
            ...

One program at a time has it open. Nothing of it is ever on the disk in clear: the database lives in memory.
"""

from __future__ import annotations

import fcntl
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, TypeVar

from sqlite_utils import Database

from app.vault.container import Header, read_sealed, seal, write_sealed
from app.vault.device import DeviceStore, Remembered
from app.vault.schema import empty_database, load_database
from app.vault.slots import DeviceSecret, KeySource, Passphrase, Slot, SlotKind, WrappingKey
from protocol.errors import (
    ArtifactUnavailable,
    InputError,
    VaultDamaged,
    VaultError,
    VaultInUse,
    VaultLocked,
    VaultTampered,
)

__all__ = ["Vault"]

_DATA_KEY_BYTES = 32
_VAULT_ID_BYTES = 16

Result = TypeVar("Result")


class Vault:
    """An open vault. Its methods may be called from any thread; `lock` ends it."""

    def __init__(self, path: Path, header: Header, data_key: bytes, db: Database, held: IO[bytes]) -> None:
        """Use `create`, `unlock` or `restore`."""
        # a crash must not write this process's memory to the disk; what it starts inherits that
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        self.path = path
        self._header = header
        self._data_key = data_key
        self._db: Database | None = db
        self._held = held
        self._saved = b""
        self._device: DeviceStore | None = None
        self._busy = threading.RLock()

    def __repr__(self) -> str:
        return f"Vault({str(self.path)!r}, {'open' if self.is_open else 'locked'})"

    @classmethod
    def create(cls, path: Path, passphrase: Passphrase) -> Vault:
        """A new, empty vault, saved and open. Raises `InputError` where there is one already, or the passphrase is too
        short, `VaultInUse`, `ArtifactUnavailable` where it cannot be written."""
        passphrase.require_new()
        held = _hold(path)
        try:
            if path.exists():
                raise InputError(f"there is a vault at {path} already", hint="irisproof never overwrites one")
            vault = cls(path, Header(os.urandom(_VAULT_ID_BYTES), 0, ()), b"", empty_database(), held)
            vault._rekey([WrappingKey.derive(passphrase)])
        except BaseException:
            held.close()
            raise
        return vault

    @classmethod
    def unlock(cls, path: Path, source: KeySource, device: DeviceStore | None = None) -> Vault:
        """Open a vault.

        1. No other program has it open. 2. The file is whole. 3. `source` opens it, and nothing in it was changed.
        4. Where it has a device slot and `device` is given: it is no older than what this device saved last.

        Raises `InputError` where there is none, `VaultInUse` (1), `VaultDamaged` (2), `VaultLocked` or `VaultTampered`
        (3), `VaultTampered` (4). Without 4 an older file in its place cannot be told from the newest.
        """
        if not path.exists():
            raise InputError(f"there is no vault at {path}", hint="run: irisproof vault create")
        held = _hold(path)  # 1
        try:
            _sweep(path)
            sealed = read_sealed(path)  # 2
            database, data_key = sealed.open(source)  # 3
            if device is not None and SlotKind.DEVICE in sealed.header.kinds:
                _require_newest(sealed.header, device)  # 4
            vault = cls(path, sealed.header, data_key, load_database(database), held)
            vault._saved = database
            vault._device = device if SlotKind.DEVICE in sealed.header.kinds else None
        except BaseException:
            held.close()
            raise
        return vault

    @classmethod
    def restore(cls, backup: Path, path: Path, source: KeySource, passphrase: Passphrase) -> Vault:
        """Put a backup in place on this machine, under a fresh data key and a passphrase for here; it is open then.

        Raises what `unlock` raises of the backup, and what `create` raises of `path`.
        """
        sealed = read_sealed(backup)
        database, _ = sealed.open(source)
        passphrase.require_new()
        held = _hold(path)
        try:
            if path.exists():
                raise InputError(f"there is a vault at {path} already", hint="irisproof never overwrites one")
            vault = cls(path, replace(sealed.header, slots=()), b"", load_database(database), held)
            kept = [key for key in vault._slot_keys() if key.kind is SlotKind.WORDS]  # a device's key stays behind
            vault._rekey([WrappingKey.derive(passphrase), *kept])
        except BaseException:
            held.close()
            raise
        return vault

    @classmethod
    def inspect(cls, path: Path, source: KeySource, look: Callable[[Vault], Result]) -> Result:
        """What `look` makes of a backup, opened in memory alone. Raises what `unlock` raises."""
        sealed = read_sealed(path)
        database, _ = sealed.open(source)
        with (
            Path(os.devnull).open("rb") as nothing,
            cls(path, sealed.header, b"", load_database(database), nothing) as vault,
        ):
            return look(vault)

    @property
    def is_open(self) -> bool:
        return self._db is not None

    @property
    def generation(self) -> int:
        """How often it was saved."""
        return self._header.generation

    @property
    def kinds(self) -> frozenset[SlotKind]:
        """The ways in that it has."""
        return self._header.kinds

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lock()

    def lock(self) -> None:
        """Forget the key and the database, let others open the file. Harmless when locked already."""
        with self._busy:
            db, self._db = self._db, None
            self._data_key, self._saved = b"", b""
            if db is not None:
                db.close()
                self._held.close()

    @contextmanager
    def read(self) -> Iterator[Database]:
        """The database, for reading. Raises `VaultLocked` where it was locked meanwhile."""
        with self._busy:
            yield self._opened()

    @contextmanager
    def change(self) -> Iterator[Database]:
        """The database, to change it: on the disk when the block ends, or, on any failure, as before the block."""
        with self._busy:
            db = self._opened()
            try:
                with db.atomic():
                    yield db
                self._save(self._header)
            except BaseException:
                self._go_back()
                raise

    def set_passphrase(self, passphrase: Passphrase) -> None:
        """Another passphrase, and a fresh data key: what is saved from now on no old key opens. Older files and
        backups still open with the old one."""
        passphrase.require_new()
        with self._busy:
            kept = [key for key in self._slot_keys() if key.kind is not SlotKind.PASSPHRASE]
            self._rekey([WrappingKey.derive(passphrase), *kept])

    def set_slot(self, source: KeySource) -> None:
        """Add a way in, or replace the one of its kind; under a fresh data key."""
        with self._busy:
            kept = [key for key in self._slot_keys() if key.kind is not source.kind]
            self._rekey([*kept, WrappingKey.derive(source)])

    def remove_slot(self, kind: SlotKind) -> None:
        """Raises `InputError` for the passphrase, without which there might be no way in."""
        if kind is SlotKind.PASSPHRASE:
            raise InputError("the passphrase cannot be removed", hint="change it instead")
        with self._busy:
            self._rekey([key for key in self._slot_keys() if key.kind is not kind])

    def use_device(self, store: DeviceStore) -> None:
        """Let this device's own key store open the vault, and remember in it how new the file is.

        Raises `ArtifactUnavailable` where the device keeps no keys.
        """
        with self._busy:
            secret = os.urandom(_DATA_KEY_BYTES)
            store.remember(self._header.vault_id, Remembered(DeviceSecret(secret), self.generation))
            self._device = store
            self.set_slot(DeviceSecret(secret))

    def forget_device(self, store: DeviceStore) -> None:
        """Take the device's slot away, and its key from the store."""
        with self._busy:
            self.remove_slot(SlotKind.DEVICE)
            self._device = None
            _forget(store, self._header.vault_id)

    def export(self, path: Path) -> None:
        """Write a backup: a vault file that the passphrase and the words open. Raises `InputError` where `path` is
        taken, `ArtifactUnavailable` where it cannot be written."""
        if path.exists():
            raise InputError(f"{path} is there already", hint="choose another name for the backup")
        with self._busy:
            self._opened()
            slots = tuple(slot for slot in self._header.slots if slot.kind is not SlotKind.DEVICE)
            data = seal(self._saved, self._data_key, replace(self._header, slots=slots))
            write_sealed(path, data)
        if path.read_bytes() != data:
            raise VaultDamaged(f"{path} does not read back as it was written", hint="write it to another disk")

    def delete(self) -> None:
        """Remove the file from the disk, and lock. What backups hold stays; what a disk keeps of removed files is
        ciphertext, whose key is gone with the header."""
        with self._busy:
            self.path.unlink(missing_ok=True)
            if self._device is not None:
                _forget(self._device, self._header.vault_id)
            _lock_path(self.path).unlink(missing_ok=True)
            self.lock()

    def _opened(self) -> Database:
        if self._db is None:
            raise VaultLocked("the vault is locked", hint="unlock it again")
        return self._db

    def _slot_keys(self) -> list[WrappingKey]:
        rows = self._opened().query("select kind, salt, key from slot_keys order by kind")
        return [WrappingKey(SlotKind(str(row["kind"])), bytes(row["salt"]), bytes(row["key"])) for row in rows]

    def _rekey(self, keys: list[WrappingKey]) -> None:
        """Save under a fresh data key that exactly `keys` open."""
        db, data_key = self._opened(), os.urandom(_DATA_KEY_BYTES)
        before = self._data_key
        try:
            with db.atomic():
                db.execute("delete from slot_keys")
                for key in keys:
                    db.execute("insert into slot_keys values (?, ?, ?)", [key.kind.value, key.salt, key.key])
            slots = tuple(Slot.wrap(key, data_key, self._header.vault_id) for key in keys)
            self._data_key = data_key
            self._save(replace(self._header, slots=slots))
        except BaseException:
            self._data_key = before
            self._go_back()
            raise

    def _save(self, header: Header) -> None:
        database = self._opened().conn.serialize()
        header = replace(header, generation=header.generation + 1)
        write_sealed(self.path, seal(database, self._data_key, header))
        self._header, self._saved = header, database
        if self._device is not None and SlotKind.DEVICE in header.kinds:
            # after the file: a crash between the two must not lock anybody out, and nor must a store that is gone
            with suppress(ArtifactUnavailable):
                self._device.advance(header.vault_id, header.generation)

    def _go_back(self) -> None:
        """Take up again what is on the disk."""
        if self._db is not None and self._saved:
            self._db.close()
            self._db = load_database(self._saved)


def _forget(store: DeviceStore, vault_id: bytes) -> None:
    """A key that no slot is wrapped under opens nothing: where its store is gone, it may stay."""
    with suppress(ArtifactUnavailable):
        store.forget(vault_id)


def _require_newest(header: Header, device: DeviceStore) -> None:
    newest = device.newest(header.vault_id)
    if newest is not None and header.generation < newest:
        raise VaultTampered(
            f"the vault is an older one: save {header.generation}, and this device remembers {newest}",
            hint="put the newest file back, or restore it as a backup under another name",
        )


def _lock_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _hold(path: Path) -> IO[bytes]:
    """The lock of a vault's place, held until the handle is closed or its process ends, however that may be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = _lock_path(path).open("ab")
    except OSError as error:
        raise VaultError(f"the folder of the vault {path} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise VaultInUse("another program has the vault open", hint="close the irisproof window or command") from None
    return handle


def _sweep(path: Path) -> None:
    """Remove what a save that was killed left: a part of a sealed file beside the whole one."""
    for left in path.parent.glob(f".{path.name}.*"):
        if left != _lock_path(path):
            left.unlink(missing_ok=True)
