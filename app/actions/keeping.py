"""Keeping the vault: make, open, recovery words, passphrase, backup, restore, delete everything."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.device import this_device
from app.jobs import Job
from app.vault import (
    Contents,
    DeviceStore,
    KeyringStore,
    KeySource,
    Passphrase,
    RecoveryWords,
    SlotKind,
    Vault,
    new_words,
)
from app.vault.container import read_sealed
from protocol.errors import ArtifactUnavailable, InputError, JobError

__all__ = [
    "BackupFacts",
    "back_up",
    "begin_words",
    "change_passphrase",
    "confirm_words",
    "create_vault",
    "delete_everything",
    "forget_device",
    "needs_backup",
    "rehearse_backup",
    "remember_on_device",
    "restore_vault",
    "unlock_on_device",
    "unlock_vault",
    "vault_path",
]

_BACKED_UP = "backed_up"


@dataclass(frozen=True)
class BackupFacts:
    """What a backup holds, as told after it was opened: enough to know that it is the right one."""

    generation: int
    has_identity: bool
    captures: int
    receipts: int
    opens_with: tuple[str, ...]


def vault_path(folder: Path) -> Path:
    """The vault's file in a person's data folder."""
    return folder / "vault.irisproof"


def create_vault(folder: Path, passphrase: Passphrase) -> Vault:
    """A new, empty vault, open. Raises `InputError` where there is one, or the passphrase is too short."""
    return Vault.create(vault_path(folder), passphrase)


def unlock_vault(folder: Path, source: KeySource) -> Vault:
    """Open the vault with the passphrase or the words. Raises `VaultLocked` (wrong), `VaultDamaged`, `VaultTampered`,
    `VaultInUse`, `InputError` (there is none)."""
    path = vault_path(folder)
    store = _key_store()
    try:
        return Vault.unlock(path, source, store)
    except ArtifactUnavailable:  # no key store any more: the other ways in must still work
        return Vault.unlock(path, source)


def unlock_on_device(folder: Path) -> Vault:
    """Open the vault with the key that this device keeps. Raises `ArtifactUnavailable` where it keeps none."""
    path, store = vault_path(folder), _key_store()
    remembered = store.recall(read_sealed(path).header.vault_id)
    if remembered is None:
        raise ArtifactUnavailable("this device keeps no key for this vault", hint="use the passphrase")
    return Vault.unlock(path, remembered.secret, store)


def remember_on_device(vault: Vault) -> None:
    """Let this device's key store open the vault. Raises `ArtifactUnavailable` where it has none."""
    vault.use_device(_key_store())


def forget_device(vault: Vault) -> None:
    """Take that back."""
    vault.forget_device(_key_store())


def begin_words() -> tuple[str, ...]:
    """24 fresh words to show once. They open nothing before `confirm_words`."""
    return new_words()


def confirm_words(vault: Vault, words: Sequence[str], typed: str) -> None:
    """Make the words a way in, in place of earlier ones, once the person has typed them again.

    Raises `InputError` where what was typed is something else; nothing is changed then.
    """
    if typed.lower().split() != list(words):
        raise InputError("these are not the words that were shown", hint="compare them with what you wrote down")
    vault.set_slot(RecoveryWords(" ".join(words)))


def change_passphrase(vault: Vault, old: Passphrase, new: Passphrase) -> None:
    """Raises `VaultLocked` where `old` is wrong: an open window is no leave to lock its owner out."""
    sealed = read_sealed(vault.path)
    sealed.open(old)
    vault.set_passphrase(new)


def back_up(vault: Vault, path: Path) -> None:
    """Write an encrypted backup that the passphrase and the words open, and read it back before it counts."""
    vault.export(path)
    Contents(vault).set_setting(_BACKED_UP, _irreplaceable(vault))


def needs_backup(vault: Vault) -> bool:
    """Whether something that cannot be made again (identity, capture) came after the last backup."""
    now = _irreplaceable(vault)
    return any(now) and Contents(vault).setting(_BACKED_UP) != now


def rehearse_backup(path: Path, source: KeySource) -> BackupFacts:
    """Open a backup without restoring it, and tell what is in it. Raises what `unlock_vault` raises."""
    return Vault.inspect(path, source, _facts)


def restore_vault(backup: Path, folder: Path, source: KeySource, passphrase: Passphrase) -> Vault:
    """Put a backup in place on this machine, under a passphrase for here; it is open then."""
    return Vault.restore(backup, vault_path(folder), source, passphrase)


def delete_everything(vault: Vault, folder: Path) -> None:
    """Remove vault, jobs and what was learnt of this machine. Backups elsewhere stay, and so does the chain: leave the
    registry first. Running work is stopped."""
    jobs = folder / "jobs"
    for job_folder in sorted(jobs.glob("*/")):
        job = Job(job_folder)
        if job.is_running():
            job.cancel()
        if job.is_running():
            raise JobError(f"the job {job.id} does not end", hint="restart the machine and try again")
    vault.delete()
    shutil.rmtree(jobs, ignore_errors=True)


def _irreplaceable(vault: Vault) -> list[int]:
    """How many identities and captures there are: none is ever removed."""
    with vault.read() as db:
        counts = db.execute("select (select count(*) from identities), (select count(*) from captures)").fetchone()
    return [int(count) for count in counts]


def _facts(vault: Vault) -> BackupFacts:
    contents = Contents(vault)
    _, captures = _irreplaceable(vault)
    kinds = tuple(sorted(kind.value for kind in vault.kinds if kind is not SlotKind.DEVICE))
    return BackupFacts(vault.generation, contents.has_identity(), captures, len(contents.receipts()), kinds)


def _key_store() -> DeviceStore:
    own = this_device().key_store
    return KeyringStore() if own is None else own()
