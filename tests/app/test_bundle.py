"""The desktop bundle: built once as `make bundle` builds it, then used as a person without Python would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.actions import write_synthetic_eye
from app.jobs import Job, JobState
from protocol.pins import root_dir
from tests.app.conftest import Devnet
from tests.app.program import Room
from tests.app.window.conftest import require_window
from tests.app.window.story import PASSPHRASE
from tests.app.window.x_server import PATIENCE_S, wait, x_server

pytestmark = [pytest.mark.bundle, pytest.mark.slow, pytest.mark.xdist_group("devnet")]


@dataclass(frozen=True)
class Bundle:
    """The folder, and somebody who has it, with an empty home."""

    folder: Path
    room: Room

    def environment(self) -> dict[str, str]:
        """Without this checkout's Python. Circuits are the checkout's, so that they are not built again."""
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "XDG_CACHE"))}
        own = {"HOME": str(self.room.home), "TMPDIR": str(self.room.temporary), "PATH": "/usr/bin:/bin"}
        shared = {"IRISPROOF_HOME": str(root_dir() / "build"), "IRISPROOF_PROVERS": str(self.room.home / "provers")}
        return {**kept, **own, **shared, "IRISPROOF_DATA": str(self.room.home / "data")}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.folder / "irisproof"), *arguments]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=300, check=False)


# For the session: tests that share the devnet are run beside each other, which parts this module's into two lots.
@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    require_window()
    folder = tmp_path_factory.mktemp("bundle")
    words = ["make", "--silent", "bundle", f"BUNDLE={folder / 'bundle'}", f"PYTHON={sys.executable}"]
    built = subprocess.run(words, cwd=root_dir(), capture_output=True, text=True, timeout=900, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    return Bundle(folder / "bundle" / "irisproof", Room.make(folder))


@pytest.fixture(scope="session")
def provided(bundle: Bundle) -> Bundle:
    """The same with its provers, fetched by itself, where the index can be reached."""
    refused = bundle.run("circuit", "build", "--network", "iris_v1")
    assert refused.returncode == 1
    expected = "irisproof: ezkl, which makes proofs, is not installed (run: irisproof provers install)\n"
    assert refused.stderr == expected
    fetched = bundle.run("provers", "install", "--yes", "--json")
    if fetched.returncode != 0 and _index_is_out_of_reach(bundle.room.temporary):
        pytest.skip("no package index in reach")
    assert fetched.returncode == 0, fetched.stderr
    assert json.loads(fetched.stdout) == {"installed": ["ezkl 23.0.5", "groth16py 0.2.0"]}
    return bundle


def _index_is_out_of_reach(folder: Path) -> bool:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        "groth16py==0.2.0",
    ]
    return subprocess.run(command, capture_output=True, timeout=300, check=False).returncode != 0


def test_bundle_says_its_version_and_runs_without_any_python(bundle: Bundle) -> None:
    told = bundle.run("--version")
    assert (told.returncode, told.stdout) == (0, "irisproof, version 0.1.0\n"), told.stderr
    names = [path.name.lower() for path in bundle.folder.rglob("*")]
    assert not [name for name in names if name.startswith(("ezkl", "groth16py", "torch", "pytest"))]
    assert {"NOTICE.md", "LICENSE"} <= {path.name for path in bundle.folder.rglob("*.md")} | {"LICENSE"}
    assert bundle.run("-m", "http.server").returncode == 2


def test_bundle_s_window_comes_up_on_an_x_server(bundle: Bundle, tmp_path: Path) -> None:
    with x_server(tmp_path) as display:
        environment = bundle.environment() | display.environment()
        blank = display.picture()
        process = subprocess.Popen(
            [str(bundle.folder / "irisproof-window"), "--data", str(tmp_path / "data")],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            drawn = lambda: int((display.picture() != blank).sum()) > 400_000  # noqa: E731 - most of 420 x 780 pixels
            wait(lambda: drawn() or process.poll() is not None, "no window")
            assert process.poll() is None, process.communicate()[1]
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0, process.communicate()[1]
        finally:
            process.kill()
            process.communicate()


def test_bundle_is_its_own_worker(bundle: Bundle) -> None:
    job = Job.prepare(bundle.room.home / "jobs" / "one", {"kind": "unheard-of"})
    command = [str(bundle.folder / "irisproof-window"), "-m", "app.jobs", str(job.folder)]
    done = subprocess.run(command, env=bundle.environment(), input=b"{}", timeout=120, check=False)
    assert done.returncode == 1
    assert job.status().state is JobState.FAILED


def test_provers_are_installed_and_a_person_enrols_and_votes(provided: Bundle, devnet: Devnet) -> None:
    image, secret = provided.room.home / "eye.png", provided.room.home / "passphrase"
    write_synthetic_eye(image, 83, 1)
    secret.touch(0o600)
    secret.write_text(PASSPHRASE + "\n")

    def ask(*arguments: str) -> str:
        done = provided.run(*arguments, "--passphrase-file", str(secret))
        assert done.returncode == 0, done.stderr
        return done.stdout

    ask("vault", "create")
    assert ask("enroll", str(image), "--registry", str(devnet.file)).startswith("enrolled: record ")
    opened = provided.run(
        "open-poll", "Cats?", "--option", "yes", "--option", "no", "--registry", str(devnet.file), "--json"
    )
    poll = str(json.loads(opened.stdout)["poll_id"])
    assert ask("vote", poll, "1", "--yes").startswith("counted: no, transaction 0x")
