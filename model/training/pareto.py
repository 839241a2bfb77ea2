"""The search's results as one SVG: how far apart genuine and impostor distances are, against circuit cells."""

from __future__ import annotations

from html import escape

from model.training.candidates import MAX_CELLS
from model.training.search import Result, pareto_front

WIDTH, HEIGHT = 900, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 40, 50
_SHIPPED = {"iris_v1": "#0b5fa5", "iris_v2": "#c4551a"}

__all__ = ["draw_pareto"]


def draw_pareto(results: tuple[Result, ...], title: str) -> str:
    """Shipped networks in colour and by name, the rest grey; the front as a line, the budget as a dashed one. Hovering
    over a point shows what it is."""
    most, least = max(r.d_prime for r in results), min(r.d_prime for r in results)
    room = 0.08 * max(most - least, 0.1)
    widest = 1.05 * max(*(r.cells for r in results), MAX_CELLS)

    def place(cells: float, d_prime: float) -> tuple[float, float]:
        share = (d_prime - least + room) / (most - least + 2 * room)
        return _LEFT + cells / widest * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    parts = [_text(_LEFT, 20, title)]
    for cells in range(0, int(widest) + 1, 4000):
        x, _ = place(cells, least)
        parts += [_line([(x, _TOP), (x, HEIGHT - _BOTTOM)], "#ddd"), _text(x - 16, HEIGHT - _BOTTOM + 18, f"{cells:,}")]
    for step in range(5):
        value = least + step * (most - least) / 4
        _, y = place(0, value)
        parts += [_line([(_LEFT, y), (WIDTH - _RIGHT, y)], "#ddd"), _text(14, y + 4, f"{value:.2f}")]
    edge, _ = place(MAX_CELLS, least)
    parts.append(_line([(edge, _TOP), (edge, HEIGHT - _BOTTOM)], "#a00", "5 4"))
    parts.append(_text(edge - 52, _TOP + 12, "budget"))
    parts.append(_line([place(r.cells, r.d_prime) for r in pareto_front(results)], "#2e7d32"))
    parts += [_point(result, place(result.cells, result.d_prime)) for result in results]
    parts += [_text(WIDTH / 2 - 60, HEIGHT - 10, "cells of the circuit"), _text(4, _TOP - 6, "d'")]
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        f"{body}\n</svg>\n"
    )


def _point(result: Result, at: tuple[float, float]) -> str:
    colour = _SHIPPED.get(result.name, "#777")
    words = f"{result.name}: {result.cells:,} cells, {result.symbols:,} symbols, d' {result.d_prime:.2f}"
    dot = f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="4.5" fill="{colour}"><title>{escape(words)}</title></circle>'
    label = result.name if result.name in _SHIPPED else result.name.replace("boxes of ", "").replace(" rows", "r")
    size = 12 if result.name in _SHIPPED else 9
    at_the_right = at[0] > WIDTH - 160
    side, x = ("end", at[0] - 6) if at_the_right else ("start", at[0] + 6)
    style = f'text-anchor="{side}" font-size="{size}" fill="{colour}"'
    return f'{dot}<text x="{x:.1f}" y="{at[1] - 5:.1f}" {style}>{escape(label)}</text>'


def _line(points: list[tuple[float, float]], colour: str, dashes: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="{dashes}"/>'


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="#333">{escape(words)}</text>'
