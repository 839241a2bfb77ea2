"""Preferences of the window: kept, and harmless whatever is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.preferences import Preferences, read_preferences, write_preferences

CHOSEN = Preferences(language="ar", theme="dark", text_scale=1.3, camera="video:eye.avi")


def test_what_was_chosen_is_read_again(tmp_path: Path) -> None:
    write_preferences(tmp_path / "new", CHOSEN)
    assert read_preferences(tmp_path / "new", Preferences()) == CHOSEN


@pytest.mark.parametrize(
    "text", ["", "null", "[]", '{"language": "xx", "theme": [], "text_scale": 9, "camera": 1}', '{"language": {}}']
)
def test_what_cannot_be_chosen_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "window.json").write_text(text)
    assert read_preferences(tmp_path, CHOSEN) == CHOSEN


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert read_preferences(tmp_path, CHOSEN) == CHOSEN
