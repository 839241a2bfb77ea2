"""A registry that wants both eyes: two people are one where both match, swapped or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.actions import ProvedCapture
from circuits.iris.circuit import Circuit
from circuits.semaphore.identity import Identity
from protocol.errors import RequestRefused
from protocol.types import EyeSide
from registry_contract.verdict import VerdictKind
from tests.app.committee.people import People, people_before
from uniqueness.ports import Policy
from uniqueness.refusals import Refusal

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("committee")]


@pytest.fixture(scope="module")
def people(circuit: Circuit) -> Iterator[People]:
    with people_before(circuit, Policy.BOTH) as made:
        yield made


def _pair(people: People, left: tuple[int, int], right: tuple[int, int]) -> list[ProvedCapture]:
    """(eye, capture) as the left and as the right eye of somebody new."""
    identity = Identity.create()
    return [people.proved(*left, identity, EyeSide.LEFT), people.proved(*right, identity, EyeSide.RIGHT)]


def _refused(people: People, eyes: list[ProvedCapture]) -> object:
    with pytest.raises(RequestRefused) as refusal:
        people.ask(*eyes)
    return refusal.value.refusal


def test_a_pair_is_enrolled_once_whichever_way_round_and_one_common_eye_is_not_enough(people: People) -> None:
    eyes = _pair(people, (1, 1), (2, 1))
    people.registry.enroll(people.enrollment(eyes[0], people.ask(*eyes)))
    assert _refused(people, _pair(people, (1, 2), (2, 2))) is Refusal.DUPLICATE
    assert _refused(people, _pair(people, (2, 2), (1, 2))) is Refusal.DUPLICATE  # right and left swapped
    assert people.ask(*_pair(people, (1, 2), (3, 1))).verdict.kind is VerdictKind.UNIQUE


def test_one_eye_given_as_both_is_refused_and_so_is_one_eye_alone(people: People) -> None:
    assert _refused(people, _pair(people, (3, 1), (3, 2))) is Refusal.SAME_EYE
    eyes = _pair(people, (3, 1), (4, 1))
    assert _refused(people, eyes[:1]) is Refusal.WRONG_POLICY
    two_left = [eyes[0], people.proved(4, 1, Identity.create(), EyeSide.LEFT)]
    assert _refused(people, two_left) is Refusal.WRONG_POLICY
    strangers = [eyes[0], people.proved(4, 1, Identity.create(), EyeSide.RIGHT)]
    assert _refused(people, strangers) is Refusal.EVIDENCE_FAILS  # the station signed the right eye for somebody else
