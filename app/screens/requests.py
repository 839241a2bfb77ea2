"""Requests of dApps: who asks, for what, what they would learn; the person approves or rejects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kivy.core.clipboard import Clipboard
from kivy.uix.widget import Widget

from app import actions
from app.messages import _, date_and_time, ngettext
from app.screens.page import Page, fact, notice
from app.screens.widgets import Action, Card, Field, Row, Step, Text
from protocol.errors import IrisproofError

__all__ = ["AnsweredScreen", "RequestScreen", "RequestsScreen"]


class RequestsScreen(Page):
    """The third of the four places: a link is pasted, or read from a picture of its QR code."""

    TAB = "requests"

    def __init__(self) -> None:
        super().__init__("requests")
        self._text = ""

    def title(self) -> str:
        return _("Requests")

    def on_pre_enter(self, *args: object) -> None:
        self._text, self.app.link = self.app.link, ""
        super().on_pre_enter(*args)

    def body(self) -> Iterable[Widget]:
        yield Text(_("A website that wants to know whether you are one person shows a link or a QR code."), ink="muted")
        self._field = Field("irisproof://", text=self._text, on_text_validate=lambda _: self._open())
        yield self._field
        yield Text(_("Paste the link, or drop a picture of the QR code on this window, or type the picture's path."))
        yield notice(_("Nothing is sent before you have seen who asks and said yes."))

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Look at it"), self._open)
        yield Action(_("Paste"), self._paste, kind="plain")

    def dropped(self, path: str) -> None:
        self._text = path
        self.refresh()

    def forget(self) -> None:
        self._text = ""

    def _paste(self) -> None:
        self._text = Clipboard.paste()[:2000].strip()
        self.refresh()

    def _open(self) -> None:
        self._text, session = self._field.text.strip(), self.app.session
        if session is None:
            self._text = ""
            self.go("home")
            return
        text = self._text

        def seen(found: Any) -> None:
            is_poll = isinstance(found, actions.PollView)
            self.app.screen("poll" if is_poll else "request").open(found)

        self.run(lambda: actions.open_link(session, text), seen, _("Looking the request up on the chain"))


class RequestScreen(Page):
    """One request, before it is answered."""

    BACK = "requests"

    def __init__(self) -> None:
        super().__init__("request")
        self.view: Any = None

    def open(self, view: Any) -> None:
        """Show a request."""
        self.view = view
        self.go("request")

    def title(self) -> str:
        return _("Who asks")

    def body(self) -> Iterable[Widget]:
        request = self.view.request
        card = Card()
        card.add_widget(Text(request.name or _("A dApp without a name"), role="heading", bold=True))
        card.add_widget(Text(_("That is what it calls itself; nobody has checked it."), role="small", ink="muted"))
        card.add_widget(fact(_("Its contract"), request.dapp))
        card.add_widget(fact(_("The answer goes to"), request.reply_host or _("nobody: you carry it over yourself")))
        card.add_widget(fact(_("For the action"), "0x" + request.action_id.hex()))
        card.add_widget(fact(_("What you would sign"), "0x" + request.signal.hex()))
        card.add_widget(fact(_("Expires"), date_and_time(request.expires_at)))
        yield card
        learns = Card()
        learns.add_widget(Text(_("It would learn"), role="heading", bold=True))
        count = ngettext(
            "that you are one of {count} member", "that you are one of {count} members", self.view.group_size
        )
        for words in (count, _("a number that is the same each time in this action, and nowhere else")):
            learns.add_widget(Row(Step(state="done"), Text(words, pos_hint={"center_y": 0.5})))
        learns.add_widget(Text(_("It would not learn your name, your eye, your record or your votes."), ink="muted"))
        yield learns
        if self.view.already_used:
            yield notice(_("You already took part in this action. Each person can once."))
        elif not self.view.may_answer:
            yield notice(_("You were no member when this action was opened, so you cannot take part."))

    def actions(self) -> Iterable[Widget]:
        if self.view.may_answer and not self.view.already_used:
            yield Action(_("Approve"), self._approve)
        yield Action(_("Reject"), self._reject, kind="plain")

    def forget(self) -> None:
        self.view = None

    def _reject(self) -> None:
        self.view = None
        self.go("requests")

    def _approve(self) -> None:
        session, request = self.app.session, self.view.request

        def answer() -> tuple[dict[str, Any], IrisproofError | None]:
            made = actions.answer_request(session, request)
            if not request.reply_url:
                return made, None
            try:
                actions.deliver_answer(request, made)
            except (
                IrisproofError
            ) as error:  # the proof was made and would be refused a second time: it must not be lost
                return made, error
            return made, None

        self.run(answer, lambda found: self.app.screen("answered").open(request, *found), _("Proving"))


class AnsweredScreen(Page):
    """The answer: delivered, or to be carried over."""

    BACK = "requests"

    def __init__(self) -> None:
        super().__init__("answered")
        self._request: Any = None
        self._answer: dict[str, Any] = {}
        self._problem: IrisproofError | None = None

    def open(self, request: Any, answer: dict[str, Any], problem: IrisproofError | None) -> None:
        """Show an answer."""
        self._request, self._answer, self._problem = request, answer, problem
        self.go("answered")

    def title(self) -> str:
        return _("Approved")

    def on_pre_enter(self, *args: object) -> None:
        super().on_pre_enter(*args)
        if self._problem is not None:
            self.fail(self._problem)

    def body(self) -> Iterable[Widget]:
        card = Card()
        if self._delivered:
            words = _("Your answer was delivered to {host}.").format(host=self._request.reply_host)
        else:
            words = _("Your answer is ready. Copy it, and give it to the dApp.")
        card.add_widget(Row(Step(state="done"), Text(words, pos_hint={"center_y": 0.5})))
        yield card
        yield fact(_("Your number in this action, and in no other"), self._answer["proof"]["nullifier"])

    def actions(self) -> Iterable[Widget]:
        if not self._delivered:
            yield Action(_("Copy the answer"), lambda: Clipboard.copy(json.dumps(self._answer)))
        if self._problem is not None:
            yield Action(_("Send it again"), self._deliver, kind="plain")
        yield Action(_("Done"), self.back, kind="link")

    def forget(self) -> None:
        self._request, self._answer, self._problem = None, {}, None

    @property
    def _delivered(self) -> bool:
        return bool(self._request.reply_url) and self._problem is None

    def _deliver(self) -> None:
        request, answer = self._request, self._answer

        def delivered(_: object) -> None:
            self._problem = None
            self.refresh()

        self.run(lambda: actions.deliver_answer(request, answer), delivered, _("Sending"))
