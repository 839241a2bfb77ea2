"""The members' trees, recomputed leaf by leaf: every root that the log records is the root of the leaves before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.audit.findings import Findings
from circuits.semaphore.group import Group
from protocol.errors import EncodingError, InputError
from protocol.types import IdentityCommitment
from registry_contract.public_log import LogEntry

__all__ = ["Change", "RootTimes", "Trees"]


@dataclass(frozen=True)
class Change:
    """One leaf of a model's tree: `before` is 0 for one that was added, `after` for one that was removed."""

    model_id: int
    before: int
    after: int


@dataclass
class RootTimes:
    """The recorded roots of one tree. `latest` is root and size; None where a leaf under it went since, or none is
    recorded. `replaced`: those before, and when they stopped being the latest, Unix seconds."""

    latest: tuple[int, int] | None = None
    replaced: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, int] = field(default_factory=dict)

    def end(self, time: int) -> None:
        """The latest root is not one any more."""
        if self.latest is not None:
            self.replaced[self.latest[0]] = time
        self.latest = None


class Trees:
    """Replays `MemberAdded`, `MemberUpdated`, `MemberRemoved` and `RootRecorded`; a change that was not accounted for
    yet waits."""

    EVENTS = frozenset({"GroupCreated", "MemberAdded", "MemberUpdated", "MemberRemoved", "RootRecorded"})

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._groups: dict[int, Group] = {}
        self._recorded: dict[int, RootTimes] = {}
        self._waiting: list[tuple[Change, LogEntry]] = []

    def apply(self, entry: LogEntry) -> None:
        """Take in one change, or a recorded root, which must be that of the leaves here in the log."""
        if entry.event == "GroupCreated":
            return
        if entry.event == "RootRecorded":
            self._record(entry)
            return
        values = entry.values
        model_id, index, leaf = int(values["groupId"]), int(values["index"]), int(values["identityCommitment"])
        group = self._groups.setdefault(model_id, Group())
        change = Change(model_id, leaf, 0)
        try:
            if entry.event == "MemberAdded":
                change = Change(model_id, 0, leaf)
                if index != group.size:
                    raise InputError(f"leaf {index} was added to a tree of {group.size} leaves")
                group.insert(IdentityCommitment(leaf))
            elif index >= group.size or group.leaves[index] != leaf:
                raise InputError(f"leaf {index} was changed, and never was what the log says")
            elif entry.event == "MemberUpdated":
                change = Change(model_id, leaf, int(values["newIdentityCommitment"]))
                group.update(index, IdentityCommitment(change.after))
            else:
                group.remove(index)
        except (InputError, EncodingError) as error:
            self._findings.require(False, "tree", error.message, entry)
        self._waiting.append((change, entry))
        if entry.event != "MemberAdded":
            self.recorded(model_id).end(entry.time)
        root = int(values["merkleTreeRoot"])
        self._findings.require(root == 0, "tree", f"{entry.event} names the root {root}, which it never does", entry)

    def _record(self, entry: LogEntry) -> None:
        model_id, root, size = (int(entry.values[name]) for name in ("groupId", "root", "size"))
        computed, recorded = (self.root(model_id), self.size(model_id)), self.recorded(model_id)
        same = root == computed[0]
        self._findings.require(same, "tree", f"the tree of model {model_id} has another root than {root}", entry)
        self._findings.require(size == computed[1], "tree", f"it has {computed[1]} leaves, not {size}", entry)
        self._findings.require(recorded.latest != computed, "tree", "a root was recorded twice", entry)
        recorded.end(entry.time)
        recorded.latest = computed
        recorded.blocks[computed[0]] = entry.block

    def take(self, expected: list[Change], entry: LogEntry) -> None:
        """The changes that `entry` explains: exactly those that wait, in the same transaction."""
        waiting = [change for change, at in self._waiting if at.transaction == entry.transaction]
        self._findings.require(
            waiting == expected,
            "tree",
            f"{entry.event} should have changed {len(expected)} leaves, and {len(waiting)} were changed or others",
            entry,
        )
        self._waiting = [(change, at) for change, at in self._waiting if at.transaction != entry.transaction]

    def report_unexplained(self, transaction: str = "") -> None:
        """Report changes that no entry explains, but for those of a transaction that is still being read."""
        for change, at in [item for item in self._waiting if item[1].transaction != transaction]:
            kind = "a leaf without an enrolment" if change.before == 0 else "a leaf was changed by nobody's act"
            self._findings.say("tree", f"{kind}: in the tree of model {change.model_id}", at)
        self._waiting = [item for item in self._waiting if item[1].transaction == transaction]

    def has(self, model_id: int, leaf: int) -> bool:
        """Whether the leaf stands in a model's tree now; changes that wait count as not made."""
        waiting = [change for change, _ in self._waiting if change.model_id == model_id]
        if any(change.before == leaf for change in waiting):
            return True
        if any(change.after == leaf for change in waiting):
            return False
        try:
            group = self._groups.get(model_id)
            return group is not None and group.index_of(IdentityCommitment(leaf)) >= 0
        except (InputError, EncodingError):
            return False

    def root(self, model_id: int) -> int:
        """0 for a tree without leaves."""
        group = self._groups.get(model_id)
        return group.root if group is not None and group.size else 0

    def size(self, model_id: int) -> int:
        """Leaves, removed ones included."""
        group = self._groups.get(model_id)
        return 0 if group is None else group.size

    def members(self, model_id: int) -> int:
        """Leaves that are somebody's."""
        group = self._groups.get(model_id)
        return 0 if group is None else sum(leaf != 0 for leaf in group.leaves)

    def recorded(self, model_id: int) -> RootTimes:
        """The roots of a model's tree that the log recorded so far."""
        return self._recorded.setdefault(model_id, RootTimes())

    @property
    def models(self) -> list[int]:
        """Models whose tree has leaves."""
        return sorted(self._groups)
