"""Tables of the vault, as migrations: each is appended, never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sqlite_utils import Database

from protocol.errors import EncodingError

__all__ = ["SCHEMA_VERSION", "empty_database", "load_database"]


def _first_tables(db: Database) -> None:
    db.execute("create table settings (name text primary key, value text not null)")
    db.execute("create table slot_keys (kind text primary key, salt blob not null, key blob not null)")
    db.execute(
        "create table identities (commitment text primary key, secret blob not null, created_at integer not null,"
        " current integer not null)"
    )
    db.execute("create unique index one_current_identity on identities (current) where current = 1")
    db.execute(
        "create table captures (root text primary key, identity text not null references identities (commitment),"
        " attestation blob not null, secrets blob not null, stored_at integer not null)"
    )
    db.execute(
        "create table jobs (id text primary key, kind text not null, request text not null,"
        " capture text references captures (root), state text not null, created_at integer not null)"
    )
    # the database itself keeps two ballots out of one place of one poll
    db.execute(
        "create table outbox (polls text not null, poll_id integer not null, nullifier text not null,"
        " sequence integer not null, ballot text not null, created_at integer not null,"
        " primary key (polls, poll_id, nullifier, sequence))"
    )
    db.execute(
        "create table receipts (id integer primary key, kind text not null, subject text not null, data text not null,"
        " created_at integer not null, unique (kind, subject))"
    )


_MIGRATIONS: tuple[Callable[[Database], None], ...] = (_first_tables,)

SCHEMA_VERSION = len(_MIGRATIONS)


def empty_database() -> Database:
    """A database in memory with all tables."""
    return _migrated(_in_memory())


def load_database(data: bytes) -> Database:
    """The database that was serialised to `data`, brought up to date. Raises `EncodingError` for a newer schema."""
    connection = _in_memory()
    connection.deserialize(data)
    return _migrated(connection)


def _in_memory() -> sqlite3.Connection:
    # whoever holds the vault's lock may use it, from any thread
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute("PRAGMA temp_store = MEMORY")  # a large sort must not spill to the disk
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what was deleted is not saved on in free pages
    return connection


def _migrated(connection: sqlite3.Connection) -> Database:
    db = Database(connection)
    done = int(next(iter(db.query("PRAGMA user_version")))["user_version"])
    if done > SCHEMA_VERSION:
        raise EncodingError(
            f"the vault's tables are of version {done}; this program reads up to {SCHEMA_VERSION}",
            hint="install a newer irisproof",
        )
    for version, migration in enumerate(_MIGRATIONS[done:], done + 1):
        with db.atomic():
            migration(db)
            db.execute(f"PRAGMA user_version = {version}")
    return db
