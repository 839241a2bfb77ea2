"""Texts that stand on the chain. Whoever made a poll chose them byte by byte; no contract looks into them.

So they need not be UTF-8, and may hold what moves a terminal's cursor or turns writing round. One such poll must not
keep anybody from reading the others, and must not look like something else.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TypeVar

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.registry import BaseEquals
from web3 import Web3

__all__ = ["MAX_SHOWN_CHARS", "reading_any_text", "shown_text", "text_bytes"]

MAX_SHOWN_CHARS = 2_000

_SPACE = re.compile("[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
_JOINERS = "\u200c\u200d"
"""Join letters in Persian and Indic scripts, and parts of one picture character."""
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})

Connected = TypeVar("Connected", bound=Web3)


class _AnyText(StringDecoder):
    """Bytes that are no UTF-8 become lone surrogates, from which `text_bytes` makes them again."""

    def __init__(self) -> None:
        super().__init__(handle_string_errors="surrogateescape")  # type: ignore[no-untyped-call]


def reading_any_text(web3: Connected) -> Connected:
    """The same object, which from now on decodes any `string` of the chain."""
    registry = web3.codec._registry.copy()  # type: ignore[no-untyped-call]
    registry.unregister_decoder("string")
    registry.register_decoder(BaseEquals("string"), _AnyText, label="string")  # type: ignore[no-untyped-call]
    web3.codec = ABICodec(registry)
    return web3


def text_bytes(text: str) -> bytes:
    """The bytes that stand on the chain, of a text that was decoded so."""
    return text.encode("utf-8", "surrogateescape")


def shown_text(text: str) -> str:
    """A text as it may be shown: one line, at most `MAX_SHOWN_CHARS` characters and `…`; what controls a terminal,
    turns writing round, is never seen or is no UTF-8 leaves U+FFFD. `poll_page/js/text.js` does the same."""
    line = _SPACE.sub(" ", text).strip(" ")
    cut = line if len(line) <= MAX_SHOWN_CHARS else line[:MAX_SHOWN_CHARS] + "…"
    return "".join("\ufffd" if unicodedata.category(char) in _UNSEEN and char not in _JOINERS else char for char in cut)
