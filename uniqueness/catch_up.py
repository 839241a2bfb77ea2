"""How a node gets what it missed, or all of it, from the other two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from protocol.errors import CommitteeUnavailable, EncodingError, VerificationError
from uniqueness.ordered_log import Entry, EntryKind
from uniqueness.rows import SealedShare
from uniqueness.shares import held_by
from uniqueness.store import Held, Store
from uniqueness.wire import Channel, decode, encode

__all__ = ["catch_up", "log_answer", "rows_answer"]

_BATCH = 64


def log_answer(store: Store, start: object) -> dict[str, Any]:
    """A peer's question for entries from `start` on."""
    if type(start) is not int or start < 0:
        raise EncodingError("a log is asked for from a number on")
    return {"entries": [encode(entry.to_bytes()) for entry in store.entries(start, _BATCH)]}


def rows_answer(store: Store, value: dict[str, Any], peer: int) -> dict[str, Any]:
    """A peer's question for records. It gets the share that it holds itself, and no other: with a third it could read
    the code. `rows` has an empty list for a record that is zeroed."""
    network, start, count = value.get("network"), value.get("start"), value.get("count")
    if not isinstance(network, str) or type(start) is not int or type(count) is not int or not 0 <= count <= _BATCH:
        raise EncodingError("rows are asked for by network, start and count")
    allowed = [index for index in held_by(peer) if index in held_by(store.node)]
    rows = []
    for number in range(start, min(start + count, store.count(network))):
        shares = [share for row in store.held(network, number) for share in row if share.index in allowed]
        rows.append([[share.index, encode(share.residues.tobytes()), encode(share.blind)] for share in shares])
    return {"rows": rows}


def catch_up(store: Store, peers: Sequence[Channel]) -> int:
    """Take the entries that the peers have and this node has not; returns how many. The longer log counts.

    An entry that waits here prepared is committed as it is; rows of others come from the peers, each share from the
    one that holds it, and must be under the seals of the log. Raises `CommitteeUnavailable` where a peer that is
    needed does not answer, `VerificationError` where the logs are not one.
    """
    taken = 0
    while True:
        batches = [_entries(peer, store.last.sequence + 1) for peer in peers]
        answered = [batch for batch in batches if batch is not None]
        if not answered:
            raise CommitteeUnavailable("no other node answers")
        for one, other in zip(answered[0], answered[-1], strict=False):
            if one != other:
                raise VerificationError(f"the other nodes' logs differ at entry {one.sequence}")
        batch = max(answered, key=len)
        if not batch:
            return taken
        rows: dict[tuple[str, int], Held] = {}
        for entry in batch:
            if store.prepared(entry.hash):
                store.commit(entry.hash)
            elif entry.kind in (EntryKind.UNIQUE, EntryKind.STORED):
                network = entry.body["network"]
                at = (network, store.count(network))
                if at not in rows:
                    rows |= _rows(store, peers, *at)
                store.replay(entry, rows[at])
            else:
                store.replay(entry)
            taken += 1


def _entries(peer: Channel, start: int) -> list[Entry] | None:
    try:
        answer = peer.call("/log", {"start": start})
    except CommitteeUnavailable:
        return None
    try:
        return [Entry.from_bytes(decode(entry)) for entry in answer["entries"]]
    except (KeyError, TypeError) as error:
        raise EncodingError("the peer's log cannot be read") from error


def _rows(store: Store, peers: Sequence[Channel], network: str, start: int) -> dict[tuple[str, int], Held]:
    """The next records of a network, share by share."""
    found: list[list[list[SealedShare]]] = []
    for peer in peers:
        answer = peer.call("/rows", {"network": network, "start": start, "count": _BATCH})
        try:
            found.append([[_share(share) for share in row] for row in answer["rows"]])
        except (KeyError, TypeError, ValueError) as error:
            raise EncodingError("the peer's rows cannot be read") from error
    held: dict[tuple[str, int], Held] = {}
    for number, parts in enumerate(zip(*found, strict=False), start):
        by_index: dict[int, list[SealedShare]] = {}
        for share in (share for part in parts for share in part):
            by_index.setdefault(share.index, []).append(share)
        own, following = held_by(store.node)
        held[network, number] = tuple(zip(by_index.get(own, []), by_index.get(following, []), strict=False))
    if not held:
        raise CommitteeUnavailable("a peer does not have the rows that its log names")
    return held


def _share(fields: list[Any]) -> SealedShare:
    index, residues, blind = fields
    return SealedShare(int(index), np.frombuffer(decode(residues), "<u2").astype(np.uint16), decode(blind))
