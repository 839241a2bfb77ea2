"""A model upgrade, whole: who is in which snapshot, what the demo says it is not, and that it leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from circuits.iris.circuit import Circuit
from tests.app.program import Room, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


@pytest.fixture(scope="module", autouse=True)
def _ready(circuit: Circuit, circuit_v2: Circuit) -> None:
    """The circuits are built before the demo is timed out by them."""


def test_an_upgrade_leaves_two_out_and_takes_one_back(room: Room, tmp_path: Path) -> None:
    out = tmp_path / "report"
    done = run(room, "demo-upgrade", "--out", str(out), timeout_s=1800)  # it proves eleven codes
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "three nodes on this machine, comparison on secret shares" in said
    assert said.count("from the stored capture") == 4
    assert "member 6: record 6, under model 1 and 2" in said
    sizes = (
        "under model 1: a snapshot of 5",
        "in the grace period: a snapshot of 6",
        "after the deadline: a snapshot of 4",
    )
    places = [
        said.index(words)
        for words in (*sizes, "left out: member 4", "left out: member 5", "at the end: a snapshot of 5")
    ]
    assert places == sorted(places)
    assert "member 5 is back in the group" in said
    report = json.loads((out / "audit.json").read_text())
    assert report["holds"] is True
    assert report["coverage"]["left_out"] == [4]
    assert [record["models"] for record in report["records"]] == [[1, 2], [1, 2], [1, 2], [1], [1, 2], [1, 2]]
    assert "<svg" in (out / "audit.html").read_text()
    assert room.left_files() == []
    assert room.left_processes() == []
