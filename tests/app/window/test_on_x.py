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
from tests.app.window.conftest import PASSPHRASE, require_window

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


def test_vault_is_made_by_mouse_and_keyboard_and_sigterm_ends_the_window(display: Display, room: Room) -> None:
    data = room.home / "data"
    environment = room.environment() | {"DISPLAY": display.name, "SDL_VIDEODRIVER": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
    environment |= {"KIVY_METRICS_DENSITY": "1", "KIVY_DPI": "96", "KIVY_METRICS_FONTSCALE": "1"}

    def x(*words: str) -> str:
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False).stdout

    def window() -> str:
        lines = x("xwininfo", "-root", "-tree").splitlines()
        return next((line.split()[0] for line in lines if '"irisproof"' in line), "")

    process = subprocess.Popen(
        [sys.executable, "-m", "app.main", "--data", str(data)], env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        _wait(lambda: window() or process.poll() is not None, "no window")
        assert process.poll() is None, process.communicate()[1]
        found = window()
        x("xdotool", "windowfocus", "--sync", found)

        def chosen_by_mouse() -> bool:
            x("xdotool", "mousemove", "--window", found, "133", "100", "click", "1")  # Deutsch
            time.sleep(0.5)
            file = data / "window.json"
            return file.exists() and json.loads(file.read_text())["language"] == "de"

        _wait(chosen_by_mouse, "a click on Deutsch did nothing")

        def keys(*names: str) -> None:
            x("xdotool", "key", "--delay", "40", *names)

        def until_changed(*names: str, by: int = MANY_BYTES) -> None:
            """Keys that lead to another picture; those that follow must not come before it."""
            before = display.picture()
            keys(*names)
            _wait(lambda: int((display.picture() != before).sum()) > by, f"{names} changed nothing")

        def is_still() -> bool:
            before = display.picture()
            time.sleep(1.5)
            return int((display.picture() != before).sum()) < FEW_BYTES

        def type_passphrase() -> None:
            until_changed("Tab", by=FEW_BYTES)  # the ring of the focus: the field listens
            x("xdotool", "type", "--delay", "100", PASSPHRASE)
            _wait(
                is_still, "the picture does not come to rest"
            )  # letters that are on their way get lost with the focus

        keys("Tab", "Tab", "Tab", "Tab")  # from the language, which has the focus, to the consent
        until_changed("space")
        until_changed("Tab", "Return")
        until_changed("Tab", by=FEW_BYTES)  # the way back
        type_passphrase()
        type_passphrase()
        keys("Tab", "Return")
        _wait((data / "vault.irisproof").exists, "no vault")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.communicate()
    left = [path.name for path in _files(data)]
    assert sorted(name for name in left if not name.startswith(".")) == ["vault.irisproof", "window.json"]
    assert PASSPHRASE.encode() not in b"".join(path.read_bytes() for path in _files(room.home))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
