"""A job is what its folder and its lock say, whatever was killed when."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.jobs import STAGES, Job, JobState
from app.jobs import worker as worker_module
from app.jobs.events import Event, append_event, read_events
from app.jobs.pace import FIRST_GUESS_S, learn, pace_of, progress_at
from protocol.errors import EncodingError, InputError, JobError, JobFailed

REQUEST = {"kind": "enroll", "identity": "5"}

_HOLDER = """
import fcntl, os, sys
handle = open(sys.argv[1], "wb+", buffering=0)
fcntl.flock(handle, fcntl.LOCK_EX)
handle.write(str(os.getpid()).encode())
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job.prepare(tmp_path / "jobs" / "enroll-1", REQUEST)


@contextmanager
def _held(job: Job) -> Iterator[subprocess.Popen[str]]:
    """Another process works on the job."""
    command = [sys.executable, "-c", _HOLDER, str(job.folder / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_prepared_job_can_be_prepared_again_and_not_as_another(job: Job) -> None:
    assert Job.prepare(job.folder, REQUEST).request() == REQUEST
    with pytest.raises(InputError, match="something else"):
        Job.prepare(job.folder, {"kind": "upgrade"})
    assert job.folder.stat().st_mode & 0o777 == 0o700


def test_its_state_follows_from_log_and_lock(job: Job) -> None:
    assert job.status().state is JobState.INTERRUPTED
    with _held(job):
        append_event(job.folder, "stage", name="proof")
        status = job.status()
        assert (status.state, status.stage) == (JobState.RUNNING, "proof")
        with pytest.raises(JobError, match="running"):
            job.remove()
    assert job.status().state is JobState.INTERRUPTED
    append_event(job.folder, "failed", message="the contract refused", hint="try again")
    failed = job.status()
    assert (failed.state, failed.message, failed.hint) == (JobState.FAILED, "the contract refused", "try again")
    with pytest.raises(JobFailed, match="the contract refused"):
        job.result()
    append_event(job.folder, "stage", name="proof")  # tried again, and killed
    assert job.status().state is JobState.INTERRUPTED
    with pytest.raises(JobError, match="interrupted"):
        job.result()
    append_event(job.folder, "done")
    assert job.status().state is JobState.DONE
    assert job.status().fraction == 1.0
    job.remove()
    assert not job.folder.exists()


def test_a_job_that_another_process_works_on_is_not_started_twice(job: Job) -> None:
    with _held(job):
        job.start(b"")
        assert job._process is None


def test_cancelling_a_worker_that_does_not_listen_ends_it_all_the_same(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _HOLDER
    command = [sys.executable, "-c", deaf, str(job.folder / "lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        monkeypatch.setattr("app.jobs.job._CANCEL_PATIENCE_S", 0.5)
        job.cancel()
        process.wait(60)
    assert job.status().state is JobState.CANCELLED
    assert process.returncode == -9


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2, "kind": "enroll"}', '{"kind": "enroll"}'], ids=lambda text: text or "empty"
)
def test_a_request_that_cannot_be_read_is_named_and_shown_as_interrupted(job: Job, text: str) -> None:
    (job.folder / "request.json").write_text(text)
    with pytest.raises(EncodingError):
        job.request()
    assert job.status().state is JobState.INTERRUPTED


def test_a_line_that_was_torn_costs_that_line_alone(job: Job) -> None:
    append_event(job.folder, "stage", name="code")
    with (job.folder / "events.jsonl").open("a") as log:
        log.write('{"kind": "stage", "at_s": 1, "na')
    append_event(job.folder, "stage", name="proof")
    assert [event.name for event in read_events(job.folder)] == ["code", "proof"]


def test_a_worker_writes_down_what_it_cannot_do_and_quotes_nothing(job: Job) -> None:
    secret = b"\0\0\0\4abcd" + b"a secret of the capture"
    command = [sys.executable, "-m", "app.jobs", str(job.folder)]
    done = subprocess.run(command, input=secret, capture_output=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
    status = job.status()
    assert status.state is JobState.FAILED
    assert "cannot be read" in status.message
    for file in job.folder.iterdir():
        assert b"secret of" not in file.read_bytes()


def test_a_second_worker_leaves_the_job_to_the_first(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_LOCK_PATIENCE_S", 0.05)
    with _held(job), worker_module._alone(job.folder) as is_alone:
        assert not is_alone
    with worker_module._alone(job.folder) as is_alone:
        assert is_alone


def _run(*entries: tuple[str, str, float]) -> list[Event]:
    return [Event(kind, at_s, name) for kind, name, at_s in entries]


def test_pace_is_learnt_and_newer_runs_count_more(tmp_path: Path) -> None:
    file = tmp_path / "pace.json"
    assert pace_of(file) == FIRST_GUESS_S
    learn(file, _run(("stage", "proof", 0.0), ("stage", "submitting", 10.0), ("done", "", 12.0)))
    first = pace_of(file)["proof"]
    assert FIRST_GUESS_S["proof"] < first < 10.0
    for _ in range(20):
        learn(file, _run(("stage", "proof", 0.0), ("done", "", 10.0)))
    assert pace_of(file)["proof"] == pytest.approx(10.0, rel=0.01)


def test_time_in_which_nobody_worked_is_not_learnt(tmp_path: Path) -> None:
    learn(tmp_path / "pace.json", _run(("stage", "proof", 0.0), ("stage", "starting", 500.0), ("done", "", 501.0)))
    assert pace_of(tmp_path / "pace.json")["proof"] == FIRST_GUESS_S["proof"]


@pytest.mark.parametrize("text", ["", "[]", "x", json.dumps({"proof": "soon"}), json.dumps({"proof": -1})])
def test_a_pace_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "pace.json").write_text(text)
    assert pace_of(tmp_path / "pace.json") == FIRST_GUESS_S


def test_progress_only_grows_and_never_says_done_before_it_is() -> None:
    stages = STAGES["enroll"]
    events, seen = [], [0.0]
    for at_s, stage in enumerate(stages):
        events.append(Event("stage", 100.0 * at_s, stage))
        for later_s in (0, 1, 99):
            name, fraction, left_s = progress_at(events, stages, FIRST_GUESS_S, 100.0 * at_s + later_s)
            assert name == stage
            assert left_s > 0
            seen.append(fraction)
    assert seen == sorted(seen)
    assert seen[-1] < 1


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    _, fraction, _ = progress_at([Event("stage", time.time() + 1e6, "proof")], STAGES["enroll"], {}, time.time())
    assert 0 <= fraction < 1
