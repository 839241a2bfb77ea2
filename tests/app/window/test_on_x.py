"""The program as it is started, in an X server: a mouse, a keyboard, and what it leaves on the disk."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.program import Room
from tests.app.window.story import PASSPHRASE
from tests.app.window.x_server import FEW_BYTES, PATIENCE_S, Display, Hands, wait, x_server

pytestmark = pytest.mark.slow


@pytest.fixture
def display(tmp_path: Path) -> Iterator[Display]:
    with x_server(tmp_path) as display:
        yield display


def test_vault_is_made_by_mouse_and_keyboard_and_sigterm_ends_the_window(display: Display, room: Room) -> None:
    data = room.home / "data"
    environment = room.environment() | display.environment()
    hands = Hands(display, environment)
    process = subprocess.Popen(
        [sys.executable, "-m", "app.main", "--data", str(data)], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        wait(lambda: hands.window() or process.poll() is not None, "no window")
        assert process.poll() is None, process.communicate()[1]
        found = hands.window()
        hands.run("xdotool", "windowfocus", "--sync", found)

        def chosen_by_mouse() -> bool:
            hands.run("xdotool", "mousemove", "--window", found, "133", "100", "click", "1")  # Deutsch
            time.sleep(0.5)
            file = data / "window.json"
            return file.exists() and json.loads(file.read_text())["language"] == "de"

        wait(chosen_by_mouse, "a click on Deutsch did nothing")
        wait(hands.is_still, "the picture does not come to rest")
        for _ in range(4):  # from the language, which has the focus, to the consent
            hands.press("Tab", by=FEW_BYTES)
        hands.press("space")
        hands.press("Tab", by=FEW_BYTES)
        hands.press("Return")
        hands.press("Tab", by=FEW_BYTES)  # the way back
        hands.type_passphrase()
        hands.type_passphrase()
        hands.press("Tab", by=FEW_BYTES)
        hands.press("Return")
        wait((data / "vault.irisproof").exists, "no vault")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0, process.communicate()[1]
    finally:
        process.kill()
        process.communicate()
    left = [path.name for path in _files(data)]
    assert sorted(name for name in left if not name.startswith(".")) == ["vault.irisproof", "window.json"]
    assert PASSPHRASE.encode() not in b"".join(path.read_bytes() for path in _files(room.home))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
