"""The whole log, replayed in order by the contracts' own rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.audit.evidence import Claim
from app.audit.findings import Findings
from app.audit.lists import Constants, ListedModel, Lists
from app.audit.records import Records
from app.audit.snapshots import Snapshots
from app.audit.timelock import Timelock
from app.audit.trees import Trees
from app.audit.votes import Actions, Polls
from protocol.errors import EncodingError, IrisproofError
from registry_contract.deployment import Deployment
from registry_contract.public_log import LogEntry

__all__ = ["NetworkOf", "Replay"]

NetworkOf = Callable[[ListedModel, LogEntry], tuple[str, str] | None]
"""Which network a model is, and the SHA-256 of that network's verifying key."""


class Replay:
    """What the log adds up to. `run` it once."""

    def __init__(self, deployment: Deployment, constants: Constants, findings: Findings) -> None:
        self._findings = findings
        self._deployment = deployment
        self.lists = Lists(constants, findings)
        self.timelock = Timelock(deployment.timelock, findings)
        self.trees = Trees(findings)
        self.records = Records(deployment, self.lists, self.trees, findings)
        snapshots = Snapshots(self.lists, self.trees, self.records, findings)
        self.polls = Polls(deployment, snapshots, findings)
        self.actions = Actions(deployment, snapshots, findings)

    @property
    def claims(self) -> list[tuple[Claim, LogEntry]]:
        """All that is left to verify, with the entries that claim it."""
        return [*self.records.claims, *self.polls.claims, *self.actions.claims]

    def run(self, entries: Sequence[LogEntry], network_of: NetworkOf, progress: Callable[[float], None]) -> None:
        """Replay all entries."""
        self.timelock.look_ahead(list(entries))
        for number, entry in enumerate(entries):
            self.trees.report_unexplained(entry.transaction)
            if entry.event == "":
                self._findings.say("log", f"an entry that {entry.contract} cannot have written", entry)
                continue
            try:
                self._apply(entry, network_of)
            except (IrisproofError, KeyError, ValueError) as error:
                # a value that no contract of ours lets through; what it was must not stop the audit
                reason = error.message if isinstance(error, IrisproofError) else f"{type(error).__name__}: {error}"
                self._findings.say("log", f"{entry.event} cannot be: {reason}", entry)
            progress((number + 1) / len(entries))
        self.trees.report_unexplained()

    def _apply(self, entry: LogEntry, network_of: NetworkOf) -> None:
        contract = entry.contract
        if contract == "timelock":
            self.timelock.apply(entry)
        elif contract in ("stations", "models", "committee"):
            self.timelock.require_governed(entry, getattr(self._deployment, contract))
            self.lists.apply(entry)
            if entry.event == "ModelProposed":
                self._learn_network(entry, network_of)
        elif contract == "registry":
            (self.trees if entry.event in Trees.EVENTS else self.records).apply(entry)
        elif contract == "polls":
            self.polls.apply(entry)
        else:
            self.actions.apply(entry)

    def _learn_network(self, entry: LogEntry, network_of: NetworkOf) -> None:
        model = self.lists.models.get(int(entry.values["modelId"]))
        if model is None:
            raise EncodingError("a model out of its order")
        network = network_of(model, entry)
        if network is not None:
            self.records.codes.networks[model.model_id] = network
