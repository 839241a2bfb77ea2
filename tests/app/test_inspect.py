"""`irisproof inspect`: numbers on the terminal, a picture only where it was asked for and only for its owner."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.inspect import draw_report, inspect_file, report_lines, write_report_picture
from model.synthetic import CaptureConditions, capture, make_eye
from model.synthetic.refusals import REFUSALS
from protocol.errors import ArtifactUnavailable
from protocol.types import EyeSide
from tests.app.program import Room, run


def _save(path: Path, pixels: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return _save(tmp_path / "eye.png", capture(make_eye(7), 0).image.pixels)


def test_inspect_of_a_refused_image_exits_with_one_and_draws_what_was_reached(room: Room, tmp_path: Path) -> None:
    path = _save(tmp_path / "eye.png", REFUSALS["defocused"](1).pixels)
    done = run(room, "inspect", str(path), "--out", str(tmp_path / "seen.png"))
    assert done.returncode == 1
    assert "refused:" in done.stdout.splitlines()[-1]
    assert "blurred" in done.stdout
    assert cv2.imread(str(tmp_path / "seen.png")).shape[1] == 960


def test_inspect_of_no_image_says_so_in_one_line(room: Room, tmp_path: Path) -> None:
    (tmp_path / "eye.png").write_text("this is no image")
    done = run(room, "inspect", str(tmp_path / "eye.png"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "not an image" in done.stderr


def test_inspect_writes_nothing_unless_asked(room: Room, good: Path) -> None:
    before = sorted(good.parent.iterdir())
    done = run(room, "inspect", str(good), "--eye", "right")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "accepted"
    assert "stated right" in done.stdout
    assert sorted(good.parent.iterdir()) == before
    assert room.left_files() == []


def test_inspect_json_holds_numbers_and_no_biometrics(room: Room, good: Path) -> None:
    done = run(room, "inspect", str(good), "--json")
    report = json.loads(done.stdout)
    assert report["accepted"] is True
    assert all(gate["holds"] for gate in report["gates"])
    assert {"focus", "code_signal_to_noise", "off_gaze"} <= {gate["measure"] for gate in report["gates"]}
    assert 0.3 < report["geometry"]["visible_share_30"] <= 1
    assert len(done.stdout) < 8_000  # an iris code alone would be 1,920 symbols


def test_picture_can_be_read_by_its_owner_only(good: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen.png"
    _save(out, np.zeros((4, 4), np.uint8))
    out.chmod(0o644)
    write_report_picture(inspect_file(good, EyeSide.LEFT), out)
    assert out.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["eye.png", "seen.png"]


def test_picture_into_a_missing_folder_is_refused_and_leaves_nothing(good: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactUnavailable, match="cannot be written"):
        write_report_picture(inspect_file(good, EyeSide.LEFT), tmp_path / "nowhere" / "seen.png")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ArtifactUnavailable, match="cannot be written"):
        write_report_picture(inspect_file(good, EyeSide.LEFT), tmp_path / "folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["eye.png", "folder"]


def test_picture_shows_the_contours_where_the_truth_lies(tmp_path: Path) -> None:
    drawn = capture(make_eye(7), 0, CaptureConditions(severity=0.5))
    report = inspect_file(_save(tmp_path / "eye.png", drawn.image.pixels), EyeSide.LEFT)
    left = draw_report(report)[26:386, :480].astype(int)
    green = (left[..., 1] > 150) & (left[..., 2] < 140) & (left[..., 0] < 140)
    y, x = np.nonzero(green)
    truth = drawn.truth.pupil_contour_px * 1.5
    middle = truth.mean(axis=0)
    radius = np.hypot(*(truth - middle).T).mean()
    assert green.sum() > 100
    assert np.hypot(x - middle[0], y - middle[1]).mean() == pytest.approx(radius, rel=0.06)


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_every_refused_picture_can_be_drawn_and_told(tmp_path: Path, kind: str) -> None:
    report = inspect_file(_save(tmp_path / "eye.png", REFUSALS[kind](1).pixels), EyeSide.LEFT)
    assert report.refusal is not None
    assert draw_report(report).shape[1:] == (960, 3)
    assert report_lines(report)[-1].startswith("refused: ")
    json.dumps(report.to_json(), allow_nan=False)


def test_stated_side_that_the_pupil_speaks_against_is_warned_of(tmp_path: Path) -> None:
    drawn = capture(make_eye(703), 0, CaptureConditions(severity=0.3, side=EyeSide.LEFT))
    path = _save(tmp_path / "eye.png", drawn.image.pixels)
    lines = {side: report_lines(inspect_file(path, side)) for side in EyeSide}
    warned = {side: any(line.startswith("warning:") for line in lines[side]) for side in EyeSide}
    assert not warned[EyeSide.LEFT]
    guess = inspect_file(path, EyeSide.LEFT).to_json()["side"]["guess"]
    assert warned[EyeSide.RIGHT] is (guess == "left")
