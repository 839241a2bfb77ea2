"""Where a person stands: enrolled or not, what is under way, what should be done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kivy.uix.widget import Widget

from app import actions
from app.messages import _, date_and_time, ngettext
from app.screens.page import Page, fact, notice
from app.screens.widgets import Action, Card, Field, Glyph, Row, Step, Text
from protocol.errors import IrisproofError

__all__ = ["HomeScreen"]


class HomeScreen(Page):
    """The first of the four places."""

    TAB = "home"

    def __init__(self) -> None:
        super().__init__("home")
        self._path = ""

    def title(self) -> str:
        return _("You")

    def on_pre_enter(self, *_args: object) -> None:
        super().on_pre_enter()
        if self.app.session is not None:
            self._look()

    def body(self) -> Iterable[Widget]:
        app = self.app
        if app.session is None:
            yield from self._choose_registry()
            return
        if app.job is not None:
            yield _said_card(_("Your proof is being made"), _("It goes on when this window is closed."), "now")
        elif app.membership is None:
            yield notice(_("Asking the registry how you stand"))
        elif app.membership.record is None and app.membership.recovery is None:
            yield _said_card(
                _("You are not enrolled yet"),
                _("Two seconds of one eye before a near-infrared camera, and about ten seconds of computing."),
                "open",
            )
        elif app.membership.record is not None:
            yield from self._enrolled()
        yield from self._reminders()

    def actions(self) -> Iterable[Widget]:
        app = self.app
        if app.session is None:
            yield Action(_("Use this registry"), self._connect)
        elif app.job is not None:
            yield Action(_("Show the progress"), lambda: self.go("proving"))
        elif app.membership is not None and app.membership.record is None:
            if app.membership.recovery is None:  # who gets an old place back needs no new one
                yield Action(_("Enrol"), lambda: self.app.screen("capture").open())
        elif app.membership is not None:
            yield Action(_("Go to the polls"), lambda: self.go("polls"))
        else:
            yield Action(_("Ask again"), self._look, kind="plain")

    def dropped(self, path: str) -> None:
        self._path = path
        self.refresh()

    def _choose_registry(self) -> Iterable[Widget]:
        yield Text(_("Which registry do you want to be in? Those who run it give you a file."), ink="muted")
        self._field = Field(_("Path of the registry file"), text=self._path)
        yield self._field
        yield notice(_("To try things out, irisproof devnet makes a registry on this device and writes its file."))

    def _connect(self) -> None:
        self._path = self._field.text
        try:
            self.app.connect(Path(self._path).expanduser())
        except IrisproofError as error:
            self.fail(error)
            return
        self.on_pre_enter()

    def _look(self) -> None:
        session = self.app.session

        def look() -> tuple[actions.Job | None, actions.Membership]:
            running = actions.resume_jobs(session)
            return (running[0] if running else None), actions.membership(session)

        def seen(found: tuple[actions.Job | None, actions.Membership]) -> None:
            self.app.job, self.app.membership = found
            self.refresh()

        self.run(look, seen, "")

    def _enrolled(self) -> Iterable[Widget]:
        record = self.app.membership.record
        card = Card()
        card.add_widget(
            Row(
                Glyph(name="eye", ink="accent", pos_hint={"center_y": 0.5}),
                Text(_("You are enrolled"), role="heading", bold=True, pos_hint={"center_y": 0.5}),
            )
        )
        card.add_widget(Text(_("You count as one person, and nobody sees which one.")))
        card.add_widget(fact(_("Since"), date_and_time(record.enrolled_at)))
        card.add_widget(fact(_("Record in the registry"), str(record.record_id)))
        if not self.app.membership.is_member:
            card.add_widget(Text(_("The registry has suspended this record. Go to a station."), ink="danger"))
        yield card

    def _reminders(self) -> Iterable[Widget]:
        waits = self.app.membership.recovery if self.app.membership is not None else None
        if waits is not None:
            yield _recovery_card(waits)
            yield Action(_("Look at it"), lambda: self.app.screen("recovery").open(waits.record_id), kind="plain")
        missing = len(self.app.membership.missing_models) if self.app.membership is not None else 0
        if missing:
            card = Card(fill="soft")
            card.add_widget(Text(_("A new model is out"), role="heading", bold=True))
            card.add_widget(Text(_("Renew in about 20 seconds. No visit and no new picture is needed.")))
            card.add_widget(Text(ngettext("{count} model waits", "{count} models wait", missing), role="small"))
            yield card
            yield Action(_("Renew now"), lambda: self.go("upgrade"), kind="plain")
        if self.app.vault is not None and actions.needs_backup(self.app.vault):
            card = Card(fill="soft")
            card.add_widget(Text(_("You have no backup yet"), role="heading", bold=True))
            card.add_widget(Text(_("If this device is lost, your place in the registry is hard to get back.")))
            yield card
            yield Action(_("Back up"), lambda: self.go("backup"), kind="plain")


def _recovery_card(waits: actions.WaitingRecovery) -> Card:
    """Whoever has a record must hear of it while they can say no, and whoever asked, from when on it is theirs."""
    if waits.is_mine:
        heading = _("You asked for your old place")
        words = _("It is yours to take from {when} on, unless the old identity says no.")
    else:
        heading = _("Somebody asks for your place")
        words = _("They may have it from {when} on. If that is not you, say no before.")
    card = Card(fill="soft")
    card.add_widget(Text(heading, role="heading", bold=True))
    card.add_widget(Text(words.format(when=date_and_time(waits.ready_at))))
    return card


def _said_card(heading: str, words: str, state: str) -> Card:
    card = Card()
    mark = Step(state=state)
    card.add_widget(Row(mark, Text(heading, role="heading", bold=True, pos_hint={"center_y": 0.5})))
    card.add_widget(Text(words))
    return card
