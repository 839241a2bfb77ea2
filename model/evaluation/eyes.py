"""Both eyes together, and error rates of groups of persons."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.evaluation.labels import Sample
from model.evaluation.metrics import Scores, scores_of

Floats = npt.NDArray[np.float32]

MIN_GROUP = 10
"""Persons; figures of fewer would say more about them than about the group."""

__all__ = ["MIN_GROUP", "BothEyes", "Group", "both_eyes", "groups_of"]


@dataclass(frozen=True, eq=False)
class BothEyes:
    """Scores of pairs of two-eyed captures under each rule."""

    mean: Scores
    both_must_match: Scores
    captures: int


def both_eyes(distances: Floats, enrolled: list[Sample], asked: list[Sample]) -> BothEyes | None:
    """Capture k of a person's left eye and capture k of the right one (in order of names) count as one capture of
    both. `distances` is float32[enrolled, enrolled], above the diagonal. Mean: the mean of the two distances; both must
    match: the larger one. None where fewer than two persons have two such captures.

    A capture with a refused eye is lost; so are the genuine pairs it would have had.
    """
    position = {sample.path: index for index, sample in enumerate(enrolled)}
    pairs: list[tuple[str, int, int]] = []
    attempts: dict[str, int] = defaultdict(int)
    for person, of_left, of_right in _two_eyed(asked):
        for one, other in zip(of_left, of_right, strict=False):
            attempts[person] += 1
            if one.path in position and other.path in position:
                pairs.append((person, position[one.path], position[other.path]))
    persons = sorted(attempts)
    if len({person for person, _, _ in pairs}) < 2:
        return None
    whole = np.fmin(distances, distances.T)
    lefts, rights = np.array([pair[1:] for pair in pairs]).T
    left, right = whole[np.ix_(lefts, lefts)], whole[np.ix_(rights, rights)]
    index = np.array([persons.index(person) for person, _, _ in pairs], np.int32)
    kept = np.bincount(index, minlength=len(persons))
    tried = np.array([attempts[person] for person in persons])
    lost = tried * (tried - 1) // 2 - kept * (kept - 1) // 2
    mean, worse = (
        scores_of(both, index, index, lost) for both in (np.float32(0.5) * (left + right), np.maximum(left, right))
    )
    if len(mean.genuine) == 0:
        return None
    return BothEyes(mean, worse, len(pairs))


def _two_eyed(samples: list[Sample]) -> list[tuple[str, list[Sample], list[Sample]]]:
    """Persons with exactly one left and one right label, and their pictures in order."""
    by_person: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        by_person[sample.person][sample.label].append(sample)
    found = []
    for person, by_label in sorted(by_person.items()):
        sides = {label_samples[0].side: label_samples for label_samples in by_label.values()}
        if len(by_label) == 2 and set(sides) == {"left", "right"}:
            lefts, rights = (sorted(sides[side], key=lambda sample: sample.name) for side in ("left", "right"))
            found.append((person, lefts, rights))
    return found


@dataclass(frozen=True)
class Group:
    """Persons who share a value of one column, at the threshold of the whole set."""

    column: str
    value: str
    persons: int
    images: int
    failed_to_enrol: float
    fnmr: float
    fnmr_with_fte: float
    fmr: float
    """Of pairs within the group: strangers who are alike are what an impostor would choose."""


def groups_of(
    scores: Scores,
    people: list[str],
    facts: dict[str, dict[str, str]],
    tally: dict[str, tuple[int, int]],
    threshold: float,
) -> tuple[Group, ...]:
    """Groups of at least ten persons, of every column of `facts`. `people` are the persons by index, `tally` has
    (pictures, refused pictures) of each. Numbers with more than eight values are put into tens."""
    found = []
    for column in sorted({column for row in facts.values() for column in row}):
        values = {person: facts[person][column] for person in people if column in facts.get(person, {})}
        for value, members in sorted(_by_value(values).items()):
            if len(members) >= MIN_GROUP:
                inside = np.isin(np.arange(len(people)), [people.index(person) for person in members])
                images, refused = (sum(tally[person][k] for person in members) for k in (0, 1))
                rates = _rates_inside(scores, inside, np.float32(threshold))
                found.append(Group(column, value, len(members), images, refused / max(images, 1), *rates))
    return tuple(found)


def _rates_inside(scores: Scores, inside: npt.NDArray[np.bool_], threshold: np.float32) -> tuple[float, float, float]:
    """FNMR without and with failures to enrol, and FMR, among the persons of bool[persons]."""
    genuine = scores.genuine[inside[scores.genuine_person]]
    missed, lost = int((genuine > threshold).sum()), int(scores.lost_by_person[inside].sum())
    impostor = scores.impostor[inside[scores.impostor_persons].all(axis=0)]
    fmr = float((impostor <= threshold).mean()) if len(impostor) else 0.0
    return missed / max(len(genuine), 1), (missed + lost) / max(len(genuine) + lost, 1), fmr


def _by_value(values: dict[str, str]) -> dict[str, list[str]]:
    distinct = set(values.values())
    if len(distinct) > 8 and all(_is_number(value) for value in distinct):
        values = {person: _tens(float(value)) for person, value in values.items()}
    groups: dict[str, list[str]] = defaultdict(list)
    for person, value in values.items():
        groups[value].append(person)
    return groups


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _tens(number: float) -> str:
    low = int(number // 10) * 10
    return f"{low} to {low + 9}"
