"""What the window says, in the person's language: gettext catalogues, plural forms, dates, direction of writing.

The English text in the source is the key; `app/locale/*.po` hold the rest. A catalogue is compiled as it is loaded, so
that none can be out of date.
"""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from pathlib import Path

from protocol.errors import InputError

__all__ = ["LANGUAGES", "Language", "_", "date_and_time", "language", "ngettext", "set_language"]

LOCALE_DIR = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Language:
    """`code` as in ISO 639-1; `name` as its speakers write it."""

    code: str
    name: str
    right_to_left: bool = False


LANGUAGES = {
    language.code: language
    for language in (
        Language("en", "English"),
        Language("de", "Deutsch"),
        Language("es", "Español"),
        Language("ja", "日本語"),
        Language("ar", "العربية", right_to_left=True),
    )
}


@dataclass
class _Current:
    language: Language
    catalogue: gettext.NullTranslations


_current = _Current(LANGUAGES["en"], gettext.NullTranslations())


def language() -> Language:
    """The language that is spoken now."""
    return _current.language


def set_language(code: str) -> None:
    """Speak another language from now on. Raises `InputError` for one that there is no catalogue of."""
    if code not in LANGUAGES:
        raise InputError(f"there is no catalogue for the language {code!r}", hint=f"one of {', '.join(LANGUAGES)}")
    _current.language, _current.catalogue = LANGUAGES[code], _catalogue(code)


def _(message: str) -> str:
    """The message in the person's language."""
    return _current.catalogue.gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The message in the plural form that `count` takes; `{count}` in it becomes the number."""
    return _current.catalogue.ngettext(one, many, count).format(count=count)


def date_and_time(unix_s: int, zone: tzinfo | None = None) -> str:
    """A moment as people write it, with the time zone; this device's zone if none is given."""
    from babel.dates import format_datetime  # noqa: PLC0415 - 0.1 s that the first screen does not need

    moment = datetime.fromtimestamp(unix_s, UTC).astimezone(zone)
    offset = moment.strftime("%z")
    words = format_datetime(moment, "d MMM y HH:mm", locale=_current.language.code)
    return f"{words} (UTC{offset[:3]}:{offset[3:]})"


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    if code == "en":
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - not needed for English
    from babel.messages.pofile import read_po  # noqa: PLC0415

    with (LOCALE_DIR / f"{code}.po").open("rb") as file:
        messages = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
