"""Polls and actions: every ballot a member's, once and in its time; every tally counted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.audit.evidence import Claim, MembershipClaim
from app.audit.findings import Findings
from app.audit.scopes import scope_of
from app.audit.snapshots import Snapshots
from protocol.errors import EncodingError
from protocol.types import MembershipProof, Nullifier
from registry_contract.deployment import Deployment
from registry_contract.polls import PollKind, ballot_message, poll_content_hash, poll_scope, ranking_message
from registry_contract.public_log import LogEntry
from registry_contract.runoff import Runoff, count_runoff
from registry_contract.semaphore_abi import CIRCUIT_DEPTH
from registry_contract.texts import shown_text

__all__ = ["Actions", "AuditedPoll", "Polls"]

_ACTION = b"irisproof personhood scope v1"


@dataclass
class AuditedPoll:
    """A poll as the log gives it. `ballots`: nullifier -> (votes cast, the last one's choice or ranking)."""

    poll_id: int
    kind: PollKind
    question: str
    options: tuple[str, ...]
    opens_at: int
    closes_at: int
    quorum: int
    root: int
    size: int
    group_id: int
    scope: int
    content_hash: bytes = field(repr=False)
    block: int
    finalized_at: int = 0
    ballots: dict[int, tuple[int, int | tuple[int, ...]]] = field(default_factory=dict, repr=False)

    def tally(self) -> list[int]:
        """Votes per option, each voter's last ballot alone; empty for a ranked poll, as the contract has it."""
        if self.kind is PollKind.RANKED:
            return []
        counts = [0] * len(self.options)
        for _, choice in self.ballots.values():
            assert isinstance(choice, int)
            for option in range(len(counts)):
                counts[option] += (choice == option) if self.kind is PollKind.SINGLE else (choice >> option) & 1
        return counts

    def runoff(self) -> Runoff:
        """A ranked poll's rounds. Raises `EncodingError` for rankings that the contract would not have taken."""
        rankings = [ranking for _, ranking in self.ballots.values() if isinstance(ranking, tuple)]
        return count_runoff(rankings, len(self.options))


class Polls:
    """Replays the polls' log."""

    def __init__(self, deployment: Deployment, snapshots: Snapshots, findings: Findings) -> None:
        self._deployment, self._snapshots, self._findings = deployment, snapshots, findings
        self.claims: list[tuple[Claim, LogEntry]] = []
        self.by_id: dict[int, AuditedPoll] = {}

    def apply(self, entry: LogEntry) -> None:
        """Take in one entry."""
        if entry.event == "PollCreated":
            self._created(entry)
            return
        poll = self.by_id.get(int(entry.values["pollId"]))
        if self._require(poll is not None, f"{entry.event} in a poll that was never made", entry):
            assert poll is not None
            (self._finalized if entry.event == "PollFinalized" else self._cast)(poll, entry)

    def _created(self, entry: LogEntry) -> None:
        values, draft = entry.values, entry.values["draft"]
        poll_id, options = int(values["pollId"]), tuple(shown_text(option) for option in draft["options"])
        self._require(poll_id == len(self.by_id) + 1, f"poll {poll_id} follows {len(self.by_id)} polls", entry)
        self._snapshots.check(entry)
        content = poll_content_hash(draft)
        scope = poll_scope(self._deployment.chain_id, self._deployment.polls, poll_id, content)
        self._require(scope == values["scope"], f"poll {poll_id} has a scope that is not its own", entry)
        self.by_id[poll_id] = AuditedPoll(
            poll_id,
            PollKind(draft["kind"]),
            shown_text(draft["question"]),
            options,
            int(draft["opensAt"]),
            int(draft["closesAt"]),
            int(draft["quorum"]),
            int(values["snapshotRoot"]),
            int(values["snapshotSize"]),
            int(values["groupId"]),
            scope,
            content,
            entry.block,
        )

    def _cast(self, poll: AuditedPoll, entry: LogEntry) -> None:
        values, ranked = entry.values, entry.event == "RankingCast"
        nullifier, sequence = int(values["nullifier"]), int(values["sequence"])
        choice = tuple(bytes(values["ranking"])) if ranked else int(values["choice"])
        fits = self._require(ranked == (poll.kind is PollKind.RANKED), "a ballot of another kind than its poll", entry)
        if not fits or not self._require(_is_choice(poll, choice), "a choice that the poll does not have", entry):
            return
        self._require(poll.opens_at <= entry.time < poll.closes_at, "a ballot while the poll was not open", entry)
        cast, _ = poll.ballots.get(nullifier, (0, 0))
        self._require(sequence == cast, f"a ballot with sequence {sequence} where its nullifier had cast {cast}", entry)
        with self._findings.reporting("membership proof", entry):
            message = (
                ranking_message(choice, sequence) if isinstance(choice, tuple) else ballot_message(choice, sequence)
            )
            proof = membership(entry, poll.root, message, poll.scope)
            self.claims.append((MembershipClaim(proof), entry))
        poll.ballots[nullifier] = (cast + 1, choice)
        self._require(len(poll.ballots) <= poll.size, "more voters than members", entry)

    def _finalized(self, poll: AuditedPoll, entry: LogEntry) -> None:
        self._require(entry.time >= poll.closes_at, "the poll was finalised before its close", entry)
        self._require(not poll.finalized_at, "the poll was finalised twice", entry)
        poll.finalized_at = entry.time
        voters = len(poll.ballots)
        said = ([int(n) for n in entry.values["votes"]], int(entry.values["voters"]), bool(entry.values["quorumMet"]))
        counted = (poll.tally(), voters, voters >= poll.quorum)
        self._findings.require(
            said == counted,
            "tally",
            f"poll {poll.poll_id} was finalised with {said[:2]}; counted are {counted[:2]}",
            entry,
        )

    def _require(self, holds: bool, reason: str, entry: LogEntry) -> bool:
        return self._findings.require(holds, "polls", reason, entry)


class Actions:
    """Replays the log of `Personhood`: each action's scope is its own, each nullifier is used once."""

    def __init__(self, deployment: Deployment, snapshots: Snapshots, findings: Findings) -> None:
        self._deployment, self._snapshots, self._findings = deployment, snapshots, findings
        self.claims: list[tuple[Claim, LogEntry]] = []
        self.roots: dict[int, int] = {}
        self.actions: dict[tuple[str, bytes], int] = {}
        self.used: dict[tuple[int, int], LogEntry] = {}

    def apply(self, entry: LogEntry) -> None:
        """Take in one entry."""
        if entry.event == "ActionOpened":
            self._opened(entry)
            return
        scope, nullifier = int(entry.values["scope"]), int(entry.values["nullifier"])
        if not self._require(scope in self.roots, "a person acted in an action that was never opened", entry):
            return
        self._require((scope, nullifier) not in self.used, "a nullifier was used twice", entry)
        self.used[scope, nullifier] = entry
        with self._findings.reporting("membership proof", entry):
            message = int.from_bytes(bytes(entry.values["signal"]), "big")
            self.claims.append((MembershipClaim(membership(entry, self.roots[scope], message, scope)), entry))

    def _opened(self, entry: LogEntry) -> None:
        self._snapshots.check(entry)
        dapp, action_id = str(entry.values["dapp"]), bytes(entry.values["actionId"])
        deployment = self._deployment
        scope = scope_of(
            _ACTION,
            ("uint256", deployment.chain_id),
            ("address", deployment.personhood),
            ("address", dapp),
            ("bytes32", action_id),
        )
        self._require(scope == entry.values["scope"], "the action has a scope that is not its own", entry)
        self._require((dapp, action_id) not in self.actions, "the action was opened twice", entry)
        self.actions[dapp, action_id] = scope
        self.roots[scope] = int(entry.values["snapshotRoot"])

    def _require(self, holds: bool, reason: str, entry: LogEntry) -> bool:
        return self._findings.require(holds, "actions", reason, entry)


def membership(entry: LogEntry, root: int, message: int, scope: int) -> MembershipProof:
    """The proof of an entry with nullifier and points. Raises `EncodingError` where a number is not canonical."""
    points: Sequence[Any] = tuple(int(point) for point in entry.values["points"])
    nullifier = Nullifier(int(entry.values["nullifier"]))
    return MembershipProof(CIRCUIT_DEPTH, root, nullifier, message, scope, points)  # type: ignore[arg-type]  # eight


def _is_choice(poll: AuditedPoll, choice: int | tuple[int, ...]) -> bool:
    options = len(poll.options)
    if isinstance(choice, tuple):
        try:
            count_runoff([choice], options)
        except EncodingError:
            return False
        return True
    return choice < (1 << options if poll.kind is PollKind.APPROVAL else options)
