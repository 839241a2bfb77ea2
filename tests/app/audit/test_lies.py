"""Lies about an honest history, one at a time: the auditor names the link that each one breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from eth_utils.crypto import keccak

from app.audit import AuditRequest, AuditResult, run_audit
from app.audit.resume import AuditState
from protocol import pins
from registry_contract.deployment import Deployment
from registry_contract.public_log import Rpc
from tests.app.audit.lies import (
    Change,
    Log,
    Recorded,
    code_is,
    lying,
    on_log,
    plainly,
    says,
    time_is,
    truncated,
)

pytestmark = pytest.mark.xdist_group("audit")

DAY_S = 86_400


@dataclass(frozen=True)
class Lie:
    """`make` gives the changes; `check` and `words` are of the first broken link, `event` is the entry it is at, where
    it is at one (contract, event, nth)."""

    check: str
    words: str
    make: Callable[[Deployment, Log, list[dict[str, Any]]], list[Change]]
    event: tuple[str, str, int] | None = None


def values(name: str, *path: Any) -> Callable[[Any], Callable[[dict[str, Any]], None]]:
    """`values("enrollment", "codes", 0, "proof")(f)` edits that value by `f`."""

    def with_function(change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
        def edit(event: dict[str, Any]) -> None:
            *way, last = (name, *path)
            at: Any = event
            for step in way:
                at = at[step]
            at[last] = change(at[last])

        return edit

    return with_function


def flip(data: bytes, place: int = -1) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def off_by_one(place: int) -> Callable[[list[Any]], list[Any]]:
    return lambda said: [*said[:place], said[place] + 1, *said[place + 1 :]]


def block_of(log: Log, logs: list[dict[str, Any]], contract: str, event: str, nth: int = 0) -> str:
    return str(log.find(logs, contract, event, nth)["blockNumber"])


FIRST_CODE = ("enrollment", "codes", 0)
VERDICT_BYTES = 256


def swap_proofs_of_upgrade(deployment: Deployment, log: Log, logs: list[dict[str, Any]]) -> list[Change]:
    """Record 1's upgrade with the v2 code of record 5."""
    donor = log.values("registry", "Enrolled", log.find(logs, "registry", "Enrolled", 4))["enrollment"]["codes"][1]
    return [log.forged("registry", "Upgraded", lambda event: event.update(code=donor))]


def future_snapshot(deployment: Deployment, log: Log, logs: list[dict[str, Any]]) -> list[Change]:
    """Poll 1 with the root of the next snapshot, after the first recovery."""
    later = log.values("registry", "RootRecorded", log.find(logs, "registry", "RootRecorded", 1))["root"]
    return [log.forged("polls", "PollCreated", values("snapshotRoot")(lambda _: later))]


def other_station(deployment: Deployment, log: Log, logs: list[dict[str, Any]]) -> list[Change]:
    """Record 3's capture in the name of the first station."""
    first = log.values("registry", "Enrolled", log.find(logs, "registry", "Enrolled", 0))["station"]
    return [log.forged("registry", "Enrolled", values("station")(lambda _: first), 2)]


def repeated_signature(deployment: Deployment, log: Log, logs: list[dict[str, Any]]) -> list[Change]:
    """The third node's signature is the second's again: two nodes signed."""

    def two(verdict: bytes) -> bytes:
        return verdict[: VERDICT_BYTES + 130] + verdict[VERDICT_BYTES + 65 : VERDICT_BYTES + 130]

    return [log.forged("registry", "Enrolled", values(*FIRST_CODE, "verdict")(two))]


def recovery_of_both_leaves(deployment: Deployment, log: Log, logs: list[dict[str, Any]]) -> list[Change]:
    """Record 2's second recovery gives the new identity the lost one's leaf under model 2 as well."""
    recovered = log.find(logs, "registry", "Recovered", 1)
    new = log.values("registry", "Recovered", recovered)["newIdentityCommitment"]

    def instead(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        here = [entry for entry in entries if entry["transactionHash"] == recovered["transactionHash"]]
        gone = next(entry for entry in here if entry["topics"][0] == removed)
        event = log.values("registry", "MemberRemoved", gone) | {"newIdentityCommitment": new}
        gone.update(log.encoded("registry", "MemberUpdated", event))
        return entries

    removed = log.find(logs, "registry", "MemberRemoved", -1)["topics"][0]
    return [on_log(instead)]


def rewired_domain(deployment: Deployment, log: Log, logs: list[dict[str, Any]]) -> list[Change]:
    """The registry's own name for signatures is another: what is signed for it would be good elsewhere."""
    name = keccak(b"irisproof")
    return [code_is(deployment.registry, lambda code: code.replace(name, flip(name)))]


def forged(
    contract: str, event: str, edit: Callable[[dict[str, Any]], None], nth: int = 0
) -> Callable[[Deployment, Log, list[dict[str, Any]]], list[Change]]:
    return lambda _, log, __: [log.forged(contract, event, edit, nth)]


def hidden(
    contract: str, event: str, nth: int = 0, *, whole: bool = True
) -> Callable[[Deployment, Log, list[dict[str, Any]]], list[Change]]:
    return lambda _, log, __: [log.hidden(contract, event, nth, whole=whole)]


def said(
    contract: str, function: str, change: Callable[[list[Any]], list[Any]]
) -> Callable[[Deployment, Log, list[dict[str, Any]]], list[Change]]:
    return lambda deployment, _, __: [says(deployment, contract, function, change)]


ENROLLED, UPGRADED, POLL = ("registry", "Enrolled"), ("registry", "Upgraded"), ("polls", "PollCreated")
VOTE, MODEL = ("polls", "VoteCast"), ("models", "ModelProposed")


def at_time(
    contract: str, event: str, change: Callable[[int], int], nth: int = 0
) -> Callable[[Deployment, Log, list[dict[str, Any]]], list[Change]]:
    return lambda _, log, logs: [time_is(block_of(log, logs, contract, event, nth), change)]


LIES: dict[str, Lie] = {
    # --- what runs
    "a swapped verifier": Lie(
        "verifier",
        "the verifier of model 1",
        lambda d, *_: [code_is(d.code_verifier, lambda code: flip(code, 40))],
    ),
    "a registry of other code": Lie(
        "code", "registry: the code", lambda d, *_: [code_is(d.registry, lambda code: flip(code, 9))]
    ),
    "polls that are not there": Lie("code", "polls: the code", lambda d, *_: [code_is(d.polls, lambda _: b"")]),
    "a hash library of other code": Lie(
        "code", "poseidon: the code", lambda d, *_: [code_is(d.poseidon, lambda code: flip(code, 999))]
    ),
    "a registry wired to another list of models": Lie(
        "wiring", "registry.models is", said("registry", "models", lambda _: ["0x" + 40 * "7"])
    ),
    "a registry that says it needs no verdicts": Lie(
        "wiring", "asks for verdicts: False", said("registry", "committeeRequired", lambda _: [False])
    ),
    "an immutable that nobody set": Lie("wiring", "an immutable that nobody set", rewired_domain),
    "a shorter public delay than the code has": Lie(
        "wiring", "publicDelayS = 60 is not in its code", said("models", "publicDelayS", lambda _: [60])
    ),
    "another chain": Lie("node", "serves chain 1", lambda *_: [plainly("eth_chainId", lambda _: "0x1")]),
    # --- models
    "a verifying key of another circuit": Lie(
        "circuit", "lists vkHash", forged(*MODEL, values("model", "vkHash")(flip)), (*MODEL, 0)
    ),
    "settings of another circuit": Lie(
        "circuit", "lists settingsHash", forged(*MODEL, values("model", "settingsHash")(flip), 1), (*MODEL, 1)
    ),
    "a network that nobody published": Lie(
        "circuit", "none of ours", forged(*MODEL, values("model", "onnxHash")(flip), 1), (*MODEL, 1)
    ),
    "a model activated early": Lie(
        "models", "its public delay ends at", forged(*MODEL, values("activeAt")(lambda at: at - DAY_S), 1), (*MODEL, 1)
    ),
    "a model that the timelock never let through": Lie(
        "timelock", "ModelProposed happened without", hidden("timelock", "CallExecuted", 2, whole=False), (*MODEL, 1)
    ),
    "a proposal that was not announced": Lie(
        "timelock", "never scheduled", hidden("timelock", "CallScheduled", 2), ("timelock", "CallExecuted", 2)
    ),
    "a proposal executed before its delay": Lie(
        "timelock",
        "it had to wait",
        at_time("timelock", "CallScheduled", lambda at: at + DAY_S, 0),
        ("timelock", "CallExecuted", 0),
    ),
    # --- evidence of an enrolment
    "a code proof with one other byte": Lie(
        "code proof", "does not hold", forged(*ENROLLED, values(*FIRST_CODE, "proof")(flip)), (*ENROLLED, 0)
    ),
    "a code proof whose commitment is another": Lie(
        "Merkle path", "", forged(*ENROLLED, values(*FIRST_CODE, "proof")(lambda p: p[64:128] + p[64:])), (*ENROLLED, 0)
    ),
    "a Merkle path with one other node": Lie(
        "Merkle path",
        "not under the signed root",
        forged(*ENROLLED, values(*FIRST_CODE, "maskPath", 0)(flip), 1),
        (*ENROLLED, 1),
    ),
    "a station's signature by nobody": Lie(
        "station's signature",
        "sign",
        forged(*ENROLLED, values("enrollment", "stationSignature")(lambda s: flip(s, 0))),
        (*ENROLLED, 0),
    ),
    "a capture in another station's name": Lie("station's signature", "signed by", other_station, (*ENROLLED, 2)),
    "a phone's signature of another capture": Lie(
        "station's signature",
        "not one of its key",
        forged(*ENROLLED, values("enrollment", "capture", "nonce")(flip), 4),
        (*ENROLLED, 4),
    ),
    "a capture of last week": Lie(
        "records",
        "the capture was",
        forged(*ENROLLED, values("enrollment", "capture", "capturedAt")(lambda at: at - 7 * DAY_S), 3),
        (*ENROLLED, 3),
    ),
    "a capture of the other eye": Lie(
        "records",
        "the registry takes eye 1",
        forged(*ENROLLED, values("enrollment", "capture", "eyeSide")(lambda _: 2), 1),
        (*ENROLLED, 1),
    ),
    "a verdict signed by two nodes": Lie("verdict", "not by node 2", repeated_signature, (*ENROLLED, 0)),
    "a verdict about another record": Lie(
        "verdict",
        "is about another",
        forged("registry", "Reattested", values(*FIRST_CODE, "verdict")(lambda v: flip(v, 223))),
        ("registry", "Reattested", 0),
    ),
    "a verdict with a longer life": Lie(
        "verdict",
        "to live",
        forged(*ENROLLED, values(*FIRST_CODE, "verdict")(lambda v: flip(v, 251)), 2),
        (*ENROLLED, 2),
    ),
    "a record upgraded with another record's capture": Lie(
        "Merkle path", "not under the signed root", swap_proofs_of_upgrade, (*UPGRADED, 0)
    ),
    "an enrolment told twice": Lie(
        "records",
        "record 1 follows 1 records",
        lambda _, log, __: [log.added("registry", "Enrolled", lambda event: event.update(recordId=1), 0)],
    ),
    # --- members
    "a leaf without an enrolment": Lie(
        "tree", "a leaf without an enrolment", hidden(*ENROLLED, 1, whole=False), ("registry", "MemberAdded", 1)
    ),
    "an enrolment without a leaf": Lie(
        "tree", "should have changed 1 leaves", hidden("registry", "MemberAdded", 3, whole=False), (*ENROLLED, 3)
    ),
    "a root that no leaves have": Lie(
        "tree",
        "has another root",
        forged("registry", "RootRecorded", values("root")(lambda root: root + 1), 1),
        ("registry", "RootRecorded", 1),
    ),
    "a root of fewer leaves": Lie(
        "tree",
        "leaves, not",
        forged("registry", "RootRecorded", values("size")(lambda size: size - 1), 0),
        ("registry", "RootRecorded", 0),
    ),
    "a root in an entry that names none": Lie(
        "tree",
        "which it never does",
        forged("registry", "MemberAdded", values("merkleTreeRoot")(lambda _: 5), 2),
        ("registry", "MemberAdded", 2),
    ),
    "a leaf out of its order": Lie(
        "tree", "was added to a tree of", forged("registry", "MemberAdded", values("index")(lambda i: i + 1), 1)
    ),
    "a leaf that is in the tree already": Lie(
        "tree",
        "would be in the group twice",
        lambda _, log, __: [log.added("registry", "MemberAdded", lambda event: event.update(index=1), 0)],
    ),
    "a snapshot of a root that was not recorded": Lie(
        "snapshot", "was not recorded", hidden("registry", "RootRecorded", 0, whole=False), (*POLL, 0)
    ),
    "a root replaced at another time": Lie(
        "tree", "was replaced: the contract says", said("registry", "rootInfo", off_by_one(1))
    ),
    "a recovery of one who had renewed, with the newer model's code left out": Lie(
        "records",
        "codes of models [1] were taken where [1, 2] are live",
        forged("registry", "RecoveryRequested", values("recordId")(lambda _: 1), 2),
        ("registry", "RecoveryRequested", 2),
    ),
    "a recovery with the group's code left out": Lie(
        "records",
        "codes of models [2] were taken where [1, 2] are live",
        forged("registry", "RecoveryRequested", values(*FIRST_CODE, "modelId")(lambda _: 2), 2),
        ("registry", "RecoveryRequested", 2),
    ),
    "a leaf under a model whose code a recovery left out": Lie(
        "tree",
        "Recovered should have changed 2 leaves",
        recovery_of_both_leaves,
        ("registry", "Recovered", 1),
    ),
    "an enrolment with the newer model's code left out": Lie(
        "records",
        "codes of models [1] were taken where [1, 2] are live",
        forged(*ENROLLED, values("enrollment", "codes")(lambda codes: codes[:1]), 4),
        (*ENROLLED, 4),
    ),
    "a recovery ready before its time": Lie(
        "records",
        "its waiting period ends",
        forged("registry", "RecoveryRequested", values("readyAt")(lambda at: at - DAY_S)),
        ("registry", "RecoveryRequested", 0),
    ),
    "a recovery completed before its time": Lie(
        "records",
        "completed before",
        at_time("registry", "Recovered", lambda at: at - DAY_S),
        ("registry", "Recovered", 0),
    ),
    "a member suspended before the period was over": Lie(
        "records",
        "is not overdue",
        lambda _, log, logs: [
            time_is(block_of(log, logs, "stations", "StationRevoked"), lambda at: at + 10 * DAY_S),
            log.forged("stations", "StationRevoked", values("revokedAt")(lambda at: at + 10 * DAY_S)),
        ],
        ("registry", "Suspended", 0),
    ),
    "a member who left by another's proof": Lie(
        "membership proof",
        "false for this root",
        forged("registry", "Left", values("proof", "nullifier")(lambda n: n - 1)),
        ("registry", "Left", 0),
    ),
    # --- votes
    "a snapshot from the future": Lie("snapshot", "not that of its moment", future_snapshot, (*POLL, 0)),
    "a snapshot of another model's members": Lie(
        "snapshot", "model 1 counted", forged(*POLL, values("groupId")(lambda _: 2), 2), (*POLL, 2)
    ),
    "a poll with another's scope": Lie(
        "polls", "a scope that is not its own", forged(*POLL, values("scope")(lambda s: s ^ 1), 1), (*POLL, 1)
    ),
    "another question than was voted on": Lie(
        "polls", "a scope that is not its own", forged(*POLL, values("draft", "question")(lambda _: "no?")), (*POLL, 0)
    ),
    "a ballot with another choice": Lie(
        "membership proof", "false", forged(*VOTE, values("choice")(lambda _: 1)), (*VOTE, 0)
    ),
    "a ranking in another order": Lie(
        "membership proof",
        "false",
        forged("polls", "RankingCast", values("ranking")(lambda r: r[::-1]), 2),
        ("polls", "RankingCast", 2),
    ),
    "a ballot counted twice": Lie(
        "polls", "a ballot with sequence 0", lambda _, log, __: [log.added(*VOTE, dict.copy, 0)]
    ),
    "a ballot after the close": Lie("polls", "not open", at_time(*VOTE, lambda at: at + 11 * DAY_S), (*VOTE, 0)),
    "a final tally off by one": Lie(
        "tally",
        "counted are",
        forged("polls", "PollFinalized", values("votes")(lambda v: [v[0] + 1, *v[1:]])),
        ("polls", "PollFinalized", 0),
    ),
    "a tally off by one": Lie("tally", "the tally of poll", said("polls", "tally", lambda v: [[n + 1 for n in v[0]]])),
    "a nullifier used twice for one action": Lie(
        "actions", "used twice", lambda _, log, __: [log.added("personhood", "Consumed", dict.copy)]
    ),
    # --- what a node hides
    "a truncated log": Lie(
        "stations",
        "revoked stations: the contract says 1, the log gives 0",
        lambda _, log, logs: [truncated(block_of(log, logs, "stations", "StationRevoked"))],
    ),
    "an enrolment hidden with its leaf": Lie(
        "tree", "has another root", hidden(*ENROLLED, 4), ("registry", "RootRecorded", 1)
    ),
    "a member's leaving hidden": Lie("records", "has not left", hidden("registry", "Left"), ("registry", "Erased", 0)),
    "an erasure hidden": Lie("records", "record 4: the contract says", hidden("registry", "Erased")),
    "a replaced vote hidden": Lie("tally", "was finalised with", hidden(*VOTE, 2), ("polls", "PollFinalized", 0)),
    "a vote in a poll that is not counted yet hidden": Lie("tally", "voters of poll 4", hidden(*VOTE, -1)),
    "a ranked ballot hidden": Lie("tally", "", hidden("polls", "RankingCast", 1)),
    "a poll hidden": Lie("polls", "a poll that was never made", hidden(*POLL, 3), ("polls", "VoteCast", -1)),
    "a revoked station hidden": Lie(
        "records", "is not overdue", hidden("stations", "StationRevoked"), ("registry", "Suspended", 0)
    ),
    "a cancelled recovery hidden": Lie("records", "the recovery of record 1", hidden("registry", "RecoveryCancelled")),
    "a recovery that was asked for and cancelled, hidden": Lie(
        "records",
        "asked for recovery oftener",
        lambda _, log, __: [
            log.hidden("registry", "RecoveryRequested", 1),
            log.hidden("registry", "RecoveryCancelled"),
        ],
    ),
    "a change of the committee hidden": Lie(
        "committee", "the nodes", said("committee", "nodesNow", lambda v: [["0x" + 40 * "5", *v[0][1:]]])
    ),
    "a station listed in secret": Lie(
        "stations", "is no listed station", hidden("stations", "StationAdded", 1), (*ENROLLED, 2)
    ),
    # --- what the contracts say
    "one more record than people": Lie(
        "records", "records: the contract says", said("registry", "recordCount", off_by_one(0))
    ),
    "one more member of a station": Lie("records", "members of station", said("registry", "membersOf", off_by_one(0))),
    "a root of nobody's leaves": Lie("tree", "the root of model", said("registry", "getMerkleTreeRoot", off_by_one(0))),
    "one leaf more": Lie("tree", "leaves of model", said("registry", "getMerkleTreeSize", off_by_one(0))),
    "one more voter": Lie("tally", "voters of poll", said("polls", "pollOf", lambda v: [(*v[0][:-1], v[0][-1] + 1)])),
    "an entry of a block that is not": Lie(
        "node",
        "have different hashes",
        lambda *_: [on_log(lambda logs: [logs[0] | {"blockHash": "0x" + 64 * "a"}, *logs[1:]])],
    ),
}


def audited(deployment: Deployment, rpc: Rpc, state: AuditState, monkeypatch: pytest.MonkeyPatch) -> AuditResult:
    """What was verified for the honest history is not verified again: the lies are what is new."""
    monkeypatch.setattr("app.audit.run.AuditState", lambda *_: state)
    return run_audit(AuditRequest(deployment, rebuild=False), rpc)


@pytest.fixture(scope="module")
def verified(deployment: Deployment, honest: Recorded) -> AuditState:
    with pytest.MonkeyPatch.context() as monkeypatch:
        state = AuditState(None, deployment)
        result = audited(deployment, honest, state, monkeypatch)
    assert [broken.sentence() for broken in result.broken] == []
    return state


def test_there_are_lies_enough() -> None:
    assert len(LIES) >= 25


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_named(
    name: str, deployment: Deployment, honest: Recorded, verified: AuditState, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie, log = LIES[name], Log(deployment)
    logs = all_logs(deployment, honest)
    before = set(verified.verified)
    result = audited(deployment, lying(honest, *lie.make(deployment, log, logs)), verified, monkeypatch)
    assert not result.holds
    first = result.broken[0]
    assert (first.check, lie.words in first.reason) == (lie.check, True), first.sentence()
    if lie.event is not None:
        contract, event, nth = lie.event
        entry = log.find(logs, contract, event, nth)
        assert (first.block, first.transaction) == (int(entry["blockNumber"], 16), entry["transactionHash"])
    assert result.content["first_broken"]["reason"] == first.reason
    verified.verified &= before  # a lie teaches nothing


def all_logs(deployment: Deployment, honest: Recorded) -> list[dict[str, Any]]:
    for question, answer in honest.known.items():
        if question.startswith('["eth_getLogs"'):
            found: list[dict[str, Any]] = answer
            return found
    raise AssertionError("nobody asked for the log yet")


def test_a_pinned_file_that_was_changed_is_named(
    deployment: Deployment, honest: Recorded, verified: AuditState, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {name: dict(row) for name, row in pins._table().items()}
    table["srs_derived_k15"]["sha256"] = "00" * 32
    monkeypatch.setattr(pins, "_table", lambda: table)
    result = audited(deployment, honest, verified, monkeypatch)
    assert result.broken[0].check == "pins"
    assert "derived_k15.srs is not the pinned file" in result.broken[0].reason
