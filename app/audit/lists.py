"""The lists that a timelock governs, as they stood at any time: stations, models, committee."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from app.audit.findings import Findings
from registry_contract.governance import LiveModels
from registry_contract.public_log import LogEntry

__all__ = ["Constants", "ListedModel", "ListedStation", "Lists"]


@dataclass(frozen=True)
class Constants:
    """What the contracts were fixed to at deployment. Seconds; `eye_side` is the one eye that the registry takes."""

    public_delay_s: int
    grace_s: int
    reattest_s: int
    recovery_wait_s: int
    eye_side: int


@dataclass
class ListedStation:
    """`point`: its P-256 key; None for secp256k1. `revoked_at` 0: active."""

    address: str
    added_at: int
    point: tuple[int, int] | None = None
    revoked_at: int = 0


@dataclass
class ListedModel:
    """`description` is the Solidity struct by name. `active_at`: as the rules give it, whatever the event says."""

    model_id: int
    description: dict[str, Any] = field(repr=False)
    proposed_at: int
    active_at: int
    withdrawn_at: int = 0


class Lists:
    """Replays the lists' events. All findings are of the entry being replayed."""

    def __init__(self, constants: Constants, findings: Findings) -> None:
        self.constants = constants
        self.stations: dict[str, ListedStation] = {}
        self.revoked: list[str] = []
        self.models: dict[int, ListedModel] = {}
        self.nodes: tuple[str, ...] = ()
        self.guardian = ""
        self._findings = findings
        self._group = self._next = self._previous = self._switched_at = 0
        self._latest: ListedStation | None = None

    def live(self, time: int) -> LiveModels:
        """The models that counted at a time, by the contract's rules."""
        if not self._next:
            return LiveModels(self._group, 0, self._previous, self._switched_at)
        active_at = self.models[self._next].active_at
        ends_at = active_at + self.constants.grace_s
        if time >= ends_at:
            return LiveModels(self._next, 0, self._group, ends_at)
        return LiveModels(self._group, self._next if time >= active_at else 0, self._previous, self._switched_at)

    def apply(self, entry: LogEntry) -> None:
        """Take in one entry of the stations', models' or committee's log."""
        handlers = {
            "StationAdded": self._station_added,
            "P256StationAdded": self._p256_key,
            "StationRevoked": self._revoked,
            "GuardianChanged": self._guardian,
            "ModelProposed": self._proposed,
            "ModelWithdrawn": self._withdrawn,
            "CommitteeChanged": self._committee,
        }
        handlers[entry.event](entry)

    def overdue_station(self, time: int) -> list[str]:
        """Stations whose members had to attest again by a time."""
        return [
            address for address in self.revoked if time >= self.stations[address].revoked_at + self.constants.reattest_s
        ]

    def _station_added(self, entry: LogEntry) -> None:
        address = str(entry.values["station"])
        self._findings.require(address not in self.stations, "stations", f"{address} was listed before", entry)
        self._latest = ListedStation(address, entry.time)
        self.stations[address] = self._latest

    def _p256_key(self, entry: LogEntry) -> None:
        point = (int.from_bytes(entry.values["x"], "big"), int.from_bytes(entry.values["y"], "big"))
        named = keccak(bytes(entry.values["x"]) + bytes(entry.values["y"]))[12:].hex()
        station = self._latest
        same = station is not None and station.address.lower() == f"0x{named}" == str(entry.values["station"]).lower()
        if self._findings.require(same, "stations", "a P-256 key was listed under a name that is not its own", entry):
            assert station is not None
            station.point = point

    def _revoked(self, entry: LogEntry) -> None:
        address = str(entry.values["station"])
        station = self.stations.get(address)
        known = station is not None and not station.revoked_at
        if self._findings.require(known, "stations", f"{address} was revoked, and is not an active station", entry):
            assert station is not None
            station.revoked_at = entry.time
            self.revoked.append(address)
        said = int(entry.values["revokedAt"])
        self._findings.require(
            said == entry.time, "stations", f"revoked at {said} by the event, {entry.time} by its block", entry
        )

    def _guardian(self, entry: LogEntry) -> None:
        self.guardian = str(entry.values["guardian"])

    def _proposed(self, entry: LogEntry) -> None:
        model_id, constants = int(entry.values["modelId"]), self.constants
        expected = len(self.models) + 1
        if not self._findings.require(
            model_id == expected, "models", f"model {model_id} was proposed where model {expected} is next", entry
        ):
            return
        genesis = not self.models
        active_at = entry.time if genesis else entry.time + constants.public_delay_s
        said = (int(entry.values["activeAt"]), int(entry.values["olderRetiresAt"]))
        self._findings.require(
            said == (active_at, active_at + constants.grace_s),
            "models",
            f"model {model_id} is active from {said[0]} by the event; its public delay ends at {active_at}",
            entry,
        )
        if self._next:
            ends_at = self.models[self._next].active_at + constants.grace_s
            self._findings.require(
                entry.time >= ends_at, "models", f"model {self._next}'s succession runs until {ends_at}", entry
            )
            self._previous, self._switched_at, self._group = self._group, ends_at, self._next
        self.models[model_id] = ListedModel(model_id, dict(entry.values["model"]), entry.time, active_at)
        if genesis:
            self._group = model_id
        else:
            self._next = model_id

    def _withdrawn(self, entry: LogEntry) -> None:
        model_id = int(entry.values["modelId"])
        pending = model_id == self._next != 0 and entry.time < self.models[model_id].active_at
        if self._findings.require(pending, "models", f"model {model_id} was withdrawn, and was not pending", entry):
            self.models[model_id].withdrawn_at, self._next = entry.time, 0

    def _committee(self, entry: LogEntry) -> None:
        self.nodes = tuple(str(node) for node in entry.values["nodes"])
        self._findings.require(len(set(self.nodes)) == 3, "committee", "a node stands in it twice", entry)
