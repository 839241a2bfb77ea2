"""What the sequencer proposes to the other nodes: the next entry of the log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from protocol.errors import EncodingError

__all__ = ["Proposal"]

_TAG_LABEL = b"irisproof committee round v1\0"


@dataclass(frozen=True)
class Proposal:
    """The entry that the sequencer wants next. `purpose`: request, confirm, drop or erase; `subject`: the digest of a
    submission, else what `body` is about. `seals` (per eye, three) are known once all nodes have answered."""

    sequence: int
    previous: str
    at: int
    session: str
    purpose: str
    subject: str
    body: dict[str, Any]
    seals: list[list[str]]

    @classmethod
    def read(cls, value: dict[str, Any]) -> Proposal:
        """Raises `EncodingError`."""
        try:
            made = cls(**value)
            numbers, texts = (made.sequence, made.at), (made.previous, made.session, made.purpose, made.subject)
        except TypeError as error:
            raise EncodingError("the proposal cannot be read") from error
        if not all(type(number) is int for number in numbers) or not all(isinstance(text, str) for text in texts):
            raise EncodingError("the proposal cannot be read")
        return made

    def tag(self, what: str) -> bytes:
        """What the engines agree on before they compute."""
        text = f"{self.session} {self.sequence} {self.previous} {self.subject} {self.seals} {what}"
        return hashlib.sha256(_TAG_LABEL + text.encode()).digest()
