"""An X server of its own, with a mouse and a keyboard, for the programs as they are started."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.app.window.conftest import require_window
from tests.app.window.story import PASSPHRASE

PATIENCE_S = 180.0


FEW_BYTES, MANY_BYTES = 1_000, 20_000
"""More than a cursor that blinks, less than a ring of the focus; less than a button that takes its colour."""


@dataclass(frozen=True)
class Display:
    """An X server: its name, and the file in which its picture is."""

    name: str
    file: Path

    def environment(self) -> dict[str, str]:
        """For a window here, drawn by software and as large on every machine."""
        drawn = {"DISPLAY": self.name, "SDL_VIDEODRIVER": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
        return drawn | {"KIVY_METRICS_DENSITY": "1", "KIVY_DPI": "96", "KIVY_METRICS_FONTSCALE": "1"}

    def picture(self) -> np.ndarray:
        return np.frombuffer(self.file.read_bytes(), np.uint8)


@contextmanager
def x_server(folder: Path) -> Iterator[Display]:
    """An X server of its own, on a number that was free."""
    require_window()
    missing = [program for program in ("Xvfb", "xdotool", "xwininfo") if shutil.which(program) is None]
    if missing:
        reason = f"{', '.join(missing)} not installed: run make window-system as root"
        pytest.fail(reason) if os.environ.get("IRISPROOF_WINDOW_REQUIRED") else pytest.skip(reason)
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x900x24", "-nolisten", "tcp", "-fbdir", str(folder)],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as numbers:
            number = numbers.readline().strip()
        assert number, "the X server did not start"
        yield Display(f":{number}", folder / "Xvfb_screen0")
    finally:
        server.terminate()
        server.wait()


def wait(holds: Callable[[], object], what: str) -> None:
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
        wait(lambda: int((self.display.picture() != before).sum()) > by, f"{key} changed nothing")
        wait(self.is_still, "the picture does not come to rest")

    def type_passphrase(self) -> None:
        self.press("Tab", by=FEW_BYTES)  # the ring of the focus: the field listens
        self.run("xdotool", "type", "--delay", "100", PASSPHRASE)
        wait(self.is_still, "the picture does not come to rest")  # letters on their way get lost with the focus
