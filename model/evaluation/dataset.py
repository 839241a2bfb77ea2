"""Sets of eye pictures: a folder of real ones, or synthetic ones.

A folder is read in one of these layouts, each picture by its own path:

- `subject/eye/*.png`: the layout of this project (CASIA-Iris-Interval v4 has it as it is);
- `subject/01_L.png`: the eye is the L or R at the end of the file's name (IITD);
- `S1001L01.png`: S, digits of the subject, L or R, number (CASIA-Iris-Interval without its folders);
- `subject_L_01.png` or `subject_left_01.png`.

Endings: png, jpg, jpeg, bmp, tif, tiff, pgm. A `subjects.csv` beside the subjects, with a column `subject` and any
others, describes persons.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from model.evaluation.labels import Sample, correct_labels, half_of, read_corrections
from model.pipeline.image import EyeImage, load_image
from model.synthetic import CaptureConditions, capture, make_eye
from protocol.errors import InputError

__all__ = ["EyeSet", "read_folder", "synthetic_set"]

_ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pgm"}
_IN_FOLDER = re.compile(r".*_(?P<eye>[LRlr])$")
_FLAT = (
    re.compile(r"S(?P<subject>\d+)(?P<eye>[LR])\d+$"),
    re.compile(r"(?P<subject>[^_]+)_(?P<eye>[LRlr]|left|right)_[^_]+$"),
)
_LAYOUT = "put the pictures as subject/eye/*.png"


@dataclass(frozen=True)
class EyeSet:
    """What is evaluated. Raises `InputError` for a set without two persons or without an eye that was taken twice."""

    name: str
    is_synthetic: bool
    samples: tuple[Sample, ...] = field(repr=False)
    persons: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    """Person -> column -> value, of `subjects.csv`."""
    description: dict[str, str | int | float] = field(default_factory=dict)
    """How it was made or read; goes into the report."""

    def __post_init__(self) -> None:
        if len({sample.person for sample in self.samples}) < 2:
            raise InputError(f"{self.name} has fewer than two persons: nobody can be told apart", hint=_LAYOUT)
        if max(Counter(sample.label for sample in self.samples).values()) < 2:
            raise InputError(f"{self.name} has no eye with two pictures: nothing can be recognised", hint=_LAYOUT)


def read_folder(folder: Path, *, corrections: Path | None = None, half: str | None = None) -> EyeSet:
    """The pictures below `folder`, in order of their paths. None is opened yet, but each is hashed: the description has
    one hash of all that are used, by which a measurement can be told to be of the same set.

    `corrections`: see `labels`. `half` keeps the persons of one of two fixed, disjoint halves, `a` or `b`.
    Raises `InputError` for a folder that is none, holds no pictures, or holds one that fits no layout.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", hint="give the folder that holds subject/eye/*.png")
    paths = sorted(path for path in folder.rglob("*") if _is_picture(path, folder))
    if not paths:
        raise InputError(f"there are no pictures in {folder.name}", hint=_LAYOUT)
    samples = tuple(_sample(path, folder) for path in paths)
    pairs = read_corrections(corrections) if corrections else ()
    pictures = list(zip(paths, correct_labels(samples, pairs), strict=True))
    if half is not None:
        pictures = [(path, sample) for path, sample in pictures if half_of(sample.person) == half]
    description: dict[str, str | int | float] = {"label_corrections": len(pairs), "half": half or "whole"}
    description["pictures_sha256"] = _hash_of(pictures)
    samples = tuple(sample for _, sample in pictures)
    return EyeSet(folder.resolve().name, False, samples, _read_persons(folder / "subjects.csv"), description)


def synthetic_set(persons: int, captures: int, *, seed: int = 0, severity: float = 1.0) -> EyeSet:
    """`persons` with two eyes each and `captures` of each; eye seeds follow one another from 100,000 `seed` on.

    The description names all that is needed to draw the same set again.
    """
    if persons < 2 or captures < 2:
        raise InputError(f"{persons} persons with {captures} captures each: at least two of both are needed")
    conditions = CaptureConditions(severity=severity)
    samples = tuple(
        Sample(
            person=f"synthetic {person:05d}",
            label=f"synthetic {person:05d}/{side}",
            name=f"{number:03d}",
            open=partial(_draw, 100_000 * (seed + 1) + 2 * person + index, number, conditions),
            dilate=partial(_dilate, 100_000 * (seed + 1) + 2 * person + index, number, conditions),
        )
        for person in range(persons)
        for index, side in enumerate(("left", "right"))
        for number in range(captures)
    )
    made: dict[str, str | int | float] = {
        "persons_asked": persons,
        "captures_asked": captures,
        "seed": seed,
        "severity": severity,
        "width_px": conditions.width_px,
        "height_px": conditions.height_px,
    }
    return EyeSet("SYNTHETIC eyes", True, samples, {}, made)


def _draw(eye_seed: int, capture_seed: int, conditions: CaptureConditions) -> EyeImage:
    return capture(make_eye(eye_seed), capture_seed, conditions).image


def _dilate(eye_seed: int, capture_seed: int, conditions: CaptureConditions, pupil_ratio: float) -> EyeImage:
    return _draw(eye_seed, capture_seed, replace(conditions, pupil_ratio=pupil_ratio))


def _hash_of(pictures: Iterable[tuple[Path, Sample]]) -> str:
    """Over whose eye each picture is said to be, and its bytes, in order of both."""
    lines = sorted(f"{sample.label}\0{hashlib.sha256(_bytes_of(path)).hexdigest()}" for path, sample in pictures)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from error


def _is_picture(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.suffix.lower() in _ENDINGS and path.is_file()


def _sample(path: Path, folder: Path) -> Sample:
    parts = path.relative_to(folder).parts
    subject, eye = _subject_and_eye(parts[:-1], path.stem, path.name)
    return Sample(subject, f"{subject}/{eye}", path.name, partial(load_image, path))


def _subject_and_eye(folders: tuple[str, ...], stem: str, name: str) -> tuple[str, str]:
    if len(folders) == 2:
        return folders[0], folders[1]
    if len(folders) == 1 and (match := _IN_FOLDER.match(stem)):
        return folders[0], match["eye"].upper()
    if not folders:
        for pattern in _FLAT:
            if match := pattern.match(stem):
                return match["subject"], match["eye"].upper()
    raise InputError(f"nobody can say whose eye {name} is", hint=f"{_LAYOUT}, or see `irisproof evaluate --help`")


def _read_persons(path: Path) -> dict[str, dict[str, str]]:
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise InputError("subjects.csv cannot be read", hint="save it as comma-separated text") from None
    if rows and "subject" not in rows[0]:
        raise InputError("subjects.csv has no column `subject`", hint="name the column of the folders' names `subject`")
    return {
        row["subject"]: {key: value for key, value in row.items() if key and key != "subject" and value} for row in rows
    }
