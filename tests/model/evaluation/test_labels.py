"""Label corrections and halves."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.evaluation.labels import Sample, correct_labels, half_of, read_corrections
from model.pipeline.image import EyeImage
from protocol.errors import InputError


def _never() -> EyeImage:
    raise AssertionError("labels open no picture")


def _samples(*paths: str) -> list[Sample]:
    parts = [path.split("/") for path in paths]
    return [Sample(person, f"{person}/{eye}", name, _never) for person, eye, name in parts]


def _corrected(paths: list[str], pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(sample.person, sample.label) for sample in correct_labels(_samples(*paths), pairs)]


@pytest.mark.parametrize(
    "line",
    ["12", "12 = 12", "12 = ", "12 = 13 = 14", "12 = 13/left", "12/left = 13", "a/b/c = d", "a/b/c = d/e/f", "12: 13"],
)
def test_corrections_with_a_line_that_is_none_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "same.txt"
    path.write_text(f"# fine\n1 = 2\n{line}\n")
    with pytest.raises(InputError, match=r"line 3 of same\.txt"):
        read_corrections(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_corrections_that_cannot_be_read_are_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "same.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        read_corrections(path)


def test_corrections_skip_comments_and_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "same.txt"
    path.write_text("# known\n\n12/L = 34/L   # enrolled twice\n 7 = 9\n")
    assert read_corrections(path) == (("12/L", "34/L"), ("7", "9"))


@pytest.mark.parametrize("pair", [("1", "9"), ("1/l", "1/x"), ("1/l/z.png", "2/l"), ("1/l/a.png", "9/l")])
def test_correction_that_names_nothing_in_the_set_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="not in the set"):
        _corrected(["1/l/a.png", "2/l/a.png"], [pair])


def test_two_names_of_one_person_join_eyes_of_one_name() -> None:
    found = _corrected(["1/l/a", "2/l/a", "2/r/a", "3/l/a"], [("2", "1")])
    assert found == [("1", "1/l"), ("1", "1/l"), ("1", "2/r"), ("3", "3/l")]


def test_two_labels_of_one_eye_make_one_person_and_leave_the_other_eyes_apart() -> None:
    found = _corrected(["1/l/a", "1/r/a", "2/l/a", "2/r/a"], [("1/l", "2/r")])
    assert found == [("1", "1/l"), ("1", "1/r"), ("1", "2/l"), ("1", "1/l")]


def test_joined_names_chain() -> None:
    assert _corrected(["1/l/a", "2/l/a", "3/l/a"], [("3", "2"), ("2", "1")]) == [("1", "1/l")] * 3


def test_one_picture_moves_to_another_label() -> None:
    found = _corrected(["1/l/a", "1/l/b", "1/r/a", "2/l/a"], [("1/l/b", "1/r"), ("1/r/a", "2/l")])
    assert found == [("1", "1/l"), ("1", "1/r"), ("2", "2/l"), ("2", "2/l")]


def test_halves_are_disjoint_fixed_and_both_used() -> None:
    halves = {str(person): half_of(str(person)) for person in range(200)}
    assert 70 < list(halves.values()).count("a") < 130
    assert halves == {person: half_of(person) for person in halves}


@pytest.mark.parametrize(
    ("eye", "side"), [("L", "left"), ("left", "left"), ("R", "right"), ("Right", "right"), ("1", "1")]
)
def test_side_is_read_from_the_eyes_name(eye: str, side: str) -> None:
    assert _samples(f"1/{eye}/a")[0].side == side
