"""`irisproof liveness`: several frames in, numbers and a verdict out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from app.liveness import examine_frames, liveness_lines
from model.synthetic.attacks import FrameSequence, living_eye, still_replay
from protocol.errors import InputError
from tests.app.program import Room, run


def _saved(folder: Path, sequence: FrameSequence) -> tuple[Path, ...]:
    paths = tuple(folder / f"{number:02d}.png" for number in range(len(sequence.frames)))
    for path, frame in zip(paths, sequence.frames, strict=True):
        assert cv2.imwrite(str(path), frame.pixels)
    return paths


def test_frames_of_a_living_eye_pass_and_fewer_do_not(tmp_path: Path) -> None:
    paths = _saved(tmp_path, living_eye(301))
    report = examine_frames(paths, 0.22)
    assert report.accepted
    assert liveness_lines(report)[-1] == "nothing speaks against a living eye"
    few = examine_frames(paths[:2], 0.22)
    assert not few.accepted
    assert "too few frames" in liveness_lines(few)[-1]


def test_frames_too_close_in_time_are_refused(tmp_path: Path) -> None:
    report = examine_frames(_saved(tmp_path, living_eye(302)), 0.05)
    assert [gate["measure"] for gate in report.to_json()["gates"] if not gate["holds"]] == ["duration_s"]


def test_command_refuses_a_still_with_numbers_and_exit_status_one(room: Room, tmp_path: Path) -> None:
    paths = _saved(tmp_path, still_replay(303))
    done = run(room, "liveness", *map(str, paths), "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["accepted"] is False
    assert {gate["measure"]: gate["holds"] for gate in report["gates"]}["pupil_variation"] is False


def test_frame_that_is_no_image_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "frame.png"
    bad.write_text("no image")
    with pytest.raises(InputError, match="not an image"):
        examine_frames((bad,), 0.2)
