"""The two provers that a bundle does without: said why, and fetched with consent."""

from __future__ import annotations

from collections.abc import Iterable

from kivy.uix.widget import Widget

from app import actions
from app.messages import _
from app.screens.page import Page, fact, notice
from app.screens.widgets import Action, Card, Text

__all__ = ["ProversScreen"]


class ProversScreen(Page):
    """Shown after unlocking where a prover is missing."""

    def __init__(self) -> None:
        super().__init__("provers")

    def title(self) -> str:
        return _("Two programs to add")

    def body(self) -> Iterable[Widget]:
        yield Text(
            _(
                "Proofs are made by two programs of other makers. Neither may simply be handed on with irisproof, "
                "because of its licence, so they are fetched from where their makers published them."
            ),
            ink="muted",
        )
        card = Card()
        for prover in actions.wanted_provers():
            named = _("licence: {name}").format(name=prover.licence) if prover.has_licence else _("no licence named")
            card.add_widget(fact(f"{prover.name} {prover.version}", named))
        yield card
        yield Text(_("They come from PyPI, 22 MB, and only the very files that irisproof knows are taken."))
        yield notice(_("Without them nothing can be enrolled or voted on. Without a connection: irisproof provers -h"))

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Download and install"), self._download)
        yield Action(_("Not now"), self.app.go_in, kind="link")

    def _download(self) -> None:
        self.run(actions.download_provers, lambda _: self.app.go_in(), _("Downloading"))
