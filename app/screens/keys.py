"""The keyboard alone is enough: Tab and Shift+Tab go through a screen, Enter and Space press, Escape goes back."""

from __future__ import annotations

from typing import Any

from kivy.core.window import Window
from kivy.uix.behaviors import FocusBehavior

from app.screens.page import focusable

__all__ = ["follow_keys"]

_TAB, _ESCAPE = 9, 27


def follow_keys(app: Any) -> None:
    """Listen to keys as long as the app runs."""

    def pressed(_window: object, key: int, _code: object, _text: object, modifiers: list[str]) -> bool:
        if key == _ESCAPE:
            app.root.current_screen.back()
            return True
        if key == _TAB:
            step(app, -1 if "shift" in modifiers else 1)
            return True
        return False

    Window.bind(on_key_down=pressed)
    app.bind(on_stop=lambda _: Window.unbind(on_key_down=pressed))


def step(app: Any, way: int) -> FocusBehavior | None:
    """Give the focus to the next of the screen's widgets, in the order of reading; round again at the end."""
    screen = app.root.current_screen
    reachable = focusable(screen)
    if not reachable:
        return None
    focused = [place for place, one in enumerate(reachable) if one.focus]
    place = (focused[0] + way) % len(reachable) if focused else (0 if way > 0 else len(reachable) - 1)
    reachable[place].focus = True
    screen.keep_in_sight(reachable[place])
    return reachable[place]
