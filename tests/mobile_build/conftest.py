"""Java classes that several tests look at, compiled once: ours against stubs of Android's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from protocol.pins import root_dir
from tests.mobile_build.tools import need_program

STUBS = Path(__file__).parent / "stubs"
OURS = root_dir() / "mobile_build" / "java"


def compile_java(sources: Path, out: Path, *, classpath: Path | None = None, strict: bool = False) -> str:
    """Compile all of a folder; the compiler's words where it refuses, empty otherwise."""
    files = sorted(str(path) for path in sources.rglob("*.java"))
    assert files
    options = ["-Xlint:all", "-Werror"] if strict else ["-nowarn"]
    path = ["-classpath", str(classpath)] if classpath else []
    command = [need_program("javac"), "--release", "17", "-proc:none", *options, *path, "-d", str(out), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stubs' classes and ours."""
    out = tmp_path_factory.mktemp("classes")
    assert compile_java(STUBS, out) == ""
    assert compile_java(OURS, out, classpath=out, strict=True) == ""
    return out
