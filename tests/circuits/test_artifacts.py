"""Derived files are written whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from circuits.artifacts import build_dir, write_atomic
from protocol.errors import ArtifactUnavailable
from protocol.pins import root_dir


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def _fail_fsync(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(_descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_write_without_space_says_how_much_and_leaves_the_old_file(tmp_path, monkeypatch, number):
    path = tmp_path / "key"
    path.write_bytes(b"old")
    _fail_fsync(monkeypatch, OSError(number, os.strerror(number)))
    with pytest.raises(ArtifactUnavailable, match=r"no space for .*key: it needs 1,234 bytes"):
        write_atomic(path, bytes(1234))
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["key"]


def test_write_interrupted_leaves_nothing_behind(tmp_path, monkeypatch):
    _fail_fsync(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "key", b"new")
    assert _names(tmp_path) == []


def test_write_with_another_failure_names_the_cause(tmp_path, monkeypatch):
    _fail_fsync(monkeypatch, OSError(errno.EIO, "Input/output error"))
    with pytest.raises(ArtifactUnavailable, match="Input/output error"):
        write_atomic(tmp_path / "key", b"new")
    assert _names(tmp_path) == []


def test_write_into_a_missing_folder_is_unavailable(tmp_path):
    with pytest.raises(ArtifactUnavailable, match="cannot be written"):
        write_atomic(tmp_path / "absent" / "key", b"new")


def test_write_replaces_the_file_and_sets_its_mode(tmp_path):
    path = tmp_path / "key"
    write_atomic(path, b"old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    write_atomic(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _names(tmp_path) == ["key"]


def test_build_dir_lies_in_the_checkout_or_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.delenv("IRISPROOF_HOME", raising=False)
    assert build_dir("srs") == root_dir() / "build" / "srs"
    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path / "home"))
    folder = build_dir("srs")
    assert folder == tmp_path / "home" / "srs"
    assert folder.is_dir()


def test_build_dir_in_the_place_of_a_file_is_unavailable(tmp_path: Path, monkeypatch):
    (tmp_path / "home").write_bytes(b"")
    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path / "home"))
    with pytest.raises(ArtifactUnavailable, match="cannot be made"):
        build_dir("srs")
