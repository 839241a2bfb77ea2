"""Settings, about this proof, deleting everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from kivy.uix.widget import Widget

from app import actions
from app.messages import _
from app.preferences import TEXT_SCALES, THEMES
from app.screens.page import Page, fact, notice
from app.screens.welcome import language_row, leaves_and_stays
from app.screens.widgets import Action, Card, Choice, Field, Row, Stack, Text
from protocol.errors import InputError

__all__ = ["AboutScreen", "DeleteScreen", "PassphraseScreen", "PrivacyScreen", "SettingsScreen"]


class SettingsScreen(Page):
    """The fourth of the four places."""

    TAB = "settings"

    def __init__(self) -> None:
        super().__init__("settings")

    def title(self) -> str:
        return _("Settings")

    def body(self) -> Iterable[Widget]:
        chosen = self.app.preferences
        places = Stack(spacing="8dp")
        for words, name in (
            (_("Backup and recovery words"), "backup"),
            (_("Recovery without a backup"), "recovery"),
            (_("Change the passphrase"), "passphrase"),
            (_("What leaves this device"), "privacy"),
            (_("About this proof"), "about"),
        ):
            places.add_widget(Action(words, partial(self.go, name), kind="plain", align="start"))
        yield places
        yield Text(_("Language"), role="small", ink="muted")
        yield language_row(self.app)
        yield Text(_("Appearance"), role="small", ink="muted")
        names = {"light": _("Light theme"), "dark": _("Dark theme")}
        yield Row(*(Choice(names[one], partial(self._prefer, theme=one), chosen=one == chosen.theme) for one in THEMES))
        yield Text(_("Size of text"), role="small", ink="muted")
        yield Row(
            *(
                Choice(
                    f"{scale:.0%}",
                    partial(self._prefer, text_scale=scale),
                    chosen=scale == chosen.text_scale,
                )
                for scale in TEXT_SCALES
            )
        )
        yield Text(_("Camera"), role="small", ink="muted")
        self._camera = Field(
            "camera:0", text=chosen.camera, on_text_validate=lambda field: self._prefer(camera=field.text)
        )
        yield self._camera
        yield Action(_("Use this camera"), lambda: self._prefer(camera=self._camera.text), kind="plain")
        yield Action(_("Lock now"), self.app.lock, kind="plain")
        yield Action(_("Delete everything"), lambda: self.go("delete"), kind="link")

    def _prefer(self, **chosen: Any) -> None:
        self.app.prefer(replace(self.app.preferences, **chosen))


class PrivacyScreen(Page):
    """The two lists of the welcome screen again."""

    BACK = "settings"

    def __init__(self) -> None:
        super().__init__("privacy")

    def title(self) -> str:
        return _("What leaves this device")

    def body(self) -> Iterable[Widget]:
        yield from leaves_and_stays()
        yield notice(
            _(
                "The test for a living eye looks at two seconds: does the pupil move, does the iris move with it, is "
                "there a grid? It stops prints, still pictures and plain screens. It misses fine screens, patterned "
                "lenses, glass eyes that move, and pictures fed in past the camera."
            )
        )


class PassphraseScreen(Page):
    """Another passphrase."""

    BACK = "settings"

    def __init__(self) -> None:
        super().__init__("passphrase")

    def title(self) -> str:
        return _("Change the passphrase")

    def body(self) -> Iterable[Widget]:
        self._old = Field(_("Passphrase now"), secret=True)
        self._new = Field(_("New passphrase"), secret=True)
        self._again = Field(_("The same again"), secret=True)
        yield from (self._old, self._new, self._again)
        yield notice(_("Backups written before still open with the old one."))

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Change it"), self._change)

    def _change(self) -> None:
        old, new, vault = self._old.text, self._new.text, self.app.vault
        if new != self._again.text:
            self.fail(InputError(_("the two passphrases differ"), hint=_("type the same twice")))
            return
        self.run(
            lambda: actions.change_passphrase(vault, actions.Passphrase(old), actions.Passphrase(new)),
            lambda _: self.go("settings"),
            _("Changing it"),
        )


class DeleteScreen(Page):
    """The way out."""

    BACK = "settings"

    def __init__(self) -> None:
        super().__init__("delete")
        self._sure = False

    def title(self) -> str:
        return _("Delete everything")

    def on_pre_enter(self, *args: object) -> None:
        self._sure = False
        super().on_pre_enter(*args)

    def body(self) -> Iterable[Widget]:
        yield Text(
            _("The vault goes: your identity, the signed capture, all receipts. Without a backup they are lost.")
        )
        yield Text(
            _("What is in the registry stays there. To be taken out of it, leave the registry first."), ink="muted"
        )
        if self.app.membership is not None and self.app.membership.is_member:
            yield Action(_("Leave the registry"), self._leave, kind="plain")
        yield Choice(_("I want all of it deleted from this device"), self._agree, chosen=self._sure, square=True)

    def actions(self) -> Iterable[Widget]:
        delete = Action(_("Delete now"), self._delete, kind="danger")
        delete.disabled = not self._sure
        yield delete
        yield Action(_("Keep it"), self.back, kind="link")

    def _agree(self) -> None:
        self._sure = not self._sure
        self.refresh()

    def _leave(self) -> None:
        session = self.app.session

        def left(_receipt: object) -> None:
            self.app.membership = None
            self.refresh()

        self.run(lambda: actions.leave_registry(session), left, _("Leaving"))

    def _delete(self) -> None:
        vault, folder = self.app.vault, self.app.folder

        def deleted(_: object) -> None:
            self.app.lock()
            self.go("welcome")

        self.run(lambda: actions.delete_everything(vault, folder), deleted, _("Deleting"))


class AboutScreen(Page):
    """Versions, hashes, contract and chain: what an auditor compares."""

    BACK = "settings"

    def __init__(self) -> None:
        super().__init__("about")
        self._facts: list[tuple[str, str]] = []

    def title(self) -> str:
        return _("About this proof")

    def on_pre_enter(self, *args: object) -> None:
        super().on_pre_enter(*args)

        def seen(facts: Any) -> None:
            self._facts = list(facts)
            self.refresh()

        self.run(lambda: actions.proof_facts(self.app.session), seen, _("Reading"))

    def body(self) -> Iterable[Widget]:
        if not self._facts:
            return
        card = Card()
        for name, value in self._facts:
            card.add_widget(fact(fact_words(name), value))
        yield card
        yield notice(_("Fonts: IBM Plex Sans, under the SIL Open Font License 1.1."))


def fact_words(name: str) -> str:
    """A fact's name for a person."""
    return {
        "version": _("Version of irisproof"),
        "network": _("Network"),
        "onnx_sha256": _("Network file, SHA-256"),
        "settings_sha256": _("Circuit settings, SHA-256"),
        "vk_sha256": _("Verification key, SHA-256"),
        "srs_sha256": _("Reference string, SHA-256"),
        "chain_id": _("Chain"),
        "registry": _("Registry contract"),
        "polls": _("Polls contract"),
        "node": _("Node that is asked"),
        "relayer": _("Relayer"),
    }.get(name, name)
