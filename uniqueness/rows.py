"""A node's rows of one network on disk: int8 limbs, append-only, memory-mapped, each row under its shares' seals.

A seal is a hash over a share with a blind that only the two holders of the share can compute: from the salts' shares.
Without the blind it would be an oracle to the third node: it holds the other two shares, and could try codes.

A file is a head of one page, then groups of 2,048 rows: all low limbs of the group, then all high ones, so that a
block of rows is multiplied as it lies. Rows behind the last committed one are nobody's: a crash may leave any bytes
there, and the next row overwrites them. How many are committed, and their seals, stand in the index (`store`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError, StoreDamaged
from uniqueness.binding import AcceptedShares
from uniqueness.constants import ComparisonRule, rule_of
from uniqueness.linear import Limbs, split_limbs
from uniqueness.shares import NodeShares

__all__ = ["GROUP_ROWS", "RowFile", "SealedShare", "StoredRow", "row_of", "seal_of", "stored_residues"]

GROUP_ROWS = 2048
_HEAD_BYTES = 4096
_MAGIC = b"irisproof committee rows v1\n"
_SEAL_LABEL, _BLIND_LABEL = b"irisproof share row v1\0", b"irisproof share blind v1\0"

Ring = npt.NDArray[np.uint16]


class SealedShare:
    """One share of one row: its residues, uint16[width], and its blind. Secret."""

    __slots__ = ("blind", "index", "residues")

    def __init__(self, index: int, residues: Ring, blind: bytes) -> None:
        self.index, self.residues, self.blind = index, residues, blind

    @property
    def seal(self) -> bytes:
        return seal_of(self.index, self.residues, self.blind)


StoredRow = tuple[SealedShare, SealedShare]
"""What a node holds of one eye: its own share and the next one."""


def seal_of(index: int, residues: Ring, blind: bytes) -> bytes:
    """32 bytes; see the module."""
    return hashlib.sha256(_SEAL_LABEL + bytes([index]) + blind + residues.astype("<u2").tobytes()).digest()


def row_of(accepted: AcceptedShares, shares: NodeShares) -> StoredRow:
    """One eye as it is stored. The blind comes from the shares of both salts, which both holders of a share have."""
    made = []
    for residues, code, mask in zip((accepted.first, accepted.second), shares.code, shares.mask, strict=True):
        salts = b"".join(salt.to_bytes(32, "big") for salt in (*code.salts, *mask.salts))
        made.append(SealedShare(code.index, residues, hashlib.sha256(_BLIND_LABEL + salts).digest()))
    return made[0], made[1]


class RowFile:
    """The rows of one network. Not thread-safe."""

    def __init__(self, path: Path, network: str) -> None:
        """Open or begin. Raises `StoreDamaged` for a file that is none, or of another network or version."""
        self._path = path
        self._rule: ComparisonRule = rule_of(network)
        self._columns = 2 * self._rule.width
        self._head = _MAGIC + f"{network} {self._columns}\n".encode()
        if not path.exists():
            self._begin()
        if self._wrong_head():
            raise StoreDamaged(f"{path.name} is not a file of rows of {network}")
        self._map = self._mapped()

    def _begin(self) -> None:
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(self._head.ljust(_HEAD_BYTES, b"\0"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)

    def _wrong_head(self) -> bool:
        with self._path.open("rb") as file:
            return file.read(len(self._head)) != self._head

    @property
    def _group_bytes(self) -> int:
        return 2 * GROUP_ROWS * self._columns

    def _mapped(self) -> npt.NDArray[np.int8]:
        """int8[groups, 2, 2048, columns]; a file that was cut off in the middle of a group is filled up."""
        groups = -(-max(0, self._path.stat().st_size - _HEAD_BYTES) // self._group_bytes)
        os.truncate(self._path, _HEAD_BYTES + groups * self._group_bytes)
        if groups == 0:
            return np.empty((0, 2, GROUP_ROWS, self._columns), np.int8)
        shape = (groups, 2, GROUP_ROWS, self._columns)
        return np.memmap(self._path, np.int8, "r+", _HEAD_BYTES, shape)

    @property
    def room(self) -> int:
        """Rows that the file has room for now."""
        return len(self._map) * GROUP_ROWS

    def write(self, at: int, rows: Sequence[Ring]) -> None:
        """Put rows, uint16[columns] each, at row `at` on; on the disk when this returns."""
        need = -(-(at + len(rows)) // GROUP_ROWS)
        if need > len(self._map):
            os.truncate(self._path, _HEAD_BYTES + need * self._group_bytes)
            self._map = self._mapped()
        for number, row in enumerate(rows, at):
            if row.shape != (self._columns,):
                raise EncodingError(f"a row of {self._rule.network} has {self._columns} residues, not {row.shape}")
            limbs = split_limbs(row)
            group, place = divmod(number, GROUP_ROWS)
            self._map[group, 0, place], self._map[group, 1, place] = limbs.low, limbs.high
        self._sync()

    def write_zero(self, at: int, rows: int) -> None:
        """Overwrite rows with shares of zero, on the disk when this returns."""
        self.write(at, [np.zeros(self._columns, np.uint16)] * rows)

    def is_zero(self, at: int) -> bool:
        limbs = self.block(at, at + 1)
        return not (limbs.low.any() or limbs.high.any())

    def shares(self, at: int) -> tuple[Ring, Ring]:
        """The two shares of row `at`, uint16[width] each."""
        limbs = self.block(at, at + 1)
        row = (limbs.low[0].astype(np.int16) + (limbs.high[0].astype(np.int16) << 8)).view(np.uint16)
        return row[: self._rule.width], row[self._rule.width :]

    def block(self, start: int, stop: int) -> Limbs:
        """Rows start..stop-1, as they lie where they are of one group."""
        first, last = start // GROUP_ROWS, (max(start, stop - 1)) // GROUP_ROWS
        parts = []
        for group in range(first, last + 1):
            low, high = max(start - group * GROUP_ROWS, 0), min(stop - group * GROUP_ROWS, GROUP_ROWS)
            parts.append(np.asarray(self._map[group, :, low:high]))
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        return Limbs(whole[0], whole[1])

    def _sync(self) -> None:
        if isinstance(self._map, np.memmap):
            self._map.flush()
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def stored_residues(row: StoredRow) -> Ring:
    """uint16[2 width]: a `linear.record_row`."""
    return np.concatenate([row[0].residues, row[1].residues])
