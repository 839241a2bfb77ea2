"""The relayer as its users meet it: a process of its own, a real chain, real proofs; and what can go wrong."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from eth_account import Account

from app.relay.abi_json import to_json
from circuits.iris.circuit import Circuit
from circuits.semaphore import Group, prove_membership
from protocol.errors import VerificationError
from protocol.types import IdentityCommitment
from registry_contract.local_chain import LocalChain
from registry_contract.polls import Ballot, Poll, PollDraft, ballot_message
from tests.app.program import Room
from tests.registry_contract.world import Person, World, describe, make_person, open_world

pytestmark = pytest.mark.xdist_group("relay")
WAIT_S = 60.0


@dataclass
class Town:
    """Two people enrolled, a poll open, a third person ready to enrol."""

    world: World
    poll: Poll
    people: list[Person]
    folder: Path
    account: Any = field(repr=False)

    def ballot(self, voter: int, choice: int, sequence: int = 0) -> Ballot:
        leaves = self.world.registry.members()[: self.poll.snapshot_size]
        group = Group(map(IdentityCommitment, leaves))
        proof = prove_membership(self.people[voter].identity, group, ballot_message(choice, sequence), self.poll.scope)
        return Ballot.from_proof(proof)

    def request(self, ballot: Ballot) -> dict[str, Any]:
        arguments = {"pollId": self.poll.poll_id, "ballot": ballot.to_abi()}
        return {"version": 1, **to_json(_inputs(self.world.polls.contract.abi, "castVote"), arguments)}

    def enrollment_request(self, person: Person) -> dict[str, Any]:
        arguments = {"enrollment": self.world.enrollment(person).to_abi()}
        return {"version": 1, **to_json(_inputs(self.world.registry.contract.abi, "enroll"), arguments)}

    def sent(self) -> int:
        """Transactions that the relayer's account ever made."""
        return int(self.world.registry.connection._web3.eth.get_transaction_count(self.account.address))


def _inputs(abi: Any, name: str) -> list[dict[str, Any]]:
    return next(entry["inputs"] for entry in abi if entry.get("name") == name)


@pytest.fixture(scope="module")
def town(circuit: Circuit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with LocalChain() as chain:
        world = open_world(chain, describe(circuit), Account.create())
        people = [make_person(circuit, seed) for seed in (1, 2, 3)]
        for person in people[:2]:
            world.registry.enroll(world.enrollment(person))
        now = world.registry.now()
        poll, _ = world.polls.create_poll(PollDraft("tea or coffee?", ("tea", "coffee"), now, now + 36_000))
        yield Town(world, poll, people, tmp_path_factory.mktemp("relay"), chain.funded_account())


class Relay:
    """`irisproof relay` as a process."""

    def __init__(self, town: Town, room: Room, folder: Path, url: str = "", **settings: int) -> None:
        key = folder / "relay.key"
        if not key.exists():
            key.write_text(town.account.key.hex())
            key.chmod(0o600)
        (folder / "deployment.json").write_text(town.world.deployment.to_json())
        values = {"port": 0, "requests_per_minute": 1000} | settings
        lines = [f'rpc_url = "{url or town.world.chain.url}"', 'deployment = "deployment.json"']
        lines += ['key_file = "relay.key"', 'queue = "queue.db"', *(f"{name} = {n}" for name, n in values.items())]
        (folder / "relay.toml").write_text("\n".join(lines))
        command = [sys.executable, "-m", "app.cli", "relay", "--config", str(folder / "relay.toml")]
        self.process = subprocess.Popen(
            command, env=room.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if " at http" not in line:
            raise AssertionError(self.process.communicate(timeout=30)[1])
        self.url = line.rsplit(" ", 1)[1].strip()

    def post(self, path: str, value: Any, **options: Any) -> requests.Response:
        return requests.post(self.url + path, json=value, timeout=60, **options)

    def outcome(self, job: str) -> dict[str, Any]:
        """The job once it is mined or refused."""
        deadline_s = time.monotonic() + WAIT_S
        while time.monotonic() < deadline_s:
            found: dict[str, Any] = requests.get(f"{self.url}/status/{job}", timeout=30).json()
            if found.get("state") in ("mined", "refused"):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{job} is not through: {requests.get(self.url + '/health', timeout=30).text}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> str:
        if self.process.poll() is None:
            self.process.send_signal(how)
        output, errors = self.process.communicate(timeout=30)
        return output + errors


@pytest.fixture
def relay(town: Town, room: Room, tmp_path: Path) -> Iterator[Relay]:
    mark = town.world.chain.snapshot()
    running = Relay(town, room, tmp_path)
    yield running
    said = running.end()
    town.world.chain.revert(mark)
    assert "Traceback" not in said
    assert town.account.key.hex() not in said
    deadline_s = time.monotonic() + 10
    while room.left_processes() and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert room.left_processes() == []
    assert room.left_files() == []


def test_a_ballot_is_cast_once_however_often_it_is_sent(town: Town, relay: Relay) -> None:
    ballot = town.ballot(0, 1)
    first = relay.post("/ballots", town.request(ballot))
    assert first.status_code == 202, first.text
    again = relay.post("/ballots", town.request(town.ballot(0, 1)))  # the same vote, proved once more
    assert again.status_code == 200
    assert again.json()["id"] == first.json()["id"]
    done = relay.outcome(first.json()["id"])
    assert done["state"] == "mined"
    assert done["gas_used"] < 330_000
    assert town.world.polls.tally(town.poll.poll_id) == (0, 1)
    replaced = relay.post("/ballots", town.request(town.ballot(0, 0, 1)))
    assert relay.outcome(replaced.json()["id"])["state"] == "mined"
    assert town.world.polls.tally(town.poll.poll_id) == (1, 0)
    assert town.sent() == 2


def test_an_enrolment_is_checked_and_sent(town: Town, relay: Relay) -> None:
    request = town.enrollment_request(town.people[2])
    answer = relay.post("/enrollments", request)
    assert answer.status_code == 202, answer.text
    assert relay.outcome(answer.json()["id"])["state"] == "mined"
    assert town.world.registry.size() == 3
    proof = request["enrollment"]["codes"][0]["proof"]
    request["enrollment"]["codes"][0]["proof"] = proof[:-2] + ("00" if proof[-2:] != "00" else "01")
    assert relay.post("/enrollments", request).status_code in (409, 422)


def test_what_the_contract_would_refuse_costs_no_gas(town: Town, relay: Relay) -> None:
    good = town.ballot(0, 1)
    points = tuple(p ^ 1 if i == 7 else p for i, p in enumerate(good.points))
    for ballot, words in (
        (replace(good, choice=0), "Polls__MembershipProofInvalid"),
        (replace(good, points=points), "Polls__MembershipProofInvalid"),  # type: ignore[arg-type]
        (replace(good, choice=9), "Polls__ChoiceOutOfRange"),
        (replace(good, sequence=1), "Polls__SequenceWrong"),
    ):
        answer = relay.post("/ballots", town.request(ballot))
        assert answer.status_code == 422, answer.text
        assert words in answer.json()["error"]
    unknown = relay.post("/ballots", town.request(good) | {"pollId": "77"})
    assert "Polls__PollUnknown" in unknown.json()["error"]
    assert town.sent() == 0


def test_a_proof_that_only_the_node_believes_costs_no_gas(town: Town) -> None:
    from app.relay.checks import BallotIntake

    good = town.ballot(0, 1)
    intake = BallotIntake(town.world.polls, lambda _: b"", 450_000)  # a node that says yes to everything
    for ballot in (good, replace(good, choice=0)):
        data = {key: value for key, value in town.request(ballot).items() if key != "version"}
        if ballot is good:
            intake.check(*intake.read(data))
        else:
            with pytest.raises(VerificationError):
                intake.check(*intake.read(data))


def test_requests_of_another_shape_are_refused_with_the_place(town: Town, relay: Relay) -> None:
    good = town.request(town.ballot(0, 1))
    for change, words in (
        ({"version": 2}, "version"),
        ({"extra": "1"}, "extra"),
        ({"pollId": 1}, "pollId is no string"),
        ({"pollId": "01"}, "pollId is no decimal"),
        ({"pollId": "-1"}, "pollId is no decimal"),
        ({"ballot": good["ballot"] | {"points": good["ballot"]["points"][:7]}}, "7 entries, not 8"),
        ({"ballot": good["ballot"] | {"nullifier": str(1 << 256)}}, "more than 256 bits"),
        ({"ballot": []}, "ballot is no object"),
    ):
        answer = relay.post("/ballots", good | change)
        assert answer.status_code == 400, answer.text
        assert words in answer.json()["error"]
    assert relay.post("/ballots", [1]).status_code == 400
    url = relay.url + "/ballots"
    headers = {"Content-Type": "application/json"}
    assert requests.post(url, data="{", headers=headers, timeout=30).status_code == 400
    twice = '{"version": 1, "pollId": "1", "pollId": "2", "ballot": {}}'
    assert requests.post(url, data=twice, headers=headers, timeout=30).status_code == 400
    assert requests.post(url, data="[" * 60_000, headers=headers, timeout=30).status_code == 400
    assert requests.post(url, data="x" * 70_000, headers=headers, timeout=30).status_code == 413
    assert requests.post(url, data="{}", timeout=30).status_code == 415
    assert requests.get(relay.url + "/status/none", timeout=30).status_code == 404
    assert requests.get(relay.url + "/nowhere", timeout=30).json()["error"] == "not found"


def test_the_description_holds_the_contracts_own_shape(town: Town, relay: Relay) -> None:
    described = requests.get(relay.url + "/openapi.json", timeout=30).json()
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {"/ballots", "/rankings", "/enrollments", "/status/{id}", "/health"}
    schema = described["paths"]["/ballots"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == set(town.request(town.ballot(0, 1)))
    assert set(schema["properties"]["ballot"]["required"]) == set(town.ballot(0, 1).to_abi())
    page = requests.get(relay.url, timeout=30)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "What is kept" in page.text
    health = requests.get(relay.url + "/health", timeout=30)
    assert health.status_code == 200
    assert health.json()["jobs"]["queued"] == 0


def test_requests_beyond_the_limit_are_told_when_to_come_again(town: Town, room: Room, tmp_path: Path) -> None:
    relay = Relay(town, room, tmp_path, requests_per_minute=2)
    try:
        answers = [relay.post("/ballots", {}) for _ in range(3)]
    finally:
        relay.end()
    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


def test_a_second_relayer_on_the_same_queue_does_not_start(
    town: Town, room: Room, relay: Relay, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="another relayer uses the queue"):
        Relay(town, room, tmp_path)


def test_a_relayer_that_cannot_start_says_why_in_one_line(town: Town, room: Room, tmp_path: Path) -> None:
    (tmp_path / "relay.key").write_text(town.account.key.hex())
    (tmp_path / "relay.key").chmod(0o644)
    with pytest.raises(AssertionError, match="chmod 600") as caught:
        Relay(town, room, tmp_path)
    assert town.account.key.hex() not in str(caught.value)
    (tmp_path / "relay.key").chmod(0o600)
    with pytest.raises(AssertionError, match="irisproof: no answer from the node"):
        Relay(town, room, tmp_path, url="http://127.0.0.1:9")
