"""The members' trees, recomputed leaf by leaf: every root that the log names is the root of the leaves before it."""

from __future__ import annotations

from dataclasses import dataclass

from app.audit.findings import Findings
from circuits.semaphore.group import Group
from protocol.errors import EncodingError, InputError
from protocol.types import IdentityCommitment
from registry_contract.public_log import LogEntry

__all__ = ["Change", "Trees"]


@dataclass(frozen=True)
class Change:
    """One leaf of a model's tree: `before` is 0 for one that was added, `after` for one that was removed."""

    model_id: int
    before: int
    after: int


class Trees:
    """Replays `MemberAdded`, `MemberUpdated` and `MemberRemoved`; what changed and was not accounted for yet waits."""

    EVENTS = frozenset({"GroupCreated", "MemberAdded", "MemberUpdated", "MemberRemoved"})

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._groups: dict[int, Group] = {}
        self._roots: dict[int, dict[int, int]] = {}
        self._waiting: list[tuple[Change, LogEntry]] = []

    def apply(self, entry: LogEntry) -> None:
        """Take in one change. The root after it must be the one that the entry names."""
        if entry.event == "GroupCreated":
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
        root = int(values["merkleTreeRoot"])
        self._findings.require(
            root == self.root(model_id), "tree", f"the tree of model {model_id} has another root than {root}", entry
        )
        self._roots.setdefault(model_id, {})[self.root(model_id)] = entry.block

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

    def block_of_root(self, model_id: int, root: int) -> int | None:
        """The block in which a model's tree got a root; None for one that it did not have so far."""
        return self._roots.get(model_id, {}).get(root)

    @property
    def models(self) -> list[int]:
        """Models whose tree has leaves."""
        return sorted(self._groups)
