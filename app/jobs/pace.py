"""How long each stage takes on this machine, learnt from the runs before: a fraction and a remaining time to show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.jobs.events import Event
from circuits.artifacts import write_atomic
from protocol.errors import ArtifactUnavailable

__all__ = ["FIRST_GUESS_S", "learn", "pace_of", "progress_at"]

FIRST_GUESS_S = {
    "starting": 2.0,
    "checking": 0.5,
    "circuit": 1.0,
    "code": 0.1,
    "proof": 3.0,
    "committee": 3.0,
    "submitting": 1.0,
}
"""Seconds of a stage before anything was measured here."""

_NEWEST_WEIGHT = 0.4
_NEARLY = 0.95
"""A stage that takes longer than expected waits at this share of itself: a bar must not say done before it is."""

_UNKNOWN_S = 1.0
_FIRST_STAGE = "starting"


def pace_of(file: Path) -> Mapping[str, float]:
    """Stage -> seconds expected here. A file that is absent or cannot be read is as good as none."""
    try:
        data = json.loads(file.read_text())
        learnt = {str(name): float(value) for name, value in data.items() if 0 < float(value) < 3600}
    except (OSError, ValueError, TypeError, AttributeError):
        learnt = {}
    return {**FIRST_GUESS_S, **learnt}


def learn(file: Path, events: Sequence[Event]) -> None:
    """Take a finished run in: newer runs count more. A disk that is full costs no more than the estimate."""
    known = dict(pace_of(file))
    ends = [*events[1:], events[-1]] if events else []
    for event, after in zip(events, ends, strict=True):
        began_again = after.kind == "stage" and after.name == _FIRST_STAGE  # nobody worked in between
        if event.kind == "stage" and after.at_s > event.at_s and not began_again:
            before = known.get(event.name, after.at_s - event.at_s)
            known[event.name] = (1 - _NEWEST_WEIGHT) * before + _NEWEST_WEIGHT * (after.at_s - event.at_s)
    try:
        write_atomic(file, json.dumps(known).encode(), mode=0o600)
    except ArtifactUnavailable:
        return


def progress_at(
    events: Sequence[Event], stages: Sequence[str], pace: Mapping[str, float], now_s: float
) -> tuple[str, float, float]:
    """(stage, share of the whole 0..1, seconds left) at `now_s` (Unix time)."""
    running = [event for event in events if event.kind == "stage" and event.name in stages]
    total_s = sum(pace.get(stage, _UNKNOWN_S) for stage in stages)
    if not running:
        return stages[0], 0.0, total_s
    current = running[-1]
    place = list(stages).index(current.name)
    before_s = sum(pace.get(stage, _UNKNOWN_S) for stage in stages[:place])
    expected_s = pace.get(current.name, _UNKNOWN_S)
    done_s = before_s + min(max(0.0, now_s - current.at_s), _NEARLY * expected_s)
    return current.name, done_s / total_s, total_s - done_s
