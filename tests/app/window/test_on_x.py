"""The program as it is started, in an X server: a mouse, a keyboard, and what it leaves on the disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.app.program import Room
from tests.app.window.conftest import require_window
from tests.app.window.story import PASSPHRASE

pytestmark = pytest.mark.slow

PATIENCE_S = 180.0


FEW_BYTES, MANY_BYTES = 1_000, 20_000
"""More than a cursor that blinks, less than a ring of the focus; less than a button that takes its colour."""


@dataclass(frozen=True)
class Display:
    """An X server: its name, and the file in which its picture is."""

    name: str
    file: Path

    def picture(self) -> np.ndarray:
        return np.frombuffer(self.file.read_bytes(), np.uint8)


@pytest.fixture
def display(tmp_path: Path) -> Iterator[Display]:
    """An X server of its own, on a number that was free."""
    require_window()
    missing = [program for program in ("Xvfb", "xdotool", "xwininfo") if shutil.which(program) is None]
    if missing:
        reason = f"{', '.join(missing)} not installed: run make window-system as root"
        pytest.fail(reason) if os.environ.get("IRISPROOF_WINDOW_REQUIRED") else pytest.skip(reason)
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x900x24", "-nolisten", "tcp", "-fbdir", str(tmp_path)],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as numbers:
            number = numbers.readline().strip()
        assert number, "the X server did not start"
        yield Display(f":{number}", tmp_path / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait()


def _wait(holds: Callable[[], object], what: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s, what
        time.sleep(0.1)


class Hands:
    """A mouse and a keyboard for a display."""

    def __init__(self, display: Display, environment: dict[str, str]) -> None:
        self.display, self.environment = display, environment

    def run(self, *words: str) -> str:
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False).stdout

    def window(self) -> str:
        lines = self.run("xwininfo", "-root", "-tree").splitlines()
        return next((line.split()[0] for line in lines if '"irisproof"' in line), "")

    def is_still(self) -> bool:
        before = self.display.picture()
        time.sleep(1.5)
        return int((self.display.picture() != before).sum()) < FEW_BYTES

    def press(self, key: str, by: int = MANY_BYTES) -> None:
        """A key that leads to another picture; what follows must not come before that."""
        before = self.display.picture()
        self.run("xdotool", "key", key)
        _wait(lambda: int((self.display.picture() != before).sum()) > by, f"{key} changed nothing")
        _wait(self.is_still, "the picture does not come to rest")

    def type_passphrase(self) -> None:
        self.press("Tab", by=FEW_BYTES)  # the ring of the focus: the field listens
        self.run("xdotool", "type", "--delay", "100", PASSPHRASE)
        _wait(self.is_still, "the picture does not come to rest")  # letters on their way get lost with the focus


def test_vault_is_made_by_mouse_and_keyboard_and_sigterm_ends_the_window(display: Display, room: Room) -> None:
    data = room.home / "data"
    environment = room.environment() | {"DISPLAY": display.name, "SDL_VIDEODRIVER": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
    environment |= {"KIVY_METRICS_DENSITY": "1", "KIVY_DPI": "96", "KIVY_METRICS_FONTSCALE": "1"}
    hands = Hands(display, environment)
    process = subprocess.Popen(
        [sys.executable, "-m", "app.main", "--data", str(data)], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        _wait(lambda: hands.window() or process.poll() is not None, "no window")
        assert process.poll() is None, process.communicate()[1]
        found = hands.window()
        hands.run("xdotool", "windowfocus", "--sync", found)

        def chosen_by_mouse() -> bool:
            hands.run("xdotool", "mousemove", "--window", found, "133", "100", "click", "1")  # Deutsch
            time.sleep(0.5)
            file = data / "window.json"
            return file.exists() and json.loads(file.read_text())["language"] == "de"

        _wait(chosen_by_mouse, "a click on Deutsch did nothing")
        _wait(hands.is_still, "the picture does not come to rest")
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
        _wait((data / "vault.irisproof").exists, "no vault")
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
