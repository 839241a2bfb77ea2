"""Actions refuse what a person or a node gets wrong, before anything is sent."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from app import actions
from app.actions import artifacts
from circuits.iris.build import MAX_VERIFIER_BYTES
from circuits.iris.circuit import Circuit
from circuits.semaphore.group import Group
from circuits.semaphore.identity import Identity
from circuits.srs import SrsSource
from model.synthetic import capture, make_eye, refusals
from protocol import pins
from protocol.errors import ArtifactFailed, ArtifactUnavailable, ChainError, InputError, QualityError
from protocol.types import EyeSide, PlaneName
from registry_contract.polls import Poll, PollKind

MEMBERS = [Identity(bytes([number])).commitment for number in range(1, 4)]


class _Node:
    """Stands for a registry and its polls: what `prepare_ballot` asks before it proves."""

    def __init__(self, leaves: list[int]) -> None:
        self._leaves = tuple(leaves)

    def members_before(self, _group: int, _block: int, log_index: int) -> tuple[int, ...]:
        return self._leaves[:log_index]  # one entry of the log a member

    def votes_cast_by(self, _poll: int, _nullifier: object) -> int:
        return 0


def _poll(**changes: object) -> Poll:
    poll = Poll(
        poll_id=1,
        question="?",
        options=("yes", "no"),
        opens_at=0,
        closes_at=1,
        snapshot_root=Group(MEMBERS).root,
        snapshot_size=3,
        scope=7,
        kind=PollKind.SINGLE,
        quorum=0,
        group_id=1,
        block=1,
        log_index=3,
    )
    return dataclasses.replace(poll, **changes)  # type: ignore[arg-type]


def _leaves() -> list[int]:
    return [member.value for member in MEMBERS]


def test_model_description_under_the_development_srs_is_for_local_chains_only(circuit: Circuit) -> None:
    facts = dataclasses.replace(circuit.facts, srs_source=SrsSource.DEVELOPMENT.value)
    development = dataclasses.replace(circuit, facts=facts)
    assert actions.model_description(development, 31337).k == circuit.facts.k
    with pytest.raises(InputError, match="chain 1:"):
        actions.model_description(development, 1)
    assert actions.model_description(circuit, 1).k == circuit.facts.k


def test_a_verifier_larger_than_a_contract_may_be_fails_the_build(
    circuit: Circuit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "build_circuit", lambda *_: circuit)
    monkeypatch.setattr(artifacts, "verifier_size", lambda _: MAX_VERIFIER_BYTES)
    actions.build_iris_circuit()
    monkeypatch.setattr(artifacts, "verifier_size", lambda _: MAX_VERIFIER_BYTES + 1)
    with pytest.raises(ArtifactFailed, match="24,577 bytes"):
        actions.build_iris_circuit()


def test_the_verifiers_size_is_that_of_the_compiled_contract(circuit: Circuit) -> None:
    assert 5_000 < actions.verifier_size(circuit.facts) <= MAX_VERIFIER_BYTES


def test_a_verifier_other_than_the_pinned_one_is_not_described(
    circuit: Circuit, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = pins.Pin("verifier_iris_v1", "README.md", "00" * 32, "irisproof circuit build")
    monkeypatch.setattr(pins, "pin", lambda _: other)
    with pytest.raises(ArtifactFailed, match="not the pinned file"):
        actions.model_description(circuit, 31337)


@pytest.mark.parametrize("choice", [-1, 2, 64])
def test_a_ballot_for_an_option_that_is_not_there_is_not_proved(choice: int) -> None:
    node = _Node(_leaves())
    with pytest.raises(InputError, match="no option"):
        actions.prepare_ballot(node, node, _poll(), Identity(b"\x01"), choice)  # type: ignore[arg-type]


def test_a_ballot_of_one_who_is_no_member_is_not_proved() -> None:
    node = _Node(_leaves())
    with pytest.raises(InputError):
        actions.prepare_ballot(node, node, _poll(), Identity(b"stranger"), 0)  # type: ignore[arg-type]


def test_a_node_whose_log_gives_another_snapshot_is_found_out() -> None:
    lying = _Node([_leaves()[0], _leaves()[2], _leaves()[1]])
    with pytest.raises(ChainError, match="snapshot"):
        actions.snapshot_group(lying, _poll())  # type: ignore[arg-type]


def test_members_who_came_after_the_snapshot_are_left_out() -> None:
    later = _Node([*_leaves(), Identity(b"later").commitment.value])
    assert actions.snapshot_group(later, _poll()).root == _poll().snapshot_root  # type: ignore[arg-type]


def test_a_refused_picture_is_named_with_measure_and_limit() -> None:
    with pytest.raises(QualityError, match=r"^my eye: ") as caught, actions.naming("my eye"):
        actions.unroll_eye(refusals.flat_grey(1), EyeSide.LEFT)
    assert caught.value.measure
    assert caught.value.hint


def test_an_unrolled_eye_keeps_side_and_time() -> None:
    iris = actions.unroll_eye(capture(make_eye(1), 1).image, EyeSide.RIGHT, captured_at=5)
    assert (iris.eye_side, iris.captured_at) == (EyeSide.RIGHT, 5)


def test_fetching_the_published_srs_without_a_network_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(_k: int, _path: Path) -> None:
        raise OSError("no route to host")

    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path))
    monkeypatch.setattr(artifacts, "download_srs", no_network)
    with pytest.raises(ArtifactUnavailable):
        actions.fetch_srs_files()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_missing_derived_file_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    place = pins.Pin("srs_derived_k15", str(tmp_path / "missing.srs"), "", "irisproof srs derive")
    monkeypatch.setattr(artifacts, "pin", lambda _: place)
    monkeypatch.setattr(artifacts, "derive_file", written.append)
    assert set(actions.derive_srs_files(SrsSource.DERIVED)) == {13, 14, 15}
    assert written == [tmp_path / "missing.srs"]


def test_a_capture_reads_the_planes_of_the_network(circuit: Circuit) -> None:
    assert PlaneName(circuit.facts.texture_plane) is PlaneName.TEXTURE_8X120
    assert PlaneName(circuit.facts.mask_plane) is PlaneName.MASK_8X120
