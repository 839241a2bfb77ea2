"""Starting the worker on a phone: as a foreground service, in a process of its own, on the same job folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from app.phone.channel import offer

__all__ = ["ServiceLauncher"]

_TAKEN_WITHIN_S = 30.0
"""A cold start of the service, Python included, on a slow phone."""


class ServiceLauncher:
    """`start_service` starts the prover's service with a text; the system may log that text, and it holds no secret."""

    def __init__(self, start_service: Callable[[str], None], taken_within_s: float = _TAKEN_WITHIN_S) -> None:
        self._start_service = start_service
        self._taken_within_s = taken_within_s

    def __call__(self, folder: Path, secrets: bytes) -> None:
        """Returns when the service has the secrets. Raises `JobError` where it does not take them, as while it works on
        another job: a phone proves one thing at a time."""
        with offer() as offered:
            self._start_service(json.dumps({"folder": str(folder), "channel": offered.name}))
            offered.give(secrets, self._taken_within_s)
