"""Snapshots of the group: that of the moment, of the model that counted then, with nobody overdue in it."""

from __future__ import annotations

from app.audit.findings import Findings
from app.audit.lists import Lists
from app.audit.records import Records
from app.audit.trees import Trees
from registry_contract.public_log import LogEntry

__all__ = ["Snapshots"]


class Snapshots:
    """Checks what polls and actions took as their group."""

    def __init__(self, lists: Lists, trees: Trees, records: Records, findings: Findings) -> None:
        self._lists, self._trees, self._records, self._findings = lists, trees, records, findings

    def check(self, entry: LogEntry) -> None:
        """`entry` names a group, its root and size, as of its own place in the log."""
        group, root = int(entry.values["groupId"]), int(entry.values["snapshotRoot"])
        size = int(entry.values["snapshotSize"])
        counting = self._lists.live(entry.time).group
        self._require(group == counting, f"the snapshot is of model {group}; model {counting} counted", entry)
        recorded = self._trees.recorded(group)
        if root != self._trees.root(group):
            earlier = recorded.blocks.get(root)
            said = f"it was recorded in block {earlier}" if earlier is not None else "it was never recorded up to here"
            self._require(False, f"the snapshot's root is not that of its moment: {said}", entry)
        elif recorded.latest is None or root != recorded.latest[0]:
            self._require(False, "the snapshot's root was not recorded", entry)
        self._require(size == self._trees.size(group), f"the snapshot has not {size} leaves", entry)
        self._require(root != 0, "the snapshot has no members", entry)
        for station in self._lists.revoked:
            members = len(self._records.active_of(station))
            waited_s = entry.time - self._lists.stations[station].revoked_at
            if members:
                limit = (self._lists.constants.reattest_s, "s")
                self._findings.measure("wait for members of a revoked station", waited_s, limit, f"block {entry.block}")
            overdue = members and waited_s >= self._lists.constants.reattest_s
            self._require(not overdue, f"{members} members of the revoked station {station} were overdue", entry)

    def _require(self, holds: bool, reason: str, entry: LogEntry) -> None:
        self._findings.require(holds, "snapshot", reason, entry)
