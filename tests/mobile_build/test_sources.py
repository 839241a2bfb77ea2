"""Sources for the recipes: pinned by the lock files' hashes, or not taken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mobile_build import sources
from mobile_build.sources import SOURCES, Source, fetch
from protocol.errors import ArtifactAbsent, ArtifactFailed, InputError


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_source_is_in_a_lock_file_with_hashes(source: Source) -> None:
    locked = sources._locked(source.name)
    assert locked.startswith(f"{source.name}==")
    assert "--hash=sha256:" in locked
    assert "#" not in locked


def test_package_that_no_lock_file_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactAbsent, match="no lock file lists nosuchthing"):
        fetch(Source("nosuchthing"), tmp_path)


def test_ezkl_without_a_recorded_commit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "EZKL_COMMIT", "")
    with pytest.raises(ArtifactAbsent, match="no commit of ezkl"):
        fetch(SOURCES[0], tmp_path)


def test_tag_that_is_another_commit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = tmp_path / "origin"
    for command in (
        ["git", "init", "--quiet", str(origin)],
        [
            "git",
            "-C",
            str(origin),
            "-c",
            "user.name=x",
            "-c",
            "user.email=x",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "1",
        ],
        ["git", "-C", str(origin), "tag", "v" + sources._locked("ezkl").split("==")[1].split()[0]],
    ):
        subprocess.run(command, check=True)
    commit = subprocess.run(["git", "-C", str(origin), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    source = Source("ezkl", origin.as_uri())
    monkeypatch.setattr(sources, "EZKL_COMMIT", commit.stdout.strip())
    assert (fetch(source, tmp_path / "good") / ".git").is_dir()
    monkeypatch.setattr(sources, "EZKL_COMMIT", "0" * 40)
    with pytest.raises(ArtifactFailed, match="not the recorded commit"):
        fetch(source, tmp_path / "other")


def test_source_distribution_comes_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fetch(Source("ckzg"), tmp_path / "out")
    assert (folder / "setup.py").is_file()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["ckzg"]
    with pytest.raises(InputError, match="is there already"):
        fetch(Source("ckzg"), tmp_path / "out")
    other = sources._locked("ckzg").split("--hash")[0] + "--hash=sha256:" + "0" * 64 + "\n"
    monkeypatch.setattr(sources, "_locked", lambda _: other)
    with pytest.raises(ArtifactFailed, match="could not be fetched"):
        fetch(Source("ckzg"), tmp_path / "tampered")
