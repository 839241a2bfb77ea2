"""Getting a place in the registry back without a backup, finishing that, or saying no to somebody else's try."""

from __future__ import annotations

from collections.abc import Iterable

from kivy.uix.widget import Widget

from app import actions
from app.messages import _
from app.screens.page import Page, notice
from app.screens.widgets import Action, Card, Field, Row, Step, Text
from protocol.errors import InputError

__all__ = ["RecoveryScreen"]


class RecoveryScreen(Page):
    """A record's number, and what to do about it."""

    BACK = "settings"

    def __init__(self) -> None:
        super().__init__("recovery")
        self._number = ""
        self._done = ""

    def open(self, record_id: int) -> None:
        """About one record."""
        self._number = str(record_id)
        self.go("recovery")

    def title(self) -> str:
        return _("Recovery")

    def on_pre_enter(self, *args: object) -> None:
        self._done = ""
        super().on_pre_enter(*args)

    def body(self) -> Iterable[Widget]:
        yield Text(
            _(
                "Without a backup, a new capture of the same eye can get your place in the registry back. The old "
                "identity can say no during a waiting period."
            ),
            ink="muted",
        )
        self._field = Field(_("Number of the record"), text=self._number, input_filter="int")
        yield self._field
        yield Action(_("Capture my eye"), self._capture, kind="plain")
        yield Action(_("Finish after the waiting period"), self._finish, kind="plain")
        card = Card()
        card.add_widget(Text(_("Somebody else asks for your place?"), role="heading", bold=True))
        card.add_widget(Text(_("You still have the identity: say no, and nothing changes."), ink="muted"))
        card.add_widget(Action(_("That is not me"), self._refuse, kind="plain"))
        yield card
        if self._done:
            done = Card(fill="soft")
            done.add_widget(Row(Step(state="done"), Text(self._done, bold=True, pos_hint={"center_y": 0.5})))
            yield done
        if self.app.session is None:
            yield notice(_("Choose a registry first."))

    def forget(self) -> None:
        self._number = self._done = ""

    def _record_id(self) -> int | None:
        self._number = self._field.text
        if not self._number.isdecimal():
            self.fail(
                InputError(_("the number of the record is missing"), hint=_("the receipt of your enrolment has it"))
            )
            return None
        return int(self._number)

    def _capture(self) -> None:
        number = self._record_id()
        if number is not None:
            self.app.screen("capture").open(record_id=number)

    def _finish(self) -> None:
        number, session = self._record_id(), self.app.session
        if number is not None:
            self.run(
                lambda: actions.complete_recovery(session, number),
                lambda _receipt: self._tell(_("The place is yours again.")),
                _("Writing it into the registry"),
            )

    def _refuse(self) -> None:
        session = self.app.session
        self.run(
            lambda: actions.cancel_recovery(session),
            lambda _none: self._tell(_("The try was stopped.")),
            _("Writing it into the registry"),
        )

    def _tell(self, words: str) -> None:
        self._done = words
        self.refresh()
