"""A walk over every function that changes anything: what a role can do, and that no role can do more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from web3 import Web3

from protocol.errors import TransactionRefused
from protocol.types import Nullifier
from registry_contract.contracts import load_contract
from registry_contract.governance import ModelState
from registry_contract.polls import PollDraft
from tests.registry_contract.world import Person, World, refused

People = tuple[Person, Person, Person]

# Who decides. EVIDENCE: nobody; proofs and signatures in the arguments count, whoever sends them. OPEN: anyone, about
# something of their own or after a time that has passed. GOVERNOR: the timelock. GUARDIAN: at once. SELF: the timelock,
# through itself. ROLE: a role of the timelock.
EVIDENCE, OPEN, GOVERNOR, GUARDIAN, SELF, ROLE = "evidence", "open", "governor", "guardian", "self", "role"

FUNCTIONS = {
    "IrisRegistry": {
        "enroll": EVIDENCE,
        "upgrade": EVIDENCE,
        "reattest": EVIDENCE,
        "requestRecovery": EVIDENCE,
        "cancelRecovery": EVIDENCE,
        "completeRecovery": OPEN,
        "leaveGroup": EVIDENCE,
        "confirmErased": EVIDENCE,
        "suspend": OPEN,
        "settleStations": OPEN,
        "recordRoot": OPEN,
        "snapshot": OPEN,
    },
    "StationRegistry": {
        "addStation": GOVERNOR,
        "addP256Station": GOVERNOR,
        "setGuardian": GOVERNOR,
        "revokeStation": GUARDIAN,
    },
    "ModelRegistry": {"proposeModel": GOVERNOR, "withdrawModel": GOVERNOR},
    "Committee": {"replaceCommittee": GOVERNOR},
    "IrisPolls": {"createPoll": OPEN, "castVote": EVIDENCE, "castRanking": EVIDENCE, "finalize": OPEN},
    "Personhood": {"openAction": OPEN, "consume": EVIDENCE},
    "WorldIdFacade": {},
    "TimelockController": {
        "schedule": ROLE,
        "scheduleBatch": ROLE,
        "cancel": ROLE,
        "execute": OPEN,
        "executeBatch": OPEN,
        "updateDelay": SELF,
        "grantRole": SELF,
        "revokeRole": SELF,
        "renounceRole": OPEN,
        "onERC721Received": OPEN,
        "onERC1155Received": OPEN,
        "onERC1155BatchReceived": OPEN,
    },
    "SemaphoreVerifier": {},
    # the generated verifier is not declared `view` and keeps no state
    "IrisVerifierV1": {"verifyProof": OPEN},
}

GOVERNED = [
    (contract, function)
    for contract, functions in FUNCTIONS.items()
    for function, who in functions.items()
    if who in (GOVERNOR, GUARDIAN)
]


@pytest.mark.parametrize("contract", FUNCTIONS)
def test_every_function_that_changes_anything_is_known(contract: str) -> None:
    changing = {
        entry["name"]
        for entry in load_contract(contract).abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    assert changing == set(FUNCTIONS[contract])


def test_every_deployed_contract_is_walked() -> None:
    folder = Path(load_contract.__wrapped__.__code__.co_filename).parent / "src"
    abstract = {"Governed", "Evidence", "MemberTrees", "Types", "SemaphoreArtifacts"}
    ours = {path.stem for path in folder.glob("*.sol")} - abstract
    assert ours <= set(FUNCTIONS)


def test_who_sends_decides_nothing_about_members_and_votes() -> None:
    """The sender is read for the lists' roles, for the scope of the caller's own actions, for a poll's log entry."""
    folder = Path(load_contract.__wrapped__.__code__.co_filename).parent / "src"
    lines = {
        path.name: re.findall(r".*\b(?:msg\.sender|_msgSender|tx\.origin)\b.*", path.read_text())
        for path in folder.glob("*.sol")
    }
    assert {name: len(found) for name, found in lines.items() if found} == {
        "Governed.sol": 1,
        "StationRegistry.sol": 1,
        "IrisPolls.sol": 1,
        "Personhood.sol": 5,
        "WorldIdFacade.sol": 1,
    }
    assert "emit PollCreated(pollId, msg.sender" in lines["IrisPolls.sol"][0]
    source = "".join(path.read_text() for path in folder.rglob("*.sol") if "generated" not in path.parts)
    for word in ("delegatecall", "selfdestruct", "callcode", "onlyOwner", "Initializable", "UUPS", "ERC1967"):
        assert word not in source


def arguments_for(world: World, function: str) -> list[Any]:
    """Good arguments: only the sender can be wrong."""
    model = world.owner.connection.call(world.owner.models.functions.modelOf(1))
    return {
        "addStation": [Account.create().address],
        "addP256Station": [value.to_bytes(32, "big") for value in point()],
        "setGuardian": [Account.create().address],
        "revokeStation": [world.station.address],
        "proposeModel": [model],
        "withdrawModel": [2],
        "replaceCommittee": [[Account.create().address for _ in range(3)]],
    }[function]


def contract_of(world: World, name: str) -> Any:
    addresses = {
        "StationRegistry": world.deployment.stations,
        "ModelRegistry": world.deployment.models,
        "Committee": world.deployment.committee,
        "IrisRegistry": world.deployment.registry,
        "IrisPolls": world.deployment.polls,
        "Personhood": world.deployment.personhood,
        "TimelockController": world.deployment.timelock,
    }
    return world.owner.connection.contract(addresses[name], load_contract(name).abi)


@pytest.mark.parametrize(("contract", "function"), GOVERNED)
def test_no_account_changes_a_list_without_the_timelock(world: World, contract: str, function: str) -> None:
    call = contract_of(world, contract).functions[function](*arguments_for(world, function))
    stranger = world.registry.connection
    with pytest.raises(TransactionRefused) as caught:
        stranger.send(call)
    guardian = FUNCTIONS[contract][function] == GUARDIAN
    assert caught.value.error == ("Registry__NotGuardian" if guardian else "Registry__NotGovernor")
    if not guardian:  # the proposer, who is the guardian too
        with refused("Registry__NotGovernor", sender=world.owner.connection.address):
            world.owner.connection.send(call)


def storage_of(world: World) -> dict[str, str]:
    """The storage roots of every contract that holds members, nullifiers or votes."""
    addresses = (world.deployment.registry, world.deployment.polls, world.deployment.personhood)
    return {
        address: str(world.chain._rpc("eth_getProof", address, [], "latest")["storageHash"]) for address in addresses
    }


@pytest.mark.parametrize(("contract", "function"), GOVERNED)
def test_the_timelock_itself_touches_no_member_nullifier_or_poll(
    world: World, people: People, contract: str, function: str
) -> None:
    world.registry.enroll(world.enrollment(people[0]))
    now = world.registry.now()
    poll, _ = world.polls.create_poll(PollDraft("q", ("a", "b"), now, now + 9_000_000))
    before = storage_of(world)
    timelock = world.deployment.timelock
    world.chain._rpc("anvil_impersonateAccount", timelock)
    world.chain._rpc("anvil_setBalance", timelock, hex(10**18))
    if function == "withdrawModel":
        send_as(world, timelock, contract, "proposeModel")
    send_as(world, timelock, contract, function)
    assert storage_of(world) == before
    assert world.registry.has_member(people[0].identity.commitment)
    assert world.polls.poll(poll.poll_id) == poll


def test_the_storage_roots_that_the_walk_compares_follow_a_change(world: World, people: People) -> None:
    before = storage_of(world)
    world.registry.enroll(world.enrollment(people[0]))
    assert storage_of(world)[world.deployment.registry] != before[world.deployment.registry]


def point() -> tuple[int, int]:
    """The generator of P-256."""
    return (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    )


def send_as(world: World, sender: str, contract: str, function: str) -> None:
    data = contract_of(world, contract).encode_abi(function, args=arguments_for(world, function))
    target = contract_of(world, contract).address
    sent = world.chain._rpc("eth_sendTransaction", {"from": sender, "to": target, "data": data, "gas": hex(5_000_000)})
    receipt = world.owner.connection._web3.eth.wait_for_transaction_receipt(sent, 60, 0.01)  # mined a moment later
    assert receipt["status"] == 1


def test_the_timelock_has_no_way_into_the_registry_either(world: World, people: People) -> None:
    """What is refused to anybody is refused to the timelock: an enrolment that no station signed."""
    enrollment = world.enrollment(people[0], station=Account.create())
    function = world.registry.contract.functions.enroll(enrollment.to_abi())
    with pytest.raises(Exception, match="0x") as caught:
        function.call({"from": Web3.to_checksum_address(world.deployment.timelock)})
    selector = Web3.keccak(text="Registry__StationUnknown(address)")[:4].hex()
    assert selector in str(caught.value)


# --- the delay


def test_nothing_is_done_before_the_delay(world: World) -> None:
    proposal = world.owner.set_guardian(Account.create().address)
    with refused("TimelockUnexpectedOperationState"):
        world.owner.execute(proposal)  # not even proposed
    delay_s = world.owner.delay_s()
    with refused("TimelockInsufficientDelay", delay=delay_s - 1, minDelay=delay_s):
        world.owner.connection.send(world.owner.timelock.functions.schedule(*proposal.terms(), delay_s - 1))
    world.owner.schedule(proposal)
    world.chain.advance_time(delay_s - 60)
    with refused("TimelockUnexpectedOperationState"):
        world.owner.execute(proposal)
    world.chain.advance_time(60)
    world.owner.execute(proposal)


def test_the_proposer_cannot_shorten_the_delay_or_hand_out_roles(world: World) -> None:
    owner, functions = world.owner.connection, world.owner.timelock.functions
    with refused("TimelockUnauthorizedCaller", caller=owner.address):
        owner.send(functions.updateDelay(0))
    for role in ("PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE"):
        identifier = owner.call(functions[role]())
        for change in ("grantRole", "revokeRole"):
            with refused("AccessControlUnauthorizedAccount", account=owner.address):
                owner.send(functions[change](identifier, owner.address))
    admin = owner.call(functions.DEFAULT_ADMIN_ROLE())
    assert owner.call(functions.hasRole(admin, world.deployment.timelock))
    assert not owner.call(functions.hasRole(admin, owner.address))


def test_a_proposed_model_waits_out_the_timelock_and_its_public_delay(world: World) -> None:
    model = world.owner.connection.call(world.owner.models.functions.modelOf(1))
    world.govern(world.owner.propose_model(model))
    assert world.owner.model_state(2) is ModelState.PROPOSED
    world.chain.advance_time(30 * 86_400)
    assert (world.owner.model_state(1), world.owner.model_state(2)) == (ModelState.GRACE, ModelState.ACTIVE)
    assert world.owner.live_models().models == (1, 2)
    world.chain.advance_time(180 * 86_400)
    assert world.owner.model_state(1) is ModelState.RETIRED
    assert world.owner.live_models().models == (2,)


def test_no_function_frees_a_nullifier(world: World) -> None:
    """There is nothing to call: the count of a nullifier's votes is read, never set."""
    assert world.polls.votes_cast_by(1, Nullifier(5)) == 0
    names = {entry.get("name", "") for name in ("IrisPolls", "Personhood") for entry in load_contract(name).abi}
    assert not {name for name in names if re.search("reset|free|remove|delete|set[A-Z]|owner|admin", name)}
