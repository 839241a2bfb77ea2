"""Recovery words and backups: made, checked, rehearsed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kivy.uix.gridlayout import GridLayout
from kivy.uix.widget import Widget

from app import actions
from app.messages import _, ngettext
from app.screens.page import Page
from app.screens.widgets import Action, Card, Field, Row, Step, Text

__all__ = ["BackupScreen", "WordsScreen"]


class BackupScreen(Page):
    """What there is to get back in with, and a file to keep elsewhere."""

    BACK = "settings"

    def __init__(self) -> None:
        super().__init__("backup")
        self._facts: Any = None
        self._path = ""

    def title(self) -> str:
        return _("Backup")

    def on_pre_enter(self, *args: object) -> None:
        self._facts = None
        super().on_pre_enter(*args)

    def body(self) -> Iterable[Widget]:
        has_words = actions.has_words(self.app.vault)
        card = Card()
        card.add_widget(Text(_("Recovery words"), role="heading", bold=True))
        words = _("24 words open this vault and its backups.") if has_words else _("You have none yet.")
        card.add_widget(Row(Step(state="done" if has_words else "open"), Text(words, pos_hint={"center_y": 0.5})))
        again = _("Make new words") if has_words else _("Make recovery words")
        card.add_widget(Action(again, lambda: self.go("words"), kind="plain"))
        yield card
        file = Card()
        file.add_widget(Text(_("Encrypted file"), role="heading", bold=True))
        file.add_widget(Text(_("Keep it away from this device. Your passphrase or your words open it."), ink="muted"))
        self._file = Field(_("Path of the new file"), text=self._path)
        file.add_widget(self._file)
        file.add_widget(Action(_("Write the backup"), self._write, kind="plain"))
        yield file
        rehearse = Card()
        rehearse.add_widget(Text(_("Rehearse"), role="heading", bold=True))
        rehearse.add_widget(Text(_("Open the file as if this device were lost. Nothing is changed."), ink="muted"))
        self._secret = Field(_("Its passphrase, or the 24 words"), secret=True)
        rehearse.add_widget(self._secret)
        rehearse.add_widget(Action(_("Try it"), self._rehearse, kind="plain"))
        yield rehearse
        if self._facts is not None:
            yield self._found()

    def forget(self) -> None:
        self._facts, self._path = None, ""

    def dropped(self, path: str) -> None:
        self._path = path
        self.refresh()

    def _found(self) -> Widget:
        card = Card(fill="soft")
        good = self._facts.has_identity
        words = _("This backup works.") if good else _("This backup opens, but has no identity in it.")
        card.add_widget(Row(Step(state="done"), Text(words, bold=True, pos_hint={"center_y": 0.5})))
        card.add_widget(Text(ngettext("{count} capture", "{count} captures", self._facts.captures), role="small"))
        card.add_widget(Text(ngettext("{count} receipt", "{count} receipts", self._facts.receipts), role="small"))
        return card

    def _write(self) -> None:
        self._path = self._file.text
        vault, path = self.app.vault, Path(self._path).expanduser()
        self.run(lambda: actions.back_up(vault, path), lambda _: self._written(), _("Writing the backup"))

    def _written(self) -> None:
        self.refresh()

    def _rehearse(self) -> None:
        self._path, typed = self._file.text, self._secret.text
        path = Path(self._path).expanduser()
        by_words = len(typed.split()) == actions.WORD_COUNT

        def found(facts: Any) -> None:
            self._facts = facts
            self.refresh()

        self.run(
            lambda: actions.rehearse_backup(
                path, actions.RecoveryWords(typed) if by_words else actions.Passphrase(typed)
            ),
            found,
            _("Opening the backup"),
        )


class WordsScreen(Page):
    """24 words, shown once and typed again."""

    BACK = "backup"

    def __init__(self) -> None:
        super().__init__("words")
        self.words: tuple[str, ...] = ()
        self._written_down = False

    def title(self) -> str:
        return _("Type them again") if self._written_down else _("Write these words down")

    def on_pre_enter(self, *args: object) -> None:
        self.words, self._written_down = actions.begin_words(), False
        super().on_pre_enter(*args)

    def on_leave(self, *args: object) -> None:
        self.words = ()
        super().on_leave(*args)

    def body(self) -> Iterable[Widget]:
        if self._written_down:
            yield Text(_("All 24, in order. They open nothing before this."), ink="muted")
            self._typed = Field(_("24 recovery words"))
            yield self._typed
            return
        yield Text(_("On paper, in this order. Whoever has them has your vault."), ink="muted")
        card = Card()
        grid = GridLayout(cols=2, size_hint_y=None, spacing=("12dp", "6dp"))
        grid.bind(minimum_height=grid.setter("height"))
        for number, word in enumerate(self.words, 1):
            grid.add_widget(Text(f"{number}  {word}"))
        card.add_widget(grid)
        yield card

    def actions(self) -> Iterable[Widget]:
        if self._written_down:
            yield Action(_("Confirm"), self._confirm)
            yield Action(_("Show them again"), lambda: self._turn(False), kind="link")
        else:
            yield Action(_("I have written them down"), lambda: self._turn(True))

    def _turn(self, written_down: bool) -> None:
        self._written_down, self.error = written_down, None
        self.refresh()

    def _confirm(self) -> None:
        vault, words, typed = self.app.vault, self.words, self._typed.text
        self.run(lambda: actions.confirm_words(vault, words, typed), lambda _: self.go("backup"), _("Keeping them"))
