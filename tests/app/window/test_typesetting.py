"""Lines are broken in the order of reading, whatever the script."""

from __future__ import annotations

import pytest

pytest.importorskip("bidi")

from app.screens.typesetting import break_lines, displayed


def _length(text: str) -> float:
    return float(len(text))


def test_words_stay_whole_and_lines_within_the_width() -> None:
    assert break_lines("one two three four", 9, _length) == ["one two", "three", "four"]
    assert break_lines("one two", 7, _length) == ["one two"]
    assert break_lines("one two", 6, _length) == ["one", "two"]


def test_word_wider_than_a_line_is_broken_anywhere() -> None:
    lines = break_lines("id 0123456789abcdef", 6, _length)
    assert "".join(lines).replace(" ", "") == "id0123456789abcdef"
    assert all(len(line) <= 6 for line in lines)


def test_empty_text_and_line_breaks_are_kept() -> None:
    assert break_lines("", 5, _length) == [""]
    assert break_lines("a\n\nb", 5, _length) == ["a", "", "b"]


def test_width_of_nothing_ends_nevertheless() -> None:
    assert "".join(break_lines("word", 0, _length)) == "word"


def test_japanese_breaks_between_letters_but_never_before_a_full_stop() -> None:
    assert break_lines("目を開ける。次", 5, _length) == ["目を開け", "る。次"]


def test_arabic_lines_are_in_the_order_of_reading_and_turned_one_by_one() -> None:
    lines = break_lines("أثبت أنك شخص واحد", 9, _length)
    assert lines == ["أثبت أنك", "شخص واحد"]
    turned = displayed(lines[0], True)
    assert turned != lines[0]
    assert turned[-1] == "\ufe83"  # alef with hamza, alone: first to be read, so the rightmost
    assert "\ufe9b" in turned  # the theh that follows is joined to the left


def test_number_in_arabic_text_keeps_its_own_order() -> None:
    assert "31337" in displayed("السلسلة 31337", True)


def test_brackets_in_arabic_text_open_towards_what_they_hold() -> None:
    assert "(UTC)" in displayed("الساعة (UTC)", True)


def test_latin_text_is_left_alone() -> None:
    assert displayed("plain (text)", True) == "plain (text)"
