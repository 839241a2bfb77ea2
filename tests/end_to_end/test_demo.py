"""The whole of it: from an eye image to a counted vote, and every way of stopping it in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from app import demo as demo_module
from app.demo import DemoOptions, run_demo
from app.station import SignedCapture, SoftwareStation
from circuits.iris.circuit import Circuit
from circuits.semaphore.identity import Identity
from tests.app.program import Room, run, start

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module", autouse=True)
def _ready(circuit: Circuit) -> None:
    """The circuit is built before the demo is timed out by it."""


def test_demo_counts_three_votes_and_refuses_four_attacks(room: Room, tmp_path: Path) -> None:
    image = tmp_path / "my_eye.png"
    assert run(room, "synthetic-eye", str(image), "--eye-seed", "99").returncode == 0
    done = run(room, "demo", "--image", str(image), "--eye", "right", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["options"] == ["yes", "no", "on weekends"]
    assert figures["tally"] == [1, 1, 1]
    reasons = [text.split("refused: ")[1].split("(")[0] for text in figures["refusals"].values()]
    assert reasons == [
        "Polls__AlreadyVoted",
        "Registry__StationUnknown",
        "Registry__CodeProofRejected",
        "Registry__StationUnknown",
    ]
    assert figures["duplicate"] == "this person is enrolled already, or is enrolling now"
    assert figures["code_proof_bytes"] <= 2200
    assert max(figures["code_proof_peak_mib"]) <= 120
    assert len(figures["enroll_gas"]) == 4
    assert room.left_files() == []
    assert room.left_processes() == []


def test_demo_tells_every_step_and_what_leaves_the_device_and_no_secret_is_in_it(
    room: Room, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The demo in this process, with its secrets written down, so that all it says and writes can be searched."""
    for name, value in room.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", None)
    identities: list[Identity] = []
    captures: list[SignedCapture] = []
    create, attest = Identity.create, SoftwareStation.attest
    monkeypatch.setattr(demo_module, "Identity", _Recording(create, identities))

    def recording(self: SoftwareStation, *arguments: object) -> SignedCapture:
        captures.append(attest(self, *arguments))  # type: ignore[arg-type]
        return captures[-1]

    monkeypatch.setattr(SoftwareStation, "attest", recording)
    caplog.set_level(0)
    lines: list[str] = []
    run_demo(DemoOptions(), lines.append)
    said = "\n".join(lines) + "".join(capfd.readouterr()) + caplog.text
    _told_every_step("\n".join(lines))
    assert len(captures) == 5
    for secret in _secrets(identities, captures):
        assert secret not in said
    assert room.left_files() == []


def _told_every_step(told: str) -> None:
    for words in (
        "image loaded",
        "checked, segmented, unrolled",
        "code proved",
        "enrolled on chain",
        "ballot proved and cast",
    ):
        assert len(re.findall(rf"\d+\.\d\d s  {words}", told)) >= 3
    assert "leaves the device: the proof, 2,176 bytes" in told
    assert told.count("signed by all three nodes") == 4
    assert "another picture of the same eye, under a new identity" in told
    assert "the committee refused: this person is enrolled already" in told
    assert "never:  the eye image, the unrolled iris, the iris code, the salts, the identity's secret" in told
    assert told.count("the contract refused: ") == 4


class _Recording:
    """`Identity.create`, with a list of what it made."""

    def __init__(self, create: object, made: list[Identity]) -> None:
        self._create, self._made = create, made

    def create(self) -> Identity:
        self._made.append(self._create())  # type: ignore[operator]
        return self._made[-1]


def _secrets(identities: list[Identity], captures: list[SignedCapture]) -> list[str]:
    found = [text for identity in identities for text in (identity.secret.hex(), str(identity.secret_scalar))]
    for capture in captures:
        for salted in capture.planes.values():
            found += [str(salted.salts[0]), f"{salted.salts[0]:x}"]
            if not salted.plane.name.is_mask:  # a mask's cells in a row say nothing: any log has runs of zeros
                found += [salted.plane.cells[:16].hex(), ", ".join(str(cell) for cell in salted.plane.cells[:8])]
    return found


@pytest.mark.parametrize(
    ("after", "sent"),
    [
        ("contracts deployed", signal.SIGTERM),
        ("committee started", signal.SIGINT),
        ("capture committed", signal.SIGTERM),  # the prover is at work
        ("enrolled on chain", signal.SIGINT),
        ("poll opened", signal.SIGTERM),
    ],
)
def test_demo_stopped_in_the_middle_leaves_nothing(room: Room, after: str, sent: signal.Signals) -> None:
    """Either signal is an exception that unwinds the same `with` blocks (`app.cli`): one of them a moment will do."""
    with start(room, "demo") as process:
        _read_until(process, after)
        process.send_signal(sent)
        _, errors = process.communicate(timeout=90)
        assert process.returncode == 128 + sent
        assert "Traceback" not in errors
        assert room.left_files() == []
        assert room.left_processes() == []


def test_demo_killed_outright_leaves_no_process(room: Room) -> None:
    with start(room, "demo") as process:
        _read_until(process, "capture committed")  # the prover is at work now
        nodes = [line for line in room.left_processes() if " committee node " in line]
        stores = [Path(line.rpartition("--config ")[2].strip()).parent.parent for line in nodes]
        assert len(stores) == 3
        process.kill()
        process.communicate(timeout=30)
        deadline_s = time.monotonic() + 60
        while room.left_processes() and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert room.left_processes() == []
        assert not any(store.exists() for store in stores)  # shares of all three nodes lay there


def test_chain_gone_in_the_middle_is_one_clear_message(room: Room) -> None:
    with start(room, "demo") as process:
        _read_until(process, "capture committed")
        _kill_anvil(process.pid)
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1
        assert errors.startswith("irisproof: no answer from the node at 127.0.0.1:")
        assert len(errors.splitlines()) == 1
        assert room.left_files() == []
        assert room.left_processes() == []


def test_output_cut_off_by_its_reader_is_no_crash(room: Room) -> None:
    with start(room, "demo") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=60)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        process.stderr.close()
        assert room.left_processes() == []


def _read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    assert process.stderr is not None
    raise AssertionError(f"the demo ended before {words!r}: {process.stderr.read()}")


def _kill_anvil(parent: int) -> None:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    anvils = [int(pid) for pid in children if b"anvil" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(anvils) == 1
    os.kill(anvils[0], signal.SIGKILL)
