"""What all screens share: a column of limited width, a title with the way back, actions at the bottom, tabs.

A screen tells what it shows in `body` and `actions`; `refresh` builds it anew. No text changes in place, except
for what moves many times a second.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, TypeVar

from kivy.app import App
from kivy.clock import Clock
from kivy.metrics import dp
from kivy.uix.behaviors import FocusBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.screenmanager import Screen
from kivy.uix.scrollview import ScrollView
from kivy.uix.widget import Widget

from app.messages import _, language
from app.screens.tasks import run_task
from app.screens.widgets import Action, Back, Card, Row, Rule, Stack, Tab, Tabs, Text
from protocol.errors import IrisproofError

__all__ = ["Page", "fact", "focusable", "notice", "said"]

Result = TypeVar("Result")

MAX_WIDTH_DP = 560
MARGIN_DP = 20


# Widgets refer to each other in circles. Those of screens that were left, with the textures of all their texts, would
# wait for a collection that seldom comes: on a phone's screen some 20 MB.
_collect_soon = Clock.create_trigger(lambda _: gc.collect(), 2.0)


class Page(Screen):
    """A screen. `TAB` names the place that it is, `BACK` the screen to go back to; a screen has at most one of both."""

    TAB: ClassVar[str] = ""
    BACK: ClassVar[str] = ""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.error: IrisproofError | None = None
        self.busy = ""
        """What is being waited for; actions cannot be pressed meanwhile."""
        self._epoch = 0
        self._scroll: ScrollView | None = None

    @property
    def app(self) -> Any:
        return App.get_running_app()

    def title(self) -> str:
        """Above everything; empty for none."""
        return ""

    def body(self) -> Iterable[Widget]:
        """From top to bottom."""
        return ()

    def actions(self) -> Iterable[Widget]:
        """At the bottom, always seen; the most important first."""
        return ()

    def on_pre_enter(self, *_: object) -> None:
        self.error, self.busy = None, ""
        self.refresh()

    def on_leave(self, *_: object) -> None:
        """Forget what was shown: a screen that is not seen holds no secret, and no answer finds it."""
        self._epoch += 1
        self._scroll = None
        self.clear_widgets()
        _collect_soon()

    def refresh(self) -> None:
        """Build the screen anew; what had the focus has it again, by its place, and what was in sight stays there."""
        scrolled = 1.0 if self._scroll is None else self._scroll.scroll_y
        focused = next((place for place, one in enumerate(_touchables(self)) if one.focus), None)
        self.clear_widgets()
        column = BoxLayout(orientation="vertical", size_hint_x=None, pos_hint={"center_x": 0.5})
        self.bind(width=lambda _, width: setattr(column, "width", min(width, dp(MAX_WIDTH_DP))))
        column.width = min(self.width, dp(MAX_WIDTH_DP))
        for part in self._parts():
            column.add_widget(part)
        self.add_widget(column)
        if self._scroll is not None:
            self._scroll.scroll_y = scrolled
        if focused is not None:
            for one in _touchables(self)[focused : focused + 1]:
                one.focus = not one.disabled

    def run(self, task: Callable[[], Result], done: Callable[[Result], object], what: str) -> None:
        """Do something that takes time beside the window; `done` is told here, unless the screen was left meanwhile."""
        self.busy, self.error, epoch = what, None, self._epoch
        self.refresh()

        def finished(result: Result | None, error: IrisproofError | None) -> None:
            if epoch != self._epoch:
                return
            self.busy, self.error = "", error
            if error is None:
                done(result)  # type: ignore[arg-type]
            else:
                self.refresh()

        run_task(task, finished)

    def fail(self, error: IrisproofError) -> None:
        """Show what went wrong and what to do."""
        self.error = error
        self.refresh()

    def go(self, name: str) -> None:
        """To another screen."""
        self.app.show(name)

    def forget(self) -> None:
        """The vault was locked: keep nothing of the person."""

    def dropped(self, path: str) -> None:
        """A file was dropped on the window."""

    def keep_in_sight(self, widget: Widget) -> None:
        """Scroll so that a widget which got the focus can be seen."""
        scroll = self._scroll
        if scroll is None or not scroll.children or scroll.children[0].height <= scroll.height:
            return
        if any(one is widget for one in scroll.walk(restrict=True)):
            scroll.scroll_to(widget, padding=dp(24), animate=False)

    def _parts(self) -> Iterable[Widget]:
        yield self._head()
        self._scroll = ScrollView(do_scroll_x=False, bar_width=dp(3), scroll_type=["bars", "content"])
        self._scroll.bar_color = self.app.palette.rgba("muted")
        inside = Stack(padding=(dp(MARGIN_DP), dp(6), dp(MARGIN_DP), dp(20)), spacing=dp(14))
        for part in self.body():
            inside.add_widget(part)
        self._scroll.add_widget(inside)
        yield self._scroll
        foot = Stack(padding=(dp(MARGIN_DP), dp(10), dp(MARGIN_DP), dp(16)), spacing=dp(10))
        if self.busy:
            foot.add_widget(notice(self.busy))
        if self.error is not None:
            foot.add_widget(said(self.error))
        for action in self.actions():
            if self.busy and isinstance(action, Action):
                action.disabled = True
            foot.add_widget(action)
        if foot.children:
            yield foot
        if self.TAB:
            yield Rule()
            yield self._tabs()

    def _head(self) -> Widget:
        title = Text(self.title(), role="title", bold=True, pos_hint={"center_y": 0.5})
        side = dp(MARGIN_DP)
        if not self.BACK:
            return Row(title, padding=(side, dp(22), side, dp(12)))
        near, far = dp(8), side
        edges = (far, dp(12), near, dp(8)) if language().right_to_left else (near, dp(12), far, dp(8))
        return Row(Back(self.back), title, padding=edges, spacing=dp(4))

    def back(self) -> None:
        """The arrow, or Escape."""
        if self.BACK:
            self.go(self.BACK)

    def _tabs(self) -> Widget:
        places = (("home", "eye", _("You")), ("polls", "polls", _("Polls")), ("requests", "requests", _("Requests")))
        tabs = [
            Tab(text, glyph, partial(self.go, name), chosen=name == self.TAB)
            for name, glyph, text in (*places, ("settings", "settings", _("Settings")))
        ]
        bar = Tabs()
        for tab in reversed(tabs) if language().right_to_left else tabs:
            bar.add_widget(tab)
        return bar


def notice(text: str, fill: str = "soft") -> Card:
    """A quiet remark."""
    card = Card(fill=fill)
    card.add_widget(Text(text, role="small"))
    return card


def said(error: IrisproofError) -> Card:
    """What went wrong, and what to do; the reason in the program's own words, which are English."""
    card = Card()
    card.add_widget(Text(_("That did not work"), role="heading", bold=True, ink="danger"))
    card.add_widget(Text(error.message[:1].upper() + error.message[1:] + "."))
    if error.hint:
        card.add_widget(Text(_("What you can do: {hint}").format(hint=error.hint), role="small", ink="muted"))
    return card


def fact(name: str, value: str) -> Stack:
    """A name and what it is."""
    pair = Stack(spacing=dp(2))
    pair.add_widget(Text(name, role="small", ink="muted"))
    pair.add_widget(Text(value))
    return pair


def focusable(root: Widget) -> list[FocusBehavior]:
    """What can have the focus within `root`, in the order of Tab."""
    return [one for one in _touchables(root) if not one.disabled]


def _touchables(root: Widget) -> list[FocusBehavior]:
    return [one for one in root.walk(restrict=True) if isinstance(one, FocusBehavior)]
