"""A real key store: GNOME's, on a session bus of its own, with the real `keyring` package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROGRAM = """
import shutil, sys
from pathlib import Path
from app import actions
from app.vault import Passphrase, SlotKind
from app.vault.container import read_sealed
from app.vault.device import KeyringStore
from protocol.errors import IrisproofError

folder, passphrase = Path(sys.argv[1]), Passphrase("correct horse battery")
with actions.create_vault(folder, passphrase) as vault:
    actions.remember_on_device(vault)
vault_id = read_sealed(folder / "vault.irisproof").header.vault_id
old = (folder / "vault.irisproof").read_bytes()
with actions.unlock_on_device(folder) as vault:
    print("opened", SlotKind.DEVICE in vault.kinds)
    with vault.change():
        pass  # one more generation
kept = KeyringStore().recall(vault_id)
print("kept", len(kept.secret.secret), kept.generation)
(folder / "vault.irisproof").write_bytes(old)
try:
    actions.unlock_on_device(folder).lock()
    print("an older vault was opened")
except IrisproofError as error:
    print("refused", type(error).__name__)
KeyringStore().forget(vault_id)
print("forgotten", KeyringStore().recall(vault_id) is None)
"""


def test_device_key_slot_with_a_real_key_store(tmp_path: Path) -> None:
    missing = [name for name in ("dbus-run-session", "gnome-keyring-daemon") if shutil.which(name) is None]
    missing += [] if find_spec("keyring") else ["the package keyring"]
    if missing:
        reason = f"{', '.join(missing)} not installed: run make window-system as root"
        pytest.fail(reason) if os.environ.get("IRISPROOF_WINDOW_REQUIRED") else pytest.skip(reason)
    start = 'printf login | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"'
    command = ["dbus-run-session", "--", "sh", "-c", start, "sh", sys.executable, "-c", PROGRAM, str(tmp_path / "data")]
    environment = os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND"):
        environment.pop(name, None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert said[0] == "opened True"
    assert said[1].startswith("kept 32 ")
    assert said[2:] == ["refused VaultTampered", "forgotten True"]
    assert list((tmp_path / ".local" / "share" / "keyrings").glob("*.keyring"))  # it was no store in memory
