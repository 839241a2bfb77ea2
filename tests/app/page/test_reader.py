"""What the page reads from a chain is what the app reads there; a node that hides something is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from app import actions
from app.poll_page import PageConfig
from app.session import Session
from registry_contract.polls import PollKind, poll_content_hash, poll_scope
from registry_contract.public_log import PublicLog, http_rpc
from registry_contract.runoff import count_runoff
from registry_contract.texts import text_bytes
from tests.app.clock import Clock
from tests.app.page.hostile import HOSTILE_OPTIONS, create_hostile
from tests.app.page.javascript import Node
from tests.app.people import enrolled

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]


@pytest.fixture(scope="module")
def config(ada: Session, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of a chain on which somebody left, and two polls have votes."""
    links = ada.links
    ben = enrolled(links.endpoints, tmp_path_factory.mktemp("ben"), 77)
    actions.leave_registry(ben)
    ben.vault.lock()
    ranked = actions.open_poll(links, "Where to?", ("sea", "hills", "home"), 2.0, kind=PollKind.RANKED, quorum=1)
    actions.cast_ballot(ada, ranked, [2, 0])
    approval = actions.open_poll(links, "Which of them?", ("a", "b", "c"), 2.0, kind=PollKind.APPROVAL)
    actions.cast_ballot(ada, approval, [0, 2])
    return PageConfig(links.endpoints.rpc_url, links.endpoints.deployment).to_dict()


def seen(session: Session) -> list[dict[str, Any]]:
    """All polls as the app sees them, in the page's form."""
    polls, found = session.links.polls, []
    for view in actions.list_polls(session):
        poll = view.poll
        leaves = session.links.registry.members_before(poll.group_id, poll.block, poll.log_index)
        facts = {
            "id": str(poll.poll_id),
            "kind": poll.kind.name.lower(),
            "state": view.state,
            "members": str(len(set(leaves) - {0})),
            "voters": str(view.voters),
            "quorum": str(poll.quorum),
            "question": poll.question,
            "options": list(poll.options),
            "opensAt": str(poll.opens_at),
            "closesAt": str(poll.closes_at),
        }
        if poll.kind is PollKind.RANKED:
            runoff = count_runoff(polls.rankings(poll), len(poll.options))
            rounds = [{"counts": list(entry.counts), "out": entry.out} for entry in runoff.rounds]
            found.append(facts | {"runoff": {"rounds": rounds, "winner": runoff.winner}})
        else:
            found.append(facts | {"tally": [str(votes) for votes in view.tally]})
    return found


def without_record(polls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`recorded` is of the log alone: the app does not tell it."""
    return [{name: value for name, value in poll.items() if name != "recorded"} for poll in polls]


def test_the_page_reads_what_the_app_reads(node: Node, config: dict[str, Any], ada: Session) -> None:
    expected = seen(ada)
    assert int(expected[0]["members"]) < ada.links.polls.poll(int(expected[0]["id"])).snapshot_size  # somebody left
    answer = node.call("read", config=config, limit=1000)
    assert without_record(answer["polls"]) == expected
    assert answer["count"] == ada.links.polls.count()
    assert answer["told"] == []
    newest = node.call("read", config=config, limit=1)
    assert without_record(newest["polls"]) == expected[:1]


@pytest.mark.parametrize("blocks", [1, 7])
def test_a_node_that_looks_through_few_blocks_at_once_is_asked_often(
    node: Node, config: dict[str, Any], ada: Session, blocks: int
) -> None:
    answer = node.call("read", config=config, limit=1000, mostBlocks=blocks)
    assert without_record(answer["polls"]) == seen(ada)
    assert len(answer["told"]) > 1
    assert node.call("read", config=config, limit=1, mostBlocks=0) == {
        "trouble": "refused",
        "detail": "too many blocks",
    }


@pytest.mark.parametrize("event", ["PollCreated", "RankingCast"])
def test_a_node_that_hides_something_is_noticed(node: Node, config: dict[str, Any], event: str) -> None:
    answer = node.call("read", config=config, limit=1000, hides=config["events"][event]["topic"])
    assert answer["trouble"] == "differs"


def test_a_log_that_is_not_the_contracts_is_noticed(node: Node, config: dict[str, Any]) -> None:
    """The same fields read in another order: what is compared with the contract differs."""
    event = config["events"]["PollCreated"]
    inputs = [dict(part) for part in event["inputs"]]
    inputs[3]["name"], inputs[5]["name"] = inputs[5]["name"], inputs[3]["name"]  # snapshotRoot, scope
    changed = config | {"events": config["events"] | {"PollCreated": event | {"inputs": inputs}}}
    assert node.call("read", config=changed, limit=1000)["trouble"] == "differs"
    narrow = [dict(part) for part in event["inputs"]]
    narrow[3]["type"] = "uint8"
    changed = config | {"events": config["events"] | {"PollCreated": event | {"inputs": narrow}}}
    assert "more than 8 bits" in node.call("read", config=changed, limit=1000)["detail"]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"chain_id": 1}, {"trouble": "wrongChain", "found": "31337", "expected": 1}),
        ({"polls": "0x" + "11" * 20}, {"trouble": "missing", "address": "0x" + "11" * 20}),
        ({"rpc_url": "http://127.0.0.1:9"}, {"trouble": "gone"}),
    ],
)
def test_what_is_not_there_is_told_apart(
    node: Node, config: dict[str, Any], change: dict[str, Any], answer: dict[str, Any]
) -> None:
    assert node.call("read", config=config | change, limit=1) == answer


def test_a_hostile_poll_keeps_nobody_from_the_others_and_can_be_audited(
    node: Node, config: dict[str, Any], ada: Session
) -> None:
    clock, endpoints = Clock(ada.links.endpoints.rpc_url), ada.links.endpoints
    mark, before = clock.call("evm_snapshot"), seen(ada)
    create_hostile(ada)
    in_app = actions.list_polls(ada)
    (entry,) = [
        entry
        for entry in PublicLog(http_rpc(endpoints.rpc_url), endpoints.deployment).entries()
        if entry.event == "PollCreated" and entry.values["pollId"] == in_app[0].poll.poll_id
    ]
    on_page = node.call("read", config=config, limit=1000)["polls"]
    shown = [node.call("shown", text=text) for text in (on_page[0]["question"], *on_page[0]["options"])]
    clock.call("evm_revert", mark)
    hostile = in_app[0].poll
    assert [hostile.question, *hostile.options] == shown
    assert hostile.question.startswith(
        "<img src=x onerror=window.taken=1><script>window.taken=1</script> \ufffdgnorw\ufffd"
    )
    assert hostile.question.isprintable()
    assert hostile.options[1] == "not \ufffd text"
    assert without_record(on_page[1:]) == before
    assert [text_bytes(option) for option in entry.values["draft"]["options"]] == list(HOSTILE_OPTIONS)
    scope = poll_scope(31337, endpoints.deployment.polls, hostile.poll_id, poll_content_hash(entry.values["draft"]))
    assert scope == hostile.scope
