"""Transcripts: what `irisproof` says, its exit status, and that it leaves nothing behind."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from circuits.iris.circuit import Circuit
from model.synthetic import capture, make_eye, refusals
from tests.app.program import Room, run


def _one_line_error(room: Room, *arguments: str, status: int = 1) -> str:
    """Run, expect a failure in one line on standard error, nothing left behind; returns the line."""
    done = run(room, *arguments)
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("irisproof: ")
    assert room.left_files() == []
    assert room.left_processes() == []
    return lines[0]


def _missing(path: Path) -> None:
    path.unlink(missing_ok=True)


def _text(path: Path) -> None:
    path.write_text("this is no image\n")


def _empty(path: Path) -> None:
    path.touch()


def _truncated(path: Path) -> None:
    cv2.imwrite(str(path), capture(make_eye(1), 1).image.pixels)
    path.write_bytes(path.read_bytes()[:4000])


def _directory(path: Path) -> None:
    path.mkdir()


def _tiny(path: Path) -> None:
    cv2.imwrite(str(path), np.full((100, 100), 128, np.uint8))


def _picture(make: Callable[[int], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        cv2.imwrite(str(path), make(1).pixels)  # type: ignore[attr-defined]

    return write


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_missing, "no file"),
        (_directory, "directory"),
        (_text, "not an image"),
        (_empty, "empty"),
        (_truncated, "eye.png is"),
        (_tiny, "100x100"),
        (_picture(refusals.flat_grey), "contrast"),
        (_picture(refusals.noise), "eye"),
        (_picture(refusals.skin), "eye"),
        (_picture(refusals.closed_eye), "eye"),
        (_picture(refusals.half_closed_eye), "eye"),
        (_picture(refusals.defocused), "blurred"),
        (_picture(refusals.two_eyes), "two eyes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_demo_with_an_image_it_cannot_use_says_why(
    room: Room, circuit: Circuit, tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "eye.png"
    make(path)
    line = _one_line_error(room, "demo", "--image", str(path))
    assert words in line
    assert "eye.png" in line
    assert "(" in line  # what to do


def test_demo_on_a_port_in_use_says_which(room: Room, circuit: Circuit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = _one_line_error(room, "demo", "--port", str(port))
    assert f"port {port} is in use" in line


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (None, 0o600, "cannot be read"),
        (b"12" * 32, 0o644, "chmod 600"),
        (b"", 0o600, "0 characters"),
        (b"zz" * 32, 0o600, "no station key"),
        (b"00" * 32, 0o600, "no station key"),  # zero is no secp256k1 key
        (b"ff" * 32, 0o600, "no station key"),  # nor is a value beyond the group's order
        (b"\xff" * 64, 0o600, "no station key"),
        (b"12" * 500, 0o600, "not 64 hex digits"),
    ],
)
def test_demo_with_a_station_key_it_cannot_use_says_why_and_not_what(
    room: Room, tmp_path: Path, content: bytes | None, mode: int, words: str
) -> None:
    path = tmp_path / "station.key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    line = _one_line_error(room, "demo", "--station-key", str(path))
    assert words in line
    assert "1212" not in line
    assert "ffff" not in line


def test_station_key_is_made_once_and_never_shown(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "station.key"
    done = run(room, "station-key", str(path))
    assert done.returncode == 0
    assert done.stdout.startswith("0x")
    assert len(done.stdout.strip()) == 42
    assert path.stat().st_mode & 0o777 == 0o600
    key = path.read_text().strip()
    assert key not in done.stdout + done.stderr
    line = _one_line_error(room, "station-key", str(path))
    assert "File exists" in line
    assert path.read_text().strip() == key


def test_synthetic_eye_is_the_same_for_the_same_seeds(room: Room, tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    assert run(room, "synthetic-eye", str(first), "--eye-seed", "7").returncode == 0
    assert run(room, "synthetic-eye", str(second), "--eye-seed", "7").returncode == 0
    assert run(room, "synthetic-eye", str(other), "--eye-seed", "7", "--capture-seed", "2").returncode == 0
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()


def test_synthetic_eye_into_a_missing_folder_is_refused(room: Room, tmp_path: Path) -> None:
    line = _one_line_error(room, "synthetic-eye", str(tmp_path / "nowhere" / "eye.png"))
    assert "cannot be written" in line


@pytest.mark.parametrize(
    "arguments", [["dance"], ["demo", "--eye", "third"], ["demo", "--port", "70000"], ["srs", "x"]]
)
def test_wrong_usage_is_exit_status_two(room: Room, arguments: list[str]) -> None:
    done = run(room, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_srs_list_names_the_three_sources_and_what_each_is_worth(room: Room) -> None:
    rows = json.loads(run(room, "srs", "list", "--json").stdout)
    assert [row["source"] for row in rows] == ["derived", "published", "development"]
    assert all(row["worth"] and len(row["sha256_by_k"]) == 3 for row in rows)
    assert "local chains only" in run(room, "srs", "list").stdout


def test_srs_check_of_a_source_that_is_not_here_says_so(room: Room) -> None:
    assert "not here" in _one_line_error(room, "srs", "check", "--source", "published")


def test_circuit_show_prints_the_facts(room: Room, circuit: Circuit) -> None:
    done = run(room, "circuit", "show", "--json")
    assert json.loads(done.stdout)["vk_sha256"] == circuit.facts.vk_sha256
    assert circuit.facts.vk_sha256 in run(room, "circuit", "show").stdout


def test_circuit_show_before_a_build_says_what_to_do(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path / "empty"))
    assert "irisproof circuit build" in _one_line_error(room, "circuit", "show")


def test_a_folder_that_cannot_be_made_is_named(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path / "file" / "below"))
    line = _one_line_error(room, "circuit", "build")
    assert "cannot be made" in line
    assert "IRISPROOF_HOME" in line
