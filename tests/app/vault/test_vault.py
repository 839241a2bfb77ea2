"""The vault's file: what opens it, what is told apart, and that nothing is lost whatever happens to a save."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.vault import Contents, DeviceSecret, Passphrase, RecoveryWords, SlotKind, Vault, new_words
from app.vault import container as container_module
from app.vault import schema as schema_module
from app.vault import slots as slots_module
from app.vault.container import read_sealed
from app.vault.device import Remembered
from protocol.errors import (
    ArtifactUnavailable,
    EncodingError,
    InputError,
    VaultDamaged,
    VaultInUse,
    VaultLocked,
    VaultTampered,
)

PASSPHRASE = Passphrase("correct horse battery")
OTHER = Passphrase("another one entirely")


pytestmark = pytest.mark.usefixtures("cheap_argon")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def saved(path: Path) -> Path:
    with Vault.create(path, PASSPHRASE) as vault:
        Contents(vault).set_setting("word", "kept")
    return path


def _word(path: Path, source: object = PASSPHRASE) -> object:
    with Vault.unlock(path, source) as vault:  # type: ignore[arg-type]
        return Contents(vault).setting("word")


def _resealed(data: bytes) -> bytes:
    """With a checksum that fits again: what somebody does who covers up a change."""
    return data[:-32] + hashlib.sha256(data[:-32]).digest()


def _change_header(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    magic, header, body = path.read_bytes().split(b"\n", 2)
    fields = json.loads(header)
    change(fields)
    text = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    path.write_bytes(_resealed(b"\n".join([magic, text, body])))


def test_what_was_put_in_is_there_again(saved: Path) -> None:
    assert _word(saved) == "kept"
    assert saved.stat().st_mode & 0o777 == 0o600


def test_new_slots_take_the_cost_that_the_documents_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # cheap_argon's
    assert (slots_module._MEMORY_KIB, slots_module._PASSES, slots_module._LANES) == (64 * 1024, 3, 4)


@pytest.mark.parametrize("source", [OTHER, DeviceSecret(bytes(32)), RecoveryWords(" ".join(new_words()))])
def test_another_key_does_not_open_it(saved: Path, source: object) -> None:
    with pytest.raises(VaultLocked):
        _word(saved, source)


def test_a_wrong_passphrase_is_not_quoted(saved: Path) -> None:
    with pytest.raises(VaultLocked) as caught:
        _word(saved, OTHER)
    assert OTHER.text not in str(caught.value) + caught.value.hint
    assert OTHER.text not in repr(OTHER)


@pytest.mark.parametrize("cut", [0, 1, 15, 16, 40, 400, -33, -32, -1])
def test_a_file_that_was_cut_is_damaged(saved: Path, cut: int) -> None:
    saved.write_bytes(saved.read_bytes()[:cut])
    with pytest.raises(VaultDamaged):
        _word(saved)


def test_every_byte_that_flips_by_accident_is_noticed(saved: Path) -> None:
    data = saved.read_bytes()
    for at in [*range(0, 700, 7), *range(700, len(data), 997), len(data) - 1]:
        saved.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises((VaultDamaged, InputError)):  # InputError where the first word itself is gone: no vault
            _word(saved)
        if at >= 16:
            with pytest.raises(VaultDamaged):
                _word(saved)


def test_a_file_of_zeros_is_damaged_and_another_file_is_no_vault(saved: Path) -> None:
    saved.write_bytes(bytes(4096))  # what some file systems leave after a power cut
    with pytest.raises(VaultDamaged):
        _word(saved)
    saved.write_bytes(b"hello")
    with pytest.raises(InputError, match="is no vault"):
        _word(saved)


def test_a_body_that_somebody_changed_and_covered_up_is_tampering(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[-100] ^= 1
    saved.write_bytes(_resealed(bytes(data)))
    with pytest.raises(VaultTampered):
        _word(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.update(generation=fields["generation"] + 1),
        lambda fields: fields.update(generation=0),
        lambda fields: fields["slots"].append(dict(fields["slots"][0], kind="device")),
        lambda fields: fields["slots"].append(dict(fields["slots"][0])),
    ],
    ids=["newer", "older", "a slot more", "a slot twice"],
)
def test_a_header_that_somebody_changed_is_tampering(saved: Path, change: Callable[[dict[str, object]], None]) -> None:
    _change_header(saved, change)
    with pytest.raises(VaultTampered):
        _word(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.update(more=1),
        lambda fields: fields.pop("generation"),
        lambda fields: fields.update(vault="00"),
        lambda fields: fields["slots"][0].update(cost=[1 << 30, 3, 4]),
        lambda fields: fields["slots"][0].update(cost=[64, 0, 4]),
        lambda fields: fields["slots"][0].update(salt="00"),
        lambda fields: fields["slots"][0].update(kind="else"),
        lambda fields: fields["slots"][0].update(nonce="zz"),
    ],
)
def test_a_header_that_this_program_does_not_write_is_refused(
    saved: Path, change: Callable[[dict[str, object]], None]
) -> None:
    _change_header(saved, change)
    with pytest.raises(VaultTampered):
        _word(saved)


def test_a_slot_moved_to_another_vault_opens_nothing(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Vault.create(tmp_path / name, PASSPHRASE).lock()
    foreign = json.loads((tmp_path / "one").read_bytes().split(b"\n")[1])["slots"]
    _change_header(tmp_path / "two", lambda fields: fields.update(slots=foreign))
    with pytest.raises(VaultLocked):
        _word(tmp_path / "two")


def test_another_version_is_named(saved: Path) -> None:
    saved.write_bytes(_resealed(saved.read_bytes().replace(b"vault 1\n", b"vault 2\n", 1)))
    with pytest.raises(EncodingError, match="version"):
        _word(saved)


def test_a_vault_is_never_overwritten(saved: Path) -> None:
    with pytest.raises(InputError, match="already"):
        Vault.create(saved, OTHER)
    assert _word(saved) == "kept"


def test_one_program_at_a_time_has_it_open(saved: Path) -> None:
    with Vault.unlock(saved, PASSPHRASE), pytest.raises(VaultInUse):
        Vault.unlock(saved, PASSPHRASE)
    assert _word(saved) == "kept"


@pytest.mark.parametrize("length", [9, 10])
def test_a_passphrase_has_ten_characters_or_more(path: Path, length: int) -> None:
    if length < 10:
        with pytest.raises(InputError, match="9 characters"):
            Vault.create(path, Passphrase("x" * length))
        assert not path.exists()
    else:
        Vault.create(path, Passphrase("x" * length)).lock()


def test_composed_and_decomposed_letters_are_the_same_passphrase(path: Path) -> None:
    Vault.create(path, Passphrase("caf\u00e9 au lait")).lock()
    Vault.unlock(path, Passphrase("cafe\u0301 au lait")).lock()


def test_a_changed_passphrase_takes_the_old_one_out_and_keeps_the_words(saved: Path) -> None:
    words = RecoveryWords(" ".join(new_words()))
    before = saved.read_bytes()
    with Vault.unlock(saved, PASSPHRASE) as vault:
        vault.set_slot(words)
        vault.set_passphrase(OTHER)
    with pytest.raises(VaultLocked):
        _word(saved)
    assert _word(saved, OTHER) == "kept"
    assert _word(saved, words) == "kept"
    saved.write_bytes(before)
    assert _word(saved) == "kept"  # as SECURITY.md says: an older copy opens with the older passphrase


def test_a_changed_passphrase_brings_a_fresh_data_key(saved: Path) -> None:
    _, old_key = read_sealed(saved).open(PASSPHRASE)
    with Vault.unlock(saved, PASSPHRASE) as vault:
        vault.set_passphrase(OTHER)
    assert read_sealed(saved).open(OTHER)[1] != old_key


def test_new_words_replace_the_old_ones(saved: Path) -> None:
    first, second = (RecoveryWords(" ".join(new_words())) for _ in range(2))
    with Vault.unlock(saved, PASSPHRASE) as vault:
        vault.set_slot(first)
        vault.set_slot(second)
    with pytest.raises(VaultLocked):
        _word(saved, first)
    assert _word(saved, second) == "kept"


def test_the_passphrase_slot_stays(saved: Path) -> None:
    with Vault.unlock(saved, PASSPHRASE) as vault, pytest.raises(InputError):
        vault.remove_slot(SlotKind.PASSPHRASE)


def test_a_change_that_fails_changes_nothing(saved: Path) -> None:
    def fail(vault: Vault) -> None:
        with vault.change() as db:
            db.execute("update settings set value = '\"lost\"'")
            raise ZeroDivisionError

    with Vault.unlock(saved, PASSPHRASE) as vault:
        with pytest.raises(ZeroDivisionError):
            fail(vault)
        assert Contents(vault).setting("word") == "kept"
    assert _word(saved) == "kept"


def test_a_save_that_fails_leaves_file_and_memory_as_they_were(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise ArtifactUnavailable("no space")

    with Vault.unlock(saved, PASSPHRASE) as vault:
        monkeypatch.setattr("app.vault.vault.write_sealed", full)
        for change in (
            lambda: Contents(vault).set_setting("word", "lost"),
            lambda: vault.set_passphrase(OTHER),
            lambda: vault.set_slot(RecoveryWords(" ".join(new_words()))),
        ):
            with pytest.raises(ArtifactUnavailable):
                change()
            assert Contents(vault).setting("word") == "kept"
        monkeypatch.undo()
        monkeypatch.setattr(slots_module, "_MEMORY_KIB", 64)
        Contents(vault).set_setting("word", "kept on")
    assert _word(saved) == "kept on"


def test_what_a_killed_save_left_is_swept_and_the_vault_is_the_old_one(saved: Path) -> None:
    left = saved.with_name(f".{saved.name}.x7y8z9")
    left.write_bytes(saved.read_bytes()[:200])
    assert _word(saved) == "kept"
    assert not left.exists()


def test_a_power_cut_at_any_step_of_a_save_leaves_the_old_or_the_new(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        pass

    for step in ("fsync", "replace"):
        with Vault.unlock(saved, PASSPHRASE) as vault:

            def cut(*_: object) -> None:
                raise PowerCut

            with monkeypatch.context() as patch:
                patch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), cut)
                with pytest.raises(PowerCut):
                    Contents(vault).set_setting("word", "half")
        assert _word(saved) == "kept"


def test_a_locked_vault_says_so(saved: Path) -> None:
    vault = Vault.unlock(saved, PASSPHRASE)
    vault.lock()
    vault.lock()
    with pytest.raises(VaultLocked):
        Contents(vault).setting("word")
    assert "locked" in repr(vault)


_SAVER = """
import sys
from pathlib import Path
from app.vault import Contents, Passphrase, Vault
with Vault.unlock(Path(sys.argv[1]), Passphrase(sys.argv[2])) as vault:
    for number in range(10_000):
        Contents(vault).set_setting("n", number)
        print(number, flush=True)
"""


def test_a_program_that_is_killed_while_it_saves_leaves_its_last_save(saved: Path) -> None:
    for round_ in range(3):
        command = [sys.executable, "-c", _SAVER, str(saved), PASSPHRASE.text]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(3 + 5 * round_):
                assert process.stdout.readline()
            process.kill()
            told = int((process.stdout.read().split() or [str(2 + 5 * round_)])[-1])
        with Vault.unlock(saved, PASSPHRASE) as vault:
            assert Contents(vault).setting("n") in (told, told + 1)
        assert sorted(file.name for file in saved.parent.iterdir()) == [".vault.lock", "vault"]


def test_a_process_with_an_open_vault_leaves_no_core_dump(saved: Path) -> None:
    code = "import sys, resource; from pathlib import Path; from app.vault import Passphrase, Vault\n"
    code += "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
    code += "resource.setrlimit(resource.RLIMIT_CORE, (1 if hard else 0, hard))\n"
    code += "Vault.unlock(Path(sys.argv[1]), Passphrase(sys.argv[2]))\n"
    code += "print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    command = [sys.executable, "-c", code, str(saved), PASSPHRASE.text]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "0\n"


class _Store:
    """A device's key store, in memory: what `KeyringStore` keeps."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Remembered] = {}

    def recall(self, vault_id: bytes) -> Remembered | None:
        return self.kept.get(vault_id)

    def newest(self, vault_id: bytes) -> int | None:
        return self.kept[vault_id].generation if vault_id in self.kept else None

    def remember(self, vault_id: bytes, what: Remembered) -> None:
        self.kept[vault_id] = what

    def advance(self, vault_id: bytes, generation: int) -> None:
        self.kept[vault_id] = Remembered(self.kept[vault_id].secret, generation)

    def forget(self, vault_id: bytes) -> None:
        self.kept.pop(vault_id, None)


def test_the_device_opens_it_and_notices_an_older_file(saved: Path) -> None:
    store = _Store()
    with Vault.unlock(saved, PASSPHRASE) as vault:
        vault.use_device(store)
    old = saved.read_bytes()
    secret = next(iter(store.kept.values())).secret
    with Vault.unlock(saved, secret, store) as vault:
        Contents(vault).set_setting("word", "newer")
    new = saved.read_bytes()
    saved.write_bytes(old)
    for source in (secret, PASSPHRASE):
        with pytest.raises(VaultTampered, match="older"):
            Vault.unlock(saved, source, store)
    saved.write_bytes(new)
    with Vault.unlock(saved, PASSPHRASE, store) as vault:
        vault.forget_device(store)
        assert SlotKind.DEVICE not in vault.kinds
    assert store.kept == {}
    with pytest.raises(VaultLocked):
        _word(saved, secret)


def test_a_crash_between_file_and_key_store_locks_nobody_out(saved: Path) -> None:
    store = _Store()
    with Vault.unlock(saved, PASSPHRASE) as vault:
        vault.use_device(store)
        store.advance = lambda *_: None  # type: ignore[method-assign]
        Contents(vault).set_setting("word", "newer")
    with Vault.unlock(saved, PASSPHRASE, store) as vault:
        assert Contents(vault).setting("word") == "newer"


def test_a_backup_is_restored_on_a_fresh_machine(saved: Path, tmp_path: Path) -> None:
    words, store = RecoveryWords(" ".join(new_words())), _Store()
    backup, fresh = tmp_path / "backup", tmp_path / "fresh" / "vault"
    with Vault.unlock(saved, PASSPHRASE) as vault:
        vault.use_device(store)
        vault.set_slot(words)
        vault.export(backup)
        with pytest.raises(InputError, match="already"):
            vault.export(backup)
    assert read_sealed(backup).header.kinds == {SlotKind.PASSPHRASE, SlotKind.WORDS}
    with Vault.restore(backup, fresh, words, OTHER) as restored:
        assert Contents(restored).setting("word") == "kept"
        assert restored.kinds == {SlotKind.PASSPHRASE, SlotKind.WORDS}
    assert _word(fresh, OTHER) == "kept"
    assert _word(fresh, words) == "kept"
    with pytest.raises(VaultLocked):
        _word(fresh, PASSPHRASE)
    with pytest.raises(InputError, match="already"):
        Vault.restore(backup, saved, words, OTHER)


def test_a_backup_that_does_not_open_restores_nothing(saved: Path, tmp_path: Path) -> None:
    backup, fresh = tmp_path / "backup", tmp_path / "fresh" / "vault"
    with Vault.unlock(saved, PASSPHRASE) as vault:
        vault.export(backup)
    with pytest.raises(VaultLocked):
        Vault.restore(backup, fresh, OTHER, OTHER)
    backup.write_bytes(backup.read_bytes()[:-5])
    with pytest.raises(VaultDamaged):
        Vault.restore(backup, fresh, PASSPHRASE, OTHER)
    assert not fresh.exists()


def test_a_deleted_vault_leaves_no_file(saved: Path, tmp_path: Path) -> None:
    Vault.unlock(saved, PASSPHRASE).delete()
    assert list(tmp_path.iterdir()) == []


def test_a_newer_schema_is_refused_and_an_older_one_is_brought_up_to_date(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = (*schema_module._MIGRATIONS, lambda db: db.execute("create table later (a)"))
    with monkeypatch.context() as patch:
        patch.setattr(schema_module, "_MIGRATIONS", more)
        patch.setattr(schema_module, "SCHEMA_VERSION", len(more))
        with Vault.unlock(saved, PASSPHRASE) as vault:
            with vault.read() as db:
                assert "later" in db.table_names()
            Contents(vault).set_setting("word", "kept on")
    with pytest.raises(EncodingError, match="version 2"):
        _word(saved)


def test_nothing_that_was_put_in_stands_in_the_file(path: Path) -> None:
    marks = [f"mark of a secret {number}" for number in range(3)]
    with Vault.create(path, PASSPHRASE) as vault:
        for mark in marks:
            Contents(vault).set_setting(mark, mark)
        vault.export(path.with_name("backup"))
    for file in path.parent.iterdir():
        data = file.read_bytes()
        assert not any(mark.encode() in data for mark in [*marks, "create table", "SQLite", PASSPHRASE.text])


def test_two_saves_share_no_nonce(saved: Path) -> None:
    nonces = set()
    with Vault.unlock(saved, PASSPHRASE) as vault:
        for number in range(5):
            Contents(vault).set_setting("n", number)
            nonces.add(container_module.read_sealed(saved).nonce)
    assert len(nonces) == 5
