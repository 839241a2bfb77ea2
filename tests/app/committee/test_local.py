"""The demo's committee leaves nothing behind, even where its process is killed before a node runs."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from protocol.pins import root_dir

HOLDER = """
import sys, time
from app.committee.local import LocalCommittee
with LocalCommittee() as committee:
    print(committee.folder, flush=True)
    if sys.argv[1] == "wait":
        time.sleep(120)
"""


def _folder_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def _started(argument: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", HOLDER, argument], stdout=subprocess.PIPE, text=True, cwd=root_dir())


def test_keys_of_a_demo_that_is_killed_before_its_nodes_start_are_removed() -> None:
    with _started("wait") as process:
        folder = _folder_of(process)
        assert (folder / "node-0" / "signing.key").exists()
        process.kill()
    deadline_s = time.monotonic() + 30
    while folder.exists():
        assert time.monotonic() < deadline_s, "the keys are still there"
        time.sleep(0.05)


def test_a_committee_that_ends_takes_its_folder_with_it() -> None:
    with _started("end") as process:
        folder = _folder_of(process)
        assert process.wait(60) == 0
    assert not folder.exists()
