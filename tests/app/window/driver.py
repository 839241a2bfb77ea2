"""Drives the real window in this process: a real SDL window off the screen, real touches, keys and typed text.

Import this before anything of Kivy: the toolkit reads its settings from the environment.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")  # no X server is needed
os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
os.environ.update(
    SDL_AUDIODRIVER="dummy",
    KIVY_NO_ARGS="1",
    KIVY_NO_FILELOG="1",
    KIVY_LOG_MODE="PYTHON",
    KIVY_NO_CONFIG="1",
    KIVY_HOME=tempfile.mkdtemp(prefix="kivy-"),
    KIVY_METRICS_DENSITY=(_DENSITY := os.environ.get("IRISPROOF_TEST_DENSITY", "1")),
    KIVY_DPI=str(96 * int(_DENSITY)),
    KIVY_METRICS_FONTSCALE="1",
)

from kivy.config import Config

WIDTH_DP, HEIGHT_DP = (int(side) for side in os.environ.get("IRISPROOF_TEST_WINDOW_DP", "420x780").split("x"))
WIDTH, HEIGHT = WIDTH_DP * int(_DENSITY), HEIGHT_DP * int(_DENSITY)
for _name, _value in {"width": WIDTH, "height": HEIGHT, "multisamples": 0, "vsync": 0, "maxfps": 0}.items():
    Config.set("graphics", _name, str(_value))
for _provider, _ in list(Config.items("input")):
    Config.remove_option("input", _provider)

import cv2
import numpy as np
from kivy.base import EventLoop, runTouchApp, stopTouchApp
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels
from kivy.input.motionevent import MotionEvent
from kivy.uix.widget import Widget

from app.main import IrisproofApp, WindowOptions
from app.screens.widgets import Action, Choice, Field, Tab, Text

PATIENCE_S = 240.0
KEYS = {"tab": 9, "enter": 13, "escape": 27, "space": 32}

__all__ = ["KEYS", "Driver", "WindowOptions", "open_window"]


class _Touch(MotionEvent):
    """A finger at a place of the window, in its pixels. Kivy's own for tests brings pytest into a measured process."""

    def __init__(self, x: float, y: float) -> None:
        super().__init__("test", 1, {"x": x / (Window.width - 1.0), "y": y / (Window.height - 1.0)}, is_touch=True)

    def depack(self, args: dict[str, float]) -> None:
        self.profile = ["pos"]
        self.sx, self.sy = args["x"], args["y"]
        super().depack(args)


class Driver:
    """A running window and the person before it."""

    def __init__(self, options: WindowOptions) -> None:
        self.app = IrisproofApp(options)
        self.app._run_prepare()
        runTouchApp(embedded=True)
        self.pump(3)

    @property
    def screen(self) -> Any:
        return self.app.root.current_screen

    def pump(self, frames: int = 1) -> None:
        for _ in range(frames):
            EventLoop.idle()

    def settle(self) -> None:
        """Until the layout is at rest."""
        self.pump(6)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Draw frames until it holds; the deadline is far, for a machine that is busy."""
        end_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end_s, f"{what}: not within {PATIENCE_S:.0f} s; on screen: {self.texts()}"
            self.pump()
            time.sleep(0.05)
        self.settle()

    def on(self, name: str) -> None:
        """Until a screen is shown and waits for nothing."""
        self.until(lambda: self.app.root.current == name and not self._is_busy(), f"screen {name}")

    def texts(self) -> list[str]:
        """What can be read, in the order of reading."""
        return [one.text_logical for one in self.screen.walk(restrict=True) if isinstance(one, Text)]

    def says(self, words: str) -> bool:
        return any(words in text for text in self.texts())

    def find(self, words: str) -> Any:
        """The widget that can be touched and says these words, first whole, then in part."""
        touchable = [one for one in self.screen.walk(restrict=True) if isinstance(one, Action | Choice | Tab)]
        for matches in (lambda text: text == words, lambda text: words in text):
            for one in touchable:
                if matches(one.text):
                    return one
        raise AssertionError(f"nothing to touch says {words!r}; on screen: {self.texts()}")

    def first(self, kind: str) -> Any:
        """The first widget of a kind, by its class's name."""
        return next(one for one in self.screen.walk(restrict=True) if type(one).__name__ == kind)

    def lay_out(self) -> None:
        """Let a screen get its answers and take its places without drawing it, which is much faster."""
        end_s = time.monotonic() + PATIENCE_S
        while self._is_busy():
            assert time.monotonic() < end_s, f"no answer; on screen: {self.texts()}"
            Clock.tick()
            time.sleep(0.01)
        for _ in range(5):
            Clock.tick()

    def field(self, hint: str) -> Any:
        fields = [one for one in self.screen.walk(restrict=True) if isinstance(one, Field)]
        return next(one for one in fields if hint in one.hint_text)

    def tap(self, wanted: str | Widget) -> None:
        widget = self.find(wanted) if isinstance(wanted, str) else wanted
        assert not widget.disabled, f"{wanted} cannot be pressed"
        self.screen.keep_in_sight(widget)
        self.settle()
        touch = _Touch(*widget.to_window(*widget.center))
        EventLoop.post_dispatch_input("begin", touch)
        self.pump(2)
        EventLoop.post_dispatch_input("end", touch)
        self.settle()

    def type(self, hint: str, text: str) -> None:
        field = self.field(hint)
        self.tap(field)
        assert field.focus, f"{hint} did not take the focus"
        self.write(text)

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        for letter in text:
            Window.dispatch("on_textinput", letter)
        self.pump(2)

    def key(self, name: str, *modifiers: str) -> None:
        Window.dispatch("on_key_down", KEYS[name], 0, None, list(modifiers))
        Window.dispatch("on_key_up", KEYS[name], 0)
        self.pump(2)
        time.sleep(0.06)  # a pressed button lets go by itself after 0.05 s, by the clock
        self.settle()

    def picture(self) -> np.ndarray:
        """What is on the screen, uint8[H, W, 3], BGR."""
        self.app.root.canvas.ask_update()
        self.pump(2)
        width, height = Window.size
        data = np.frombuffer(glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE), np.uint8)
        return np.ascontiguousarray(data.reshape(height, width, 3)[::-1, :, ::-1])

    def shoot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = cv2.imwrite(str(path), self.picture(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        assert written

    def close(self) -> None:
        self.app.dispatch("on_stop")
        for child in Window.children[:]:
            Window.remove_widget(child)
        Window.unbind(on_touch_down=self.app._touched, on_key_down=self.app._touched, on_drop_file=self.app._dropped)
        stopTouchApp()
        type(self.app)._running_app = None

    def _is_busy(self) -> bool:
        from app.screens import tasks

        return tasks.pending() > 0


@contextmanager
def open_window(options: WindowOptions) -> Iterator[Driver]:
    """A window for the block."""
    driver = Driver(options)
    try:
        yield driver
    finally:
        driver.close()
