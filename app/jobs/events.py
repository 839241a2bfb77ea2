"""A job's event log: one JSON object a line, appended and synced, so that any reader and any restart sees the same.

Nothing secret stands in it: names of stages, seconds, and messages of `protocol.errors`, which hold none.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

__all__ = ["Event", "append_event", "read_events"]

_LOG = "events.jsonl"


@dataclass(frozen=True)
class Event:
    """`kind`: `stage` (`name` began), `done`, `failed` (`message`, `hint`) or `cancelled`. `at_s`: Unix time."""

    kind: str
    at_s: float
    name: str = ""
    message: str = ""
    hint: str = ""


def append_event(folder: Path, kind: str, *, name: str = "", message: str = "", hint: str = "") -> Event:
    """Append one event; it is on the disk when this returns."""
    event = Event(kind, time.time(), name, message, hint)
    descriptor = os.open(folder / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # a line break first: what a power cut tore off must not swallow this event
        os.write(descriptor, f"\n{json.dumps(asdict(event))}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return event


def read_events(folder: Path) -> Sequence[Event]:
    """All events so far, oldest first. A line that was torn by a power cut counts as not written."""
    try:
        lines = (folder / _LOG).read_bytes().split(b"\n")
    except OSError:
        return []
    known = {field.name for field in fields(Event)}
    events = []
    for line in lines:
        try:
            data = json.loads(line)
            events.append(Event(**{name: value for name, value in data.items() if name in known}))
        except (ValueError, TypeError, AttributeError):
            continue
    return events
