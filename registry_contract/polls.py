"""Polls from Python: create, vote, close, read the tally."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from protocol.errors import ChainError, EncodingError
from protocol.types import MembershipProof, Nullifier
from registry_contract.connection import ROOT_GAS, Connection, Receipt
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment
from registry_contract.semaphore_abi import CIRCUIT_DEPTH, require_depth
from registry_contract.texts import shown_text, text_bytes

__all__ = [
    "CIRCUIT_DEPTH",
    "Ballot",
    "CastBallot",
    "Poll",
    "PollDraft",
    "PollKind",
    "PollsClient",
    "RankedBallot",
    "approval_choice",
    "ballot_message",
    "poll_content_hash",
    "poll_scope",
    "ranking_message",
]

_CHOICE_BITS = 64
_SCOPE_LABEL = keccak(b"irisproof poll scope v2")
_RANKING_LABEL = keccak(b"irisproof ranked ballot v1")


class PollKind(IntEnum):
    """What a ballot says, as the contract numbers it."""

    SINGLE = 0
    """one option"""
    APPROVAL = 1
    """any number of options, none included"""
    RANKED = 2
    """options in order, best first; counted from the log (`registry_contract.runoff`)"""


@dataclass(frozen=True)
class PollDraft:
    """A poll to be made. Times are Unix seconds by the chain's clock; votes count from `opens_at` until before
    `closes_at`. An `opens_at` that has passed means at once."""

    question: str
    options: Sequence[str]
    opens_at: int
    closes_at: int
    kind: PollKind = PollKind.SINGLE
    quorum: int = 0
    """Fewest voters for the poll to count."""

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `PollDraft`."""
        return {
            "kind": int(self.kind),
            "question": self.question,
            "options": list(self.options),
            "opensAt": self.opens_at,
            "closesAt": self.closes_at,
            "quorum": self.quorum,
        }


@dataclass(frozen=True)
class Poll:
    """A poll as the contract made it; its texts as they may be shown (`registry_contract.texts`).

    Voters prove membership in the group as it stood before this entry of the log (`RegistryClient.members_before`)."""

    poll_id: int
    question: str
    options: tuple[str, ...]
    opens_at: int
    closes_at: int
    snapshot_root: int
    snapshot_size: int
    """Leaves of the snapshot, removed ones included."""
    scope: int
    kind: PollKind
    quorum: int
    group_id: int
    block: int
    log_index: int


def ballot_message(choice: int, sequence: int) -> int:
    """The Semaphore message of a ballot: sequence << 64 | choice.

    `sequence` is how many votes the voter cast in the poll before; it keeps an earlier ballot from being sent again.
    """
    if not 0 <= choice < 1 << _CHOICE_BITS or not 0 <= sequence < 1 << _CHOICE_BITS:
        raise EncodingError("choice and sequence are natural numbers below 2^64")
    return sequence << _CHOICE_BITS | choice


def approval_choice(options: Iterable[int]) -> int:
    """The choice of an approval ballot: a bit for every option that is approved."""
    choice = 0
    for option in options:
        if not 0 <= option < _CHOICE_BITS:
            raise EncodingError(f"there is no option {option}")
        choice |= 1 << option
    return choice


def ranking_message(ranking: Sequence[int], sequence: int) -> int:
    """The Semaphore message of a ranked ballot: a hash, since 64 options have no room beside the sequence."""
    if not all(0 <= option < 1 << 8 for option in ranking) or not 0 <= sequence < 1 << 256:
        raise EncodingError("a ranking has options below 256, a sequence is a natural number below 2^256")
    parts = [_RANKING_LABEL, sequence, bytes(ranking)]
    return int.from_bytes(keccak(encode(["bytes32", "uint256", "bytes"], parts)), "big")


def poll_scope(chain_id: int, polls: str, poll_id: int, content_hash: bytes) -> int:
    """The scope that the contract at `polls` makes for a poll. A voter who checks it cannot be tricked into one scope
    for two polls, which would link the ballots in them."""
    parts = [_SCOPE_LABEL, chain_id, polls, poll_id, content_hash]
    return int.from_bytes(keccak(encode(["bytes32", "uint256", "address", "uint256", "bytes32"], parts)), "big")


def poll_content_hash(draft: Mapping[str, Any]) -> bytes:
    """keccak256 over kind, question, options and quorum of a `PollDraft` as the log gives it, byte for byte."""
    # `bytes` has the same encoding as `string`, and need not be UTF-8
    texts = text_bytes(draft["question"]), [text_bytes(option) for option in draft["options"]]
    return keccak(encode(["uint8", "bytes", "bytes[]", "uint32"], [int(draft["kind"]), *texts, int(draft["quorum"])]))


@dataclass(frozen=True)
class Ballot:
    """One vote, proved. It says nothing about who sent it."""

    choice: int
    sequence: int
    nullifier: Nullifier
    points: tuple[int, int, int, int, int, int, int, int]

    @classmethod
    def from_proof(cls, proof: MembershipProof) -> Ballot:
        """The ballot that a membership proof over `ballot_message(...)` makes. Raises `EncodingError` for a proof of
        another circuit depth, which the contract could not verify."""
        require_depth(proof)
        choice = proof.message & ((1 << _CHOICE_BITS) - 1)
        return cls(choice, proof.message >> _CHOICE_BITS, proof.nullifier, proof.points)

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `Ballot`."""
        return {
            "choice": self.choice,
            "sequence": self.sequence,
            "nullifier": self.nullifier.value,
            "points": list(self.points),
        }


@dataclass(frozen=True)
class RankedBallot:
    """One order of options, best first, proved."""

    ranking: tuple[int, ...]
    sequence: int
    nullifier: Nullifier
    points: tuple[int, int, int, int, int, int, int, int]

    @classmethod
    def from_proof(cls, proof: MembershipProof, ranking: Sequence[int], sequence: int) -> RankedBallot:
        """The ballot that a membership proof over `ranking_message(ranking, sequence)` makes. Raises `EncodingError`
        for a proof of another circuit depth, or of another ballot."""
        require_depth(proof)
        if proof.message != ranking_message(ranking, sequence):
            raise EncodingError("the proof is of another ranking or sequence")
        return cls(tuple(ranking), sequence, proof.nullifier, proof.points)

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `RankedBallot`."""
        return {
            "ranking": bytes(self.ranking),
            "sequence": self.sequence,
            "nullifier": self.nullifier.value,
            "points": list(self.points),
        }


@dataclass(frozen=True)
class CastBallot:
    """A ballot as it stands in the log, for all to see. `choice` is None for a ranking, `ranking` for all others."""

    sequence: int
    choice: int | None
    ranking: tuple[int, ...] | None
    transaction: str
    block: int


def _cast_ballot(entry: Any) -> CastBallot:
    values = entry["args"]
    return CastBallot(
        sequence=int(values["sequence"]),
        choice=int(values["choice"]) if "choice" in values else None,
        ranking=tuple(bytes(values["ranking"])) if "ranking" in values else None,
        transaction="0x" + bytes(entry["transactionHash"]).hex(),
        block=int(entry["blockNumber"]),
    )


class PollsClient:
    """The polls of one deployment. Without an account it only reads.

    All methods raise `ChainUnreachable` where the node is gone; those that send raise `TransactionRefused` with the
    contract's own error. Whoever sends a ballot is seen by all: a voter's own account should not.
    """

    def __init__(self, url: str, deployment: Deployment, account: LocalAccount | None = None) -> None:
        """Raises `ChainError` where the node serves another chain, or the contract is not there."""
        self.connection = Connection(url, deployment.chain_id, account)
        self.deployment = deployment
        self.contract = self.connection.contract(deployment.polls, load_contract("IrisPolls").abi)

    def create_poll(self, draft: PollDraft) -> tuple[Poll, Receipt]:
        """Make a poll; the group of this moment may vote in it."""
        receipt = self.connection.send(self.contract.functions.createPoll(draft.to_abi()), ROOT_GAS)
        events = self.connection.events(self.contract.events.PollCreated, receipt.block)
        for event in events:
            if "0x" + bytes(event["transactionHash"]).hex() == receipt.transaction:
                return self._checked(event), receipt
        raise ChainError("the node's log does not have the new poll")

    def poll(self, poll_id: int) -> Poll:
        """A poll with its texts, which stand in the event log and are checked against the contract's hash.

        Raises `TransactionRefused` (Polls__PollUnknown) and `ChainError` where the log lacks it or differs, or the
        scope is not the one that this poll must have.
        """
        self._call("pollOf", poll_id)
        events = self.connection.events(self.contract.events.PollCreated, self.deployment.block, pollId=poll_id)
        if len(events) != 1:
            raise ChainError(f"the node's log has {len(events)} entries for poll {poll_id}, not 1")
        return self._checked(events[0])

    def count(self) -> int:
        """How many polls there are; they are numbered from 1."""
        return int(self._call("pollCount"))

    def ballots_of(self, poll: Poll, nullifier: Nullifier) -> tuple[CastBallot, ...]:
        """What one voter cast in a poll, oldest first, from the log; the last one counts."""
        kind = self.contract.events.RankingCast if poll.kind is PollKind.RANKED else self.contract.events.VoteCast
        filters = {"pollId": poll.poll_id, "nullifier": nullifier.value}
        return tuple(_cast_ballot(entry) for entry in self.connection.events(kind, poll.block, **filters))

    def cast_vote(self, poll_id: int, ballot: Ballot) -> Receipt:
        """Count a ballot, or replace the same voter's earlier one."""
        return self._send("castVote", poll_id, ballot.to_abi())

    def cast_ranking(self, poll_id: int, ballot: RankedBallot) -> Receipt:
        """Record a ranked ballot, or replace the same voter's earlier one."""
        return self._send("castRanking", poll_id, ballot.to_abi())

    def rankings(self, poll: Poll) -> tuple[tuple[int, ...], ...]:
        """The rankings that count, each voter's last one, from the log; checked against the contract's count of voters.

        The proofs are the contract's to check; an auditor verifies them again from the same log.
        """
        last: dict[int, tuple[int, ...]] = {}
        for event in self.connection.events(self.contract.events.RankingCast, poll.block, pollId=poll.poll_id):
            last[int(event["args"]["nullifier"])] = tuple(bytes(event["args"]["ranking"]))
        voters = self.voters(poll.poll_id)
        if len(last) != voters:
            raise ChainError(f"the node's log has {len(last)} voters in poll {poll.poll_id}, the contract {voters}")
        return tuple(last[nullifier] for nullifier in sorted(last))

    def voters(self, poll_id: int) -> int:
        """How many persons voted so far."""
        return int(self._call("pollOf", poll_id)[-1])

    def finalize(self, poll_id: int) -> Receipt:
        """Write the tally into the log, after the close. Anyone may."""
        return self._send("finalize", poll_id)

    def tally(self, poll_id: int) -> tuple[int, ...]:
        """Votes per option as they stand; final once the poll is closed."""
        return tuple(int(count) for count in self._call("tally", poll_id))

    def votes_cast_by(self, poll_id: int, nullifier: Nullifier) -> int:
        """How many votes this nullifier cast: the sequence of its next ballot."""
        return int(self._call("votesCastBy", poll_id, nullifier.value))

    def _checked(self, entry: Any) -> Poll:
        event, draft = entry["args"], entry["args"]["draft"]
        poll = Poll(
            poll_id=int(event["pollId"]),
            question=shown_text(draft["question"]),
            options=tuple(shown_text(option) for option in draft["options"]),
            opens_at=int(draft["opensAt"]),
            closes_at=int(draft["closesAt"]),
            snapshot_root=int(event["snapshotRoot"]),
            snapshot_size=int(event["snapshotSize"]),
            scope=int(event["scope"]),
            kind=PollKind(draft["kind"]),
            quorum=int(draft["quorum"]),
            group_id=int(event["groupId"]),
            block=int(entry["blockNumber"]),
            log_index=int(entry["logIndex"]),
        )
        root, scope, content, opens_at, closes_at, _, *settings, _ = self._call("pollOf", poll.poll_id)
        logged = (poll.snapshot_root, poll.scope, poll.opens_at, poll.closes_at)
        texts = poll_content_hash(draft)
        in_contract = (root, scope, opens_at, closes_at)
        if logged != in_contract or settings != [len(poll.options), poll.kind, poll.quorum] or texts != bytes(content):
            raise ChainError(f"the node's log and the contract differ on poll {poll.poll_id}")
        if scope != poll_scope(self.deployment.chain_id, self.deployment.polls, poll.poll_id, texts):
            raise ChainError(
                f"poll {poll.poll_id} has a scope that is not its own", hint="do not vote through this node"
            )
        return poll

    def _call(self, name: str, *arguments: object) -> Any:
        return self.connection.call(self.contract.functions[name](*arguments))

    def _send(self, name: str, *arguments: object) -> Receipt:
        return self.connection.send(self.contract.functions[name](*arguments))
