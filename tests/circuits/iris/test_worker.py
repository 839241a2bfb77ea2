"""The prover's process: what it is given, what it says, and that it goes when its caller goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from circuits.iris import _worker
from circuits.iris._felts import felt_to_int, to_felts
from circuits.iris._worker import run_job
from circuits.iris.circuit import Circuit
from protocol.errors import ArtifactUnavailable, ProvingError
from protocol.field import SCALAR_FIELD

LINUX = sys.platform == "linux"


def test_a_failed_job_says_why() -> None:
    with pytest.raises(ProvingError, match="could not do verify"):
        run_job("verify", {"proofs": ["00"], "settings": "no-such-file", "vk": "", "srs": ""})


def test_a_failed_private_job_says_nothing_of_its_input(circuit: Circuit) -> None:
    secret = "11" * 32
    with pytest.raises(ProvingError) as caught:
        run_job("prove", {"felts": [[secret], [secret]], "expected": [], **circuit.paths()}, private=True)
    assert str(caught.value) == "the prover could not do prove"
    assert "11" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_apart_from_a_failure() -> None:
    with pytest.raises(ArtifactUnavailable, match="no space on the disk"):
        run_job("throwaway_srs", {"k": 3, "srs": "/dev/full"})


def test_ctrl_c_while_the_prover_starts_leaves_neither_process_nor_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: the process runs, its caller does not know it yet, and another thread may take the signal."""
    started: list[subprocess.Popen[str]] = []
    start = _worker._start

    def interrupted(home: str, private: bool) -> subprocess.Popen[str]:
        process = start(home, private)
        started.append(process)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)  # whoever gets the signal has it by now
        return process

    monkeypatch.setattr(_worker, "_start", interrupted)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    release = threading.Event()
    bystander = threading.Thread(target=release.wait)
    bystander.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_job("verify", {"proofs": ["00"], "settings": "", "vk": "", "srs": ""})
    finally:
        release.set()
        bystander.join()
        signal.signal(signal.SIGINT, before)
        ended = [process.poll() for process in started]
        for process in started:
            process.kill()
            process.wait()
    assert ended == [-signal.SIGKILL]
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_job_is_refused() -> None:
    with pytest.raises(ProvingError, match="KeyError"):
        run_job("gossip", {})


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_the_prover_holds_no_secret_in_argv_or_environment_and_dies_with_its_caller(
    circuit: Circuit, tmp_path: Path
) -> None:
    """A caller that is killed with SIGKILL while its prover works leaves no prover behind."""
    script = (
        "from circuits.iris.circuit import load_circuit\n"
        "from circuits.iris._worker import run_job\n"
        "circuit = load_circuit('iris_v1')\n"
        "vector = [['%s'] * 992] * 2\n"
        "run_job('evaluate', {'inputs': [vector] * 10000, **circuit.paths()}, private=True)\n"
    ) % ("07" + "00" * 31)
    environment = os.environ | {"IRISPROOF_TEST_SECRET": "do-not-pass-on", "TMPDIR": str(tmp_path)}
    caller = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        prover = _wait_for_child(caller.pid)
        time.sleep(0.3)  # past the start, where it sets its own end
        assert b"07000" not in Path(f"/proc/{prover}/cmdline").read_bytes()
        assert b"do-not-pass-on" not in Path(f"/proc/{prover}/environ").read_bytes()
    finally:
        caller.send_signal(signal.SIGKILL)
        caller.wait()
    deadline_s = time.monotonic() + 10
    while _alive(prover) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not _alive(prover)


def test_felts_are_canonical_and_come_back() -> None:
    values = [0, 1, -1, SCALAR_FIELD - 1, SCALAR_FIELD, 255]
    assert [felt_to_int(felt) for felt in to_felts(values)] == [0, 1, SCALAR_FIELD - 1, SCALAR_FIELD - 1, 0, 255]
    assert to_felts([1]) == ["01" + "00" * 31]


def _wait_for_child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        found = children.read_text().split()
        if found and b"_ezkl" in Path(f"/proc/{found[0]}/cmdline").read_bytes():
            return int(found[0])
        time.sleep(0.02)
    raise AssertionError("the caller started no prover")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
