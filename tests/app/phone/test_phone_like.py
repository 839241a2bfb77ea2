"""The staged app under a phone's limits: one core, 250 MiB for the app, 400 MiB for the prover, a 360x640 dp screen at
density 3. A whole enrolment, by touches, against a local registry. What a phone has and a desktop has not is left out
and said in docs/phone.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from app.session import Links
from circuits.semaphore.identity import Identity
from mobile_build.stage import Staged
from protocol.types import IdentityCommitment
from tests.app.conftest import Devnet
from tests.app.eyes import living, write_stills
from tests.app.phone.phone_like.gpu import renderer, renderer_is_installed
from tests.app.phone.phone_like.memory import SAMPLE_S, Watch, resident
from tests.app.window.conftest import require_window
from tests.mobile_build.tools import NOT_ON_A_PHONE, missing

require_window()

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]

APP_MIB, PROVER_MIB = 250, 400
TIMEOUT_S = 400.0
_HERE = Path(__file__).parent / "phone_like"

# As on Android: modules without docstrings and asserts (python-for-android compiles with -OO); large blocks of memory
# go back to the system when they are freed, as its allocator does and glibc's default does not.
_AS_ON_ANDROID = {"PYTHONOPTIMIZE": "2", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 18)}


def _one_core() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _environment(staged: Path, home: Path) -> dict[str, str]:
    return {
        **_AS_ON_ANDROID,
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(staged),
        "PYTHONDONTWRITEBYTECODE": "1",
        "IRISPROOF_TEST_WINDOW_DP": "360x640",
        "IRISPROOF_TEST_DENSITY": "3",
    }


def _tests_alone(folder: Path) -> Path:
    """A folder in which `tests` can be imported from, and nothing else of the checkout."""
    folder.mkdir()
    (folder / "tests").symlink_to(Path(__file__).parents[2])
    return folder


@pytest.fixture(scope="module")
def enrolled(devnet: Devnet, staged: Staged, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the app's process and the prover's reported, and what was seen of them from outside."""
    if not renderer_is_installed():
        missing("no virgl_test_server: run make mobile-system as root")
    home = tmp_path_factory.mktemp("phone")
    with renderer() as gpu:
        environment = {**_environment(staged.folder, home), **gpu}
        settings = {
            "blocked": NOT_ON_A_PHONE,
            "tests": str(_tests_alone(home / "path")),
            "staged": str(staged.folder),
            "environment": environment,
            "service": [str(_HERE / "service_process.py"), str(home / "prover.json"), str(PROVER_MIB)],
            "data": str(home / "data"),
            "registry": str(devnet.file),
            "camera": write_stills(home / "eye", living(302)),
            "picture": str(home / "home.png"),
            "done": str(home / "done"),
            "settle_s": 4 * SAMPLE_S,
            "report": str(home / "app.json"),
        }
        (home / "settings.json").write_text(json.dumps(settings))
        process = subprocess.Popen(
            [sys.executable, str(_HERE / "app_process.py"), str(home / "settings.json")],
            env=environment,
            cwd=staged.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_one_core,  # noqa: PLW1509 - one system call, no lock
        )
        watch = Watch(process.pid, APP_MIB, home / "done")
        try:
            _, noise = process.communicate(timeout=TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
    assert not watch.exceeded, f"the app held {watch.peak.own:.0f} MiB of its own; it may hold {APP_MIB}"
    assert process.returncode == 0, noise[-3000:]
    report: dict[str, Any] = json.loads((home / "app.json").read_text())
    prover = json.loads((home / "prover.json").read_text())
    return report | {"prover": prover, "app_peak": watch.peak, "picture": home / "home.png"}


def test_whole_enrolment_passes_and_is_on_the_chain(enrolled: dict[str, Any], devnet: Devnet) -> None:
    assert any("You are enrolled" in text for text in enrolled["texts"])
    registry = Links(devnet.endpoints).registry
    assert registry.has_member(IdentityCommitment(int(enrolled["identity"])), 1)
    assert not registry.has_member(Identity.create().commitment, 1)


def test_the_staged_tree_is_what_ran(enrolled: dict[str, Any], staged: Staged) -> None:
    assert Path(enrolled["app_from"]).parents[1] == staged.folder
    assert not set(enrolled["loaded"]) & set(NOT_ON_A_PHONE)


def test_the_screen_is_a_phone_s(enrolled: dict[str, Any]) -> None:
    assert enrolled["window_px"] == [1080, 1920]
    assert enrolled["density"] == 3
    picture = cv2.imread(str(enrolled["picture"]))
    assert picture.shape == (1920, 1080, 3)
    assert float(picture.std()) > 10, "nothing was drawn"


def test_app_and_prover_stay_within_their_memory(enrolled: dict[str, Any]) -> None:
    assert 100 < enrolled["app_peak"].own < APP_MIB
    assert enrolled["prover"]["status"] == 0
    assert 80 < enrolled["prover"]["peak_mib"] < PROVER_MIB
    # for the performance card: pytest -s shows it
    sys.stdout.write(f"\nphone-like: {enrolled['app_peak']} {enrolled['prover']} enrol_s {enrolled['enrol_s']:.1f}\n")


_HOG = "import sys, time; held = b'x' * (int(sys.argv[1]) << 20); time.sleep(20)"


def test_watch_ends_a_process_that_holds_too_much() -> None:
    process = subprocess.Popen([sys.executable, "-c", _HOG, "120"])
    watch = Watch(process.pid, 100)
    assert process.wait(20) < 0
    watch.join(5)
    assert watch.exceeded
    assert watch.peak.own > 100


def test_kernel_refuses_the_prover_more_than_its_limit(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "prover.py").write_text("import sys\nheld = bytearray(int(300) << 20)\nsys.exit(0)\n")
    command = [sys.executable, str(_HERE / "service_process.py"), str(tmp_path / "report.json")]
    done = subprocess.run([*command, "200"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr
    subprocess.run([*command, "400"], cwd=tmp_path, check=True)
    assert json.loads((tmp_path / "report.json").read_text())["status"] == 0


def test_resident_memory_is_read_as_the_kernel_tells_it() -> None:
    found = resident()
    kib = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in line)
    assert found.whole == pytest.approx(kib / 1024, rel=0.05)
    assert found.own <= found.whole
