"""A member renews under a new model, recovers after a loss, and leaves, from the vault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import actions
from app.key_file import read_key
from app.session import Session, open_session
from app.vault import Passphrase
from circuits.iris.circuit import Circuit
from protocol.errors import InputError
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.governance import GovernanceClient
from tests.app.clock import Clock
from tests.app.conftest import Devnet
from tests.app.people import done, eye

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]


@pytest.fixture
def clock(devnet: Devnet) -> Iterator[Clock]:
    """Other tests share the chain: whatever a test does here is undone."""
    found = Clock(devnet.endpoints.rpc_url)
    mark = found.call("evm_snapshot")
    yield found
    assert found.call("evm_revert", mark)


def _announce(devnet: Devnet, clock: Clock, circuit: Circuit) -> None:
    """Network v2 with its own verifier as model 2, through both delays."""
    endpoints = devnet.endpoints
    assert endpoints.account_key_file is not None
    account = read_key(endpoints.account_key_file)
    model = actions.model_description(circuit, endpoints.deployment.chain_id)
    artifact = load_contract(model.verifier)
    connection = Connection(endpoints.rpc_url, endpoints.deployment.chain_id, account)
    verifier = connection.deploy(artifact.creation, artifact.abi).contract_address
    assert verifier is not None
    owner = GovernanceClient(endpoints.rpc_url, endpoints.deployment, account)
    proposal = owner.propose_model(model.to_abi(verifier, artifact))
    owner.schedule(proposal)
    clock.advance(owner.delay_s())
    owner.execute(proposal)
    clock.advance(11)
    assert owner.live_models().models == (1, 2)


def test_a_member_renews_under_a_new_model_without_a_new_picture(
    devnet: Devnet, ada: Session, clock: Clock, circuit_v2: Circuit
) -> None:
    assert actions.begin_upgrades(ada) == ()
    _announce(devnet, clock, circuit_v2)
    assert actions.membership(ada).missing_models == (2,)
    (job,) = actions.begin_upgrades(ada)
    receipt = done(ada, job)
    assert receipt.data["model_id"] == 2
    assert actions.membership(ada).missing_models == ()
    assert actions.begin_upgrades(ada) == ()


def test_a_registry_without_a_committee_hands_no_record_over(
    devnet: Devnet, ada: Session, clock: Clock, tmp_path: Path, cheap_argon: None
) -> None:
    record = actions.membership(ada).record
    assert record is not None
    with actions.create_vault(tmp_path, Passphrase("a fresh passphrase")) as vault:
        session = open_session(vault, tmp_path, devnet.endpoints)
        with pytest.raises(InputError, match="has no committee"):
            actions.begin_recovery(session, eye(51), record.record_id)
        assert not session.contents.has_identity()


def test_one_who_leaves_is_out_and_keeps_a_receipt(ada: Session, clock: Clock) -> None:
    record = actions.membership(ada).record
    assert record is not None
    receipt = actions.leave_registry(ada)
    assert not receipt.data["erased"]  # nobody keeps shares here
    assert receipt.data["record_id"] == record.record_id
    assert actions.check_receipt(ada, receipt) == f"record {record.record_id} is left"
    assert not actions.membership(ada).is_member
    assert actions.leave_registry(ada).data == receipt.data  # once more changes nothing


def test_one_who_never_joined_can_neither_renew_nor_leave(devnet: Devnet, tmp_path: Path, cheap_argon: None) -> None:
    with actions.create_vault(tmp_path, Passphrase("a fresh passphrase")) as vault:
        session = open_session(vault, tmp_path, devnet.endpoints)
        with pytest.raises(InputError, match="not enrolled"):
            actions.begin_upgrades(session)
        with pytest.raises(InputError, match="no identity"):
            actions.leave_registry(session)
        assert not actions.membership(session).is_member
