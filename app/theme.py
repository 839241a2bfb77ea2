"""Colours and sizes of the window: a light and a dark palette with one accent. No toolkit is imported here."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DARK", "LIGHT", "MIN_CONTRAST", "PAIRS", "SIZES_SP", "TARGET_DP", "Palette", "contrast"]

MIN_CONTRAST = 4.5
"""WCAG 2.2, level AA, for text of ordinary size; we hold all text to it."""
TARGET_DP = 48
"""Smallest side of whatever can be touched."""
SIZES_SP = {"display": 30, "title": 24, "heading": 18, "body": 16, "small": 14, "code": 14}
"""Sizes of text by its role, before the person's own scale."""

Rgba = tuple[float, float, float, float]


@dataclass(frozen=True)
class Palette:
    """Colours by what they are for, as #rrggbb."""

    dark: bool
    ground: str
    """Behind everything."""
    surface: str
    """Cards."""
    sunken: str
    """Fields, tracks, quiet buttons."""
    ink: str
    muted: str
    line: str
    accent: str
    on_accent: str
    soft: str
    """A breath of the accent: notices, what is chosen."""
    danger: str
    on_danger: str

    def rgba(self, name: str) -> Rgba:
        """0..1 each."""
        red, green, blue = _channels(getattr(self, name))
        return red, green, blue, 1.0


LIGHT = Palette(
    dark=False,
    ground="#F6F5F1",
    surface="#FFFFFF",
    sunken="#ECEAE4",
    ink="#1A1F23",
    muted="#545D66",
    line="#DEDBD3",
    accent="#0B665A",
    on_accent="#FFFFFF",
    soft="#DFEEEA",
    danger="#A3261D",
    on_danger="#FFFFFF",
)
DARK = Palette(
    dark=True,
    ground="#101315",
    surface="#191D20",
    sunken="#252B2F",
    ink="#E8EBED",
    muted="#A3ADB5",
    line="#2E353A",
    accent="#72D2BE",
    on_accent="#06251F",
    soft="#16322D",
    danger="#FFB1A8",
    on_danger="#3B0A06",
)

PAIRS = (
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "sunken"),
    ("ink", "soft"),
    ("muted", "ground"),
    ("muted", "surface"),
    ("muted", "sunken"),
    ("accent", "ground"),
    ("accent", "surface"),
    ("accent", "soft"),
    ("on_accent", "accent"),
    ("danger", "ground"),
    ("danger", "surface"),
    ("on_danger", "danger"),
)
"""(text, background) as the screens combine them; a test walks the screens and holds them to this list."""


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two #rrggbb colours, 1..21, by WCAG 2.2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
