"""A secret vector as three additive shares over the integers, of which a node gets two (`protocol.md`, object 7).

A committed vector is small entries (symbols or mask cells), then salts (field elements). For an entry v a client draws
r1 and r2, 64 bits each, and the third share is v - r1 - r2, an integer of up to 66 bits. Integers and not field
elements, because a node goes on modulo 2^16, and only a sum without a carry modulo r survives that reduction: bounded
by 2^66 each, three shares cannot reach r. Salts are shared modulo r; nobody computes with them.

What two shares tell. Shares 1 and 2 are independent of v. Shares 2 and 3 (and 1 and 3) give v - r with r uniform in 64
bits: for two values of v the distributions differ by |difference| / 2^64, at most 2^-63. Over the 2,880 entries of one
eye that is below 2^-51. Salts hide perfectly.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError
from protocol.field import SCALAR_FIELD, require_scalar
from uniqueness.constants import PARTIES

__all__ = [
    "ENTRY_BOUND",
    "MAX_ENTRIES",
    "MAX_SALTS",
    "SHARE_VERSION",
    "NodeShares",
    "VectorShare",
    "held_by",
    "share_for",
    "split_vector",
]

SHARE_VERSION = 1
RANDOM_BITS = 64
ENTRY_BOUND = 1 << 66
"""A share's entry lies strictly between -2^66 and 2^66; 3 x 2^66 is far below r."""
MAX_ENTRIES, MAX_SALTS = 1 << 13, 64
"""Twice what the largest network needs; a longer share is refused before it is read."""

_ENTRY_BYTES, _SALT_BYTES, _HEAD_BYTES = 9, 32, 8
_HEAD = b"ips"


@dataclass(frozen=True)
class VectorShare:
    """Share `index` (0, 1 or 2) of one vector. Secret: two nodes' shares together are the vector.

    Raises `EncodingError` for anything out of range: the bound is what makes the sum one over the integers.
    """

    index: int
    entries: tuple[int, ...] = field(repr=False)
    salts: tuple[int, ...] = field(repr=False)

    def __post_init__(self) -> None:
        _require_index(self.index)
        if not 0 < len(self.entries) <= MAX_ENTRIES:
            raise EncodingError(f"a share has {len(self.entries)} entries, expected 1..{MAX_ENTRIES}")
        if len(self.salts) > MAX_SALTS:
            raise EncodingError(f"a share has {len(self.salts)} salts, at most {MAX_SALTS} are known")
        if not all(type(entry) is int and -ENTRY_BOUND < entry < ENTRY_BOUND for entry in self.entries):
            raise EncodingError("a share's entry lies outside -2^66..2^66")
        for salt in self.salts:
            require_scalar(salt, "salt share")

    @property
    def vector(self) -> tuple[int, ...]:
        """What is committed: entries, then salts, to be taken modulo r."""
        return (*self.entries, *self.salts)

    def residues(self) -> npt.NDArray[np.uint16]:
        """The entries modulo 2^16, uint16[entries]: what a node stores and computes with."""
        return np.array([entry & 0xFFFF for entry in self.entries], np.uint16)

    def to_bytes(self) -> bytes:
        """Head (magic, version, index, two lengths), entries in 9 bytes, salts in 32; big-endian."""
        head = _HEAD + bytes([SHARE_VERSION, self.index]) + len(self.entries).to_bytes(2, "big")
        entries = b"".join(entry.to_bytes(_ENTRY_BYTES, "big", signed=True) for entry in self.entries)
        salts = b"".join(salt.to_bytes(_SALT_BYTES, "big") for salt in self.salts)
        return head + bytes([len(self.salts)]) + entries + salts

    @classmethod
    def from_bytes(cls, data: bytes) -> VectorShare:
        """Raises `EncodingError` for anything that `to_bytes` would not have written."""
        if len(data) < _HEAD_BYTES or not data.startswith(_HEAD):
            raise EncodingError("these bytes are not a share")
        if data[3] != SHARE_VERSION:
            raise EncodingError(f"the share is of version {data[3]}; this program reads {SHARE_VERSION}")
        entries, salts = int.from_bytes(data[5:7], "big"), data[7]
        salts_at = _HEAD_BYTES + entries * _ENTRY_BYTES
        if len(data) != salts_at + salts * _SALT_BYTES:
            raise EncodingError(f"a share of {entries} entries and {salts} salts does not have {len(data)} bytes")
        return cls(
            data[4],
            tuple(int.from_bytes(data[at : at + 9], "big", signed=True) for at in range(8, salts_at, _ENTRY_BYTES)),
            tuple(int.from_bytes(data[at : at + 32], "big") for at in range(salts_at, len(data), _SALT_BYTES)),
        )


Shares = tuple[VectorShare, VectorShare, VectorShare]


def split_vector(entries: Sequence[int], salts: Sequence[int]) -> Shares:
    """Three fresh shares of a vector whose entries are symbols or mask cells and whose salts are field elements.

    Raises `EncodingError` for an entry outside -1..1 or a salt that is not canonical; never says which.
    """
    if not set(entries) <= {-1, 0, 1}:
        raise EncodingError("only symbols and mask cells are shared: -1, 0 or 1")
    one, two = ([secrets.randbits(RANDOM_BITS) for _ in entries] for _ in range(2))
    three = [value - r1 - r2 for value, r1, r2 in zip(entries, one, two, strict=True)]
    for salt in salts:
        require_scalar(salt, "salt")
    first, second = ([secrets.randbelow(SCALAR_FIELD) for _ in salts] for _ in range(2))
    third = [(salt - r1 - r2) % SCALAR_FIELD for salt, r1, r2 in zip(salts, first, second, strict=True)]
    return (
        VectorShare(0, tuple(one), tuple(first)),
        VectorShare(1, tuple(two), tuple(second)),
        VectorShare(2, tuple(three), tuple(third)),
    )


def held_by(node: int) -> tuple[int, int]:
    """Indices of the shares that node 0, 1 or 2 holds: its own and the next one. Any two nodes hold all three."""
    _require_index(node)
    return node, (node + 1) % PARTIES


def _require_index(index: int) -> None:
    if type(index) is not int or not 0 <= index < PARTIES:
        raise EncodingError(f"{index!r} is not one of the nodes 0, 1 and 2")


@dataclass(frozen=True)
class NodeShares:
    """What one node receives for one eye: two shares of the code vector and two of the mask plane. Secret."""

    code: tuple[VectorShare, VectorShare]
    mask: tuple[VectorShare, VectorShare]

    def to_bytes(self) -> bytes:
        """The four shares, each behind its length in 4 bytes."""
        parts = [share.to_bytes() for share in (*self.code, *self.mask)]
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> NodeShares:
        """Raises `EncodingError` for anything that `to_bytes` would not have written."""
        if len(data) > MAX_NODE_BYTES:
            raise EncodingError(f"{len(data)} bytes of shares: at most {MAX_NODE_BYTES} are read")
        parts, at = [], 0
        for _ in range(4):
            length = int.from_bytes(data[at : at + 4], "big")
            parts.append(VectorShare.from_bytes(data[at + 4 : at + 4 + length]))
            at += 4 + length
        if at != len(data):
            raise EncodingError(f"{len(data)} bytes where the shares end at {at}")
        return cls((parts[0], parts[1]), (parts[2], parts[3]))


MAX_NODE_BYTES = 4 * (4 + _HEAD_BYTES + MAX_ENTRIES * _ENTRY_BYTES + MAX_SALTS * _SALT_BYTES)


def share_for(node: int, code: Shares, mask: Shares) -> NodeShares:
    """The pairs that `node` is to hold."""
    own, following = held_by(node)
    return NodeShares((code[own], code[following]), (mask[own], mask[following]))
