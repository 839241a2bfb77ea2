"""A node's store is whole after any crash, notices what was changed in it, and is rebuilt from the other two."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from protocol.errors import EncodingError, RequestRefused, StoreDamaged, VerificationError
from protocol.types import EyeSide, G1Point, IdentityCommitment
from tests.uniqueness.stored import FIRST, NETWORK, code_rows, dropped, entry_for, held_at, open_store
from uniqueness.index import RecordState
from uniqueness.ordered_log import Entry, EntryKind, entry_after, require_chained
from uniqueness.refusals import Refusal
from uniqueness.request import RequestKind, UniquenessRequest
from uniqueness.rows import GROUP_ROWS, RowFile, stored_residues
from uniqueness.store import Store

NOW = 1_800_000_000


def _stored(store: Store, seed: int, eyes: int = 1) -> Entry:
    rows = code_rows(seed, eyes)
    entry = entry_for(store.last, rows, seed)
    store.prepare(entry, held_at(rows, store.node))
    return store.commit(entry.hash)


def test_what_was_committed_is_there_after_opening_again(tmp_path: Path) -> None:
    store = open_store(tmp_path, 1)
    entries = [_stored(store, seed) for seed in range(3)]
    store.close()
    again = open_store(tmp_path, 1)
    assert again.last == entries[-1]
    assert again.size(NETWORK) == again.count(NETWORK) == len(again.view(NETWORK)) == 3
    assert (again.held(NETWORK, 2)[0][1].residues == held_at(code_rows(2), 1)[0][1].residues).all()
    assert again.entry_of(bytes([1]) * 32) == entries[1]
    assert again.record(NETWORK, 0).state is RecordState.RESERVED
    again.close()


def test_prepared_rows_are_nobodys_until_the_commit_and_survive_it(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0)
    rows = code_rows(5)
    entry = entry_for(store.last, rows, 5)
    store.prepare(entry, held_at(rows, 0))
    store.close()
    again = open_store(tmp_path, 0)
    assert len(again.view(NETWORK)) == 0
    assert again.prepared(entry.hash)
    again.commit(entry.hash)
    again.verify()
    assert len(again.view(NETWORK)) == 1
    with pytest.raises(VerificationError, match="not prepared"):
        again.commit(entry.hash)
    again.close()


def test_another_entry_takes_the_place_of_one_that_was_only_prepared(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0)
    rows = code_rows(5)
    given_up = entry_for(store.last, rows, 5)
    store.prepare(given_up, held_at(rows, 0))
    _stored(store, 6)
    assert not store.prepared(given_up.hash)
    store.verify()
    store.close()


def test_shares_of_an_entry_that_was_given_up_are_overwritten(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0)
    _stored(store, 1)
    rows = code_rows(5)
    store.prepare(entry_for(store.last, rows, 5), held_at(rows, 0))
    file = RowFile(tmp_path / f"{NETWORK}.rows", NETWORK)
    assert not file.is_zero(1)
    entry = entry_after(store.last, NOW, EntryKind.DUPLICATE, {"request": "00"})
    store.prepare(entry)
    assert file.is_zero(1)
    assert not file.is_zero(0)
    store.close()


def test_dropped_rows_are_shares_of_zero_and_their_blinds_are_gone(tmp_path: Path) -> None:
    store = open_store(tmp_path, 2)
    _stored(store, 1)
    _stored(store, 2)
    blind = store.held(NETWORK, 0)[0][0].blind.hex()
    entry = dropped(store.last, 0)
    store.prepare(entry)
    store.commit(entry.hash)
    assert not store.view(NETWORK).block(0, 1).low.any()
    assert store.view(NETWORK).block(1, 2).low.any()
    assert (store.size(NETWORK), store.count(NETWORK)) == (1, 2)
    assert store.held(NETWORK, 0) == ()
    store.close()
    assert blind.encode() not in (tmp_path / "index.db").read_bytes()
    open_store(tmp_path, 2).close()


def test_an_erasure_that_a_crash_interrupted_is_finished(tmp_path: Path) -> None:
    store = open_store(tmp_path, 2)
    _stored(store, 1)
    row = stored_residues(held_at(code_rows(1), 2)[0])
    entry = dropped(store.last, 0)
    store.prepare(entry)
    store.commit(entry.hash)
    store.close()
    RowFile(tmp_path / f"{NETWORK}.rows", NETWORK).write(0, [row])  # as if the crash had come before the zeros
    again = open_store(tmp_path, 2)
    assert not again.view(NETWORK).block(0, 1).low.any()
    again.close()


@pytest.mark.parametrize("at", [0, 5759, 2048 * 5760 + 17])
def test_one_changed_byte_of_the_rows_is_noticed(tmp_path: Path, at: int) -> None:
    store = open_store(tmp_path, 0)
    _stored(store, 1)
    store.close()
    with (tmp_path / f"{NETWORK}.rows").open("r+b") as file:
        file.seek(4096 + at)
        byte = file.read(1)
        file.seek(4096 + at)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(StoreDamaged, match=r"share [01] of record 0") as damage:
        open_store(tmp_path, 0)
    assert "rebuild" in damage.value.hint


def test_a_row_file_that_was_cut_off_or_is_of_something_else_is_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0)
    _stored(store, 1)
    store.close()
    path = tmp_path / f"{NETWORK}.rows"
    os.truncate(path, 4096 + 100)
    with pytest.raises(StoreDamaged):
        open_store(tmp_path, 0)
    path.write_bytes(b"something else")
    with pytest.raises(StoreDamaged, match="not a file of rows"):
        open_store(tmp_path, 0)


def test_a_changed_log_entry_is_noticed(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0)
    _stored(store, 1)
    entry = _stored(store, 2)
    store.close()
    with sqlite3.connect(tmp_path / "index.db") as db:
        changed = replace(entry, body=entry.body | {"identity": "8"})
        db.execute("update log set bytes = ? where sequence = 1", [changed.to_bytes()])
    with pytest.raises(StoreDamaged, match="log of node 0 is broken"):
        open_store(tmp_path, 0)


def test_a_store_of_another_committee_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path, 0).close()
    other = replace(FIRST, body=FIRST.body | {"policy": "both"})
    with pytest.raises(StoreDamaged, match="another committee"):
        Store(tmp_path, 0, other, 1)


@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("eyes", [1, 2])
def test_two_nodes_rebuild_the_third(tmp_path: Path, lost: int, eyes: int) -> None:
    stores = [open_store(tmp_path / str(node), node, eyes) for node in range(3)]
    for store in stores:
        for seed in range(3):
            _stored(store, seed, eyes)
        entry = dropped(store.last, 1)
        store.prepare(entry)
        store.commit(entry.hash)
    rebuilt = open_store(tmp_path / "new", lost, eyes)
    before, after = stores[(lost + 2) % 3], stores[(lost + 1) % 3]
    for entry in before.entries(1):
        held = ()
        if entry.kind is EntryKind.UNIQUE:
            number = rebuilt.count(NETWORK)
            held = tuple(
                (one[1], other[0])  # the share that node j-1 holds beside its own, and node j+1's own
                for one, other in zip(before.held(NETWORK, number), after.held(NETWORK, number), strict=True)
            )
        rebuilt.replay(entry, held)
    rebuilt.verify()
    assert rebuilt.last == stores[lost].last
    limbs, expected = (store.view(NETWORK).block(0, 3 * eyes) for store in (rebuilt, stores[lost]))
    assert (limbs.low == expected.low).all()
    assert (limbs.high == expected.high).all()
    for store in (*stores, rebuilt):
        store.close()


def test_a_peer_s_wrong_share_is_not_taken(tmp_path: Path) -> None:
    store = open_store(tmp_path, 0)
    rows = code_rows(1)
    entry = entry_for(store.last, rows, 1)
    wrong = held_at(rows, 0)
    wrong[0][0].residues[7] += 1
    with pytest.raises(VerificationError, match="share 0"):
        store.replay(entry, wrong)
    store.close()


def _request() -> UniquenessRequest:
    point = G1Point(1, 2)
    return UniquenessRequest(
        RequestKind.UNIQUE, 31337, FIRST.body["registry"], IdentityCommitment(7), 1, NETWORK, EyeSide.LEFT,
        bytes(32), (point,) * 3, (point,) * 3, bytes(range(32)), NOW + 60,
    )  # fmt: skip


def test_a_request_id_is_remembered_over_a_restart_until_it_expires(tmp_path: Path) -> None:
    request = _request()
    store = open_store(tmp_path, 0)
    store.claim(request, NOW)
    store.close()
    again = open_store(tmp_path, 0)
    for served in (again.require_new, again.claim):
        with pytest.raises(RequestRefused) as refusal:
            served(request, NOW)
        assert refusal.value.refusal is Refusal.REPLAYED
    again.require_new(request, request.expires_at)
    again.close()


def test_blocks_are_the_rows_whatever_group_they_lie_in(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "x.rows", NETWORK)
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 1 << 16, (3, 5760), dtype=np.uint16)
    file.write(GROUP_ROWS - 1, list(rows))
    assert file.room == 2 * GROUP_ROWS
    limbs = file.block(GROUP_ROWS - 1, GROUP_ROWS + 2)
    assert ((limbs.low.astype(np.int32) + 256 * limbs.high.astype(np.int32)) % 65536 == rows).all()
    assert (np.concatenate(file.shares(GROUP_ROWS)) == rows[1]).all()


def test_entries_are_read_as_they_were_written_or_not_at_all() -> None:
    entry = entry_after(FIRST, NOW, EntryKind.DUPLICATE, {"request": "00"})
    assert Entry.from_bytes(entry.to_bytes()) == entry
    for bad in (b"", b"[]", entry.to_bytes() + b" ", entry.to_bytes().replace(b'"version":1', b'"version":2')):
        with pytest.raises(EncodingError):
            Entry.from_bytes(bad)
    with pytest.raises(VerificationError, match="does not follow"):
        require_chained([entry, entry], FIRST)
    with pytest.raises(VerificationError, match="genesis"):
        require_chained([replace(entry, kind=EntryKind.GENESIS)], FIRST)


WRITER = """
import sys
from pathlib import Path
from protocol.types import EyeSide, G1Point, IdentityCommitment
from tests.uniqueness.stored import code_rows, dropped, entry_for, held_at, open_store
store = open_store(Path(sys.argv[1]), 1)
seed = store.last.sequence
while True:
    seed += 1
    if seed % 3 == 0:
        entry = dropped(store.last, store.count("iris_v1") - 1)
        store.prepare(entry)
    else:
        rows = code_rows(seed)
        entry = entry_for(store.last, rows, seed)
        store.prepare(entry, held_at(rows, 1))
    store.commit(entry.hash)
    print(entry.sequence, flush=True)
"""


def test_a_writer_killed_at_any_moment_loses_nothing_that_it_said_it_had(tmp_path: Path) -> None:
    rng = random.Random(os.getpid())
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = int(process.stdout.readline())
        time.sleep(rng.random() * 0.3)  # a random moment, not a condition
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split()
        store = open_store(tmp_path, 1)  # verifies every row
        assert store.last.sequence >= max([said, *map(int, rest)])
        store.close()
