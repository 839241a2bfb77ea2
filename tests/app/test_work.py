"""What a worker keeps of a verdict, and for how long."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.actions import work
from app.actions.committee import NoCommittee
from protocol.errors import EncodingError, TransactionRefused, VerificationError
from protocol.types import IdentityCommitment
from registry_contract.governance import LiveModels
from registry_contract.verdict import SignedVerdict, Verdict, VerdictKind

NOW = 1_790_000_000


class _Asked:
    """Stands for the three nodes: counts how often it is asked."""

    def __init__(self, expires_at: int) -> None:
        words = (VerdictKind.UNIQUE, bytes(32), IdentityCommitment(5), 1, 0, bytes(32), 0, expires_at)
        verdict = Verdict("0x" + "11" * 20, 31337, *words)
        self.verdict = SignedVerdict(verdict, (bytes(65),) * 3).to_bytes()
        self.times = 0

    def ask(self, *_: Any) -> bytes:
        self.times += 1
        return self.verdict


def _task(folder: Path) -> Any:
    links = SimpleNamespace(registry=SimpleNamespace(now=lambda: NOW))
    return SimpleNamespace(folder=folder, links=links, kind="enroll")


@pytest.mark.parametrize(("left_s", "times"), [(61, 1), (60, 2)])
def test_a_verdict_is_asked_for_again_only_when_it_is_about_to_end(tmp_path: Path, left_s: int, times: int) -> None:
    committee = _Asked(NOW + left_s)
    for _ in range(2):
        assert work._verdict(_task(tmp_path), committee, (1, None, None), None) == committee.verdict  # type: ignore[arg-type]
    assert committee.times == times


def test_a_verdict_that_was_cut_is_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "verdict-1.bin").write_bytes(b"\xff" * 200)
    committee = _Asked(NOW + 1000)
    assert work._verdict(_task(tmp_path), committee, (1, None, None), None) == committee.verdict  # type: ignore[arg-type]


def test_a_registry_without_a_committee_is_given_no_verdict_and_nothing_is_kept(tmp_path: Path) -> None:
    assert work._verdict(_task(tmp_path), NoCommittee(), (1, None, None), None) == b""  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "upcoming", "renewed", "models"),
    [
        ("enroll", 2, False, (1, 2)),
        ("upgrade", 2, False, (2,)),
        ("recover", 0, False, (1,)),
        ("recover", 2, True, (1, 2)),
        ("recover", 2, False, (1,)),
    ],
)
def test_a_recovery_has_a_code_of_the_upcoming_model_where_the_lost_identity_renewed(
    kind: str, upcoming: int, renewed: bool, models: tuple[int, ...]
) -> None:
    lost = IdentityCommitment(7)
    registry = SimpleNamespace(
        record_by_id=lambda number: SimpleNamespace(identity=lost if number == 4 else IdentityCommitment(9)),
        has_member=lambda identity, model: renewed and (identity, model) == (lost, 2),
    )
    governance = SimpleNamespace(live_models=lambda: LiveModels(1, upcoming, 0, 0))
    links = SimpleNamespace(registry=registry, governance=governance)
    task: Any = SimpleNamespace(kind=kind, links=links, record_id=4, model_id=2)
    assert work._models(task) == models


@pytest.mark.parametrize("is_there", [True, False])
def test_a_submission_that_is_refused_looks_whether_an_earlier_one_went_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    looks: list[str] = []

    def found(_: Any) -> dict[str, Any] | None:
        looks.append("look")
        return {"record_id": 7} if is_there and len(looks) == 3 else None

    def refused(*_: Any) -> None:
        raise TransactionRefused("Registry__IdentityAlreadyEnrolled", {})

    monkeypatch.setattr(work, "_task", lambda *_: _task(tmp_path))
    monkeypatch.setattr(work, "_evidence", lambda _: ())
    monkeypatch.setattr(work, "_found_on_chain", found)
    monkeypatch.setattr(work, "_submit", refused)
    if is_there:
        assert work.do_work({}, b"", tmp_path, lambda _: None) == {"record_id": 7}
    else:
        with pytest.raises(TransactionRefused):
            work.do_work({}, b"", tmp_path, lambda _: None)
    assert len(looks) == 3


@pytest.mark.parametrize("request_", [{}, {"kind": "dance"}, {"kind": "enroll", "identity": "x"}])
def test_a_request_that_cannot_be_read_is_refused(tmp_path: Path, request_: dict[str, Any]) -> None:
    with pytest.raises((EncodingError, VerificationError)):
        work.do_work(request_, b"", tmp_path, lambda _: None)
