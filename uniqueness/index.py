"""A node's index (SQLite): the log, what it says of each record, and the requests that were served."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from protocol.errors import StoreDamaged
from uniqueness.ordered_log import Entry, EntryKind
from uniqueness.refusals import Refusal, RequestRefused
from uniqueness.request import UniquenessRequest

__all__ = ["KEEPS_ROWS", "REBUILD", "Index", "RecordState", "StoredRecord"]

STORE_VERSION = 2
KEEPS_ROWS = (EntryKind.UNIQUE, EntryKind.STORED)
REBUILD = "run: irisproof committee rebuild --config FILE, with the other two nodes up"


class RecordState(Enum):
    """RESERVED: its verdict is out, the chain does not have it yet. ZEROED: dropped or erased."""

    RESERVED = "reserved"
    ACTIVE = "active"
    ZEROED = "zeroed"


@dataclass(frozen=True)
class StoredRecord:
    """A record of one network: `number` in the nodes' common order, `record_id` on chain (0 while nobody has it)."""

    network: str
    number: int
    model_id: int
    identity: int
    code_commitment: bytes
    state: RecordState
    record_id: int
    expires_at: int


class Index:
    """Reads, and the guard against replays; `store.Store` writes the rest. Used by many threads."""

    def __init__(self, path: Path) -> None:
        """Open or begin. Raises `sqlite3.Error`, and `StoreDamaged` for another version."""
        self._lock = threading.RLock()
        path.touch(mode=0o600)
        self._db = Database(sqlite3.connect(path, check_same_thread=False, isolation_level=None))
        self._db.enable_wal()
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")
        _make_tables(self._db)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # ------------------------------------------------------------------------------------------------------ the log

    @property
    def last(self) -> Entry:
        """The newest committed entry."""
        return self.entries(self._one("select max(sequence) from log"))[0]

    def entries(self, start: int, limit: int = 1000) -> list[Entry]:
        """Committed entries from number `start` on."""
        with self._lock:
            found = self._db.execute(
                "select bytes from log where sequence >= ? order by sequence limit ?", [start, limit]
            ).fetchall()
        return [Entry.from_bytes(row[0]) for row in found]

    def entry_of(self, request_digest: bytes) -> Entry | None:
        """The newest entry that answered a request, if this node came to it by itself."""
        query = "select bytes from log where request = ? and own = 1 order by sequence desc"
        with self._lock:
            found = self._db.execute(query, [request_digest.hex()]).fetchone()
        return None if found is None else Entry.from_bytes(found[0])

    def entry_of_code(self, code_commitment: bytes, identity: int) -> Entry | None:
        """The entry that reserved a record for a code and an identity, if this node came to it by itself."""
        query = "select bytes from log where code = ? and own = 1 order by sequence desc"
        with self._lock:
            found = self._db.execute(query, [code_commitment.hex()]).fetchall()
        entries = (Entry.from_bytes(row[0]) for row in found)
        return next((e for e in entries if e.kind in KEEPS_ROWS and e.body["identity"] == str(identity)), None)

    def other_root(self, identity: int, root: bytes) -> bytes | None:
        """The capture root of the other eye that the committee judged with an identity's capture; None where it judged
        no such pair."""
        found = self._one("select other from pairs where identity = ? and root = ?", str(identity), root.hex())
        return None if found is None else bytes.fromhex(found)

    # ---------------------------------------------------------------------------------------------------- the records

    def count(self, network: str) -> int:
        """Records of a network, zeroed ones included: the number of the next one."""
        return int(self._one("select count(*) from records where network = ?", network))

    def networks(self) -> list[str]:
        """Networks that have records."""
        with self._lock:
            found = self._db.execute("select distinct network from records order by network").fetchall()
        return [row[0] for row in found]

    def size(self, network: str) -> int:
        """Records of a network that are reserved or active."""
        return int(self._one("select count(*) from records where network = ? and state != 'zeroed'", network))

    def record(self, network: str, number: int) -> StoredRecord:
        """Raises `StoreDamaged` for one that is not there."""
        found = self.records("network = ? and number = ?", network, number)
        if not found:
            raise StoreDamaged(f"there is no record {number} of {network}", hint=REBUILD)
        return found[0]

    def records(self, where: str, *values: object) -> list[StoredRecord]:
        """Records that satisfy an SQL condition of ours."""
        with self._lock:
            rows = self._db.execute(
                "select network, number, model_id, identity, code, state, record_id, expires_at from records where "
                f"{where} order by network, number",
                list(values),
            ).fetchall()
        return [
            StoredRecord(r[0], r[1], r[2], int(r[3]), bytes.fromhex(r[4]), RecordState(r[5]), r[6], r[7]) for r in rows
        ]

    # ------------------------------------------------------------------------------------------------ requests served

    def require_new(self, request: UniquenessRequest, now: int) -> None:
        """`binding.ReplayGuard.require_new`, over restarts too."""
        with self._lock:
            self._db.execute("delete from replays where expires_at <= ?", [now])
            if self._db.execute("select 1 from replays where id = ?", [request.request_id.hex()]).fetchone():
                raise RequestRefused(Refusal.REPLAYED, "a request with this id was served before")

    def claim(self, request: UniquenessRequest, now: int) -> None:
        """`binding.ReplayGuard.claim`."""
        with self._transaction():
            self.require_new(request, now)
            self._db.execute("insert into replays values (?, ?)", [request.request_id.hex(), request.expires_at])

    # --------------------------------------------------------------------------------------------------------- inside

    def _one(self, query: str, *values: object) -> Any:
        with self._lock:
            found = self._db.execute(query, list(values)).fetchone()
        return None if found is None else found[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            if self._db.conn.in_transaction:
                yield
                return
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")


def _make_tables(db: Database) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == STORE_VERSION:
        return
    if version > STORE_VERSION:
        raise StoreDamaged(f"the store is of version {version}; this program reads {STORE_VERSION}")
    db.execute("begin immediate")
    for tables in _TABLES[version:]:
        for table in tables:
            db.execute(table)
    db.execute(f"PRAGMA user_version = {STORE_VERSION}")
    db.execute("commit")


_TABLES = (
    (
        "create table log (sequence integer primary key, hash text not null, bytes blob not null, request text,"
        " own integer, code text)",
        "create index log_codes on log (code)",
        "create index log_requests on log (request)",
        "create table records (network text, number integer, model_id integer, identity text, code text, state text,"
        " record_id integer, expires_at integer, seals text, blinds text, primary key (network, number))",
        "create table prepared (hash text primary key, bytes blob, blinds text, own integer)",
        "create table replays (id text primary key, expires_at integer)",
    ),
    ("create table pairs (identity text, root text, other text, primary key (identity, root))",),
)
"""What each version of the store adds to the one before it."""
