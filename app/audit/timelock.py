"""The timelock's log: nothing is done that was not announced, and nothing early."""

from __future__ import annotations

from typing import Any

from app.audit.findings import Findings
from registry_contract.public_log import LogEntry

__all__ = ["Timelock"]


class Timelock:
    """Replays the log of the timelock at `address`."""

    GOVERNED = frozenset(
        {"StationAdded", "P256StationAdded", "GuardianChanged", "ModelProposed", "ModelWithdrawn", "CommitteeChanged"}
    )
    ADMIN = bytes(32)

    def __init__(self, address: str, findings: Findings) -> None:
        self._address, self._findings = address, findings
        self.min_delay_s = 0
        self.actions: list[dict[str, Any]] = []
        self.roles: list[dict[str, str]] = []
        self._scheduled: dict[tuple[bytes, int], dict[str, Any]] = {}
        self._executed: set[tuple[str, str]] = set()
        self._genesis: dict[str, str] = {}

    def apply(self, entry: LogEntry) -> None:
        """Take in one entry of the timelock's log."""
        handler = {
            "MinDelayChange": self._delay,
            "CallScheduled": self._schedule,
            "CallExecuted": self._execute,
            "Cancelled": self._cancel,
            "RoleGranted": self._role,
        }.get(entry.event)
        if handler is not None:
            handler(entry)

    def look_ahead(self, entries: list[LogEntry]) -> None:
        """Note which contracts' calls were executed in which transaction, and which transactions made the contracts:
        a list's event stands before the timelock's own in the log."""
        for entry in entries:
            self._genesis.setdefault(entry.contract, entry.transaction)
            if entry.event == "CallExecuted":
                self._executed.add((entry.transaction, str(entry.values["target"])))

    def require_governed(self, entry: LogEntry, contract: str) -> None:
        """A change of a list came through the timelock, or with the contract's own making."""
        if entry.event in self.GOVERNED and entry.transaction != self._genesis[entry.contract]:
            self._findings.require(
                (entry.transaction, contract) in self._executed,
                "timelock",
                f"{entry.event} happened without an execution by the timelock",
                entry,
            )

    def _delay(self, entry: LogEntry) -> None:
        self.min_delay_s = int(entry.values["newDuration"])

    def _schedule(self, entry: LogEntry) -> None:
        values = entry.values
        delay = int(values["delay"])
        self._findings.require(
            delay >= self.min_delay_s,
            "timelock",
            f"a call was scheduled to wait {delay} s; the least is {self.min_delay_s} s",
            entry,
        )
        action = {
            "id": "0x" + bytes(values["id"]).hex(),
            "target": str(values["target"]),
            "data": "0x" + bytes(values["data"]).hex(),
            "scheduled_at": entry.time,
            "ready_at": entry.time + delay,
            "executed_at": 0,
            "cancelled_at": 0,
        }
        self.actions.append(action)
        self._scheduled[bytes(values["id"]), int(values["index"])] = action

    def _execute(self, entry: LogEntry) -> None:
        values = entry.values
        action = self._scheduled.get((bytes(values["id"]), int(values["index"])))
        said = (str(values["target"]), "0x" + bytes(values["data"]).hex())
        if not self._findings.require(
            action is not None and (action["target"], action["data"]) == said,
            "timelock",
            "a call was executed that was never scheduled",
            entry,
        ):
            return
        assert action is not None
        waited, wanted = entry.time - action["scheduled_at"], action["ready_at"] - action["scheduled_at"]
        self._findings.require(
            waited >= wanted and not action["cancelled_at"] and not action["executed_at"],
            "timelock",
            f"a call was executed after {waited} s, or when it was cancelled or done; it had to wait {wanted} s",
            entry,
        )
        action["executed_at"] = entry.time

    def _cancel(self, entry: LogEntry) -> None:
        for (call_id, _), action in self._scheduled.items():
            if call_id == bytes(entry.values["id"]):
                action["cancelled_at"] = entry.time

    def _role(self, entry: LogEntry) -> None:
        role, account = bytes(entry.values["role"]), str(entry.values["account"])
        self.roles.append({"role": "0x" + role.hex(), "account": account})
        self._findings.require(
            role != self.ADMIN or account == self._address,
            "timelock",
            f"{account} administers the timelock, and could do without its delay",
            entry,
        )
