"""Secrets go from the app to the prover's service, to nobody else, and into no file, argument or environment."""

from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path

import pytest

from app.device import Device, this_device, use_device
from app.jobs import Job, JobState
from app.jobs.events import append_event
from app.phone import channel, service
from app.phone.channel import offer, take
from app.phone.launching import ServiceLauncher
from protocol.errors import EncodingError, JobError

SECRET = b"only for the prover" * 50_000


def _taking(name: str) -> tuple[threading.Thread, list[bytes]]:
    taken: list[bytes] = []
    thread = threading.Thread(target=lambda: taken.append(take(name, 10)))
    thread.start()
    return thread, taken


def test_what_is_offered_arrives_whole() -> None:
    for what in (b"", b"x", SECRET):
        with offer() as offered:
            thread, taken = _taking(offered.name)
            offered.give(what, 10)
            thread.join(10)
        assert taken == [what]


def test_name_is_fresh_and_gone_afterwards() -> None:
    with offer() as one, offer() as other:
        assert one.name != other.name
    with pytest.raises(JobError, match="gone"):
        take(one.name, 1)


def test_offer_that_nobody_takes_says_what_to_do() -> None:
    with offer() as offered, pytest.raises(JobError) as caught:
        offered.give(SECRET, 0.05)
    assert "another proof" in caught.value.hint


def test_process_of_another_user_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with offer() as offered, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
        stranger.connect(f"\0{offered.name}")
        monkeypatch.setattr(os, "getuid", lambda: 12345)
        with pytest.raises(JobError):
            offered.give(SECRET, 1)
        assert stranger.recv(1) == b""


def test_offer_of_another_user_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with offer() as offered, pytest.raises(JobError):
        take(offered.name, 1)


def test_too_long_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "MAX_SECRET_BYTES", 10)
    with offer() as offered:
        thread = threading.Thread(target=_give_quietly, args=(offered,))
        thread.start()
        with pytest.raises(JobError, match="at most 10"):
            take(offered.name, 5)
        thread.join(10)


def _give_quietly(offered: channel.Offer) -> None:
    try:
        offered.give(b"x" * 11, 5)
    except JobError:
        return


def test_intent_of_the_service_holds_no_secret(tmp_path: Path) -> None:
    texts: list[str] = []

    def start(text: str) -> None:
        texts.append(text)
        _taking(json.loads(text)["channel"])

    ServiceLauncher(start)(tmp_path, SECRET)
    assert json.loads(texts[0]).keys() == {"folder", "channel"}
    assert json.loads(texts[0])["folder"] == str(tmp_path)
    assert "prover" not in texts[0]


def test_job_starts_by_what_the_device_has(tmp_path: Path) -> None:
    started: list[tuple[Path, bytes]] = []

    def worker(folder: Path, secrets: bytes) -> None:
        started.append((folder, secrets))
        append_event(folder, "done")

    before = this_device()
    use_device(Device(start_worker=worker))
    try:
        job = Job.prepare(tmp_path / "job", {"kind": "enroll"})
        job.start(SECRET)
    finally:
        use_device(before)
    assert started == [(job.folder, SECRET)]
    assert job.status().state is JobState.DONE
    assert {path.name for path in job.folder.iterdir()} == {"request.json", "events.jsonl"}


def test_job_that_failed_before_is_waited_for_anew(tmp_path: Path) -> None:
    """The end of an earlier try in the log is not the end of this one."""
    job = Job.prepare(tmp_path / "job", {"kind": "enroll"})
    append_event(job.folder, "failed", message="the first try")

    def worker(folder: Path, _secrets: bytes) -> None:
        threading.Timer(0.3, append_event, (folder, "done")).start()

    before = this_device()
    use_device(Device(start_worker=worker))
    try:
        job.start(b"")
    finally:
        use_device(before)
    assert job.status().state is JobState.DONE


@pytest.mark.parametrize("argument", ["", "[]", "{}", '{"folder": "x"}'])
def test_service_without_a_job_says_so(monkeypatch: pytest.MonkeyPatch, argument: str) -> None:
    monkeypatch.setattr(service.signal, "signal", lambda *_: None)
    monkeypatch.setenv("PYTHON_SERVICE_ARGUMENT", argument)
    with pytest.raises(EncodingError, match="without a job"):
        service.main()
