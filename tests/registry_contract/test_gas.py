"""What the main calls cost, held to a committed file: a change of more than 2 % shows in review.

Gas of whole transactions, base cost and calldata included, with real proofs. Write the file again, and the README's
table of it and of forge's snapshot, with: python -m tests.registry_contract.test_gas
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from app.membership import group_of
from circuits.iris.build import build_circuit
from circuits.iris.circuit import Circuit, load_circuit
from circuits.semaphore import prove_membership
from protocol.errors import ArtifactError
from protocol.pins import root_dir
from registry_contract.contracts import load_contract
from registry_contract.local_chain import LocalChain
from registry_contract.personhood import PersonhoodClient
from registry_contract.polls import Ballot, Poll, PollDraft, PollKind, approval_choice, ballot_message
from registry_contract.semaphore_abi import proof_to_abi
from tests.registry_contract.world import describe, make_person, open_world

FILE = Path(__file__).with_name("gas.json")
SNAPSHOT = root_dir() / "registry_contract" / "test" / "snapshots" / "GasTest.json"
README = root_dir() / "README.md"
HEADER = "| call | our code, by `forge snapshot` | whole transaction |\n|---|---|---|\n"
TOLERANCE = 0.02
"""Proofs and nonces are fresh each time: their zero bytes alone move a transaction by some hundred gas."""

BUDGETS = {
    "enroll": 850_000,
    "first_vote_of_a_poll": 330_000,
    "first_vote": 330_000,
    "replaced_vote": 330_000,
    "approval_of_64_options": 330_000,
    "approval_of_64_options_taken_back": 330_000,
}
RECIPIENT = "0x00000000000000000000000000000000000000AA"


def measure(circuit: Circuit) -> dict[str, int]:
    """Name -> gas. The registry has a committee: an enrolment carries its verdict."""
    with LocalChain() as chain:
        nodes = tuple(Account.create() for _ in range(3))
        world = open_world(chain, describe(circuit), Account.create(), nodes)
        people = [make_person(circuit, seed) for seed in (1, 2, 3)]
        enrolled = [world.registry.enroll(world.enrollment(person)).gas_used for person in people]
        now = world.registry.now()
        draft = PollDraft("tea or coffee?", ("tea", "coffee"), now, now + 3600)
        poll, created = world.polls.create_poll(draft)
        long_draft = replace(draft, options=[str(option) for option in range(64)], kind=PollKind.APPROVAL)
        long_poll, long_created = world.polls.create_poll(long_draft)
        group = group_of(world.registry.members())

        def vote(poll: Poll, voter: int, choice: int, sequence: int) -> int:
            proof = prove_membership(people[voter].identity, group, ballot_message(choice, sequence), poll.scope)
            return world.polls.cast_vote(poll.poll_id, Ballot.from_proof(proof)).gas_used

        votes = [vote(poll, 0, 0, 0), vote(poll, 1, 0, 0), vote(poll, 1, 1, 1)]
        all_options = approval_choice(range(64))
        approvals = [vote(long_poll, 0, all_options, 0), vote(long_poll, 0, 0, 1)]
        artifact, connection = load_contract("Airdrop"), world.registry.connection
        airdrop = connection.deploy(artifact.linked_creation({}), artifact.abi, world.deployment.personhood, 0)
        contract = connection.contract(str(airdrop.contract_address), artifact.abi)
        client = PersonhoodClient(chain.url, world.deployment)
        action = client.action(contract.address, b"airdrop 1".ljust(32, b"\0"))
        proof = prove_membership(people[0].identity, group, int(RECIPIENT, 16), action.scope)
        claim = connection.send(contract.functions.claim(RECIPIENT, proof_to_abi(proof)))
        return {
            "deploy": world.deployment.gas_used,
            "enroll": max(enrolled[1:]),
            "create_poll": created.gas_used,
            "create_poll_of_64_options": long_created.gas_used,
            "first_vote_of_a_poll": votes[0],
            "first_vote": votes[1],
            "replaced_vote": votes[2],
            "approval_of_64_options": approvals[0],
            "approval_of_64_options_taken_back": approvals[1],
            "airdrop_claim": claim.gas_used,
        }


def table() -> str:
    """The README's: every call of the snapshot and of the committed file."""
    ours = {name: f"{int(gas):,}" for name, gas in json.loads(SNAPSHOT.read_text()).items()}
    whole = {name: f"{gas:,}" for name, gas in json.loads(FILE.read_text()).items()}
    rows = (f"| `{name}` | {ours.get(name, '')} | {whole.get(name, '')} |\n" for name in sorted(ours | whole))
    return HEADER + "".join(rows)


def test_the_readme_has_the_gas_of_the_snapshot_and_of_the_committed_file() -> None:
    """The snapshot itself is compared by forge, to the unit (`GasTest`)."""
    assert table() in README.read_text(), "run: python -m tests.registry_contract.test_gas"


@pytest.fixture(scope="module")
def measured(circuit: Circuit) -> dict[str, int]:
    return measure(circuit)


@pytest.mark.parametrize("name", sorted(json.loads(FILE.read_text()) if FILE.exists() else ["nothing"]))
def test_a_call_costs_what_the_committed_file_says(measured: dict[str, int], name: str) -> None:
    expected = json.loads(FILE.read_text())[name]
    assert abs(measured[name] - expected) <= TOLERANCE * expected, f"{name}: {measured[name]:,}, committed {expected:,}"


def test_the_committed_file_names_every_call(measured: dict[str, int]) -> None:
    assert set(json.loads(FILE.read_text())) == set(measured)


@pytest.mark.parametrize("name", BUDGETS)
def test_a_call_stays_within_its_budget(measured: dict[str, int], name: str) -> None:
    assert measured[name] <= BUDGETS[name]


def main() -> None:
    """Write the file and the table."""
    try:
        circuit = load_circuit("iris_v1")
    except ArtifactError:
        circuit = build_circuit("iris_v1")
    FILE.write_text(json.dumps(measure(circuit), indent=1) + "\n")
    before, _, after = README.read_text().partition(HEADER)
    README.write_text(before + table() + after[after.index("\n\n") + 1 :])


if __name__ == "__main__":
    main()
