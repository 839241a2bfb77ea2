"""An audit's pictures as inline SVG: no script, no font, no address."""

from __future__ import annotations

from html import escape
from typing import Any

from model.evaluation.plots import COLOURS, histogram_plot

__all__ = ["accuracy_pictures", "coverage_picture", "enrolment_picture", "model_timeline"]

_WIDTH, _LEFT, _ROW = 640, 120, 34
_DELAY, _ACTIVE, _GRACE = "#cfd8dc", COLOURS[0], COLOURS[1]


def model_timeline(models: list[dict[str, Any]], now: int) -> str:
    """A bar a model: grey while it waited, blue while active, orange while a newer one ran beside it. The line is
    the audited block's time."""
    if not models:
        return ""
    start = min(model["proposed_at"] for model in models)
    end = max(now, *(model["grace_ends_at"] for model in models[1:]), start + 1)
    parts = []
    for row, model in enumerate(models):
        following = next((m for m in models[row + 1 :] if not m["withdrawn_at"]), None)
        until = end if following is None else following["grace_ends_at"]
        overlap = end if following is None else following["active_at"]
        y = 10 + row * _ROW
        parts.append(_text(0, y + 16, f"model {model['model']} ({model['network'] or '?'})"))
        if model["withdrawn_at"]:
            parts.append(_span(model["proposed_at"], model["withdrawn_at"], (start, end), y, _DELAY))
            continue
        parts.append(_span(model["proposed_at"], model["active_at"], (start, end), y, _DELAY))
        parts.append(_span(model["active_at"], min(overlap, until), (start, end), y, _ACTIVE))
        parts.append(_span(min(overlap, until), until, (start, end), y, _GRACE))
    height = 20 + len(models) * _ROW
    x = _x(now, (start, end))
    parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{height - 14}" stroke="#222" stroke-dasharray="4 3"/>')
    parts.append(_text(min(x, _WIDTH - 60), height - 2, "this audit"))
    return _svg("timeline of models", parts, height)


def coverage_picture(models: list[dict[str, Any]], people: int) -> str:
    """A bar a model: how many of the active members have a leaf in its tree."""
    most = max([people, *(model["members"] for model in models)], default=0) or 1
    parts = []
    for row, model in enumerate(models):
        y = 10 + row * _ROW
        width = (_WIDTH - _LEFT - 90) * model["members"] / most
        parts.append(_text(0, y + 16, f"model {model['model']}"))
        parts.append(f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="22" fill="{_ACTIVE}"/>')
        share = f" of {people:,}" if people else ""
        parts.append(_text(_LEFT + width + 6, y + 16, f"{model['members']:,}{share}"))
    return _svg("coverage of the models", parts, 20 + len(models) * _ROW)


def enrolment_picture(records: list[dict[str, Any]]) -> str:
    """Enrolments over time, added up."""
    if len(records) < 2:
        return ""
    times = sorted(record["enrolled_at"] for record in records)
    first, span = times[0], max(times[-1] - times[0], 1)
    points = [
        (_LEFT + (_WIDTH - _LEFT - 20) * (time - first) / span, 130 - 110 * (n + 1) / len(times))
        for n, time in enumerate(times)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="{_ACTIVE}" stroke-width="1.8"/>'
    return _svg("enrolments", [_text(0, 26, f"{len(times):,} records"), _text(0, 130, "1"), line], 144)


def accuracy_pictures(reports: list[dict[str, Any]]) -> str:
    """Distances of the same eye and of strangers, one picture a code of each report."""
    return "".join(
        f"<h3>{escape(str(row['name']))} on {escape(str(report['data']['name']))}</h3>{histogram_plot(row)}"
        for report in reports
        for row in report["codes"]
    )


def _span(begin: int, until: int, whole: tuple[int, int], y: int, colour: str) -> str:
    x = _x(begin, whole)
    width = max(_x(until, whole) - x, 0)
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="22" fill="{colour}"/>'


def _x(time: int, whole: tuple[int, int]) -> float:
    return _LEFT + (_WIDTH - _LEFT - 10) * (time - whole[0]) / (whole[1] - whole[0])


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="#333">{escape(words)}</text>'


def _svg(title: str, parts: list[str], height: int) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" font-family="sans-serif" font-size="11">{"".join(parts)}</svg>'
    )
