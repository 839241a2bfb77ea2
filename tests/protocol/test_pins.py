"""A pinned file is the pinned file, or an error that says which of three things is wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from protocol import pins
from protocol.errors import ArtifactAbsent, ArtifactFailed, ArtifactUnavailable
from protocol.pins import Pin, pin, read_pinned, root_dir


def _pinned(monkeypatch: pytest.MonkeyPatch, path: Path, sha256: str) -> None:
    monkeypatch.setattr(pins, "pin", lambda name: Pin(name, str(path), sha256, "irisproof circuit build"))


def test_a_pinned_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"as pinned")
    _pinned(monkeypatch, tmp_path / "file", hashlib.sha256(b"as pinned").hexdigest())
    assert read_pinned("x") == b"as pinned"


def test_a_changed_file_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"as pinneD")
    _pinned(monkeypatch, tmp_path / "file", hashlib.sha256(b"as pinned").hexdigest())
    with pytest.raises(ArtifactFailed, match="not the pinned file") as caught:
        read_pinned("x")
    assert "irisproof circuit build" in caught.value.hint


def test_a_missing_file_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pinned(monkeypatch, tmp_path / "nothing", "00" * 32)
    with pytest.raises(ArtifactAbsent) as caught:
        read_pinned("x")
    assert caught.value.hint == "run: irisproof circuit build"


def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pinned(monkeypatch, tmp_path, "00" * 32)  # a folder
    with pytest.raises(ArtifactUnavailable, match="cannot be read"):
        read_pinned("x")


def test_a_name_that_nobody_pinned_is_absent() -> None:
    with pytest.raises(ArtifactAbsent, match="iris_v99"):
        pin("onnx_iris_v99")


def test_every_pin_is_a_sha256_of_a_path_inside_the_checkout() -> None:
    for name in pins._table():
        entry = pin(name)
        assert len(bytes.fromhex(entry.sha256)) == 32
        assert not Path(entry.path).is_absolute()
        assert ".." not in Path(entry.path).parts
        assert entry.made_by


def test_every_pinned_file_of_the_repository_is_the_pinned_one() -> None:
    """The chain of artifacts: what is committed or installed has the bytes that its pin says; build/ is made."""
    checked = 0
    for name in pins._table():
        if not pin(name).path.startswith("build/"):
            read_pinned(name)
            checked += 1
    assert checked >= 7


def test_the_root_is_the_checkout() -> None:
    assert (root_dir() / "pyproject.toml").exists()
