"""The proof being made: named stages, how long it will take, and a way to stop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kivy.clock import Clock
from kivy.uix.widget import Widget

from app import actions
from app.messages import _, ngettext
from app.screens.page import Page, notice, said
from app.screens.widgets import Action, Bar, Card, Row, Step, Text
from protocol.errors import JobFailed

__all__ = ["ProvingScreen", "stage_words"]

_LOOK_EVERY_S = 0.1


def stage_words(stage: str) -> str:
    """A stage's name for a person; one that this program does not know by its own name."""
    return {
        "starting": _("Starting"),
        "checking": _("Asking the registry"),
        "circuit": _("Getting the circuit ready"),
        "code": _("Computing the iris code"),
        "proof": _("Proving that the code is right"),
        "committee": _("Asking the committee whether you are new"),
        "submitting": _("Writing it into the registry"),
    }.get(stage, stage)


class ProvingScreen(Page):
    """Watches the app's job. It goes on without this window."""

    BACK = "home"

    def __init__(self) -> None:
        super().__init__("proving")
        self._tick: Any = None
        self._status: Any = None
        self.bar_value = 0.0
        self.then = "home"

    def title(self) -> str:
        return _("Making your proof")

    def on_pre_enter(self, *args: object) -> None:
        self._status, self.bar_value = None, 0.0
        super().on_pre_enter(*args)
        self._tick = Clock.schedule_interval(self._look, _LOOK_EVERY_S)

    def on_leave(self, *args: object) -> None:
        if self._tick is not None:
            self._tick.cancel()
        super().on_leave(*args)

    def body(self) -> Iterable[Widget]:
        if self._status is not None and self._status.state.value == "failed":
            yield said(JobFailed(self._status.message, hint=self._status.hint))
            return
        if self.app.job is None:
            return
        card = Card()
        self._marks = {}
        for stage in actions.stages_of(self.app.job):
            self._marks[stage] = Step()
            card.add_widget(Row(self._marks[stage], Text(stage_words(stage), pos_hint={"center_y": 0.5})))
        yield card
        self._bar = Bar()
        yield self._bar
        self._left = Text(" ", ink="muted", align="center")
        yield self._left
        yield notice(_("You may close this window: the work goes on, and the next start shows it again."))

    def actions(self) -> Iterable[Widget]:
        if self._status is not None and self._status.state.value == "failed":
            yield Action(_("Try again"), self._retry)
            yield Action(_("Later"), lambda: self.go("home"), kind="link")
        else:
            yield Action(_("Stop"), self._cancel, kind="plain")

    def _look(self, _: float) -> None:
        job = self.app.job
        if job is None or self.busy:
            return
        status = job.status()
        if status.state.value == "running":
            self._show(status)
        elif status.state.value == "interrupted":
            self.run(lambda: actions.resume_jobs(self.app.session), lambda _: self.refresh(), "")
        else:
            self._ended(job, status)

    def _show(self, status: Any) -> None:
        stages = list(self._marks)
        now = stages.index(status.stage) if status.stage in stages else 0
        for place, mark in enumerate(self._marks.values()):
            mark.state = "done" if place < now else "now" if place == now else "open"
        self._bar.value = self.bar_value = status.fraction
        seconds = max(1, round(status.remaining_s))
        self._left.text_logical = ngettext("about {count} second left", "about {count} seconds left", seconds)

    def _ended(self, job: Any, status: Any) -> None:
        self._tick.cancel()
        session = self.app.session

        def settled(_: object) -> None:
            self._status = status
            if status.state.value == "failed":
                self.refresh()
                return
            self.app.job = None
            self.go(self.then)

        self.run(lambda: actions.settle_job(session, job), settled, "")

    def _cancel(self) -> None:
        job = self.app.job
        self.run(job.cancel, lambda status: self._ended(job, status), _("Stopping"))

    def _retry(self) -> None:
        session, job = self.app.session, self.app.job

        def begun(job: Any) -> None:
            self.app.job = job
            self.on_pre_enter()

        self.run(lambda: actions.retry_job(session, job.id), begun, "")
