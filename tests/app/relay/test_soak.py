"""Nothing is lost or sent twice, for real: `make soak` in small. Ten thousand jobs on a stub: `test_submitter.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import Plan, soak
from circuits.iris.circuit import Circuit
from tests.app.program import Room

pytestmark = [pytest.mark.xdist_group("relay"), pytest.mark.slow]


def test_nothing_is_lost_or_sent_twice_through_kills_and_a_restart_of_the_chain(
    circuit: Circuit, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relayer is killed outright while it sends, and the chain is stopped and started again from its state file
    while the relayer runs. The soak itself looks for lost and doubled ballots, and raises."""
    monkeypatch.setattr("os.environ", room.environment())
    said: list[str] = []
    figures = soak(tmp_path, tmp_path, Plan(voters=12, ballots=9, kills=2), said.append)
    assert (figures["ballots"], figures["relayer_kills"], figures["chain_restarts"]) == (9, 2, 1)
    assert [line.split(": ")[1] for line in said if "accepted" in line] == ["kill relay", "restart chain", "kill relay"]
    assert room.left_processes() == []


def test_ballots_that_were_proved_are_kept_and_a_broken_line_is_proved_again(circuit: Circuit, tmp_path: Path) -> None:
    said: list[str] = []

    def prepare(room: str) -> str:
        (tmp_path / room).mkdir()
        proved = soak(tmp_path / room, tmp_path, Plan(voters=3, ballots=1), said.append, prepare_only=True)
        assert proved == {"proved": 1}
        return (tmp_path / "ballots-3.jsonl").read_text()

    (tmp_path / "ballots-3.jsonl").write_text('{"statement": "cut o')
    assert prepare("one") == prepare("two")
    assert sum("proving" in line for line in said) == 1
