"""What the log keeps of both eyes: which captures were judged together, over restarts, rebuilds and older stores."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.errors import StoreDamaged
from tests.uniqueness.stored import code_rows, entry_for, held_at, open_store
from uniqueness.ordered_log import Entry, EntryKind, entry_after
from uniqueness.store import Store

LEFT, RIGHT, OTHER_RIGHT = (bytes([n]) * 32 for n in (1, 2, 3))


def _judged(last: Entry, kind: EntryKind, identity: int, *roots: bytes) -> Entry:
    body = {"identity": str(identity), "record_id": 1, "code": "00" * 32, "roots": [root.hex() for root in roots]}
    return entry_after(last, last.at, kind, body)


def _committed(store: Store, entry: Entry) -> None:
    store.prepare(entry)
    store.commit(entry.hash)


def test_a_pair_is_found_by_its_identity_and_first_root_and_the_newest_counts(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0, eyes=2)
    _committed(store, _judged(store.last, EntryKind.SAME_PERSON, 7, LEFT, RIGHT))
    store.close()
    again = open_store(tmp_path, 0, eyes=2)
    assert again.other_root(7, LEFT) == RIGHT
    assert again.other_root(8, LEFT) is None
    assert again.other_root(7, RIGHT) is None
    _committed(again, _judged(again.last, EntryKind.SAME_PERSON, 7, LEFT, OTHER_RIGHT))
    assert again.other_root(7, LEFT) == OTHER_RIGHT
    again.close()


def test_a_node_that_is_rebuilt_knows_the_pairs_of_the_log(tmp_path: Path) -> None:
    store = open_store(tmp_path, 2, eyes=2)
    rows = code_rows(5, eyes=2)
    entry = entry_for(store.last, rows, 5)
    entry = replace(entry, body=entry.body | {"roots": [LEFT.hex(), RIGHT.hex()]})
    store.replay(entry, held_at(rows, 2))
    assert store.other_root(6, LEFT) == RIGHT
    store.close()


def test_a_pair_that_was_only_prepared_was_not_judged(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0, eyes=2)
    store.prepare(_judged(store.last, EntryKind.SAME_PERSON, 7, LEFT, RIGHT))
    assert store.other_root(7, LEFT) is None
    store.close()


def test_a_store_of_the_version_before_is_taken_over_and_one_of_a_later_is_not(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0)
    rows = code_rows(5)
    entry = entry_for(store.last, rows, 5)
    store.prepare(entry, held_at(rows, 0))
    store.commit(entry.hash)
    store.close()
    with sqlite3.connect(tmp_path / "index.db") as db:
        db.execute("drop table pairs")
        db.execute("pragma user_version = 1")
    again = open_store(tmp_path, 0)
    assert again.last == entry
    assert again.other_root(6, LEFT) is None
    again.close()
    with sqlite3.connect(tmp_path / "index.db") as db:
        db.execute("pragma user_version = 3")
    with pytest.raises(StoreDamaged, match="of version 3"):
        open_store(tmp_path, 0)
