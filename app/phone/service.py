"""The prover's service: what `app.jobs` does in a process, done in an Android foreground service.

python-for-android runs this as the service's main program, in a process of its own, and hands it the text of the
intent in PYTHON_SERVICE_ARGUMENT. No program can be started from there, so ezkl runs in this very process.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
from pathlib import Path
from types import FrameType
from typing import NoReturn

from app.jobs.worker import work
from app.phone.channel import take
from circuits.iris._worker import prove_in_this_process
from protocol.errors import EncodingError

__all__ = ["main"]

_OFFERED_FOR_S = 30.0


def main() -> int:
    """Do the one job that the intent names. The exit status is the worker's; what came of it stands in the folder."""
    signal.signal(signal.SIGTERM, _stop)  # how `Job.cancel` asks for the end
    folder, channel = _asked(os.environ.get("PYTHON_SERVICE_ARGUMENT", ""))
    secrets = take(channel, _OFFERED_FOR_S)
    with tempfile.TemporaryDirectory(prefix="irisproof-home-") as home:  # empty: ezkl trusts its cache there
        prove_in_this_process(Path(home))
        return work(folder, secrets)


def _asked(argument: str) -> tuple[Path, str]:
    try:
        asked = json.loads(argument)
        return Path(asked["folder"]), str(asked["channel"])
    except (ValueError, KeyError, TypeError) as error:
        raise EncodingError("the service was started without a job") from error


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(143)
