"""dApps with real proofs: an airdrop through IPersonhood, and a contract written for World ID."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.membership import group_of, siblings_of
from circuits.semaphore import Group, Identity, prove_membership
from protocol.errors import ChainError
from protocol.types import MembershipProof
from registry_contract.contracts import load_contract
from registry_contract.personhood import Action, PersonhoodClient, personhood_scope, world_id_scope
from registry_contract.semaphore_abi import proof_to_abi
from tests.registry_contract.world import Person, World, refused

People = tuple[Person, Person, Person]
ACTION = b"airdrop 1".ljust(32, b"\0")
RECIPIENT = "0x00000000000000000000000000000000000000AA"
OTHER_RECIPIENT = to_checksum_address("0x" + 19 * "00" + "bb")
AMOUNT_WEI = 10**15


@dataclass(frozen=True)
class Market:
    """Two people enrolled, both example dApps deployed, then a third person enrolled."""

    world: World
    airdrop: Any
    gate: Any
    client: PersonhoodClient
    action: Action
    snapshot: Group
    proof: MembershipProof

    def claim(self, recipient: str, proof: dict[str, Any]) -> int:
        return self.world.registry.connection.send(self.airdrop.functions.claim(recipient, proof)).gas_used

    def balance(self) -> int:
        return int(self.world.chain._rpc("eth_getBalance", RECIPIENT, "latest"), 16)


def deployed(world: World, name: str, *arguments: object) -> Any:
    artifact = load_contract(name)
    connection = world.registry.connection
    address = connection.deploy(artifact.linked_creation({}), artifact.abi, *arguments).contract_address
    assert address is not None
    return connection.contract(address, artifact.abi)


@pytest.fixture(scope="module")
def built_market(fresh_world: World, people: People) -> Market:
    world = fresh_world
    for person in people[:2]:
        world.registry.enroll(world.enrollment(person))
    airdrop = deployed(world, "Airdrop", world.deployment.personhood, AMOUNT_WEI)
    world.chain._rpc("anvil_setBalance", airdrop.address, hex(10 * AMOUNT_WEI))
    gate = deployed(world, "WorldIdGate", world.deployment.world_id, "app_irisproof", "enter")
    client = PersonhoodClient(world.chain.url, world.deployment)
    action = client.action(airdrop.address, ACTION)
    world.registry.enroll(world.enrollment(people[2]))
    world.registry.record_root()
    snapshot = group_of(world.registry.members_before(action.group_id, action.block, action.log_index))
    proof = prove_membership(people[0].identity, snapshot, int(RECIPIENT, 16), action.scope)
    return Market(world, airdrop, gate, client, action, snapshot, proof)


@pytest.fixture
def market(built_market: Market) -> Iterator[Market]:
    """The built market; what a test does to it is undone."""
    mark = built_market.world.chain.snapshot()
    yield built_market
    built_market.world.chain.revert(mark)


def test_a_person_gets_the_airdrop_once(market: Market) -> None:
    assert market.claim(RECIPIENT, proof_to_abi(market.proof)) < 400_000
    assert market.balance() == AMOUNT_WEI
    assert market.client.is_used(market.action.scope, market.proof.nullifier)
    with refused("Personhood__NullifierUsed", nullifier=market.proof.nullifier.value):
        market.claim(RECIPIENT, proof_to_abi(market.proof))
    assert market.balance() == AMOUNT_WEI


def test_a_claim_with_another_recipient_than_the_proved_is_refused(market: Market) -> None:
    with refused("Personhood__ProofInvalid"):
        market.claim(OTHER_RECIPIENT, proof_to_abi(market.proof))


def test_a_claim_of_one_who_is_not_in_the_snapshot_is_refused(market: Market, people: People) -> None:
    group = group_of(market.world.registry.members())
    proof = prove_membership(people[2].identity, group, int(RECIPIENT, 16), market.action.scope)
    with refused("Personhood__ProofInvalid"):
        market.claim(RECIPIENT, proof_to_abi(proof))


def test_a_proof_for_one_dapp_is_worth_nothing_in_another(market: Market) -> None:
    other = deployed(market.world, "Airdrop", market.world.deployment.personhood, AMOUNT_WEI)
    with refused("Personhood__ProofInvalid"):
        market.world.registry.connection.send(other.functions.claim(RECIPIENT, proof_to_abi(market.proof)))


def test_the_scope_is_the_one_that_python_computes(market: Market) -> None:
    deployment = market.world.deployment
    assert market.action.scope == personhood_scope(
        deployment.chain_id, deployment.personhood, market.airdrop.address, ACTION
    )


def test_an_action_with_the_scope_of_another_is_refused(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market.client.connection, "call", lambda _: [market.action.scope + 1, 5])
    with pytest.raises(ChainError, match="scope that is not its own"):
        market.client.action(market.airdrop.address, ACTION)


# --- World ID's shape


def gate_proof(market: Market, person: Person, signal: str, group: Group) -> MembershipProof:
    """What a wallet makes for a contract that was written for World ID: all hashes as World ID has them."""
    functions, deployment = market.gate.functions, market.world.deployment
    external = market.world.registry.connection.call(functions.EXTERNAL_NULLIFIER())
    signal_hash = int.from_bytes(keccak(bytes.fromhex(signal[2:])), "big") >> 8
    scope = world_id_scope(deployment.chain_id, deployment.world_id, market.gate.address, external)
    return prove_membership(person.identity, group, signal_hash, scope)


def enter(market: Market, signal: str, proof: MembershipProof, **changes: int) -> int:
    values = {"root": proof.merkle_tree_root, "nullifierHash": proof.nullifier.value, **changes}
    call = market.gate.functions.verifyAndExecute(signal, values["root"], values["nullifierHash"], list(proof.points))
    return market.world.registry.connection.send(call).gas_used


def test_a_contract_written_for_world_id_lets_a_person_in_once(market: Market, people: People) -> None:
    proof = gate_proof(market, people[2], RECIPIENT, group_of(market.world.registry.members()))
    assert enter(market, RECIPIENT, proof) < 400_000
    with refused("DuplicateNullifier"):
        enter(market, RECIPIENT, proof)


def test_a_root_counts_once_it_is_recorded(market: Market, people: People) -> None:
    registry = market.world.registry
    registry.leave(1, prove_leaving(market, people[0]), siblings_of(people[0].identity.commitment, registry.members()))
    group = group_of(registry.members())
    proof = gate_proof(market, people[1], RECIPIENT, group)
    with refused("NonExistentRoot"):
        enter(market, RECIPIENT, proof)
    registry.record_root()
    recorded = registry.recorded_root()
    assert recorded is not None
    assert (recorded.root, recorded.size) == (group.root, 3)
    leaves = registry.members_before(recorded.group_id, recorded.block, recorded.log_index)
    assert group_of(leaves).root == recorded.root
    enter(market, RECIPIENT, proof)


def prove_leaving(market: Market, person: Person) -> MembershipProof:
    scope = market.world.registry.leave_scope(1)
    return prove_membership(person.identity, Group([person.identity.commitment]), 0, scope)


def test_a_replaced_root_counts_for_the_window_only(market: Market, people: People) -> None:
    proof = gate_proof(market, people[0], RECIPIENT, market.snapshot)  # the third person came after it
    mark = market.world.chain.snapshot()
    enter(market, RECIPIENT, proof)
    market.world.chain.revert(mark)
    market.world.chain.advance_time(3600)
    with refused("ExpiredRoot"):
        enter(market, RECIPIENT, proof)


def test_a_root_of_ones_own_making_is_refused(market: Market) -> None:
    stranger = Identity(b"stranger")
    person = Person(stranger, None, None)  # type: ignore[arg-type]
    proof = gate_proof(market, person, RECIPIENT, Group([stranger.commitment]))
    with refused("NonExistentRoot"):
        enter(market, RECIPIENT, proof)


def test_another_signal_or_nullifier_is_refused(market: Market, people: People) -> None:
    proof = gate_proof(market, people[0], RECIPIENT, group_of(market.world.registry.members()))
    with refused("ProofInvalid"):
        enter(market, OTHER_RECIPIENT, proof)
    with refused("ProofInvalid"):
        enter(market, RECIPIENT, proof, nullifierHash=proof.nullifier.value ^ 1)


def test_root_zero_which_the_circuit_lets_anybody_prove_is_refused_everywhere(market: Market, people: People) -> None:
    proof = gate_proof(market, people[0], RECIPIENT, group_of(market.world.registry.members()))
    with refused("NonExistentRoot"):
        enter(market, RECIPIENT, proof, root=0)
