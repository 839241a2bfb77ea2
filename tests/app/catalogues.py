"""The window's messages as they stand in the source, and the catalogues of `app/locale`. `make messages` brings the
catalogues up to the source; what is not translated yet then fails the tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.messages import LANGUAGES, LOCALE_DIR

SOURCES = LOCALE_DIR.parent

MessageId = str | tuple[str, str]


def source_messages() -> Iterable[tuple[str, int, MessageId]]:
    """(file, line, message) of every call of `_` and `ngettext` in app/."""
    keywords = {"_": None, "ngettext": (1, 2)}
    for file, line, message, _comments, _context in extract_from_dir(SOURCES, [("**.py", "python")], keywords=keywords):
        yield file, line, message if isinstance(message, str) else (message[0], message[1])


def read_catalogue(code: str) -> Catalog:
    with (LOCALE_DIR / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def catalogue_path(code: str) -> Path:
    return LOCALE_DIR / f"{code}.po"


def main() -> None:
    template = Catalog(fuzzy=False)
    for file, _line, message in source_messages():
        template.add(message, locations=[(file, None)])  # type: ignore[list-item] - babel takes no line, too
    for code in LANGUAGES:
        if code == "en":
            continue
        path = catalogue_path(code)
        catalogue = read_catalogue(code) if path.exists() else Catalog(locale=code, fuzzy=False)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, sort_output=True, omit_header=False, include_previous=False)


if __name__ == "__main__":
    main()
