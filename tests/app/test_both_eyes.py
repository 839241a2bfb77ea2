"""A registry whose committee compares both eyes: a person's two captures, from the terminal to the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import actions
from tests.app.clock import Clock
from tests.app.conftest import Devnet
from tests.app.person import Person
from tests.app.program import Room

pytestmark = [pytest.mark.xdist_group("judged"), pytest.mark.slow]


def _pictures(folder: Path, left: tuple[int, int], right: tuple[int, int]) -> tuple[str, str, str]:
    """The arguments: (image, --other-eye, image)."""
    folder.mkdir()
    for name, (eye, capture) in (("left.png", left), ("right.png", right)):
        actions.write_synthetic_eye(folder / name, eye, capture)
    return str(folder / "left.png"), "--other-eye", str(folder / "right.png")


@pytest.mark.usefixtures("cheap_argon")
def test_both_eyes_are_enrolled_and_found_again_and_take_the_place_back(
    two_eyed: Devnet, person: Person, room: Room, tmp_path: Path
) -> None:
    registry = ("--registry", str(two_eyed.file))
    eyes = _pictures(tmp_path / "eyes", (54, 1), (55, 1))
    again = _pictures(tmp_path / "again", (54, 2), (55, 2))
    person.ask("vault", "create")
    missing = person.ask("enroll", eyes[0], *registry, status=1)
    assert "compares 2 eye(s): the left one and then the right one; given: left" in missing
    assert "given: right and left" in person.ask("enroll", *eyes, "--eye", "right", status=1)
    assert person.ask("enroll", *eyes).startswith("enrolled: record ")
    record = str(json.loads(person.ask("status", "--json"))["record_id"])

    other = Person(room, tmp_path / "other", person.passphrase_file)
    other.ask("vault", "create")
    assert "enrolled" in other.ask("enroll", *again, *registry, status=1)
    other.ask("recover", record, *again)
    Clock(two_eyed.endpoints.rpc_url).advance(31)
    assert other.ask("recover", record, "--complete") == f"record {record} is yours again\n"
    assert json.loads(other.ask("status", "--json"))["is_member"]
    assert "not enrolled" in person.ask("status")


def test_two_eyes_are_too_many_where_one_is_compared(judged: Devnet, person: Person, tmp_path: Path) -> None:
    eyes = _pictures(tmp_path / "eyes", (56, 1), (57, 1))
    person.ask("vault", "create")
    line = person.ask("enroll", *eyes, "--registry", str(judged.file), status=1)
    assert "compares 1 eye(s): the left one; given: left and right" in line
