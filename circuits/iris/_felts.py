"""Field elements as ezkl's JSON has them: 32 bytes little-endian, hex."""

from __future__ import annotations

from collections.abc import Iterable

from protocol.field import SCALAR_FIELD

__all__ = ["felt_to_int", "to_felts"]


def to_felts(values: Iterable[int]) -> list[str]:
    """Integers, taken modulo r (-1 is r - 1), as ezkl reads them."""
    return [(value % SCALAR_FIELD).to_bytes(32, "little").hex() for value in values]


def felt_to_int(felt: str) -> int:
    """The integer that ezkl wrote, with or without 0x."""
    return int.from_bytes(bytes.fromhex(felt.removeprefix("0x")), "little")
