"""The relayer's queue, in SQLite: what was taken is there after any crash, once.

A job is one call to a contract. Its id is a hash of the call's statement, so the same ballot sent twice is one job. Its
slot is what the chain takes once only (poll, nullifier and sequence; or the identity), so no two jobs fight over it.

States: queued (no nonce yet), signed (bound to a nonce, its transaction written down before it is broadcast), mined,
refused (the contract said no in a mined transaction, or before one was made).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from sqlite_utils import Database

from protocol.errors import ArtifactUnavailable, EncodingError, InputError
from registry_contract.broadcast import Fees, PlannedCall, SignedCall

__all__ = ["Attempt", "Job", "JobQueue", "NewJob", "SlotTaken", "State"]


class State(Enum):
    QUEUED = "queued"
    SIGNED = "signed"
    MINED = "mined"
    REFUSED = "refused"


class SlotTaken(InputError):
    """Another job has this place already."""


@dataclass(frozen=True)
class NewJob:
    """What is put into the queue. Nothing in it says who sent it, or when."""

    id: str
    slot: str
    kind: str
    call: PlannedCall


@dataclass(frozen=True)
class Job:
    """A job as it stands. `next_at_s`: not to be looked at before (Unix seconds)."""

    id: str
    kind: str
    call: PlannedCall
    state: State
    nonce: int | None
    attempts: int
    next_at_s: float
    transaction: str | None
    block: int | None
    gas_used: int | None
    reason: str | None


@dataclass(frozen=True)
class Attempt:
    """One signed transaction of a job. All attempts that are kept of a job have its nonce: the chain takes one."""

    job_id: str
    signed: SignedCall
    fees: Fees
    signed_at_s: float = field(compare=False)


class JobQueue:
    """Used by many threads; each method is one transaction, on the disk when it returns."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Opens or makes the file (mode 0600). Raises `ArtifactUnavailable` where it cannot be used, and
        `EncodingError` where it is of a newer program."""
        self._clock = clock
        self._lock = threading.RLock()
        try:
            path.touch(mode=0o600)
            connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db = Database(connection)
            self._db.enable_wal()
            self._db.execute("PRAGMA synchronous = FULL")  # in WAL mode NORMAL may lose the last transactions
            _migrate(self._db)
        except (OSError, sqlite3.Error) as error:
            raise ArtifactUnavailable(f"the queue {path} cannot be used: {error}") from error

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add(self, job: NewJob) -> Job:
        """Take a job, or find the one that is there. A refused one is taken again: the caller owes a check that it
        would go through now. Raises `SlotTaken`."""
        with self._transaction():
            known = self.find(job.id)
            if known is not None and known.state is not State.REFUSED:
                return known
            if known is not None:
                self._db.execute("delete from attempts where job_id = ?", [job.id])
                self._db.execute("delete from jobs where id = ?", [job.id])
            taken = "select id from jobs where slot = ? and state != 'refused'"
            if self._rows(taken, [job.slot]):
                raise SlotTaken(
                    "another request for the same vote or member was taken before",
                    hint="wait until it is mined, then vote with the next sequence",
                )
            self._db.execute(
                "insert into jobs (id, slot, kind, target, data, gas, state, attempts, next_at_s)"
                " values (?, ?, ?, ?, ?, ?, 'queued', 0, 0)",
                [job.id, job.slot, job.kind, job.call.to, job.call.data, job.call.gas],
            )
            added = self.find(job.id)
            assert added is not None
            return added

    def find(self, job_id: str) -> Job | None:
        found = self._jobs("where id = ?", [job_id])
        return found[0] if found else None

    def counts(self) -> dict[str, int]:
        """State -> number of jobs."""
        rows = self._rows("select state, count(*) as n from jobs group by state", [])
        return {state.value: 0 for state in State} | {str(row["state"]): int(str(row["n"])) for row in rows}

    def waiting(self) -> int:
        """Jobs that are queued or signed."""
        return int(str(self._rows("select count(*) as n from jobs where state in ('queued', 'signed')", [])[0]["n"]))

    def queued(self, limit: int) -> list[Job]:
        """The oldest queued jobs that are due."""
        return self._jobs("where state = 'queued' and next_at_s <= ? order by number limit ?", [self._clock(), limit])

    def signed(self) -> list[Job]:
        """All jobs in flight, lowest nonce first."""
        return self._jobs("where state = 'signed' order by nonce", [])

    def attempts(self, job_id: str) -> list[Attempt]:
        """Newest first."""
        rows = self._rows("select * from attempts where job_id = ? order by number desc", [job_id])
        return [
            Attempt(
                str(row["job_id"]),
                SignedCall(str(row["hash"]), _blob(row["raw"]), int(str(row["nonce"]))),
                Fees(int(str(row["max_fee"])), int(str(row["tip"]))),
                float(str(row["signed_at_s"])),
            )
            for row in rows
        ]

    def record(self, attempts: Sequence[Attempt], look_again_s: float) -> None:
        """Write signed transactions down, all or none; only then may they be broadcast, and again after `look_again_s`.

        Raises `InputError` for a nonce that another job in flight has: nothing is written then.
        """
        with self._transaction():
            for attempt in attempts:
                signed = attempt.signed
                clash = "select id from jobs where nonce = ? and id != ? and state in ('signed', 'mined')"
                if self._rows(clash, [signed.nonce, attempt.job_id]):
                    raise InputError(f"nonce {signed.nonce} belongs to another job")
                self._db.execute(
                    "insert into attempts (job_id, hash, raw, nonce, max_fee, tip, signed_at_s)"
                    " values (?, ?, ?, ?, ?, ?, ?)",
                    # fees as text: they may be larger than SQLite's integers
                    [
                        *(attempt.job_id, signed.hash, signed.raw, signed.nonce),
                        *(str(attempt.fees.max_fee), str(attempt.fees.tip), attempt.signed_at_s),
                    ],
                )
                self._db.execute(
                    "update jobs set state = 'signed', nonce = ?, tx = ?, next_at_s = ? where id = ?",
                    [signed.nonce, signed.hash, self._clock() + look_again_s, attempt.job_id],
                )

    def postpone(self, job_id: str, delay_s: float) -> None:
        """Count a failed try and do not look at the job again before `delay_s` have passed."""
        with self._transaction():
            self._db.execute(
                "update jobs set attempts = attempts + 1, next_at_s = ? where id = ?", [self._clock() + delay_s, job_id]
            )

    def settle(self, job_id: str, transaction: str, outcome: tuple[int, int], reason: str | None = None) -> None:
        """A transaction of the job was mined: `outcome` is (block, gas used); `reason` where the contract refused."""
        state = State.MINED if reason is None else State.REFUSED
        with self._transaction():
            self._db.execute(
                "update jobs set state = ?, tx = ?, block = ?, gas_used = ?, reason = ? where id = ?",
                [state.value, transaction, *outcome, reason, job_id],
            )

    def refuse(self, job_id: str, reason: str) -> None:
        """The contract would refuse the job now; no transaction was made."""
        with self._transaction():
            self._db.execute("update jobs set state = 'refused', reason = ? where id = ?", [reason, job_id])

    def release(self, job_id: str) -> None:
        """Put a job back whose nonce was used up by something else: its transactions can never be mined."""
        with self._transaction():
            self._db.execute("delete from attempts where job_id = ?", [job_id])
            self._db.execute("update jobs set state = 'queued', nonce = null, tx = null where id = ?", [job_id])

    def reopen(self, transaction_count: int) -> int:
        """The chain says that nonces from `transaction_count` on are free: jobs that it had mined under them are in
        flight again (a reorganisation, or a chain started from an older state). Returns how many."""
        with self._transaction():
            return self._db.execute(
                "update jobs set state = 'signed', block = null, gas_used = null, reason = null, next_at_s = 0"
                " where nonce >= ? and (state = 'mined' or state = 'refused' and not exists"
                " (select 1 from jobs as other where other.slot = jobs.slot and other.state != 'refused'))",
                [transaction_count],
            ).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._db.atomic():
            yield

    def _rows(self, sql: str, values: Sequence[object]) -> list[dict[str, object]]:
        with self._lock:
            return list(self._db.query(sql, values))

    def _jobs(self, where: str, values: Sequence[object]) -> list[Job]:
        return [_job(row) for row in self._rows(f"select * from jobs {where}", values)]


def _job(row: dict[str, object]) -> Job:
    def number(name: str) -> int | None:
        return None if row[name] is None else int(str(row[name]))

    def text(name: str) -> str | None:
        return None if row[name] is None else str(row[name])

    call = PlannedCall(text("target"), _blob(row["data"]), int(str(row["gas"])))
    return Job(
        id=str(row["id"]),
        kind=str(row["kind"]),
        call=call,
        state=State(row["state"]),
        nonce=number("nonce"),
        attempts=int(str(row["attempts"])),
        next_at_s=float(str(row["next_at_s"])),
        transaction=text("tx"),
        block=number("block"),
        gas_used=number("gas_used"),
        reason=text("reason"),
    )


def _blob(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value


def _first_tables(db: Database) -> None:
    db.execute(
        "create table jobs (number integer primary key, id text not null unique, slot text not null,"
        " kind text not null,"
        " target text not null, data blob not null, gas integer not null, state text not null, nonce integer, tx text,"
        " attempts integer not null, next_at_s real not null, block integer, gas_used integer, reason text)"
    )
    # the database itself keeps two jobs out of one slot, and two jobs in flight off one nonce
    db.execute("create unique index one_job_a_slot on jobs (slot) where state != 'refused'")
    db.execute("create unique index one_job_a_nonce on jobs (nonce) where state in ('signed', 'mined')")
    db.execute("create index jobs_by_state on jobs (state, number)")
    db.execute(
        "create table attempts (number integer primary key, job_id text not null references jobs (id),"
        " hash text not null unique, raw blob not null, nonce integer not null, max_fee text not null,"
        " tip text not null, signed_at_s real not null)"
    )
    db.execute("create index attempts_by_job on attempts (job_id)")


_MIGRATIONS: tuple[Callable[[Database], None], ...] = (_first_tables,)
"""Appended to, never changed. The file's user_version counts those that were done."""


def _migrate(db: Database) -> None:
    with db.atomic():
        done = int(next(iter(db.query("PRAGMA user_version")))["user_version"])
        if done > len(_MIGRATIONS):
            raise EncodingError(f"the queue is of version {done}; this program reads up to {len(_MIGRATIONS)}")
        for migration in _MIGRATIONS[done:]:
            migration(db)
        db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
