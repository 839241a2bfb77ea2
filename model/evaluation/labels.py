"""Whose eye is in a picture: labels, and corrections of a set whose labels are wrong in places.

A corrections file has a line `A = B` for each; `#` starts a comment.

- `12 = 34`: one person was enrolled under two names: each eye of 12 is the eye of 34 that has the same name.
- `12/left = 34/right`: two labels are one eye, and so the two are one person.
- `12/left/03.png = 12/right`: one picture belongs to another label (a swapped eye).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from model.pipeline.image import EyeImage
from protocol.errors import InputError

__all__ = ["Sample", "correct_labels", "half_of", "read_corrections"]

_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}


@dataclass(frozen=True)
class Sample:
    """One picture. `person` is one human being, `label` one eye of theirs (`person/eye`), `name` the file's."""

    person: str
    label: str
    name: str
    open: Callable[[], EyeImage] = field(repr=False)
    dilate: Callable[[float], EyeImage] | None = field(default=None, repr=False)
    """The same capture with the pupil at a given share of the iris; only a generator can do that to an eye."""

    @property
    def path(self) -> str:
        return f"{self.label}/{self.name}"

    @property
    def side(self) -> str:
        """`left`, `right`, or the eye's own name where it is neither."""
        eye = self.label.split("/")[1]
        return _SIDES.get(eye.lower(), eye)


class _Groups:
    """Names that were said to be the same (union-find); a group goes by its first name in order."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def first_of(self, name: str) -> str:
        parent = self._parent.get(name, name)
        return name if parent == name else self.first_of(parent)

    def join(self, a: str, b: str) -> None:
        first, second = sorted((self.first_of(a), self.first_of(b)))
        self._parent[second] = first


def read_corrections(path: Path) -> tuple[tuple[str, str], ...]:
    """The pairs of a corrections file. Raises `InputError` for a file that cannot be read or a line that is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"the corrections {path.name} cannot be read: {reason}", hint="check the path") from None
    pairs = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("#")[0].strip()
        if not content:
            continue
        names = [name.strip() for name in content.split("=")]
        if len(names) != 2 or not all(names) or names[0] == names[1] or not _depths_fit(*names):
            raise InputError(
                f"line {number} of {path.name} is no correction",
                hint="write: person = person, person/eye = person/eye, or person/eye/file = person/eye",
            )
        pairs.append((names[0], names[1]))
    return tuple(pairs)


def _depths_fit(a: str, b: str) -> bool:
    return (a.count("/"), b.count("/")) in {(0, 0), (1, 1), (2, 1)}


def correct_labels(samples: Sequence[Sample], pairs: Sequence[tuple[str, str]]) -> tuple[Sample, ...]:
    """The samples under corrected labels. Raises `InputError` for a correction that names nothing in the set: it was
    written for another one."""
    known = {name for sample in samples for name in (sample.person, sample.label, sample.path)}
    for name in (name for pair in pairs for name in pair):
        if name not in known:
            raise InputError(
                f"a correction names {name}, which is not in the set", hint="check the file given as --same"
            )
    moved = {a: b for a, b in pairs if a.count("/") == 2}
    placed = [_moved(sample, moved) for sample in samples]
    persons, labels = _Groups(), _Groups()
    for a, b in pairs:
        if a.count("/") == 1:
            labels.join(a, b)
            persons.join(a.split("/")[0], b.split("/")[0])
        elif "/" not in a:
            persons.join(a, b)
            for eye in _eyes_of(a, placed) & _eyes_of(b, placed):
                labels.join(f"{a}/{eye}", f"{b}/{eye}")
    return tuple(
        replace(sample, person=persons.first_of(sample.person), label=labels.first_of(sample.label))
        for sample in placed
    )


def _moved(sample: Sample, moved: dict[str, str]) -> Sample:
    target = moved.get(sample.path, sample.label)
    return replace(sample, person=target.split("/")[0], label=target)


def _eyes_of(person: str, samples: Sequence[Sample]) -> set[str]:
    return {sample.label.split("/")[1] for sample in samples if sample.person == person}


def half_of(person: str) -> str:
    """`a` or `b`, by the person's name alone: a set that grows does not move anybody."""
    return "ab"[hashlib.sha256(person.encode()).digest()[0] & 1]
