"""Entries and rows of nobody's eye, as three nodes keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from uniqueness.ordered_log import Entry, EntryKind, entry_after, genesis
from uniqueness.rows import SealedShare
from uniqueness.shares import held_by
from uniqueness.store import Held, Store

NETWORK = "iris_v1"
FIRST = genesis(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3", "one", ["0x1", "0x2", "0x3"])


def open_store(folder: Path, node: int, eyes: int = 1) -> Store:
    return Store(folder, node, FIRST, eyes)


def code_rows(seed: int, eyes: int = 1) -> list[list[SealedShare]]:
    """Three sealed shares an eye; each node's draw is the same for a seed."""
    rng = np.random.default_rng(seed)
    return [
        [SealedShare(index, rng.integers(0, 1 << 16, 2880, dtype=np.uint16), rng.bytes(32)) for index in range(3)]
        for _ in range(eyes)
    ]


def rows_of(shares: list[npt.NDArray[np.uint16]], rng: np.random.Generator) -> list[list[SealedShare]]:
    """The three shares of one eye's vector, sealed."""
    return [[SealedShare(index, share, rng.bytes(32)) for index, share in enumerate(shares)]]


def held_at(rows: list[list[SealedShare]], node: int) -> Held:
    own, following = held_by(node)
    return tuple((eye[own], eye[following]) for eye in rows)


def entry_for(last: Entry, rows: list[list[SealedShare]], seed: int) -> Entry:
    body = {
        "network": NETWORK,
        "model_id": 1,
        "identity": str(seed + 1),
        "code": bytes([seed % 256]).hex() * 32,
        "record_id": 0,
        "expires_at": 1_800_000_600,
        "request": (bytes([seed % 256]) * 32).hex(),
        "seals": [[share.seal.hex() for share in eye] for eye in rows],
    }
    return entry_after(last, 1_800_000_000, EntryKind.UNIQUE, body)


def confirmed(last: Entry, number: int, record_id: int) -> Entry:
    body = {"network": NETWORK, "number": number, "record_id": record_id}
    return entry_after(last, 1_800_000_000, EntryKind.CONFIRMED, body)


def dropped(last: Entry, number: int) -> Entry:
    return entry_after(last, 1_800_000_000, EntryKind.DROPPED, {"records": [[NETWORK, number]]})
