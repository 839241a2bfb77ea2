"""A job: a folder that outlives whoever looks at it, and a worker process that owns it.

    request.json    what is to be done; public, written before the worker starts
    lock            held (flock) by the worker as long as it lives, its process id inside
    events.jsonl    what happened
    evidence.json   what was proved, public; a restarted worker need not prove it again
    result.json     what came of it

No secret is in the folder. The worker is given its secrets on its standard input, and a worker that is started again
is given them again, from the vault. Whoever looks reads files only: a killed window changes nothing, and a killed
worker shows.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from app.device import this_device
from app.jobs.events import append_event, read_events
from app.jobs.pace import pace_of, progress_at
from circuits.artifacts import write_atomic
from protocol.errors import EncodingError, InputError, JobError, JobFailed

__all__ = ["JOB_VERSION", "STAGES", "Job", "JobState", "Status"]

JOB_VERSION = 1

_PROVING = ("starting", "checking", "circuit", "code", "proof", "committee", "submitting")

STAGES: Mapping[str, tuple[str, ...]] = {"enroll": _PROVING, "upgrade": _PROVING, "recover": _PROVING}
"""Kind of job -> its stages in order. What a person reads of them is the window's and the command line's."""

_POLL_S = 0.02
_START_TIMEOUT_S = 120.0
_CANCEL_PATIENCE_S = 5.0


class JobState(Enum):
    """Where a job stands, from its files and its lock alone."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It ended with an error of its own; another try may go through."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Nobody works on it and it is not at its end: killed, or the power was cut. Start it again."""


@dataclass(frozen=True)
class Status:
    """What there is to show. `fraction` 0..1 and `remaining_s` are estimates from earlier runs on this machine."""

    state: JobState
    stage: str
    fraction: float
    remaining_s: float
    message: str = ""
    hint: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state.value,
            "stage": self.stage,
            "fraction": round(self.fraction, 3),
            "remaining_s": round(self.remaining_s, 1),
            "message": self.message,
            "hint": self.hint,
        }


class Job:
    """One job by its folder. Any number of processes may look at it; one worker works on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def prepare(cls, folder: Path, request: Mapping[str, Any]) -> Job:
        """Write the folder, durable before this returns; the same request again is the same job.

        Raises `InputError` where the folder has another request, `ArtifactUnavailable` for a full disk.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        job = cls(folder)
        text = _request_bytes(request)
        if (folder / "request.json").exists():
            if (folder / "request.json").read_bytes() != text:
                raise InputError(f"the job {folder.name} is about something else")
            return job
        write_atomic(folder / "request.json", text, mode=0o600)
        return job

    def renew(self, request: Mapping[str, Any]) -> None:
        """Another request for the same work, such as by another relayer. Raises `JobError` while a worker has it."""
        if self.is_running():
            raise JobError("the job is running", hint="cancel it first")
        write_atomic(self.folder / "request.json", _request_bytes(request), mode=0o600)

    @property
    def id(self) -> str:
        return self.folder.name

    def request(self) -> dict[str, Any]:
        """Raises `EncodingError` for one that cannot be read, or of another version."""
        return self._read("request.json", "request")

    def result(self) -> dict[str, Any]:
        """What came of it. Raises `JobFailed` in the job's own words, or `JobError` where it is not done."""
        status = self.status()
        if status.state is JobState.FAILED:
            raise JobFailed(status.message, hint=status.hint)
        if status.state is not JobState.DONE:
            raise JobError(f"the job is {status.state.value}", hint="wait for it, or start it again")
        return self._read("result.json", "result")

    def start(self, secrets: bytes) -> None:
        """Start a worker and hand it `secrets`; does nothing where one works on the job, or it is done.

        The worker is its own session: it goes on when this process is killed. Returns when the worker has the secrets.
        Raises `JobError` where this device cannot start one.
        """
        if self.status().state in (JobState.RUNNING, JobState.DONE):
            return
        own, known = this_device().start_worker, len(read_events(self.folder))
        if own is not None:
            own(self.folder, secrets)
        else:
            self._start_process(secrets)
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self.is_running() and not self._has_ended(known) and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def _start_process(self, secrets: bytes) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.jobs", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # a traceback could quote a secret
            start_new_session=True,
        )
        self._process = process
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(secrets)

    def _has_ended(self, known: int) -> bool:
        """Whether a worker came to its end before it was seen at work: one job may take no time at all. `known`: events
        of an earlier try, whose end is not this one's."""
        if self._process is not None:
            return self._process.poll() is not None
        return any(event.kind != "stage" for event in read_events(self.folder)[known:][-1:])

    def is_running(self) -> bool:
        """Whether a worker holds the lock. No process id that could be somebody else's by now is asked."""
        if self._process is not None:
            self._process.poll()  # a child that ended is reaped
        try:
            with (self.folder / "lock").open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def status(self) -> Status:
        """Where it stands now. Never raises for what a crash can leave."""
        running = self.is_running()  # asked first: a worker writes its last event before it lets go
        events = read_events(self.folder)
        stages = STAGES.get(self._kind(), ("starting",))
        stage, fraction, left_s = progress_at(events, stages, pace_of(self.pace_file), time.time())
        ends = [event for event in events if event.kind != "stage"]
        if ends and events[-1].kind != "stage" and not running:
            end = events[-1]
            state = JobState(end.kind)
            share = 1.0 if state is JobState.DONE else fraction
            return Status(state, stage, share, 0.0, end.message, end.hint)
        state = JobState.RUNNING if running else JobState.INTERRUPTED
        return Status(state, stage, fraction, left_s)

    def wait(self, timeout_s: float) -> Status:
        """The status once nobody works on it any more, or after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return self.status()

    def cancel(self) -> Status:
        """Stop it: `cancelled` stands in the log at once; the worker and its prover are gone when this returns.

        A transaction that was sent is not taken back: look at the chain afterwards.
        """
        append_event(self.folder, "cancelled")
        deadline = time.monotonic() + _CANCEL_PATIENCE_S
        self._signal(signal.SIGTERM)
        while self.is_running() and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        self._signal(signal.SIGKILL)
        self.wait(_CANCEL_PATIENCE_S)
        if read_events(self.folder)[-1].kind == "stage":  # the worker was just beginning one
            append_event(self.folder, "cancelled")
        return self.status()

    def remove(self) -> None:
        """Take the folder away. Raises `JobError` while a worker has it."""
        if self.is_running():
            raise JobError("the job is running", hint="cancel it first")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pace_file(self) -> Path:
        """Beside the jobs: what was learnt of their stages."""
        return self.folder.parent / "pace.json"

    def _kind(self) -> str:
        try:
            return str(self.request().get("kind"))
        except EncodingError:
            return ""

    def _read(self, name: str, what: str) -> dict[str, Any]:
        try:
            data = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError) as error:
            raise EncodingError(f"the job's {what} cannot be read") from error
        if not isinstance(data, dict) or data.pop("version", None) != JOB_VERSION:
            raise EncodingError(f"the job's {what} is not of version {JOB_VERSION}")
        return data

    def _signal(self, number: signal.Signals) -> None:
        """To the worker's whole group, while it holds the lock: then the process id in it is the worker's."""
        try:
            process_id = int((self.folder / "lock").read_bytes())
        except (OSError, ValueError):
            return
        if self.is_running():
            with suppress(ProcessLookupError):
                if number == signal.SIGKILL and os.getpgid(process_id) == process_id:
                    os.killpg(process_id, number)
                else:
                    os.kill(process_id, number)  # the worker ends its prover itself, and cleans up


def _request_bytes(request: Mapping[str, Any]) -> bytes:
    return json.dumps({"version": JOB_VERSION, **request}, sort_keys=True).encode()
