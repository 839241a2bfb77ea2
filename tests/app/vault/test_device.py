"""The device's key store by way of `keyring`, which may be absent, silent or full of somebody else's entries."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from app import actions
from app.vault import DeviceSecret, KeyringStore, Passphrase, SlotKind
from app.vault.device import Remembered
from protocol.errors import ArtifactUnavailable, InputError

PASSPHRASE = Passphrase("correct horse battery")
ID = b"v" * 16

pytestmark = pytest.mark.usefixtures("cheap_argon")


class _KeyringError(Exception):
    pass


class _NoKeyringError(_KeyringError, RuntimeError):
    pass


class _Keyring(ModuleType):
    """What of the package is used, over a dictionary; `is_gone`: no Secret Service, Keychain or Credential Locker."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.is_gone = False

    def get_password(self, service: str, name: str) -> str | None:
        if self.is_gone:
            raise _NoKeyringError("No recommended backend was available")
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        if self.is_gone:
            raise _NoKeyringError("No recommended backend was available")
        self.kept[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> _Keyring:
    module, errors = _Keyring(), ModuleType("keyring.errors")
    errors.KeyringError = _KeyringError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return module


def test_a_secret_is_kept_renewed_and_forgotten(keyring: _Keyring) -> None:
    store = KeyringStore()
    assert store.recall(ID) is None
    store.remember(ID, Remembered(DeviceSecret(b"s" * 32), 3))
    store.advance(ID, 4)
    assert store.recall(ID) == Remembered(DeviceSecret(b"s" * 32), 4)
    store.forget(ID)
    store.forget(ID)
    assert keyring.kept == {}


def test_somebody_elses_entry_is_no_way_in(keyring: _Keyring) -> None:
    keyring.kept["irisproof vault", ID.hex()] = "hello"
    assert KeyringStore().recall(ID) is None


def test_a_device_without_a_key_store_says_so_and_the_passphrase_still_opens(keyring: _Keyring, tmp_path: Path) -> None:
    with actions.create_vault(tmp_path, PASSPHRASE) as vault:
        actions.remember_on_device(vault)
    with actions.unlock_on_device(tmp_path) as vault:
        assert SlotKind.DEVICE in vault.kinds
    keyring.is_gone = True
    with pytest.raises(ArtifactUnavailable, match="keeps no keys"):
        actions.unlock_on_device(tmp_path)
    with actions.unlock_vault(tmp_path, PASSPHRASE) as vault:
        vault.remove_slot(SlotKind.DEVICE)
    with pytest.raises(ArtifactUnavailable, match="keeps no keys"):
        KeyringStore().remember(ID, Remembered(DeviceSecret(b"s" * 32), 3))


def test_a_machine_without_the_package_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with actions.create_vault(tmp_path, PASSPHRASE) as vault, pytest.raises(ArtifactUnavailable, match="not installed"):
        actions.remember_on_device(vault)
    with actions.unlock_vault(tmp_path, PASSPHRASE) as vault:
        assert vault.kinds == {SlotKind.PASSPHRASE}  # what did not work left nothing


def test_the_passphrase_is_changed_by_whoever_knows_the_old_one(tmp_path: Path) -> None:
    new = Passphrase("another staple entirely")
    with actions.create_vault(tmp_path, PASSPHRASE) as vault:
        with pytest.raises(Exception, match="does not open this vault"):
            actions.change_passphrase(vault, new, new)
        actions.change_passphrase(vault, PASSPHRASE, new)
    actions.unlock_vault(tmp_path, new).lock()


def test_everything_is_deleted(tmp_path: Path) -> None:
    vault = actions.create_vault(tmp_path, PASSPHRASE)
    (tmp_path / "jobs" / "enroll-1").mkdir(parents=True)
    (tmp_path / "jobs" / "pace.json").write_text("{}")
    actions.delete_everything(vault, tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="no vault"):
        actions.unlock_vault(tmp_path, PASSPHRASE)
