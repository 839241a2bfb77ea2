"""The worker's process: take the lock, read the secrets, do the work, write down how it ended."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from app.jobs.events import append_event, read_events
from app.jobs.job import JOB_VERSION, Job
from app.jobs.pace import learn
from circuits.artifacts import write_atomic
from protocol.errors import IrisproofError

__all__ = ["main", "work"]

_LOCK_PATIENCE_S = 2.0
"""Those who look at a job hold its lock for an instant; another worker holds it for good."""


def main() -> NoReturn:
    """The job of the folder that the last argument names; its secrets are on standard input, read to its end.

    Exit status: 0 done, 1 failed, 2 another worker has the job, 143 stopped.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not write the secrets to the disk
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for whoever waits for us
    sys.exit(work(Path(sys.argv[-1]), sys.stdin.buffer.read()))


def work(folder: Path, secrets: bytes) -> int:
    """Do the job of a folder; the exit status, as `main` has it."""
    job = Job(folder)
    with _alone(folder) as is_alone:
        if not is_alone:
            return 2
        try:
            request = job.request()
            _stage(folder, "starting")
            from app.actions.work import do_work  # noqa: PLC0415 - slow to load: the lock comes first

            result = do_work(request, secrets, folder, lambda stage: _stage(folder, stage))
            write_atomic(folder / "result.json", json.dumps({"version": JOB_VERSION, **result}).encode(), mode=0o600)
            append_event(folder, "done")
            learn(job.pace_file, read_events(folder))
        except IrisproofError as error:
            append_event(folder, "failed", message=error.message, hint=error.hint)
            return 1
        except Exception as error:  # its words could quote a secret
            append_event(folder, "failed", message=f"the worker failed: {type(error).__name__}")
            return 1
    return 0


def _stage(folder: Path, stage: str) -> None:
    append_event(folder, "stage", name=stage)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether this worker has the job; its process id is in the lock then."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    yield False
                    return
                time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield True
    finally:
        os.close(descriptor)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(143)  # unwinds: the prover is ended, and what it left is removed
