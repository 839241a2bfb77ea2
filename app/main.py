"""The window: `irisproof-window`. It shows what `app.actions` do, and knows nothing below them.

irisproof-window [--data FOLDER] [--registry FILE] [--camera URL] [irisproof://...]
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("KIVY_NO_ARGS", "1")  # the arguments are ours
os.environ.setdefault("KIVY_NO_FILELOG", "1")
os.environ.setdefault("KIVY_CLIPBOARD", "sdl2")  # others start programs to look whether they are there
os.environ.setdefault("KIVY_CUTBUFFER", "none")
os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")  # leaves logging and stderr alone
logging.getLogger("kivy").addHandler(logging.NullHandler())
logging.getLogger("kivy").propagate = False  # nothing about a person in a log

from kivy.config import Config

Config.set("kivy", "exit_on_escape", "0")
Config.set("input", "mouse", "mouse,disable_multitouch")

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.screenmanager import NoTransition, ScreenManager

from app import actions
from app.messages import set_language
from app.preferences import Preferences, read_preferences, write_preferences
from app.screens import all_screens
from app.screens.keys import follow_keys
from app.screens.page import Page
from app.screens.tasks import run_task
from app.screens.widgets import load_style
from app.theme import DARK, LIGHT
from protocol.errors import InputError, IrisproofError

__all__ = ["IrisproofApp", "WindowOptions", "main"]

WIDTH_DP, HEIGHT_DP = 420, 780
_LOCK_CHECK_S = 1.0
_WARM_UP_AFTER_S = 0.3
"""Then the first screen is there, and what it leads to is loaded beside it."""
VAULT_FILE = "vault.irisproof"
"""As `actions.vault_path` has it, which is not loaded yet when the first screen is chosen; a test compares them."""


@dataclass(frozen=True)
class WindowOptions:
    """`folder`: this person's vault and jobs. `camera` overrides what was chosen; `link` is opened after unlocking."""

    folder: Path
    registry: Path | None = None
    camera: str | None = None
    link: str = ""


class IrisproofApp(App):
    """One person's window. `session` is None while the vault is locked, or knows no registry."""

    palette = ObjectProperty(LIGHT, rebind=True)
    text_scale = NumericProperty(1.0)
    title = "irisproof"

    def __init__(self, options: WindowOptions, **wanted: Any) -> None:
        super().__init__(kv_file="", **wanted)
        self.options = options
        self.link = options.link
        self.vault: actions.Vault | None = None
        self.session: actions.Session | None = None
        self.membership: actions.Membership | None = None
        self.job: actions.Job | None = None
        self.preferences = Preferences()
        self._lock: actions.AutoLock | None = None

    @property
    def folder(self) -> Path:
        return self.options.folder

    @property
    def camera(self) -> str:
        return self.options.camera or self.preferences.camera

    def build(self) -> ScreenManager:
        load_style()
        self.prefer(read_preferences(self.folder, Preferences()), keep=False)
        manager = ScreenManager(transition=NoTransition())
        for screen in all_screens():
            manager.add_widget(screen)
        return manager

    def on_start(self) -> None:
        follow_keys(self)
        Window.bind(on_touch_down=self._touched, on_key_down=self._touched)
        Window.bind(on_drop_file=self._dropped)
        Clock.schedule_interval(self._lock_in_time, _LOCK_CHECK_S)
        Clock.schedule_once(lambda _: run_task(lambda: actions.vault_path, lambda *_: None), _WARM_UP_AFTER_S)
        self.show("unlock" if (self.folder / VAULT_FILE).exists() else "welcome")

    def on_stop(self) -> None:
        screen = self.root.current_screen
        screen.dispatch("on_leave")  # a camera is closed with its screen
        self._forget()

    def show(self, name: str) -> None:
        """Go to a screen; the one that is shown already is built anew."""
        if self.root.current == name and self.root.current_screen.children:
            self.root.current_screen.refresh()
        elif self.root.current == name:
            self.root.current_screen.dispatch("on_pre_enter")
        else:
            self.root.current = name

    def screen(self, name: str) -> Page:
        """A screen by its name, to tell it what to show."""
        return self.root.get_screen(name)  # type: ignore[no-any-return]

    def prefer(self, chosen: Preferences, keep: bool = True) -> None:
        """Take language, theme and sizes on; the screen that is seen is built anew."""
        self.preferences = chosen
        set_language(chosen.language)
        self.palette = DARK if chosen.theme == "dark" else LIGHT
        self.text_scale = chosen.text_scale
        Window.clearcolor = self.palette.rgba("ground")
        if keep:
            write_preferences(self.folder, chosen)
        if self.root is not None:
            self.root.current_screen.refresh()

    def opened(self, vault: actions.Vault) -> None:
        """A vault was made, unlocked or restored: join it with its registry, take up what was left, go on."""
        self.vault, self._lock = vault, actions.AutoLock(vault)
        self.connect(self.options.registry)
        if getattr(sys, "frozen", False) and actions.missing_provers():  # elsewhere pip has seen to them
            self.show("provers")
        else:
            self.go_in()

    def go_in(self) -> None:
        """To what the person came for."""
        self.show("requests" if self.link else "home")

    def connect(self, registry: Path | None) -> None:
        """Open the session with a registry's file, or with the registry that the vault remembers, if it does."""
        assert self.vault is not None
        endpoints = None if registry is None else actions.read_endpoints(registry)
        self.membership = self.job = None
        try:
            self.session = actions.open_session(self.vault, self.folder, endpoints)
        except InputError:
            if registry is not None:
                raise
            self.session = None

    def lock(self) -> None:
        """Forget everything of the person, and show the lock."""
        if self.vault is not None:
            self._forget()
            self.show("unlock")

    def _forget(self) -> None:
        if self.vault is not None:
            self.vault.lock()
        self.vault = self.session = self.membership = self.job = self._lock = None
        for screen in self.root.screens:
            screen.forget()

    def _touched(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.touch()

    def _dropped(self, _window: object, path: bytes, *_: object) -> None:
        self.root.current_screen.dropped(os.fsdecode(path))

    def _lock_in_time(self, _: float) -> None:
        if self._lock is not None and self._lock.check():
            self.lock()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Exit status: 0 closed, 1 could not be started."""
    parser = argparse.ArgumentParser(prog="irisproof-window", description="irisproof's window")
    parser.add_argument("link", nargs="?", default="", help="an irisproof:// link to answer")
    parser.add_argument("--data", type=Path, help="folder of the vault and of jobs")
    parser.add_argument("--registry", type=Path, help="registry file, as irisproof devnet writes it")
    parser.add_argument("--camera", help="camera:0, video:FILE or stills:FOLDER")
    wanted = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: App.get_running_app().stop())
    Window.size = (WIDTH_DP, HEIGHT_DP)
    try:
        IrisproofApp(
            WindowOptions(
                (wanted.data or actions.data_folder()).absolute(), wanted.registry, wanted.camera, wanted.link
            )
        ).run()
    except IrisproofError as error:
        hint = f" ({error.hint})" if error.hint else ""
        sys.stderr.write(f"irisproof-window: {error.message}{hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
