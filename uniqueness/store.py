"""What a node keeps: the log, an index of the records (SQLite), and the rows of shares (`rows`).

An entry is first *prepared*: its rows are written behind the committed ones, its blinds and itself into the index. Then
it is *committed*, in one transaction. A node that is killed anywhere finds, when it starts again, everything before the
entry, or everything after it, and the prepared entry still there where it does not know which: the sequencer does.
Rows of erased records are overwritten after the transaction that says so; opening the store finishes what a crash left.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import EncodingError, StoreDamaged, VerificationError
from uniqueness.constants import RULES
from uniqueness.index import KEEPS_ROWS, REBUILD, Index, RecordState
from uniqueness.linear import Limbs
from uniqueness.ordered_log import Entry, EntryKind, require_chained
from uniqueness.rows import RowFile, SealedShare, StoredRow, seal_of, stored_residues
from uniqueness.shares import held_by

__all__ = ["Held", "RecordView", "Store"]

Held = tuple[StoredRow, ...]
"""The rows of one record at one node: one an eye. Secret."""


@dataclass(frozen=True)
class RecordView:
    """`comparison.Records` over the committed rows of one network."""

    file: RowFile
    rows: int
    zeroed: frozenset[int]

    def __len__(self) -> int:
        return self.rows

    def block(self, start: int, stop: int) -> Limbs:
        return self.file.block(start, stop)


class Store(Index):
    """One node's folder: the index and the rows. Used by many threads. Each method that writes is on the disk when it
    returns."""

    def __init__(self, folder: Path, node: int, first: Entry, eyes: int) -> None:
        """Open, or begin with the genesis entry `first`. Ends erasures that a crash interrupted.

        Raises `StoreDamaged` for a folder of another committee, a log that is not chained, or a row that is not under
        its seal: the node must be rebuilt then.
        """
        self.node, self.eyes = node, eyes
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            super().__init__(folder / "index.db")
            self._files: dict[str, RowFile] = {}
            self._begin(first)
            self._verify()
        except sqlite3.Error as error:
            raise StoreDamaged(f"the index of node {node} cannot be read: {error}", hint=REBUILD) from error

    # ---------------------------------------------------------------------------------------------------- the rows

    def view(self, network: str) -> RecordView:
        """The rows to compare with: all committed ones. Zeroed ones match nobody."""
        with self._lock:
            zeroed = self._db.execute("select number from records where network = ? and state = 'zeroed'", [network])
            numbers = frozenset(int(row[0]) for row in zeroed.fetchall())
            return RecordView(self._file(network), self.count(network) * self.eyes, numbers)

    def held(self, network: str, number: int) -> Held:
        """The rows of a record, for a peer that is rebuilt; empty for a zeroed one."""
        with self._lock:
            blinds = self._one("select blinds from records where network = ? and number = ?", network, number)
            if not blinds:
                return ()
            found = []
            for eye, pair in enumerate(json.loads(blinds)):
                residues = self._file(network).shares(number * self.eyes + eye)
                made = [
                    SealedShare(index, part.copy(), bytes.fromhex(blind))
                    for index, part, blind in zip(held_by(self.node), residues, pair, strict=True)
                ]
                found.append((made[0], made[1]))
            return tuple(found)

    # -------------------------------------------------------------------------------------------------------- writing

    def prepare(self, entry: Entry, held: Held = (), own: bool = True) -> None:
        """Write an entry and its rows where a crash cannot lose them, and nobody reads them. `own`: this node came to
        it by its own checks and computation, and may sign it."""
        require_chained([entry], self.last)
        with self._lock:
            self._forget_given_up()
            if held:
                network = entry.body["network"]
                at = self.count(network) * self.eyes
                self._file(network).write(at, [stored_residues(row) for row in held])
            with self._transaction():
                self._db.execute("delete from prepared")
                self._db.execute(
                    "insert into prepared values (?, ?, ?, ?)",
                    [entry.hash.hex(), entry.to_bytes(), _blinds(held), int(own)],
                )

    def prepared(self, entry_hash: bytes) -> bool:
        """Whether this entry waits here for its commit."""
        return bool(self._one("select count(*) from prepared where hash = ?", entry_hash.hex()))

    def commit(self, entry_hash: bytes) -> Entry:
        """Commit the prepared entry. Raises `VerificationError` where another or none is prepared."""
        with self._lock:
            found = self._db.execute(
                "select bytes, blinds, own from prepared where hash = ?", [entry_hash.hex()]
            ).fetchone()
            if found is None:
                raise VerificationError("the entry to commit was not prepared here")
            entry = Entry.from_bytes(found[0])
            self._apply(entry, found[1], found[2])
            return entry

    def replay(self, entry: Entry, held: Held = ()) -> None:
        """Take an entry that peers have committed, with this node's rows as the peers hold them; none for rows that
        are zeroed meanwhile. Raises `VerificationError` for one that does not follow, or rows not under its seals."""
        require_chained([entry], self.last)
        if held:
            _require_seals(entry, held)
        self.prepare(entry, held, own=False)
        if entry.kind in KEEPS_ROWS and not held:
            network = entry.body["network"]
            self._file(network).write_zero(self.count(network) * self.eyes, self.eyes)
        self.commit(entry.hash)

    def verify(self) -> None:
        """Check every row against its seals. Raises `StoreDamaged`."""
        with self._lock:
            self._verify()

    # --------------------------------------------------------------------------------------------------------- inside

    def _begin(self, first: Entry) -> None:
        with self._transaction():
            if self._one("select count(*) from log") == 0:
                self._db.execute(
                    "insert into log values (0, ?, ?, null, 0, null)", [first.hash.hex(), first.to_bytes()]
                )
        if self.entries(0, 1)[0] != first:
            raise StoreDamaged(
                "the store is of another committee, registry or policy", hint="give the node a folder of its own"
            )

    def _verify(self) -> None:
        last: Entry | None = None
        try:
            while batch := self.entries(0 if last is None else last.sequence + 1):
                require_chained(batch, last)
                last = batch[-1]
        except (VerificationError, EncodingError) as error:
            raise StoreDamaged(f"the log of node {self.node} is broken: {error.message}", hint=REBUILD) from error
        for network in RULES:
            if self.count(network) * self.eyes > (self._file(network).room if self.count(network) else 0):
                raise StoreDamaged(f"rows of {network} are missing at node {self.node}", hint=REBUILD)
        for network, number, state, seals, blinds in self._db.execute(
            "select network, number, state, seals, blinds from records"
        ).fetchall():
            if state == RecordState.ZEROED.value:
                self._zero(network, number)
            else:
                self._require_row(network, number, json.loads(seals), json.loads(blinds or "[]"))

    def _require_row(self, network: str, number: int, seals: list[list[str]], blinds: list[list[str]]) -> None:
        for eye in range(self.eyes):
            residues = self._file(network).shares(number * self.eyes + eye)
            for place, index in enumerate(held_by(self.node)):
                blind = bytes.fromhex(blinds[eye][place]) if blinds else b""
                if seal_of(index, residues[place], blind).hex() != seals[eye][index]:
                    raise StoreDamaged(
                        f"share {index} of record {number} of {network} is not what node {self.node} stored",
                        hint=REBUILD,
                    )

    def _forget_given_up(self) -> None:
        """Shares of an entry that was prepared and never committed are nobody's to keep."""
        given_up = self._one("select bytes from prepared where blinds != ''")
        if given_up is not None:
            network = Entry.from_bytes(given_up).body["network"]
            self._zero(network, self.count(network))

    def _apply(self, entry: Entry, blinds: str, own: int) -> None:
        body, zeroed = entry.body, []
        with self._transaction():
            self._db.execute(
                "insert into log values (?, ?, ?, ?, ?, ?)",
                [entry.sequence, entry.hash.hex(), entry.to_bytes(), body.get("request"), own, body.get("code")],
            )
            if "roots" in body:
                self._db.execute("insert or replace into pairs values (?, ?, ?)", [body["identity"], *body["roots"]])
            if entry.kind in KEEPS_ROWS:
                self._db.execute(
                    "insert into records values (?, ?, ?, ?, ?, 'reserved', ?, ?, ?, ?)",
                    [
                        body["network"],
                        self.count(body["network"]),
                        body["model_id"],
                        body["identity"],
                        body["code"],
                        body["record_id"],
                        body["expires_at"],
                        json.dumps(body["seals"]),
                        blinds,
                    ],
                )
            elif entry.kind is EntryKind.CONFIRMED:
                self._db.execute(
                    "update records set state = 'active', record_id = ? where network = ? and number = ?",
                    [body["record_id"], body["network"], body["number"]],
                )
            elif entry.kind in (EntryKind.DROPPED, EntryKind.ERASED):
                zeroed = [(network, number) for network, number in body["records"]]
                for network, number in zeroed:
                    self._db.execute(
                        "update records set state = 'zeroed', blinds = '' where network = ? and number = ?",
                        [network, number],
                    )
            self._db.execute("delete from prepared")
        for network, number in zeroed:
            self._zero(network, number)

    def _zero(self, network: str, number: int) -> None:
        file = self._file(network)
        rows = range(number * self.eyes, (number + 1) * self.eyes)
        if not all(file.is_zero(row) for row in rows):
            file.write_zero(rows[0], self.eyes)

    def _file(self, network: str) -> RowFile:
        if network not in self._files:
            self._files[network] = RowFile(self._folder / f"{network}.rows", network)
        return self._files[network]


def _blinds(held: Sequence[StoredRow]) -> str:
    return json.dumps([[share.blind.hex() for share in row] for row in held]) if held else ""


def _require_seals(entry: Entry, held: Held) -> None:
    for eye, row in enumerate(held):
        for share in row:
            if share.seal.hex() != entry.body["seals"][eye][share.index]:
                raise VerificationError(f"share {share.index} of entry {entry.sequence} is not the one that was sealed")
