"""Plots of a report as inline SVG: no script, no font, no address."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 640, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 14, 44
COLOURS = ("#0b5fa5", "#c4551a", "#2e7d32", "#7b3fa0")

__all__ = ["det_plot", "histogram_plot"]


class _Canvas:
    """Maps data to pixels and collects SVG elements."""

    def __init__(self, x_range: tuple[float, float], y_range: tuple[float, float], title: str) -> None:
        self._x, self._y, self._title = x_range, y_range, title
        self._parts: list[str] = []

    def at(self, x: float, y: float) -> str:
        (x0, x1), (y0, y1) = self._x, self._y
        left = _LEFT + (x - x0) / (x1 - x0) * (WIDTH - _LEFT - _RIGHT)
        top = HEIGHT - _BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - _TOP - _BOTTOM)
        return f"{left:.1f},{top:.1f}"

    def line(
        self, points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False, width: float = 1.8
    ) -> None:
        if len(points) >= 2:
            path = " ".join(self.at(x, y) for x, y in points)
            dash = ' stroke-dasharray="5 4"' if dashed else ""
            self._parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>'
            )

    def text(self, x_px: float, y_px: float, words: str, *, anchor: str = "start", colour: str = "#333") -> None:
        self._parts.append(
            f'<text x="{x_px:.1f}" y="{y_px:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
        )

    def axes(
        self, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]], names: tuple[str, str]
    ) -> None:
        for x, words in x_ticks:
            self.line([(x, self._y[0]), (x, self._y[1])], "#ddd", width=1)
            self.text(float(self.at(x, 0).split(",")[0]), HEIGHT - _BOTTOM + 16, words, anchor="middle")
        for y, words in y_ticks:
            self.line([(self._x[0], y), (self._x[1], y)], "#ddd", width=1)
            self.text(_LEFT - 6, float(self.at(0, y).split(",")[1]) + 4, words, anchor="end")
        self.text(WIDTH / 2, HEIGHT - 8, names[0], anchor="middle")
        self.text(4, 11, names[1])

    def legend(self, rows: Sequence[tuple[str, str]], x_px: float) -> None:
        for number, (words, colour) in enumerate(rows):
            self.text(x_px, _TOP + 18 + 16 * number, words, colour=colour)

    def svg(self) -> str:
        return (
            f'<svg role="img" aria-label="{escape(self._title)}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" font-family="sans-serif" font-size="11">{"".join(self._parts)}</svg>'
        )


def histogram_plot(row: dict[str, Any]) -> str:
    """Genuine and impostor distances of one code, each as a share of its own kind."""
    histogram = row["histogram"]
    step, last = histogram["step"], 0.6
    shares = {kind: [n / max(sum(histogram[kind]), 1) for n in histogram[kind]] for kind in ("genuine", "impostor")}
    highest = max(max(values) for values in shares.values()) * 1.05 or 1.0
    canvas = _Canvas((0, last), (0, highest), f"distances of {row['name']}")
    ticks = [(0.1 * n, f"{0.1 * n:.1f}") for n in range(7)]
    canvas.axes(ticks, [(highest * n / 4, f"{100 * highest * n / 4:.0f} %") for n in range(5)], ("distance", "share"))
    for colour, values in zip(COLOURS, shares.values(), strict=False):
        corners = [(edge, y) for n, y in enumerate(values) for edge in (n * step, (n + 1) * step) if edge <= last]
        canvas.line(corners, colour)
    genuine, impostor = (f"{kind}: {sum(histogram[kind]):,} pairs" for kind in shares)
    canvas.legend([(genuine, COLOURS[0]), (impostor, COLOURS[1])], WIDTH - 210)
    return canvas.svg()


def det_plot(rows: Sequence[dict[str, Any]]) -> str:
    """FNMR over FMR, both logarithmic; dashed: failures to enrol count as errors. No error at all is drawn at the
    lower edge."""
    floor, top = 1e-4, 1.0
    canvas = _Canvas((-5, math.log10(0.3)), (math.log10(floor), math.log10(top)), "detection error trade-off")
    canvas.axes(
        [(power, f"1e{power}") for power in range(-5, 0)],
        [(power, f"{100 * 10.0**power:g} %") for power in range(-4, 1)],
        ("false-match rate", "false-non-match rate"),
    )
    for colour, row in zip(COLOURS, rows, strict=False):
        for key, dashed in (("fnmr", False), ("fnmr_with_fte", True)):
            points = [(math.log10(p["fmr"]), math.log10(max(p[key], floor))) for p in row["det"]]
            canvas.line(points, colour, dashed=dashed)
    canvas.legend([(row["name"], colour) for row, colour in zip(rows, COLOURS, strict=False)], WIDTH - 120)
    return canvas.svg()
