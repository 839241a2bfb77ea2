"""Polls: the list, and one poll from choosing to a receipt that can be checked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from kivy.uix.widget import Widget

from app import actions
from app.messages import _, date_and_time, ngettext
from app.screens.page import Page, fact, notice
from app.screens.widgets import Action, Bar, Card, Choice, Row, Step, Text, Touchable

__all__ = ["PollCard", "PollScreen", "PollsScreen", "ReceiptScreen", "ReviewScreen"]


def state_words(view: Any) -> str:
    """Where a poll stands, and until when."""
    if view.state == "upcoming":
        return _("opens {when}").format(when=date_and_time(view.poll.opens_at))
    if view.state == "open":
        return _("open until {when}").format(when=date_and_time(view.poll.closes_at))
    return _("closed {when}").format(when=date_and_time(view.poll.closes_at))


class PollCard(Touchable, Card):
    """One poll of the list."""

    def __init__(self, view: Any, act: Any) -> None:
        super().__init__()
        self.add_widget(Text(view.poll.question, role="heading", bold=True))
        self.add_widget(Text(state_words(view), role="small", ink="muted"))
        words = ngettext("{count} person voted", "{count} people voted", view.voters)
        if view.votes_cast:
            self.add_widget(Row(Step(state="done"), Text(_("You voted"), ink="accent", bold=True)))
        elif view.pending:
            words = _("Your vote is on its way")
        self.add_widget(Text(words, role="small", ink="muted"))
        self.bind(on_release=lambda *_: act(view))


class PollsScreen(Page):
    """The second of the four places."""

    TAB = "polls"

    def __init__(self) -> None:
        super().__init__("polls")
        self.views: tuple[Any, ...] | None = None

    def title(self) -> str:
        return _("Polls")

    def on_pre_enter(self, *args: object) -> None:
        super().on_pre_enter(*args)
        self._look()

    def body(self) -> Iterable[Widget]:
        if self.app.session is None:
            yield notice(_("Choose a registry first."))
        elif self.views is None:
            yield notice(_("Reading the polls from the chain"))
        elif not self.views:
            yield notice(_("There is no poll yet."))
        else:
            for view in self.views:
                yield PollCard(view, self._open)

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Look again"), self._look, kind="plain")

    def forget(self) -> None:
        self.views = None

    def _look(self) -> None:
        session = self.app.session
        if session is None:
            return

        def look() -> tuple[Any, ...]:
            actions.settle_outbox(session)
            return tuple(actions.list_polls(session))

        def seen(views: tuple[Any, ...]) -> None:
            self.views = views
            self.refresh()

        self.run(look, seen, "")

    def _open(self, view: Any) -> None:
        self.app.screen("poll").open(view)


class PollScreen(Page):
    """One poll: its question, the choice, or the result so far."""

    BACK = "polls"

    def __init__(self) -> None:
        super().__init__("poll")
        self.view: Any = None
        self.chosen: list[int] = []

    def open(self, view: Any) -> None:
        """Show a poll."""
        self.view, self.chosen = view, []
        self.go("poll")

    def title(self) -> str:
        return _("Your choice") if self._may_choose else _("Result so far") if self._is_open else _("Result")

    def body(self) -> Iterable[Widget]:
        poll = self.view.poll
        yield Text(poll.question, role="heading", bold=True)
        yield Text(state_words(self.view), role="small", ink="muted")
        if self._may_choose:
            yield from self._options()
        else:
            yield self._results()
        if self.view.may_vote is False:
            yield notice(_("You were no member when this poll was made. You can vote in polls made after you joined."))
        elif self.view.votes_cast and self._is_open:
            yield notice(
                _("You already took part in this poll. Vote again, and the new vote replaces the earlier one.")
            )
        yield notice(_("Votes in different polls cannot be linked to each other, nor to you."))

    def actions(self) -> Iterable[Widget]:
        if not self._may_choose:
            return
        review = Action(_("Review"), self._review)
        review.disabled = not self.chosen and self.view.poll.kind.name != "APPROVAL"
        yield review

    def forget(self) -> None:
        self.view, self.chosen = None, []

    @property
    def _is_open(self) -> bool:
        return bool(self.view.state == "open")

    @property
    def _may_choose(self) -> bool:
        return bool(self._is_open and self.view.may_vote)

    def _options(self) -> Iterable[Widget]:
        kind = self.view.poll.kind.name
        if kind == "APPROVAL":
            yield Text(_("Choose all that you agree to; none is a vote, too."), ink="muted")
        if kind == "RANKED":
            yield Text(_("Touch the options in your order, the best first."), ink="muted")
        for number, option in enumerate(self.view.poll.options):
            place = f"{self.chosen.index(number) + 1}. " if kind == "RANKED" and number in self.chosen else ""
            yield Choice(
                place + option,
                partial(self._choose, number),
                chosen=number in self.chosen,
                square=kind != "SINGLE",
            )

    def _choose(self, number: int) -> None:
        if self.view.poll.kind.name == "SINGLE":
            self.chosen = [number]
        elif number in self.chosen:
            self.chosen.remove(number)
        else:
            self.chosen.append(number)
        self.refresh()

    def _results(self) -> Widget:
        card = Card()
        total = max(1, sum(self.view.tally))
        for option, votes in zip(self.view.poll.options, self.view.tally, strict=False):
            card.add_widget(Row(Text(option), Text(str(votes), align="end", bold=True, size_hint_x=0.25)))
            card.add_widget(Bar(value=votes / total))
        if not self.view.tally:
            card.add_widget(Text(_("A ranked poll is counted after it has closed.")))
        return card

    def _review(self) -> None:
        self.app.screen("review").open(self.view, list(self.chosen))


class ReviewScreen(Page):
    """The last look before a vote is cast."""

    BACK = "poll"

    def __init__(self) -> None:
        super().__init__("review")
        self.view: Any = None
        self.chosen: list[int] = []

    def open(self, view: Any, chosen: list[int]) -> None:
        """Show a choice."""
        self.view, self.chosen = view, chosen
        self.go("review")

    def title(self) -> str:
        return _("Is this right?")

    def body(self) -> Iterable[Widget]:
        poll = self.view.poll
        card = Card()
        card.add_widget(Text(poll.question, ink="muted"))
        ranked = poll.kind.name == "RANKED"
        for place, number in enumerate(self.chosen, 1):
            card.add_widget(Text((f"{place}. " if ranked else "") + poll.options[number], role="heading", bold=True))
        if not self.chosen:
            card.add_widget(Text(_("None of the options"), role="heading", bold=True))
        yield card
        yield fact(_("Counts until"), date_and_time(poll.closes_at))
        yield fact(_("Hidden among"), ngettext("{count} member", "{count} members", poll.snapshot_size))
        yield notice(
            _(
                "The chain sees the choice, and that a member made it. If somebody looks over your shoulder, vote "
                "again later: the last vote counts."
            )
        )

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Cast my vote"), self._cast)
        yield Action(_("Change it"), self.back, kind="link")

    def forget(self) -> None:
        self.view, self.chosen = None, []

    def _cast(self) -> None:
        session, view, chosen = self.app.session, self.view, self.chosen
        self.run(
            lambda: actions.cast_ballot(session, view.poll, chosen, replace=bool(view.votes_cast)),
            lambda receipt: self.app.screen("receipt").open(receipt),
            _("Proving that you are a member, and casting"),
        )


class ReceiptScreen(Page):
    """What was cast, and what the chain says of it now."""

    BACK = "polls"

    def __init__(self) -> None:
        super().__init__("receipt")
        self.receipt: Any = None
        self.worth = ""

    def open(self, receipt: Any) -> None:
        """Show a receipt."""
        self.receipt, self.worth = receipt, ""
        self.go("receipt")

    def title(self) -> str:
        return _("Your vote is cast")

    def body(self) -> Iterable[Widget]:
        data = self.receipt.data
        card = Card()
        card.add_widget(Text(str(data["question"]), ink="muted"))
        for said in data["choice"] or [_("None of the options")]:
            card.add_widget(Row(Step(state="done"), Text(str(said), role="heading", bold=True)))
        yield card
        yield fact(_("Block"), str(data["block"]))
        yield fact(_("Transaction"), str(data["transaction"]))
        yield fact(_("Your number in this poll, and in no other"), str(data["nullifier"]))
        if self.worth:
            yield notice(_("Checked on the chain: {worth}").format(worth=_worth_words(self.worth)))

    def actions(self) -> Iterable[Widget]:
        yield Action(_("Check it on the chain"), self._check)
        yield Action(_("To the polls"), self.back, kind="link")

    def forget(self) -> None:
        self.receipt = None

    def _check(self) -> None:
        session, receipt = self.app.session, self.receipt

        def checked(worth: str) -> None:
            self.worth = worth
            self.refresh()

        self.run(lambda: actions.check_receipt(session, receipt), checked, _("Asking the chain"))


def _worth_words(worth: str) -> str:
    known = {
        "it counts": _("it counts"),
        "it was replaced by a later vote of yours": _("it was replaced by a later vote of yours"),
    }
    return known.get(worth, worth)
