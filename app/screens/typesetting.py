"""Lines of a text: broken to a width in the order of reading, and only then turned to the order of display.

The toolkit breaks lines after that turn, which sets the end of an Arabic sentence above its beginning, and knows no
place to break in Japanese. So it gets whole lines from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["break_lines", "displayed", "is_right_to_left"]

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufeff]")
_WIDE = "\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
_PIECES = re.compile(f"[{_WIDE}]|[^\\s{_WIDE}]+|\\s+")
_NOT_FIRST = frozenset("、。，．・：；？！）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
_NOT_LAST = frozenset("（「『【〈《〔")


def is_right_to_left(text: str) -> bool:
    """Whether any letter in it is."""
    return _RIGHT_TO_LEFT.search(text) is not None


def displayed(line: str, base_right_to_left: bool) -> str:
    """One line from the order of reading to the order of display, left to right, Arabic letters in their joined forms:
    the toolkit would join them in the order of display, which is the wrong one."""
    if not is_right_to_left(line):
        return line
    from arabic_reshaper import reshape  # noqa: PLC0415 - needed for some languages only
    from bidi.algorithm import get_display  # noqa: PLC0415 - this one mirrors brackets, too

    return str(get_display(reshape(line), base_dir="R" if base_right_to_left else "L"))


def break_lines(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines that are no wider than `width`, broken at spaces and between Japanese letters; a word that is wider than
    a whole line (an address, a hash) is broken anywhere. `measure` gives a text's width."""
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, width, measure)]


def _paragraph(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines, line = [], ""
    for piece in _unbreakable(text):
        if measure((line + piece).rstrip()) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece.lstrip()
        while measure(line) > width and len(line) > 1:
            fits = max(1, _fitting(line, width, measure))
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line.rstrip()]


def _unbreakable(text: str) -> list[str]:
    """Words, spaces and single Japanese letters with the signs that must not begin or end a line."""
    pieces: list[str] = []
    for piece in _PIECES.findall(text):
        if pieces and (piece[0] in _NOT_FIRST or pieces[-1][-1] in _NOT_LAST):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def _fitting(line: str, width: float, measure: Callable[[str], float]) -> int:
    """How many letters fit; found by halving."""
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if measure(line[:middle]) <= width else (low, middle - 1)
    return low
