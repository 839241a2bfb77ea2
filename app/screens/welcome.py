"""Before anything else: what leaves this device and what never does, and the person's consent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from kivy.uix.widget import Widget

from app.messages import LANGUAGES, _
from app.screens.page import Page
from app.screens.widgets import Action, Card, Choice, Emblem, Pill, Row, Step, Text

__all__ = ["WelcomeScreen", "leaves_and_stays"]


def leaves_and_stays() -> list[Widget]:
    """The two lists; the settings show them again."""
    stays = Card()
    stays.add_widget(Text(_("Never leaves this device"), role="heading", bold=True))
    for what in (
        _("the picture of your eye, and its code in readable form"),
        _("the secret of your identity, and your passphrase"),
        _("the words that recover your vault, and your receipts"),
    ):
        stays.add_widget(Row(Step(state="done"), Text(what, pos_hint={"center_y": 0.5})))
    leaves = Card()
    leaves.add_widget(Text(_("Leaves this device, when you say so"), role="heading", bold=True))
    for what in (
        _("when you enrol: sealed commitments, a proof of 2 kB, and the public number of your identity"),
        _("when you enrol: random shares of the code, to the committee's nodes; only two nodes together can read it"),
        _("when you vote: your choice and a proof that you are a member, with nothing that says which one"),
        _("as with any website: your internet address, seen by the relayer and the chain's node"),
    ):
        leaves.add_widget(Text("• " + what))
    return [stays, leaves]


def language_row(app: Any) -> Row:
    """All languages, each by its own name."""
    pills = [
        Pill(
            one.name,
            partial(_speak, app, one.code),
            chosen=one.code == app.preferences.language,
        )
        for one in LANGUAGES.values()
    ]
    return Row(*pills, spacing="2dp")


def _speak(app: Any, code: str) -> None:
    app.prefer(replace(app.preferences, language=code))


class WelcomeScreen(Page):
    """Shown until there is a vault."""

    def __init__(self) -> None:
        super().__init__("welcome")
        self._agreed = False

    def title(self) -> str:
        return _("One person, once")

    def body(self) -> Iterable[Widget]:
        yield language_row(self.app)
        yield Emblem()
        yield Text(_("Prove that you are one person, once, without giving your body to anyone."), ink="muted")
        yield from leaves_and_stays()
        limits = Card(fill="soft")
        limits.add_widget(Text(_("What to expect"), role="heading", bold=True))
        limits.add_widget(
            Text(
                _(
                    "A near-infrared camera is needed. The test for a living eye stops prints, still pictures and "
                    "plain screens; it is no substitute for a certified sensor. Nobody outside has audited irisproof."
                )
            )
        )
        yield limits
        yield Choice(
            _("I have read this, and agree that pictures of my eye are used on this device"),
            self._agree,
            chosen=self._agreed,
            square=True,
        )

    def actions(self) -> Iterable[Widget]:
        go_on = Action(_("Continue"), lambda: self.go("create"))
        go_on.disabled = not self._agreed
        yield go_on
        restore = Action(_("I have a backup"), lambda: self.go("restore"), kind="link")
        restore.disabled = not self._agreed
        yield restore

    def forget(self) -> None:
        """Whoever begins again after deleting everything is asked again."""
        self._agreed = False

    def _agree(self) -> None:
        self._agreed = not self._agreed
        self.refresh()
