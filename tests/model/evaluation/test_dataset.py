"""Folders and synthetic sets; no picture is opened here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.evaluation.dataset import read_folder, synthetic_set
from protocol.errors import InputError

_FOUR = ("1/left/a.png", "1/left/b.png", "2/left/a.png", "2/left/b.png")


def _make(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


def test_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        read_folder(tmp_path / "nowhere")


def test_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pictures"):
        read_folder(_make(tmp_path, "1/left/notes.txt", ".hidden/left/a.png"))


@pytest.mark.parametrize("path", ["a.png", "1/a.png", "1/left/deeper/a.png", "S1001X01.png"])
def test_picture_whose_eye_nobody_can_tell_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match="whose eye"):
        read_folder(_make(tmp_path, *_FOUR, path))


def test_folder_of_one_person_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="fewer than two persons"):
        read_folder(_make(tmp_path, *_FOUR[:2]))


def test_folder_with_one_picture_an_eye_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no eye with two pictures"):
        read_folder(_make(tmp_path, "1/left/a.png", "2/left/a.png"))


@pytest.mark.parametrize(
    "paths",
    [
        _FOUR,
        ("1/01_L.bmp", "1/02_L.bmp", "2/01_L.bmp", "2/02_L.bmp"),
        ("S1L01.jpg", "S1L02.jpg", "S2L01.jpg", "S2L02.jpg"),
        ("1_L_a.JPG", "1_L_b.JPG", "2_left_a.jpeg", "2_left_b.jpeg"),
    ],
)
def test_every_layout_gives_the_same_persons_and_eyes(tmp_path: Path, paths: tuple[str, ...]) -> None:
    samples = read_folder(_make(tmp_path, *paths)).samples
    assert [sample.person for sample in samples] == ["1", "1", "2", "2"]
    assert {sample.side for sample in samples} == {"left"}
    assert len({sample.label for sample in samples}) == 2


def test_set_goes_by_the_folders_name_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    eyes = read_folder(_make(tmp_path / "mine", *_FOUR))
    assert eyes.name == "mine"
    assert not eyes.is_synthetic
    assert str(tmp_path) not in repr(eyes)


def test_halves_of_a_folder_share_nobody_and_lose_nobody(tmp_path: Path) -> None:
    paths = [f"{person}/left/{name}.png" for person in range(12) for name in "ab"]
    _make(tmp_path, *paths)
    a, b = ({sample.person for sample in read_folder(tmp_path, half=half).samples} for half in "ab")
    assert not a & b
    assert len(a | b) == 12


def test_corrections_of_a_folder_are_applied_and_counted(tmp_path: Path) -> None:
    _make(tmp_path, *_FOUR, "3/left/a.png")
    (tmp_path / "same.txt").write_text("2 = 3\n")
    eyes = read_folder(tmp_path, corrections=tmp_path / "same.txt")
    assert {sample.person for sample in eyes.samples} == {"1", "2"}
    assert eyes.description["label_corrections"] == 1


def test_subjects_file_describes_persons(tmp_path: Path) -> None:
    _make(tmp_path, *_FOUR)
    (tmp_path / "subjects.csv").write_text("subject,sex,age\n1,f,31\n2,m,\n")
    assert read_folder(tmp_path).persons == {"1": {"sex": "f", "age": "31"}, "2": {"sex": "m"}}


def test_subjects_file_without_its_column_is_refused(tmp_path: Path) -> None:
    _make(tmp_path, *_FOUR)
    (tmp_path / "subjects.csv").write_text("person,sex\n1,f\n")
    with pytest.raises(InputError, match="no column `subject`"):
        read_folder(tmp_path)


@pytest.mark.parametrize(("persons", "captures"), [(1, 2), (2, 1)])
def test_synthetic_set_that_is_too_small_is_refused(persons: int, captures: int) -> None:
    with pytest.raises(InputError, match="at least two"):
        synthetic_set(persons, captures)


def test_synthetic_set_is_repeatable_and_every_eye_its_own() -> None:
    one, again = synthetic_set(2, 2), synthetic_set(2, 2)
    pictures = [[sample.open().pixels for sample in eyes.samples] for eyes in (one, again)]
    assert all(np.array_equal(a, b) for a, b in zip(*pictures, strict=True))
    assert len({picture.tobytes() for picture in pictures[0]}) == 8
    assert one.is_synthetic
    assert "SYNTHETIC" in one.name


def test_synthetic_set_of_another_seed_shares_no_eye() -> None:
    pictures = [synthetic_set(2, 2, seed=seed).samples[0].open().pixels for seed in (0, 1)]
    assert not np.array_equal(*pictures)


def test_synthetic_sample_can_be_drawn_with_another_pupil() -> None:
    sample = synthetic_set(2, 2).samples[0]
    assert sample.dilate is not None
    narrow, wide = sample.dilate(0.2).pixels, sample.dilate(0.6).pixels
    assert (wide < 50).sum() > 2 * (narrow < 50).sum()
