"""Old verdicts computed once more, by the checked comparison and with other roles, from the shares that nodes keep.

A `Unique` verdict, and a `Stored` one, said that its record matched none of the records before it, but a member's own.
Each node still has its shares of both, but for those erased since. The three nodes compare again: each takes the role
of the next one, so that each computes what another computed then, and a node that tampers this time is noticed. Only
bits that are known already are opened: "no" for every record whose verdict was right. What was asked and left nothing
behind, `Duplicate` and `SamePerson`, cannot be computed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from uniqueness.binding import AcceptedShares
from uniqueness.comparison import Comparison, Query
from uniqueness.constants import PARTIES
from uniqueness.index import RecordState, StoredRecord
from uniqueness.store import Store

__all__ = ["Rechecked", "in_next_role", "recheck"]

_LABEL = b"irisproof committee recheck v1\0"
Value = TypeVar("Value")


@dataclass(frozen=True)
class Rechecked:
    """One record, by its network and number, whose verdict was computed again; `holds`: nobody before it matches."""

    network: str
    number: int
    holds: bool


def in_next_role(node: int, by_peer: Mapping[int, Value]) -> tuple[int, dict[int, Value]]:
    """The role of the next node for this one and for its peers: shares stay where they are, under the next number."""
    return (node + 1) % PARTIES, {(peer + 1) % PARTIES: value for peer, value in by_peer.items()}


def recheck(store: Store, comparison: Comparison, role: int, last: int | None = None) -> Iterator[Rechecked]:
    """The verdicts of all records, or of the `last` ones, in the log's order. All three nodes do this at once.

    Raises `EngineFailed` where the nodes' logs differ, and `TamperingDetected`.
    """
    for network in store.networks():
        live = [record for record in store.records("network = ?", network) if record.state is not RecordState.ZEROED]
        asked = [record.number for record in live if not _has_earlier(live, record)]
        for number in asked if last is None else asked[max(0, len(asked) - last) :]:
            view = store.view(network)
            rows = number * store.eyes
            shares = (view.file.shares(rows + eye) for eye in range(store.eyes))
            eyes = tuple(AcceptedShares(role, bytes(32), network, first, second) for first, second in shares)
            tag = hashlib.sha256(_LABEL + store.last.hash + f"{network} {number}".encode()).digest()
            matches = comparison.matches_any(tag, Query(eyes), replace(view, rows=rows))
            yield Rechecked(network, number, not matches)


def _has_earlier(live: Sequence[StoredRecord], record: StoredRecord) -> bool:
    """Whether it matches earlier rows that are its member's own: of one who renewed again after a recovery."""
    return record.record_id != 0 and any(
        other.record_id == record.record_id and other.number < record.number for other in live
    )
