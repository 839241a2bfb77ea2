"""The window's words in five languages: complete, with the same placeholders, and in fonts that have the glyphs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC

import pytest
from fontTools.ttLib import TTFont

from app.fonts import FAMILIES, family_of
from app.messages import LANGUAGES, date_and_time, language, ngettext, set_language
from protocol.errors import InputError
from tests.app.catalogues import MessageId, read_catalogue, source_messages

TRANSLATED = [code for code in LANGUAGES if code != "en"]
HIDDEN = re.compile(r"[\s\u200e\u200f]")


@pytest.fixture(autouse=True)
def _english_again() -> Iterable[None]:
    yield
    set_language("en")


@pytest.fixture(scope="module")
def messages() -> set[MessageId]:
    return {message for _, _, message in source_messages()}


def _texts(message: MessageId | str | Iterable[str]) -> list[str]:
    return [message] if isinstance(message, str) else list(message)


@pytest.mark.parametrize("code", TRANSLATED)
def test_catalogue_has_every_message_and_no_other(code: str, messages: set[MessageId]) -> None:
    catalogue = {message.id: message for message in read_catalogue(code) if message.id}
    assert set(catalogue) == messages
    for message in catalogue.values():
        assert not message.fuzzy, message.id
        assert all(text.strip() for text in _texts(message.string)), message.id


@pytest.mark.parametrize("code", TRANSLATED)
def test_translation_fills_the_same_places(code: str) -> None:
    for message in read_catalogue(code):
        if message.id:
            wanted = {place for text in _texts(message.id) for place in re.findall(r"{\w+}", text)}
            for text in _texts(message.string):
                places = set(re.findall(r"{\w+}", text))
                assert places <= wanted, message.id
                assert places == wanted or isinstance(message.id, tuple), message.id  # "one member" needs no number


def test_plural_forms_are_those_of_the_language() -> None:
    said = {}
    for code in LANGUAGES:
        set_language(code)
        said[code] = [ngettext("{count} receipt", "{count} receipts", count) for count in (0, 1, 2, 3, 11, 100)]
    assert said["en"] == ["0 receipts", "1 receipt", "2 receipts", "3 receipts", "11 receipts", "100 receipts"]
    assert said["de"][1:3] == ["1 Beleg", "2 Belege"]
    assert len(set(said["ar"])) == 6
    assert len({re.sub(r"\d+", "", text) for text in said["ja"]}) == 1


@pytest.mark.parametrize("code", LANGUAGES)
def test_font_has_every_glyph(code: str, messages: set[MessageId]) -> None:
    glyphs = {
        family.name: [set(TTFont(family.path(bold)).getBestCmap()) for bold in (False, True)] for family in FAMILIES
    }
    texts = [LANGUAGES[code].name, *(text for one in LANGUAGES.values() for text in [one.name])]
    if code == "en":
        texts += [text for message in messages for text in _texts(message)]
    else:
        texts += [text for message in read_catalogue(code) if message.id for text in _texts(message.string)]
    set_language(code)
    texts += [date_and_time(86400 * 30 * month) for month in range(12)]
    for text in texts:
        for has in glyphs[family_of(text).name]:
            missing = [letter for letter in HIDDEN.sub("", text) if ord(letter) not in has]
            assert not missing, f"{text}: no glyph for {missing}"


def test_moment_is_told_with_its_zone_in_every_language() -> None:
    for code in LANGUAGES:
        set_language(code)
        assert date_and_time(1_790_000_000, UTC).endswith("(UTC+00:00)")
    set_language("de")
    assert date_and_time(1_790_000_000, UTC).startswith("21 Sept. 2026")


def test_unknown_language_is_refused_and_the_one_before_stays() -> None:
    set_language("ja")
    with pytest.raises(InputError, match="xx"):
        set_language("xx")
    assert language().code == "ja"
