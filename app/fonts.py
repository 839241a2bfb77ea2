"""Fonts that have the glyphs: IBM Plex Sans (OFL-1.1) for Latin, Arabic and Japanese script, by npm (`make window`).

Each of the three has Latin letters too, so that one font sets a whole text. The toolkit has no fallback of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import ArtifactAbsent
from protocol.pins import root_dir

__all__ = ["FAMILIES", "Family", "family_of"]

_FOLDER = "node_modules/@expo-google-fonts"


@dataclass(frozen=True)
class Family:
    """`name` is what the toolkit knows it by."""

    name: str
    package: str
    file: str

    def path(self, bold: bool = False) -> Path:
        """Raises `ArtifactAbsent` where the package is not installed."""
        weight, style = ("600SemiBold", "600SemiBold") if bold else ("400Regular", "400Regular")
        path = root_dir() / _FOLDER / self.package / weight / f"{self.file}_{style}.ttf"
        if not path.exists():
            raise ArtifactAbsent(f"the font {self.package} is not installed", hint="run: make window")
        return path


LATIN = Family("plex", "ibm-plex-sans", "IBMPlexSans")
ARABIC = Family("plex-arabic", "ibm-plex-sans-arabic", "IBMPlexSansArabic")
JAPANESE = Family("plex-japanese", "ibm-plex-sans-jp", "IBMPlexSansJP")
FAMILIES = (LATIN, ARABIC, JAPANESE)

_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
_JAPANESE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")


def family_of(text: str) -> Family:
    """The family for a text by its script; a poll's question may be in another language than the window."""
    if _ARABIC.search(text):
        return ARABIC
    return JAPANESE if _JAPANESE.search(text) else LATIN
