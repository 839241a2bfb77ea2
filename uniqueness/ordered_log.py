"""The committee's one log: what was decided, in order, each entry naming the one before it by its hash.

All three nodes hold the same entries. What they hold beside it, shares, differs from node to node; the log has the
seals of all three shares of every row, so that each node, and one that is rebuilt, can check what it holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from protocol.errors import EncodingError, VerificationError

__all__ = ["LOG_VERSION", "MAX_ENTRY_BYTES", "Entry", "EntryKind", "entry_after", "genesis", "require_chained"]

LOG_VERSION = 1
MAX_ENTRY_BYTES = 8192
_LABEL = b"irisproof committee log v1\0"
_BEFORE_ALL = bytes(32)


class EntryKind(Enum):
    """What an entry says. The first three and `STORED` answer a request; the others follow the chain."""

    GENESIS = "genesis"
    """chain, registry, policy and the nodes' addresses: body {chain_id, registry, policy, nodes}"""
    UNIQUE = "unique"
    """nobody matches; a record is reserved until the chain has it"""
    DUPLICATE = "duplicate"
    """somebody matches; nothing is stored, and the entry says nothing of whom"""
    SAME_PERSON = "same-person"
    """the record that matches"""
    STORED = "stored"
    """a member's code under another model; reserved until the chain has it"""
    CONFIRMED = "confirmed"
    """the chain has a reserved record"""
    DROPPED = "dropped"
    """the chain never got a reserved record, and its verdict has expired: shares of zero"""
    ERASED = "erased"
    """one who left the registry: shares of zero"""


@dataclass(frozen=True)
class Entry:
    """Entry `sequence` (0 is the genesis) behind the entry with hash `previous`, at `at` (Unix time, seconds)."""

    sequence: int
    previous: bytes
    at: int
    kind: EntryKind
    body: dict[str, Any]

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, ASCII."""
        fields = {
            "version": LOG_VERSION,
            "sequence": self.sequence,
            "previous": self.previous.hex(),
            "at": self.at,
            "kind": self.kind.value,
            "body": self.body,
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    @property
    def hash(self) -> bytes:
        """32 bytes: the log's root when this entry is its last."""
        return hashlib.sha256(_LABEL + self.to_bytes()).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """Raises `EncodingError` for another version, too many bytes, or what `to_bytes` would not have written."""
        if len(data) > MAX_ENTRY_BYTES:
            raise EncodingError(f"a log entry has at most {MAX_ENTRY_BYTES} bytes, not {len(data)}")
        try:
            fields = json.loads(data)
            if fields["version"] != LOG_VERSION:
                raise EncodingError(f"the log is of version {fields['version']!r}; this program reads {LOG_VERSION}")
            entry = cls(
                fields["sequence"],
                bytes.fromhex(fields["previous"]),
                fields["at"],
                EntryKind(fields["kind"]),
                fields["body"],
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise EncodingError("the log entry cannot be read") from error
        if entry.to_bytes() != data:
            raise EncodingError("the log entry is not in its canonical form")
        return entry


def genesis(chain_id: int, registry: str, policy: str, nodes: Sequence[str]) -> Entry:
    """The first entry: whom the committee serves. Three nodes that are set up differently have different logs."""
    body = {"chain_id": chain_id, "registry": registry, "policy": policy, "nodes": list(nodes)}
    return Entry(0, _BEFORE_ALL, 0, EntryKind.GENESIS, body)


def entry_after(last: Entry, at: int, kind: EntryKind, body: dict[str, Any]) -> Entry:
    """The entry that follows `last`."""
    return Entry(last.sequence + 1, last.hash, at, kind, body)


def require_chained(entries: Iterable[Entry], last: Entry | None) -> None:
    """Raises `VerificationError` unless `entries` follow `last` (None: from the genesis on) one after the other."""
    sequence, previous = (0, _BEFORE_ALL) if last is None else (last.sequence + 1, last.hash)
    for entry in entries:
        if (entry.sequence, entry.previous) != (sequence, previous):
            raise VerificationError(f"entry {entry.sequence} of the log does not follow the one before it")
        if (entry.kind is EntryKind.GENESIS) != (sequence == 0):
            raise VerificationError("the log begins with its genesis, and has no other")
        sequence, previous = sequence + 1, entry.hash
