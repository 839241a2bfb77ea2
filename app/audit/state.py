"""What the contracts say now, beside what the log adds up to: an entry that a node hides is missed here.

The contracts count: records, members of a station, models, revocations, polls, voters, ballots of a nullifier,
recoveries (in a scope); and they keep roots, sizes, records and tallies. What has no counter is said in
docs/threat-model.md.
"""

from __future__ import annotations

from typing import Any

from app.audit.findings import Findings
from app.audit.replay import Replay
from app.audit.votes import AuditedPoll
from protocol.errors import ChainError, ChainUnreachable, TransactionRefused
from registry_contract.public_log import PublicLog

__all__ = ["check_state"]


def check_state(log: PublicLog, replay: Replay, findings: Findings) -> None:
    """Compare everything. Raises `ChainUnreachable` where the node is gone."""
    comparison = _Comparison(log, replay, findings)
    for part in (
        comparison.lists,
        comparison.models,
        comparison.trees,
        comparison.records,
        comparison.recoveries,
        comparison.codes,
        comparison.polls,
        comparison.actions,
    ):
        try:
            part()
        except TransactionRefused as error:
            findings.say("state", f"the contract does not know what the log tells of: {error.message}")
        except ChainUnreachable:
            raise
        except ChainError as error:
            findings.say("state", error.message)


class _Comparison:
    def __init__(self, log: PublicLog, replay: Replay, findings: Findings) -> None:
        self._log, self._replay, self._findings = log, replay, findings

    def lists(self) -> None:
        lists, log = self._replay.lists, self._log
        self._same("stations", "revoked stations", log.call("stations", "revokedCount"), len(lists.revoked))
        known = list(lists.stations)
        for address, times in zip(known, log.calls("stations", "stationOf", [(a,) for a in known]), strict=True):
            station = lists.stations[address]
            self._same("stations", f"times of {address}", times, (station.added_at, station.revoked_at))
        self._same("stations", "the guardian", str(log.call("stations", "guardian")).lower(), lists.guardian.lower())
        if log.has_committee():
            nodes = tuple(str(node).lower() for node in log.call("committee", "nodesNow"))
            self._same("committee", "the nodes", nodes, tuple(node.lower() for node in lists.nodes))
        self._same("timelock", "its delay", log.call("timelock", "getMinDelay"), self._replay.timelock.min_delay_s)

    def models(self) -> None:
        lists, log = self._replay.lists, self._log
        self._same("models", "models", log.call("models", "modelCount"), len(lists.models))
        live = lists.live(log.head.time)
        said = log.call("models", "live")
        self._same("models", "live models", said, (live.group, live.upcoming, live.previous, live.switched_at))
        for model in lists.models.values():
            times = log.call("models", "timesOf", model.model_id)
            listed = (model.proposed_at, model.active_at, model.withdrawn_at)
            self._same("models", f"times of model {model.model_id}", times, listed)
            described = log.call("models", "modelOf", model.model_id)
            self._same("models", f"model {model.model_id}", _flat(described), _flat(model.description.values()))

    def trees(self) -> None:
        trees, log = self._replay.trees, self._log
        for model in self._replay.lists.models:
            root, size = (
                log.call("registry", "getMerkleTreeRoot", model),
                log.call("registry", "getMerkleTreeSize", model),
            )
            self._same("tree", f"leaves of model {model}", size, trees.size(model))
            self._same("tree", f"the root of model {model}", root, trees.root(model))
        self._recorded_roots()

    def _recorded_roots(self) -> None:
        """Whether the contract knows the same roots, and since when they are replaced: what a hidden record changes."""
        live = self._replay.lists.live(self._log.head.time)
        expected: dict[int, int] = {}
        for model, ended_at in ((live.previous, live.switched_at), (live.group, 0)):
            recorded = self._replay.trees.recorded(model)
            expected |= recorded.replaced
            if recorded.latest is not None:
                expected[recorded.latest[0]] = ended_at
        expected.pop(0, None)  # that of a tree of one removed leaf, which counts nowhere
        roots = list(expected)
        for root, said in zip(roots, self._log.calls("registry", "rootInfo", [(r,) for r in roots]), strict=True):
            self._same("tree", f"when the root {root} was replaced", said, (True, expected[root]))

    def records(self) -> None:
        records, log = self._replay.records, self._log
        self._same("records", "records", log.call("registry", "recordCount"), len(records.by_id))
        ids = list(records.by_id)
        for number, said in zip(ids, log.calls("registry", "recordById", [(n,) for n in ids]), strict=True):
            record = records.by_id[number]
            listed = (
                record.commitments_root,
                record.identity,
                record.station.lower(),
                record.enrolled_at,
                record.rotated_at,
                record.eye_side,
                int(record.status),
            )
            self._same("records", f"record {number}", (*said[:2], str(said[2]).lower(), *said[3:]), listed)
        stations = list(self._replay.lists.stations)
        for address, count in zip(stations, log.calls("registry", "membersOf", [(a,) for a in stations]), strict=True):
            self._same("records", f"members of station {address}", count, len(records.active_of(address)))
        nonces = sorted(records.nonces)
        for (address, _), used in zip(nonces, log.calls("registry", "nonceUsed", nonces), strict=True):
            self._same("records", f"a nonce of {address} used", used, True)

    def recoveries(self) -> None:
        records, log = self._replay.records, self._log
        ids = list(records.by_id)
        for number, scope in zip(ids, log.calls("registry", "cancelScope", [(n,) for n in ids]), strict=True):
            record = records.by_id[number]
            same = int(scope) == records.cancel_scope(record)
            self._require("records", same, f"record {number} asked for recovery oftener or less than the log says")
        for record in records.by_id.values():
            if record.recoveries:
                pending = record.recovery
                listed = None if pending is None else [pending.identity, pending.ready_at]
                name = f"the recovery of record {record.record_id}"
                self._same("records", name, self._recovery_of(record.record_id), listed)

    def _recovery_of(self, record_id: int) -> list[Any] | None:
        """New identity and when it is ready; None where no recovery waits."""
        try:
            said = self._log.call("registry", "recoveryOf", record_id)
        except TransactionRefused as error:
            if error.error == "Registry__RecoveryAbsent":
                return None
            raise
        return [said[1], said[3]]

    def codes(self) -> None:
        owners = self._replay.records.codes.owners
        known = list(owners)
        for code, owner in zip(known, self._log.calls("registry", "codeOwner", known), strict=True):
            self._same("codes", f"the owner of a code of model {code[0]}", owner, owners[code])

    def polls(self) -> None:
        polls, log = self._replay.polls.by_id, self._log
        self._same("polls", "polls", log.call("polls", "pollCount"), len(polls))
        for poll in polls.values():
            self._poll(poll)

    def _poll(self, poll: AuditedPoll) -> None:
        log, name = self._log, f"poll {poll.poll_id}"
        said = log.call("polls", "pollOf", poll.poll_id)
        voters = len(poll.ballots)
        listed = (
            poll.root,
            poll.scope,
            poll.content_hash,
            poll.opens_at,
            poll.closes_at,
            poll.finalized_at,
            len(poll.options),
            int(poll.kind),
            poll.quorum,
        )
        self._same("polls", name, said[:-1], listed)
        self._same("tally", f"voters of {name}", said[-1], voters)
        self._same("tally", f"the tally of {name}", list(log.call("polls", "tally", poll.poll_id)), poll.tally())
        nullifiers = list(poll.ballots)
        counts = log.calls("polls", "votesCastBy", [(poll.poll_id, nullifier) for nullifier in nullifiers])
        for nullifier, count in zip(nullifiers, counts, strict=True):
            self._same("tally", f"ballots of one voter in {name}", count, poll.ballots[nullifier][0])

    def actions(self) -> None:
        actions, log = self._replay.actions, self._log
        for (dapp, action_id), scope in actions.actions.items():
            said = log.call("personhood", "actionOf", dapp, action_id)
            self._same("actions", "an action", said, (scope, actions.roots[scope]))
        used = list(actions.used)
        for said in log.calls("personhood", "isUsed", used):
            self._same("actions", "a nullifier used", said, True)

    def _same(self, check: str, what: str, said: Any, counted: Any) -> None:
        said, counted = _flat(said), _flat(counted)
        self._require(
            check, said == counted, f"{what}: the contract says {_shown(said)}, the log gives {_shown(counted)}"
        )

    def _require(self, check: str, holds: bool, reason: str) -> None:
        self._findings.require(holds, check, reason)


def _flat(value: Any) -> Any:
    """Tuples, lists and structs as lists, addresses in lower case, bytes as they are."""
    if hasattr(value, "values") and not isinstance(value, bytes):
        value = list(value.values())
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, int):
        return int(value)
    try:
        return [_flat(part) for part in value]
    except TypeError:
        return value


def _shown(value: Any) -> str:
    if isinstance(value, list) and len(value) > 12:
        return f"{len(value)} values, of them {_shown(value[:3])}"
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 100 else text[:100] + "…"
