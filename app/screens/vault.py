"""Making, unlocking and restoring the vault."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kivy.uix.widget import Widget

from app import actions
from app.messages import _
from app.screens.page import Page, notice
from app.screens.widgets import Action, Choice, Emblem, Field, Text
from protocol.errors import InputError

__all__ = ["CreateScreen", "RestoreScreen", "UnlockScreen"]


class CreateScreen(Page):
    """A passphrase, twice."""

    BACK = "welcome"

    def __init__(self) -> None:
        super().__init__("create")

    def title(self) -> str:
        return _("Choose a passphrase")

    def body(self) -> Iterable[Widget]:
        yield Text(
            _(
                "It encrypts everything that irisproof keeps on this device. Ten characters at least; four or five "
                "words that do not belong together are good and easy to remember."
            ),
            ink="muted",
        )
        self._first = Field(_("Passphrase"), secret=True)
        self._second = Field(_("The same again"), secret=True)
        yield self._first
        yield self._second
        yield notice(_("Nobody can reset it. Write down the recovery words that you will be offered next."))

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Create my vault"), self._create)

    def _create(self) -> None:
        first, second = self._first.text, self._second.text
        if first != second:
            self.fail(InputError(_("the two passphrases differ"), hint=_("type the same twice")))
            return
        self.run(
            lambda: actions.create_vault(self.app.folder, actions.Passphrase(first)),
            self.app.opened,
            _("Making your vault"),
        )


class UnlockScreen(Page):
    """The passphrase, or the recovery words."""

    def __init__(self) -> None:
        super().__init__("unlock")
        self._by_words = False

    def title(self) -> str:
        return _("Welcome back")

    def body(self) -> Iterable[Widget]:
        yield Emblem()
        yield Text(
            _("Your vault is locked. What is in it can be read only after you unlock it.")
            if not self._by_words
            else _("Type your 24 recovery words, in order, with spaces between them."),
            ink="muted",
        )
        hint = _("24 recovery words") if self._by_words else _("Passphrase")
        self._field = Field(hint, secret=True, on_text_validate=lambda _: self._unlock())
        yield self._field

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Unlock"), self._unlock)
        other = _("Use the passphrase") if self._by_words else _("Use my recovery words")
        yield Action(other, self._switch, kind="link")

    def forget(self) -> None:
        self._by_words = False

    def _switch(self) -> None:
        self._by_words, self.error = not self._by_words, None
        self.refresh()

    def _unlock(self) -> None:
        typed, by_words = self._field.text, self._by_words
        self.run(
            lambda: actions.unlock_vault(
                self.app.folder, actions.RecoveryWords(typed) if by_words else actions.Passphrase(typed)
            ),
            self.app.opened,
            _("Unlocking"),
        )


class RestoreScreen(Page):
    """A backup, on a fresh device."""

    BACK = "welcome"

    def __init__(self) -> None:
        super().__init__("restore")
        self._by_words = False
        self._path = ""

    def title(self) -> str:
        return _("Restore from a backup")

    def body(self) -> Iterable[Widget]:
        yield Text(_("The backup file: type its path, or drop it on this window."), ink="muted")
        self._file = Field(_("Path of the backup"), text=self._path)
        yield self._file
        yield Text(_("It opens with"), role="small", ink="muted")
        yield Choice(_("its passphrase"), lambda: self._open_by(False), chosen=not self._by_words)
        yield Choice(_("the 24 recovery words"), lambda: self._open_by(True), chosen=self._by_words)
        self._secret = Field(_("24 recovery words") if self._by_words else _("Passphrase of the backup"), secret=True)
        yield self._secret
        self._new = Field(_("New passphrase for this device"), secret=True)
        yield self._new

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Restore"), self._restore)

    def dropped(self, path: str) -> None:
        self._path = path
        self.refresh()

    def forget(self) -> None:
        self._by_words, self._path = False, ""

    def _open_by(self, words: bool) -> None:
        self._by_words, self._path = words, self._file.text
        self.refresh()

    def _restore(self) -> None:
        self._path = self._file.text
        secret, new, by_words = self._secret.text, self._new.text, self._by_words
        backup, folder = Path(self._path).expanduser(), self.app.folder

        def restore() -> actions.Vault:
            source = actions.RecoveryWords(secret) if by_words else actions.Passphrase(secret)  # words may be none
            return actions.restore_vault(backup, folder, source, actions.Passphrase(new))

        self.run(restore, self.app.opened, _("Restoring"))
