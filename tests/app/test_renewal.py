"""A member renews under a new model, recovers after a loss, and leaves, from the vault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from web3 import Web3

from app import actions
from app.devnet import DevnetOptions, running_devnet
from app.endpoints import Endpoints
from app.jobs import Job, JobState
from app.key_file import read_key
from app.session import Session, open_session
from app.vault import Passphrase, Receipt
from circuits.iris.circuit import Circuit
from model.synthetic import capture, make_eye
from protocol.errors import InputError, TransactionRefused, VerificationError
from protocol.types import EyeSide
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.governance import GovernanceClient
from tests.app.conftest import Devnet
from tests.app.test_person import WAIT_S, enrolled, eye

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]


class Clock:
    """The local chain's own calls: its time, and its state back as it was."""

    def __init__(self, url: str) -> None:
        self._provider = Web3(Web3.HTTPProvider(url)).provider

    def call(self, method: str, *arguments: object) -> object:
        answer = self._provider.make_request(method, list(arguments))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer["result"]

    def advance(self, seconds: int) -> None:
        self.call("evm_increaseTime", seconds)
        self.call("evm_mine")


@pytest.fixture(scope="module")
def ada(devnet: Devnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = enrolled(devnet, tmp_path_factory.mktemp("ada"), 51)
    yield session
    session.vault.lock()


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
    assert job.wait(WAIT_S).state is JobState.DONE, job.status()
    receipt = actions.settle_job(ada, job)
    assert receipt is not None
    assert receipt.data["model_id"] == 2
    assert actions.membership(ada).missing_models == ()
    assert actions.begin_upgrades(ada) == ()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """A registry with the committee's three nodes."""
    file = tmp_path_factory.mktemp("judged") / "devnet.json"
    with running_devnet(DevnetOptions(file, with_committee=True)) as endpoints:
        yield endpoints


def _done(session: Session, job: Job) -> Receipt:
    assert job.wait(WAIT_S).state is JobState.DONE, job.status()
    receipt = actions.settle_job(session, job)
    assert receipt is not None
    return receipt


def test_an_eye_enrols_once_and_its_record_is_recovered_from_a_fresh_vault(
    judged: Endpoints, tmp_path: Path, cheap_argon: None
) -> None:
    clock = Clock(judged.rpc_url)
    folders = [tmp_path / name for name in ("old", "new")]
    vaults = [actions.create_vault(folder, Passphrase("a fresh passphrase")) for folder in folders]
    old, new = (open_session(vault, folder, judged) for vault, folder in zip(vaults, folders, strict=True))
    record_id = _done(old, actions.begin_enrollment(old, eye(53))).data["record_id"]
    again = actions.unroll_eye(capture(make_eye(53), 2).image, EyeSide.LEFT)

    second = actions.begin_enrollment(new, again)
    assert second.wait(WAIT_S).state is JobState.FAILED
    assert "enrolled" in second.status().message
    actions.settle_job(new, second)
    assert not actions.membership(new).is_member

    requested = _done(new, actions.begin_recovery(new, again, record_id))
    assert requested.data["ready_at"] > new.links.registry.now()
    assert actions.check_receipt(new, requested) == "waiting"
    with pytest.raises(TransactionRefused, match="Registry__RecoveryNotReady"):
        actions.complete_recovery(new, record_id)
    mark = clock.call("evm_snapshot")
    actions.cancel_recovery(old)
    with pytest.raises(TransactionRefused, match="Registry__RecoveryAbsent"):
        actions.complete_recovery(new, record_id)
    with pytest.raises(VerificationError, match="cancelled"):
        actions.check_receipt(new, requested)
    assert clock.call("evm_revert", mark)
    clock.advance(31)
    with pytest.raises(InputError, match="does not have"):
        actions.complete_recovery(old, record_id)
    done = actions.complete_recovery(new, record_id)
    assert actions.complete_recovery(new, record_id).data == done.data  # interrupted, and done again
    assert actions.membership(new).is_member
    assert actions.check_receipt(new, done).endswith("active")
    assert actions.check_receipt(new, requested) == "completed"
    assert not actions.membership(old).is_member
    left = actions.leave_registry(new)
    assert left.data["erased"]
    assert actions.check_receipt(new, left) == f"record {record_id} is erased"
    for vault in vaults:
        vault.lock()


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
