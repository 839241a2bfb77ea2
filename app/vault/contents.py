"""What a vault holds, as values: identity, signed captures, jobs, outbox, receipts, settings."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.vault.vault import Vault
from protocol.errors import InputError
from protocol.types import IdentityCommitment, Nullifier

if TYPE_CHECKING:  # loaded where they are used: most of what opens a vault needs neither curves nor a chain
    from app.station import SignedCapture
    from circuits.semaphore.identity import Identity

__all__ = ["Contents", "OutboxEntry", "OutboxKey", "Receipt", "StoredJob"]


@dataclass(frozen=True)
class OutboxKey:
    """One vote's place: the chain takes one ballot for it."""

    polls: str
    """Checksummed address of the polls contract."""
    poll_id: int
    nullifier: Nullifier
    sequence: int


@dataclass(frozen=True)
class OutboxEntry:
    """A ballot that was proved and may or may not have been counted yet. Sent again, it is the same ballot."""

    key: OutboxKey
    ballot: dict[str, Any] = field(repr=False)
    """The contract's struct as JSON (`app.relay.abi_json`)."""
    created_at: int


@dataclass(frozen=True)
class Receipt:
    """Something that is on the chain and can be checked there. `subject` names it once a kind."""

    kind: str
    """`enrollment`, `vote`, `personhood`, `upgrade`, `recovery-request`, `recovery`, `leaving`."""
    subject: str
    data: dict[str, Any] = field(repr=False)
    created_at: int


@dataclass(frozen=True)
class StoredJob:
    """Work that was begun. `capture` is the commitments' root (hex) of the signed capture that it needs."""

    id: str
    kind: str
    request: dict[str, Any]
    capture: str | None
    state: str
    """`open`, `done` or `failed`."""
    created_at: int


class Contents:
    """Reads and writes of one open vault; each write is on the disk when the method returns."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    def setting(self, name: str, default: Any = None) -> Any:
        rows = self._rows("select value from settings where name = ?", name)
        return json.loads(str(rows[0]["value"])) if rows else default

    def set_setting(self, name: str, value: Any) -> None:
        self._write("insert or replace into settings values (?, ?)", name, json.dumps(value))

    def identity(self) -> Identity:
        """The person's identity now. Raises `InputError` where there is none yet."""
        from circuits.semaphore.identity import Identity  # noqa: PLC0415

        rows = self._rows("select secret from identities where current = 1")
        if not rows:
            raise InputError("this vault has no identity yet", hint="run: irisproof enroll")
        return Identity(bytes(rows[0]["secret"]))

    def commitment(self) -> str | None:
        """The identity's commitment (decimal), None where there is none."""
        rows = self._rows("select commitment from identities where current = 1")
        return str(rows[0]["commitment"]) if rows else None

    def has_identity(self) -> bool:
        return bool(self._rows("select 1 from identities where current = 1"))

    def identities(self) -> tuple[Identity, ...]:
        """All of them, oldest first: an old one may still be the member of a record or of a poll's snapshot."""
        from circuits.semaphore.identity import Identity  # noqa: PLC0415

        rows = self._rows("select secret from identities order by created_at, rowid")
        return tuple(Identity(bytes(row["secret"])) for row in rows)

    def add_identity(self, identity: Identity, *, current: bool = True) -> None:
        """Keep an identity; with `current` it takes the place of the one before, which stays in the vault."""
        with self.vault.change() as db:
            if current:
                db.execute("update identities set current = 0")
            values = [str(identity.commitment.value), identity.secret, int(time.time()), int(current)]
            db.execute("insert into identities values (?, ?, ?, ?)", values)

    def make_current(self, commitment: IdentityCommitment) -> None:
        """Raises `InputError` for an identity that is not in the vault."""
        with self.vault.change() as db:
            db.execute("update identities set current = 0")
            done = db.execute("update identities set current = 1 where commitment = ?", [str(commitment.value)])
            if done.rowcount != 1:
                raise InputError("this vault does not have that identity")

    def set_other_eye(self, root: str, other: str) -> None:
        """Note that a person's two eyes were captured together: that of `root` goes on chain."""
        self.set_setting(f"other eye of {root}", other)

    def eyes_of(self, root: str) -> tuple[SignedCapture, ...]:
        """The capture of `root`, and that of the other eye where both were captured. Raises `InputError`."""
        other = self.setting(f"other eye of {root}")
        return tuple(self.capture(one) for one in (root, other) if one is not None)

    def add_capture(self, capture: SignedCapture) -> str:
        """Keep a signed capture with its planes and salts; returns its root (hex). The same one again is one."""
        from app.vault.captures import capture_secrets  # noqa: PLC0415

        root = capture.ladder.root.hex()
        values = [
            root,
            str(capture.attestation.capture.identity.value),
            capture.attestation.to_bytes(),
            capture_secrets(capture),
            int(time.time()),
        ]
        with self.vault.change() as db:
            db.execute("insert or ignore into captures values (?, ?, ?, ?, ?)", values)
        return root

    def capture(self, root: str) -> SignedCapture:
        """Raises `InputError` where the vault has none of this root, `EncodingError` for one that cannot be read."""
        from app.vault.captures import signed_capture  # noqa: PLC0415

        rows = self._rows("select attestation, secrets from captures where root = ?", root)
        if not rows:
            raise InputError("this vault does not have that capture", hint="enrol again, with a new picture")
        return signed_capture(bytes(rows[0]["attestation"]), bytes(rows[0]["secrets"]))

    def captures_of(self, identity: IdentityCommitment) -> tuple[str, ...]:
        """Roots (hex), newest first."""
        rows = self._rows(
            "select root from captures where identity = ? order by stored_at desc, rowid desc", str(identity.value)
        )
        return tuple(str(row["root"]) for row in rows)

    def put_job(self, job: StoredJob) -> None:
        """Keep a job, or what became of it."""
        values = (job.id, job.kind, json.dumps(job.request), job.capture, job.state, job.created_at)
        self._write("insert or replace into jobs values (?, ?, ?, ?, ?, ?)", *values)

    def drop_job(self, job_id: str) -> None:
        self._write("delete from jobs where id = ?", job_id)

    def jobs(self, state: str | None = None) -> tuple[StoredJob, ...]:
        """Oldest first; of one state, or all."""
        rows = self._rows("select * from jobs where ? is null or state = ? order by created_at, rowid", state, state)
        return tuple(
            StoredJob(
                str(row["id"]),
                str(row["kind"]),
                json.loads(str(row["request"])),
                None if row["capture"] is None else str(row["capture"]),
                str(row["state"]),
                int(row["created_at"]),
            )
            for row in rows
        )

    def put_outbox(self, key: OutboxKey, ballot: dict[str, Any]) -> None:
        """Keep a ballot before it is sent. Raises `InputError` where its place is taken: one vote is one ballot."""
        with self.vault.change() as db:
            values = [*_place(key), json.dumps(ballot), int(time.time())]
            done = db.execute("insert or ignore into outbox values (?, ?, ?, ?, ?, ?)", values)
            if done.rowcount != 1:
                raise InputError(f"a ballot for poll {key.poll_id} is on its way already", hint="wait for it")

    def outbox(self) -> tuple[OutboxEntry, ...]:
        """Oldest first."""
        rows = self._rows("select * from outbox order by created_at, rowid")
        return tuple(
            OutboxEntry(
                OutboxKey(
                    str(row["polls"]), int(row["poll_id"]), Nullifier(int(row["nullifier"])), int(row["sequence"])
                ),
                json.loads(str(row["ballot"])),
                int(row["created_at"]),
            )
            for row in rows
        )

    def drop_outbox(self, key: OutboxKey) -> None:
        self._write(_DROP_OUTBOX, *_place(key))

    def add_receipt(self, receipt: Receipt, settled: OutboxKey | None = None) -> None:
        """Keep a receipt, and take the ballot that it settles out of the outbox, both or neither."""
        with self.vault.change() as db:
            values = [receipt.kind, receipt.subject, json.dumps(receipt.data), receipt.created_at]
            db.execute("insert or replace into receipts (kind, subject, data, created_at) values (?, ?, ?, ?)", values)
            if settled is not None:
                db.execute(_DROP_OUTBOX, list(_place(settled)))

    def receipts(self, kind: str | None = None) -> tuple[Receipt, ...]:
        """Oldest first; of one kind, or all."""
        rows = self._rows("select * from receipts where ? is null or kind = ? order by id", kind, kind)
        return tuple(
            Receipt(str(row["kind"]), str(row["subject"]), json.loads(str(row["data"])), int(row["created_at"]))
            for row in rows
        )

    def _rows(self, sql: str, *values: object) -> Sequence[dict[str, Any]]:
        with self.vault.read() as db:
            return list(db.query(sql, list(values)))

    def _write(self, sql: str, *values: object) -> None:
        with self.vault.change() as db:
            db.execute(sql, list(values))


_DROP_OUTBOX = "delete from outbox where polls = ? and poll_id = ? and nullifier = ? and sequence = ?"


def _place(key: OutboxKey) -> tuple[object, ...]:
    return key.polls, key.poll_id, str(key.nullifier.value), key.sequence
