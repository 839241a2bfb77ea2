"""Provers that a person installs: only pinned wheels, whole or not at all, and said plainly where one is missing."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from app import bundle
from app import provers as module
from app.provers import Prover, download_provers, install_wheel, missing_provers, provers, use_provers
from circuits.iris import _worker
from circuits.iris.build import build_circuit
from circuits.semaphore import _groth16
from protocol.errors import ArtifactAbsent, ArtifactUnavailable, InputError

NAME = "prover_of_a_test"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where provers go, and nothing of it afterwards."""
    monkeypatch.setenv(module.FOLDER_VARIABLE, str(tmp_path / "provers"))
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield tmp_path / "provers"
    sys.modules.pop(NAME, None)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel of a prover that is pinned for this test."""
    path = tmp_path / f"{NAME}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{NAME}/__init__.py", "ANSWER = 42\n")
        file.writestr(f"{NAME}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        file.writestr(f"{NAME}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{NAME}-1.0.dist-info/RECORD", "")
    pinned = Prover(NAME, "1.0", frozenset({hashlib.sha256(path.read_bytes()).hexdigest()}))
    monkeypatch.setattr(module, "provers", lambda: (pinned,))
    return path


def test_the_pins_are_those_of_pip_and_what_is_installed_here() -> None:
    found = provers()
    assert [one.name for one in found] == ["ezkl", "groth16py"]
    for one in found:
        assert one.version == version(one.name)
        assert len(one.sha256) >= 5
        assert one.licence in (Path(module.root_dir()) / "NOTICE.md").read_text()
    assert missing_provers() == ()
    assert download_provers() == ()


def test_pinned_wheel_is_unpacked_and_can_be_loaded(folder: Path, wheel: Path) -> None:
    assert [one.name for one in module.missing_provers()] == [NAME]
    assert install_wheel(wheel).name == NAME
    assert module.missing_provers() == ()
    assert __import__(NAME).ANSWER == 42
    assert [path.name for path in folder.iterdir()] == [f"{NAME}-1.0"]


def test_one_flipped_bit_is_refused_and_nothing_is_written(folder: Path, wheel: Path) -> None:
    data = bytearray(wheel.read_bytes())
    data[-1] ^= 1
    wheel.write_bytes(data)
    with pytest.raises(InputError, match="no pinned wheel"):
        install_wheel(wheel)
    assert not folder.exists()


def test_what_cannot_be_unpacked_leaves_nothing_behind(
    folder: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel.write_bytes(wheel.read_bytes()[:-30])
    found = Prover(NAME, "1.0", frozenset({hashlib.sha256(wheel.read_bytes()).hexdigest()}))
    monkeypatch.setattr(module, "provers", lambda: (found,))
    with pytest.raises(ArtifactUnavailable, match="cannot be unpacked"):
        install_wheel(wheel)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_not_there_is_an_error_with_its_name(folder: Path) -> None:
    with pytest.raises(InputError, match=r"none\.whl cannot be read"):
        install_wheel(Path("none.whl"))


def test_a_download_that_fails_says_why_and_what_else_there_is(
    folder: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip itself is run; the index that it is told of is an empty folder."""
    (folder.parent / "empty").mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder.parent / "empty"))
    with pytest.raises(ArtifactUnavailable, match=f"No matching distribution found for {NAME}") as refused:
        download_provers()
    assert "irisproof provers install FILE" in refused.value.hint


def test_a_pinned_download_is_installed(folder: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    said: list[str] = []
    assert [one.name for one in download_provers(said.append)] == [NAME]
    assert said == [f"downloading {NAME} 1.0", f"unpacking {wheel.name}"]


def test_a_download_of_another_file_is_refused(folder: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(wheel, "a") as file:
        file.writestr(f"{NAME}/more.py", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    with pytest.raises(ArtifactUnavailable, match="DO NOT MATCH"):
        download_provers()
    assert not folder.exists()


def test_provers_of_another_version_are_left_alone(folder: Path, wheel: Path) -> None:
    (folder / f"{NAME}-0.9" / NAME).mkdir(parents=True)
    (folder / f"{NAME}-0.9" / NAME / "__init__.py").write_text("")
    use_provers()
    assert [one.name for one in module.missing_provers()] == [NAME]


def test_without_ezkl_nothing_is_built_and_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "find_spec", lambda _: None)
    for attempt in (lambda: _worker.run_job("prove", {}), lambda: build_circuit("iris_v1")):
        with pytest.raises(ArtifactAbsent, match="ezkl") as absent:
            attempt()
        assert absent.value.hint == "run: irisproof provers install"


def test_without_groth16py_membership_is_not_proved_and_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "groth16py", None)
    _groth16._library.cache_clear()
    with pytest.raises(ArtifactAbsent, match="groth16py") as absent:
        _groth16._library()
    assert absent.value.hint == "run: irisproof provers install"


@pytest.fixture
def as_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path))
    monkeypatch.setenv(module.FOLDER_VARIABLE, str(tmp_path / "provers"))


def test_a_bundle_runs_no_module_but_its_own(
    as_bundle: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["irisproof", "-m", "http.server"])
    with pytest.raises(SystemExit) as ended:
        bundle.main()
    assert ended.value.code == 2
    assert "does not run the module http.server" in capsys.readouterr().err


def test_a_bundle_without_a_module_is_the_command_line(
    as_bundle: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["irisproof", "--version"])
    with pytest.raises(SystemExit) as ended:
        bundle.main()
    assert not ended.value.code
    assert capsys.readouterr().out.startswith("irisproof, version ")
