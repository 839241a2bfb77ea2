"""Deployments, connections and refusals: the wrong chain, a node that is gone, errors in the contract's words."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from circuits.iris.circuit import Circuit
from protocol.errors import ChainError, ChainUnreachable, EncodingError, InputError, TransactionRefused
from protocol.types import PlaneName
from registry_contract import connection as connection_module
from registry_contract._refusals import refusal
from registry_contract.client import RegistryClient
from registry_contract.connection import Connection
from registry_contract.deployment import Deployment, deploy
from registry_contract.governance import ModelState
from registry_contract.local_chain import LocalChain
from registry_contract.polls import PollsClient
from tests.registry_contract.world import Person, World, describe, open_world

ZERO_ADDRESS = "0x0000000000000000000000000000000000000000"


# --- where the contracts are


def test_a_deployment_survives_encoding(world: World) -> None:
    assert Deployment.from_json(world.deployment.to_json()) == world.deployment


@pytest.mark.parametrize(
    "change",
    [{"version": 3}, {"extra": 1}, {"registry": "0x00"}, {"chain_id": "1"}, {"block": -1}, {"gas_used": True}],
    ids=str,
)
def test_a_deployment_in_any_other_form_is_refused(world: World, change: dict[str, Any]) -> None:
    fields = json.loads(world.deployment.to_json()) | change
    with pytest.raises(EncodingError):
        Deployment.from_json(json.dumps(fields))


@pytest.mark.parametrize("text", ["", "[]", "{}", "5", '{"version": 1}'])
def test_text_that_is_no_deployment_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        Deployment.from_json(text)


def test_the_deployed_model_is_the_described_one(world: World) -> None:
    model = world.owner.connection.call(world.owner.models.functions.modelOf(1))
    assert model[0] == world.model.onnx_hash
    assert model[5] == keccak(b"texture_8x120")
    assert tuple(model[8]) == (world.model.blinding_constant.x, world.model.blinding_constant.y)
    assert model[9] == world.deployment.code_verifier
    assert (model[10], model[11]) == (world.model.proof_length, world.model.k)
    assert world.owner.model_state(1) is ModelState.ACTIVE
    assert world.owner.live_models().models == (1,)


def test_a_deployment_by_an_account_without_money_fails_cleanly(circuit: Circuit) -> None:
    with LocalChain() as chain, pytest.raises(ChainError):
        deploy(chain.url, Account.create(), describe(circuit))


# --- what a model may be


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"onnx_hash": b""}, "onnx_hash has 0 bytes"),
        ({"metrics_hash": bytes(33)}, "metrics_hash has 33 bytes"),
        ({"texture_plane": PlaneName.MASK_8X120}, "no texture and mask"),
        ({"mask_plane": PlaneName.TEXTURE_8X120}, "no texture and mask"),
        ({"k": 0}, "outside 1..28"),
        ({"k": 29}, "outside 1..28"),
        ({"proof_length": 191}, "whole number of words"),
        ({"proof_length": 160}, "whole number of words"),
    ],
)
def test_a_model_that_cannot_be_is_refused(circuit: Circuit, change: dict[str, Any], message: str) -> None:
    with pytest.raises(EncodingError, match=message):
        replace(describe(circuit), **change)


# --- the node


def test_a_node_of_another_chain_is_refused(world: World) -> None:
    with pytest.raises(ChainError, match="serves chain 31337, not chain 1"):
        RegistryClient(world.chain.url, replace(world.deployment, chain_id=1))


def test_an_address_without_a_contract_is_refused(world: World) -> None:
    with pytest.raises(ChainError, match="no contract at"):
        RegistryClient(world.chain.url, replace(world.deployment, registry=ZERO_ADDRESS))
    with pytest.raises(ChainError, match="no contract at"):
        PollsClient(world.chain.url, replace(world.deployment, polls=ZERO_ADDRESS))


def test_a_contract_of_another_kind_is_noticed(world: World) -> None:
    mixed = replace(world.deployment, registry=world.deployment.semaphore_verifier)
    with pytest.raises(ChainError):
        RegistryClient(world.chain.url, mixed).size()


def test_a_node_that_does_not_answer_is_unreachable(world: World) -> None:
    with pytest.raises(ChainUnreachable, match=r"no answer from the node at 127\.0\.0\.1:1"):
        RegistryClient("http://127.0.0.1:1", world.deployment)


def test_a_node_that_goes_away_in_the_middle_is_unreachable(circuit: Circuit, people: tuple[Person, ...]) -> None:
    with LocalChain() as chain:
        world = open_world(chain, describe(circuit), Account.create())
        enrollment = world.enrollment(people[0])
        chain.stop()
        with pytest.raises(ChainUnreachable):
            world.registry.enroll(enrollment)
        with pytest.raises(ChainUnreachable):
            world.registry.members()
        with pytest.raises(ChainUnreachable):
            world.polls.tally(1)


@pytest.fixture
def web_page() -> Iterator[str]:
    """Address of a server that is no node: it answers everything with a page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_web_page_is_no_node(web_page: str) -> None:
    with pytest.raises(ChainUnreachable):
        Connection(web_page, 31337)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8545", "ftp://host", "http://", "file:///etc/passwd"])
def test_an_address_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="http://"):
        Connection(url, 31337)


def test_a_providers_key_in_the_address_is_not_shown() -> None:
    with pytest.raises(ChainUnreachable) as caught:
        Connection("http://user:password@127.0.0.1:1/v3/secretkey?token=t0ken", 31337)
    for part in ("password", "secretkey", "t0ken"):
        assert part not in caught.value.message


def test_a_connection_without_an_account_reads_and_does_not_send(world: World) -> None:
    reader = RegistryClient(world.chain.url, world.deployment)
    assert reader.size() == 0
    with pytest.raises(InputError, match="can only read"):
        reader.settle_stations(1)


def test_members_of_a_node_with_a_cut_log_are_refused(world: World, people: tuple[Person, ...]) -> None:
    for person in people[:2]:
        world.registry.enroll(world.enrollment(person))
    last = world.registry.connection._web3.eth.block_number
    late = RegistryClient(world.chain.url, replace(world.deployment, block=last))
    with pytest.raises(ChainError, match="log has 0 members before member 1"):
        late.members()


def test_a_receipt_says_what_went_over_the_wire(world: World, people: tuple[Person, ...]) -> None:
    receipt = world.registry.enroll(world.enrollment(people[0]))
    (sent,) = world.registry.connection._web3.eth.get_block(receipt.block, full_transactions=True)["transactions"]
    assert receipt.transaction == "0x" + bytes(sent["hash"]).hex()  # type: ignore[index]
    assert receipt.calldata_bytes == len(sent["input"])  # type: ignore[index]


def test_a_transaction_that_fails_only_when_mined_gives_its_reason(
    world: World, people: tuple[Person, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two enrolments of one person, both fine when they were estimated."""
    first, second = (world.enrollment(people[0]) for _ in range(2))
    connection = world.registry.connection
    contract = world.registry.contract.functions
    estimated = contract.enroll(second.to_abi()).build_transaction(connection._terms())
    world.registry.enroll(first)
    estimated["nonce"] = connection._terms()["nonce"]
    with pytest.raises(TransactionRefused) as caught, _refusals():
        connection._transact(estimated)
    assert caught.value.error == "Registry__IdentityAlreadyEnrolled"


def test_a_transaction_that_nobody_mines_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_RECEIPT_TIMEOUT_S", 0.2)
    world.chain._rpc("evm_setAutomine", False)
    try:
        with pytest.raises(ChainUnreachable, match="was not mined within"):
            world.owner.revoke_station(world.station.address)
    finally:
        world.chain._rpc("anvil_dropAllTransactions")
        world.chain._rpc("evm_setAutomine", True)


def _refusals() -> Any:
    from registry_contract.connection import _refusals as reading

    return reading()


# --- reasons


def selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def test_a_refusal_has_the_errors_name_arguments_and_a_hint() -> None:
    data = selector("Registry__StationRevoked(address,uint64)") + encode(["address", "uint64"], ["0x" + "ab" * 20, 7])
    error = refusal("0x" + data.hex())
    assert error.error == "Registry__StationRevoked"
    assert error.arguments == {"station": to_checksum_address("0x" + "ab" * 20), "revokedAt": 7}
    assert error.hint


def test_a_nested_reason_is_read_too() -> None:
    inner = selector("Panic(uint256)") + encode(["uint256"], [0x11])
    outer = selector("Registry__CodeProofRejected(address,uint32,bytes)")
    outer += encode(["address", "uint32", "bytes"], ["0x" + "00" * 20, 1, inner])
    assert refusal(outer.hex()).arguments["reason"] == "Panic(code=17)"


@pytest.mark.parametrize("data", ["0x", "0x12345678", "0x" + "00" * 40])
def test_an_unknown_reason_is_shown_as_it_is(data: str) -> None:
    error = refusal(data)
    assert (error.error, error.arguments) == ("UnknownError", {"data": data})


def test_a_known_error_with_cut_arguments_is_shown_as_it_is() -> None:
    data = "0x" + selector("Polls__PollUnknown(uint256)").hex() + "00"
    assert refusal(data).arguments == {"data": data}


def test_a_plain_reason_string_is_read() -> None:
    data = selector("Error(string)") + encode(["string"], ["no"])
    assert refusal(data.hex()).arguments == {"reason": "no"}
