"""A new model: renew from the stored capture, without a visit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kivy.uix.widget import Widget

from app import actions
from app.messages import _, ngettext
from app.screens.page import Page, notice
from app.screens.widgets import Action, Card, Text

__all__ = ["UpgradeScreen"]


class UpgradeScreen(Page):
    """Says what renewing means, and begins it."""

    BACK = "home"

    def __init__(self) -> None:
        super().__init__("upgrade")

    def title(self) -> str:
        return _("Renew")

    def body(self) -> Iterable[Widget]:
        found = self.app.membership
        missing = len(found.missing_models) if found is not None else 0
        if not missing:
            yield notice(_("You are up to date: every model in use has your code."))
            return
        card = Card()
        card.add_widget(Text(_("A new model is out"), role="heading", bold=True))
        card.add_widget(Text(_("Renew in about 20 seconds. No visit and no new picture is needed.")))
        card.add_widget(
            Text(
                _(
                    "The new code is computed on this device from the capture that was signed when you enrolled, and "
                    "proved as before. Your place in the registry stays the same."
                ),
                ink="muted",
            )
        )
        yield card
        yield Text(ngettext("{count} model waits", "{count} models wait", missing), role="small", ink="muted")

    def actions(self) -> Iterable[Widget]:
        found = self.app.membership
        if found is not None and found.missing_models:
            yield Action(_("Renew now"), self._renew)

    def _renew(self) -> None:
        session = self.app.session

        def begun(jobs: tuple[Any, ...]) -> None:
            self.app.job = jobs[0]
            self.go("proving")

        self.run(lambda: actions.begin_upgrades(session), begun, _("Taking the stored capture"))
