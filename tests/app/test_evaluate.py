"""`irisproof evaluate` as its users run it, and what it leaves when it cannot finish."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
from pathlib import Path

import pytest

from app import evaluate
from app.evaluate import JSON_NAME, PAGE_NAME, EvaluationRequest, run_evaluation
from app.meter import Meter
from model.evaluation import EvaluationOptions
from model.evaluation.report import read_report
from protocol.errors import InputError
from tests.app.program import Room, run, start

_QUICK = ["evaluate", "--synthetic", "5", "--captures", "2", "--quick"]


def _refused(room: Room, *arguments: str) -> str:
    done = run(room, *arguments)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert room.left_files() == []
    last = done.stderr.splitlines()[-1]
    assert last.startswith("irisproof: ")
    return last


def _request(out: Path) -> EvaluationRequest:
    return EvaluationRequest(None, out, EvaluationOptions(robustness=False, resamples=5), synthetic=5, captures=2)


def test_evaluation_writes_a_page_and_the_json_whose_hash_it_prints(room: Room, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    done = run(room, *_QUICK, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in out.iterdir()} == {PAGE_NAME, JSON_NAME}
    digest = hashlib.sha256((out / JSON_NAME).read_bytes()).hexdigest()
    assert f"metrics hash 0x{digest}" in done.stdout
    assert digest in (out / PAGE_NAME).read_text()
    assert read_report((out / JSON_NAME).read_bytes()).is_synthetic
    assert "SYNTHETIC" in done.stdout.splitlines()[0]
    assert "pictures to codes" in done.stderr
    assert room.left_files() == []


def test_evaluation_as_json_prints_the_report_and_nothing_else(room: Room, tmp_path: Path) -> None:
    done = run(room, *_QUICK, "--out", str(tmp_path / "out"), "--json")
    printed = json.loads(done.stdout)
    assert printed["report"] == json.loads((tmp_path / "out" / JSON_NAME).read_text())
    assert printed["metrics_hash"] == "0x" + hashlib.sha256((tmp_path / "out" / JSON_NAME).read_bytes()).hexdigest()


def test_data_that_cannot_be_used_is_refused_in_one_line(room: Room, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "is not a folder" in _refused(room, "evaluate", "--data", str(tmp_path / "nowhere"))
    assert "no pictures" in _refused(room, "evaluate", "--data", str(tmp_path / "empty"))


@pytest.mark.parametrize("option", [["--half", "a"], ["--same", "pairs.txt"]])
def test_options_of_a_folder_without_a_folder_are_refused(room: Room, option: list[str]) -> None:
    assert "for a folder of pictures" in _refused(room, "evaluate", *option)


def test_unknown_network_is_refused_in_one_line(room: Room, tmp_path: Path) -> None:
    assert "no network iris_v9" in _refused(room, *_QUICK, "--network", "iris_v9", "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_output_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    stream = io.StringIO()
    with pytest.raises(InputError, match="is a file"):
        run_evaluation(_request(tmp_path / "file"), stream)
    assert stream.getvalue() == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_output_folder_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(InputError, match="no permission"):
        run_evaluation(_request(tmp_path / "closed" / "out"), io.StringIO())


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_run_that_is_stopped_while_it_writes_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    calls = []

    def fails_the_second_time(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise error

    monkeypatch.setattr(evaluate.os, "fsync", fails_the_second_time)
    with pytest.raises(InputError if error is OSError else error):
        run_evaluation(_request(tmp_path / "new" / "out"), io.StringIO())
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == []


def test_run_that_is_stopped_while_it_writes_keeps_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / JSON_NAME).write_text("old")

    def fails(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate.os, "fsync", fails)
    with pytest.raises(KeyboardInterrupt):
        run_evaluation(_request(tmp_path), io.StringIO())
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(JSON_NAME, "old")]


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_run_that_is_interrupted_leaves_neither_file_nor_folder(
    room: Room, tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    with start(room, "evaluate", "--synthetic", "500", "--out", str(tmp_path / "out")) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "pictures to codes\n"
        process.send_signal(sent)
        process.communicate(timeout=30)
        assert process.returncode == status
        assert not (tmp_path / "out").exists()
        assert room.left_files() == []
        assert room.left_processes() == []


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_meter_draws_a_bar_over_itself_on_a_terminal_and_ends_each_stage_with_a_line() -> None:
    stream, now = _Terminal(), iter([0.0, 1.0, 1.0, 1.05, 9.0, 9.0])
    meter = Meter(stream, lambda: next(now))
    meter.show("codes", 0.0)
    meter.show("codes", 0.5)
    meter.show("codes", 0.51)  # too soon
    meter.show("codes", 1.0)
    assert stream.getvalue().count("\r") == 3
    assert stream.getvalue().endswith("100 %\n")
    assert "51" not in stream.getvalue()


def test_meter_writes_one_line_a_stage_into_a_file() -> None:
    stream = io.StringIO()
    meter = Meter(stream)
    for stage, share in (("a", 0.0), ("a", 0.5), ("a", 1.0), ("b", 0.0)):
        meter.show(stage, share)
    assert stream.getvalue() == "a\nb\n"
