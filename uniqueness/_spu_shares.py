"""SPU's shares as its runtime keeps them (0.9.5, ABY3, FM32), read and written here: bits of scores, 32 to a word.

SPU compares one number at a time, each in a word of 32 bits that its adder goes through whole: 0.9 microseconds. A
score's three slots are each known to two parties, so that their bits are boolean shares without a message, and 32
scores' bits of one weight make one word. So the parties take the slots of the sums out of the runtime, slice them, and
put the words back in; the products of bits are SPU's as before.

A share is a head (protocol buffers: type, visibility, shape, storage) and a chunk (its length, its bytes). The bytes
are the party's own slot and the next one, in turn. `Session.rehearse` finds out at every start whether that holds.

Uses numpy alone: run in the committee's environment.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["PLANES", "WORD", "bit_planes", "boolean_share", "slots_of"]

WORD = 32
PLANES = 16
"""Bits of a score."""

_INT32, _SECRET = 6, 1
_STORAGE = b"aby3.BShr<PT_U32,32>"


def slots_of(chunk: bytes, count: int) -> tuple[Any, Any]:
    """The two slots of `count` arithmetic shares, modulo 2^16: uint16[count] each."""
    head = b"\x08" + _varint(8 * count) + b"\x1a" + _varint(8 * count)
    if chunk[: len(head)] != head or len(chunk) != len(head) + 8 * count:
        raise ValueError("SPU keeps its shares otherwise than expected")
    pairs = np.frombuffer(chunk, np.uint16, offset=len(head)).reshape(count, 2, 2)
    return np.ascontiguousarray(pairs[:, 0, 0]), np.ascontiguousarray(pairs[:, 1, 0])


def bit_planes(scores: Any) -> Any:
    """[..., n] -> uint32[16, ..., n / 32], the lowest bit first; n is a multiple of 32."""
    planes = np.empty((PLANES, *scores.shape[:-1], scores.shape[-1] // WORD), np.uint32)
    for bit in range(PLANES):
        packed = np.packbits((scores >> bit).astype(np.uint8) & 1, axis=-1, bitorder="little")
        planes[bit] = packed.view(np.uint32)
    return planes


def boolean_share(own: Any, second: Any) -> tuple[bytes, list[bytes]]:
    """(head, chunks) of shared words uint32[...] of which this party holds these slots."""
    dims = b"".join(_varint(side) for side in own.shape)
    shape = _field(1, dims)
    head = bytes([8, _INT32, 24, _SECRET]) + _field(4, shape) + _field(5, _STORAGE)
    pairs = np.stack([own, second], axis=-1).tobytes()
    return head, [b"\x08" + _varint(len(pairs)) + _field(3, pairs)]


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])
