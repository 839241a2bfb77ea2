"""Both eyes together, and groups of persons."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.eyes import MIN_GROUP, both_eyes, groups_of
from model.evaluation.labels import Sample
from model.evaluation.metrics import Scores
from model.pipeline.image import EyeImage


def _never() -> EyeImage:
    raise AssertionError("no picture is opened")


def _samples(people: int, captures: int, eyes: tuple[str, ...] = ("L", "R")) -> list[Sample]:
    return [
        Sample(f"p{person}", f"p{person}/{eye}", f"{number}.png", _never)
        for person in range(people)
        for eye in eyes
        for number in range(captures)
    ]


def _distances(samples: list[Sample], genuine: dict[str, float], strangers: float) -> np.ndarray:
    """One value for pairs of one label (by side), another for all others."""
    found = np.full((len(samples), len(samples)), strangers, np.float32)
    for i, one in enumerate(samples):
        for j, other in enumerate(samples):
            if one.label == other.label:
                found[i, j] = genuine[one.side]
    return found


def test_both_eyes_are_the_mean_and_the_larger_of_the_two_distances() -> None:
    samples = _samples(3, 2)
    found = both_eyes(_distances(samples, {"left": 0.1, "right": 0.3}, 0.45), samples, samples)
    assert found is not None
    assert found.captures == 6
    assert found.mean.genuine.tolist() == pytest.approx([0.2] * 3)
    assert found.both_must_match.genuine.tolist() == pytest.approx([0.3] * 3)
    assert len(found.mean.impostor) == 12  # 3 pairs of persons, 2 x 2 captures
    assert found.mean.lost == 0


def test_capture_with_a_refused_eye_is_lost() -> None:
    asked = _samples(3, 3)
    enrolled = [sample for sample in asked if sample.path != "p0/R/1.png"]
    found = both_eyes(_distances(enrolled, {"left": 0.1, "right": 0.1}, 0.45), enrolled, asked)
    assert found is not None
    assert found.captures == 8
    assert len(found.mean.genuine) == 1 + 3 + 3
    assert found.mean.lost == 2


@pytest.mark.parametrize("eyes", [("L",), ("L", "R", "third"), ("one", "two")])
def test_persons_without_a_left_and_a_right_eye_have_no_both(eyes: tuple[str, ...]) -> None:
    samples = _samples(3, 2, eyes)
    distances = np.full((len(samples),) * 2, 0.45, np.float32)
    assert both_eyes(distances, samples, samples) is None


def test_pair_whose_one_eye_cannot_be_compared_does_not_match() -> None:
    samples = _samples(2, 2)
    distances = _distances(samples, {"left": 0.1, "right": np.nan}, 0.45)
    found = both_eyes(distances, samples, samples)
    assert found is not None
    assert (found.mean.genuine > 1).all()


def _group_scores(people: int) -> Scores:
    """One genuine pair a person (the last person's fails) and one impostor pair of each two; strangers who are both
    below index 10 are alike."""
    first, second = np.triu_indices(people, 1)
    impostor = np.where((first < 10) & (second < 10), 0.25, 0.45).astype(np.float32)
    genuine = np.full(people, 0.1, np.float32)
    genuine[-1] = 0.5
    order = np.argsort(impostor, kind="stable")
    lost = np.zeros(people, np.int64)
    lost[0] = 2
    return Scores(
        genuine, np.arange(people, dtype=np.int32), impostor[order], np.stack([first, second])[:, order], lost
    )


def test_groups_have_rates_of_their_own_at_the_common_threshold() -> None:
    people = [f"p{index:02d}" for index in range(22)]
    facts = {person: {"sex": "f" if index < 10 else "m"} for index, person in enumerate(people)}
    tally = {person: (3, 1 if index == 0 else 0) for index, person in enumerate(people)}
    f, m = groups_of(_group_scores(22), people, facts, tally, 0.3)
    assert (f.value, f.persons, f.images) == ("f", 10, 30)
    assert f.failed_to_enrol == pytest.approx(1 / 30)
    assert (f.fnmr, f.fnmr_with_fte, f.fmr) == (0, 2 / 12, 1)
    assert (m.fnmr, m.fmr) == (1 / 12, 0)


def test_group_of_nine_is_not_reported() -> None:
    people = [f"p{index:02d}" for index in range(22)]
    facts = {person: {"sex": "f" if index < MIN_GROUP - 1 else "m"} for index, person in enumerate(people)}
    found = groups_of(_group_scores(22), people, facts, dict.fromkeys(people, (2, 0)), 0.3)
    assert [group.value for group in found] == ["m"]


def test_ages_are_put_into_tens() -> None:
    people = [f"p{index:02d}" for index in range(22)]
    facts = {person: {"age": str(20 + index)} for index, person in enumerate(people)}
    found = groups_of(_group_scores(22), people, facts, dict.fromkeys(people, (2, 0)), 0.3)
    assert [(group.value, group.persons) for group in found] == [("20 to 29", 10), ("30 to 39", 10)]


def test_persons_without_facts_belong_to_no_group() -> None:
    people = [f"p{index:02d}" for index in range(22)]
    facts = {"p00": {"sex": "f"}, "somebody else": {"sex": "f"}}
    assert groups_of(_group_scores(22), people, facts, dict.fromkeys(people, (2, 0)), 0.3) == ()
