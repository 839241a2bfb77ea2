"""The window's parts: texts, buttons, choices, fields, cards. How they are drawn stands in style.kv.

Everything that can be touched can be reached by Tab and pressed by Enter or Space, and is at least 48 dp wide and high.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from kivy.app import App
from kivy.core.text import Label as CoreLabel
from kivy.core.text import LabelBase
from kivy.graphics import Color, SmoothEllipse, SmoothLine
from kivy.lang import Builder
from kivy.metrics import dp, sp
from kivy.properties import BooleanProperty, ListProperty, NumericProperty, OptionProperty, StringProperty
from kivy.uix.behaviors import ButtonBehavior, FocusBehavior
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label
from kivy.uix.textinput import TextInput
from kivy.uix.widget import Widget

from app.fonts import FAMILIES, family_of
from app.messages import language
from app.screens.typesetting import break_lines, displayed
from app.theme import SIZES_SP

__all__ = [
    "Action",
    "Back",
    "Bar",
    "Card",
    "Choice",
    "Emblem",
    "Field",
    "Glyph",
    "Pill",
    "Row",
    "Rule",
    "Stack",
    "Step",
    "Tab",
    "Tabs",
    "Text",
    "Touchable",
    "load_style",
]

_LINE_HEIGHT = 1.18
_PRESSING = ("enter", "numpadenter", "spacebar")


def load_style() -> None:
    """Fonts and drawing rules, once a process. Raises `ArtifactAbsent` where the fonts are not installed."""
    path = Path(__file__).with_name("style.kv")
    if str(path) in Builder.files:
        return
    for family in FAMILIES:
        LabelBase.register(family.name, str(family.path()), fn_bold=str(family.path(bold=True)))
    Builder.load_file(str(path))


def scaled_sp(role: str) -> float:
    """Size of a role's text, by the person's own scale."""
    return float(sp(SIZES_SP[role]) * App.get_running_app().text_scale)


@lru_cache(maxsize=64)
def _ruler(family: str, bold: bool, size: float) -> Callable[[str], float]:
    label = CoreLabel(font_name=family, bold=bold, font_size=size)
    return lru_cache(maxsize=4096)(lambda text: float(label.get_extents(displayed(text, True))[0]))


class Text(Label):
    """A text in the order of reading, `text_logical`; what is drawn are its lines in the order of display."""

    text_logical = StringProperty("")
    role = OptionProperty("body", options=list(SIZES_SP))
    ink = StringProperty("ink")
    on = StringProperty("")
    """The background's name, where it is not the nearest card's; the tests of contrast read it."""
    align = OptionProperty("start", options=["start", "center", "end"])

    def __init__(self, text: str = "", **wanted: Any) -> None:
        super().__init__(line_height=_LINE_HEIGHT, **wanted)
        for name in ("text_logical", "role", "bold", "width", "align"):
            self.fbind(name, self._set)
        if text:
            self.text_logical = text
        self._set()

    def _set(self, *_: object) -> None:
        size, family = scaled_sp(self.role), family_of(self.text_logical).name
        mirrored = language().right_to_left
        lines = break_lines(self.text_logical, self.width, _ruler(family, self.bold, size))
        self.font_name, self.font_size = family, size
        self.halign = "center" if self.align == "center" else _side(self.align, mirrored)
        self.text_size = (self.width, None)
        self.text = "\n".join(displayed(line, mirrored) for line in lines)


def _side(align: str, mirrored: bool) -> str:
    return "right" if (align == "end") is not mirrored else "left"


class Card(BoxLayout):
    """A surface that holds what belongs together."""

    fill = StringProperty("surface")


class Stack(BoxLayout):
    """One thing below the other."""


class Row(BoxLayout):
    """One thing beside the other, in the direction of reading."""

    def __init__(self, *parts: Widget, **wanted: Any) -> None:
        super().__init__(**wanted)
        for part in reversed(parts) if language().right_to_left else parts:
            self.add_widget(part)


class Touchable(ButtonBehavior, FocusBehavior, BoxLayout):
    """What can be touched, or pressed by a key while it has the focus."""

    def keyboard_on_key_down(self, window: Any, keycode: tuple[int, str], text: str, modifiers: list[str]) -> bool:
        if keycode[1] in _PRESSING and not self.disabled:
            self.trigger_action(0.05)
            return True
        return bool(super().keyboard_on_key_down(window, keycode, text, modifiers))


_INKS = {"primary": "on_accent", "plain": "ink", "danger": "on_danger", "link": "accent"}
_FILLS = {"primary": "accent", "plain": "sunken", "danger": "danger", "link": "ground"}


class Action(Touchable):
    """A button. One `primary` a screen."""

    text = StringProperty("")
    kind = OptionProperty("primary", options=list(_INKS))
    ink = StringProperty("on_accent")
    fill = StringProperty("accent")
    align = OptionProperty("center", options=["start", "center", "end"])

    def __init__(self, text: str, act: Callable[[], object], kind: str = "primary", **wanted: Any) -> None:
        super().__init__(text=text, kind=kind, **wanted)
        self.bind(disabled=self._dress, on_release=lambda *_: act())
        self._dress()

    def _dress(self, *_: object) -> None:
        usable = not self.disabled
        self.ink = _INKS[self.kind] if usable else "muted"
        self.fill = _FILLS[self.kind] if usable else "sunken"


class Choice(Touchable):
    """One of several (round), or a thing to agree to (square)."""

    text = StringProperty("")
    chosen = BooleanProperty(False)
    square = BooleanProperty(False)

    def __init__(self, text: str, act: Callable[[], object], **wanted: Any) -> None:
        super().__init__(text=text, **wanted)
        if language().right_to_left:
            for part in list(self.children):
                self.remove_widget(part)
                self.add_widget(part)
        self.bind(on_release=lambda *_: act())


class Mark(Widget):
    """The dot or square of a choice."""

    chosen = BooleanProperty(False)
    square = BooleanProperty(False)


class Field(TextInput):
    """A line to type into; `secret` hides what is typed, and keeps it out of the clipboard."""

    secret = BooleanProperty(False)

    def __init__(self, hint: str, **wanted: Any) -> None:
        super().__init__(hint_text=displayed(hint, language().right_to_left), **wanted)
        self.font_name, self.font_size = family_of(hint).name, scaled_sp("body")
        self.password = self.secret
        self.halign = "right" if language().right_to_left else "left"
        self.bind(text=self._follow_script)

    def copy(self, data: str = "") -> None:
        """A secret cannot be copied."""
        if not self.secret:
            super().copy(data)

    def cut(self) -> None:
        """Nor cut."""
        if not self.secret:
            super().cut()

    def _follow_script(self, *_: object) -> None:
        wanted = family_of(self.text or self.hint_text).name
        if self.font_name != wanted:
            self.font_name = wanted


class Bar(Widget):
    """A share of 0..1, from the side where reading begins."""

    value = NumericProperty(0.0)
    filled = NumericProperty(0.0)
    mirrored = BooleanProperty(False)

    def __init__(self, **wanted: Any) -> None:
        super().__init__(**wanted)
        self.mirrored = language().right_to_left
        self.bind(value=self._fill, width=self._fill)

    def _fill(self, *_: object) -> None:
        self.filled = 0.0 if self.value <= 0 else max(self.height, self.width * min(1.0, self.value))


class Rule(Widget):
    """A thin line."""


class Step(Widget):
    """A stage's mark: a tick when it is done, a ring while it is the one. Never told by colour alone."""

    state = OptionProperty("open", options=["open", "now", "done"])


class Glyph(Widget):
    """A drawn sign beside a word, never instead of one."""

    name = StringProperty("")
    ink = StringProperty("muted")

    def __init__(self, **wanted: Any) -> None:
        super().__init__(**wanted)
        for name in ("name", "ink", "pos", "size"):
            self.fbind(name, self._draw)

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        with self.canvas:
            Color(*App.get_running_app().palette.rgba(self.ink))
            for points in _STROKES.get(self.name, ()):
                flat = [dp(value) for point in points for value in point]
                placed = [value + (self.x if place % 2 == 0 else self.y) for place, value in enumerate(flat)]
                SmoothLine(points=placed, width=1.2)


def _circle(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    return [(x + radius * cos(2 * pi * n / 40), y + radius * sin(2 * pi * n / 40)) for n in range(41)]


_LID = [(2.0, 13.0), (6.5, 18.0), (13.0, 20.2), (19.5, 18.0), (24.0, 13.0)]
_STROKES: dict[str, list[list[tuple[float, float]]]] = {
    "eye": [_LID, [(x, 26 - y) for x, y in _LID], _circle(13, 13, 3.6)],
    "polls": [[(5, 4), (5, 13)], [(13, 4), (13, 22)], [(21, 4), (21, 17)]],
    "requests": [[(3, 9), (3, 22), (23, 22), (23, 9), (12, 9), (7, 4), (7, 9), (3, 9)], [(8, 15.5), (18, 15.5)]],
    "settings": [
        [(3, 18), (12, 18)], [(18, 18), (23, 18)], _circle(15, 18, 3),
        [(3, 8), (7, 8)], [(13, 8), (23, 8)], _circle(10, 8, 3),
    ],
}  # fmt: skip
"""Lines in a square of 26 dp."""


class Tab(Touchable):
    """One of the window's four places."""

    text = StringProperty("")
    glyph = StringProperty("")
    chosen = BooleanProperty(False)

    def __init__(self, text: str, glyph: str, act: Callable[[], object], **wanted: Any) -> None:
        super().__init__(text=text, glyph=glyph, **wanted)
        self.bind(on_release=lambda *_: act())


class Tabs(BoxLayout):
    """The window's four places, side by side."""


class Pill(Touchable):
    """A small choice among several in one line."""

    text = StringProperty("")
    chosen = BooleanProperty(False)

    def __init__(self, text: str, act: Callable[[], object], **wanted: Any) -> None:
        super().__init__(text=text, **wanted)
        self.bind(on_release=lambda *_: act())


class Emblem(Widget):
    """The sign of irisproof: an iris of lines."""

    def __init__(self) -> None:
        super().__init__(size_hint_y=None, height=dp(132))
        self.bind(pos=self._draw, size=self._draw)

    def _draw(self, *_: object) -> None:
        palette = App.get_running_app().palette
        self.canvas.clear()
        with self.canvas:
            Color(*palette.rgba("accent"))
            for turn in range(72):
                angle, inner = 2 * pi * turn / 72, dp(24 + 5 * (turn % 3 == 0))
                outer = dp(54 - 9 * abs(sin(1.7 * turn)) - 4 * (turn % 2))
                ends = (inner, outer)
                points = [
                    part for r in ends for part in (self.center_x + r * cos(angle), self.center_y + r * sin(angle))
                ]
                SmoothLine(points=points, width=1.1)
            SmoothLine(circle=(self.center_x, self.center_y, dp(60)), width=1.4)
            SmoothEllipse(pos=(self.center_x - dp(19), self.center_y - dp(19)), size=(dp(38), dp(38)))


class Back(Touchable):
    """The way back: an arrow against the direction of reading."""

    points = ListProperty([])

    def __init__(self, act: Callable[[], object], **wanted: Any) -> None:
        super().__init__(**wanted)
        self.bind(on_release=lambda *_: act(), pos=self._point)
        self._point()

    def _point(self, *_: object) -> None:
        turn = -1 if language().right_to_left else 1
        tip = self.center_x - turn * dp(5)
        away = tip + turn * dp(9)
        self.points = [away, self.center_y + dp(9), tip, self.center_y, away, self.center_y - dp(9)]
