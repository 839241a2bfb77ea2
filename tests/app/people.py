"""People who enrol in the tests' registry, on synthetic eyes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from app import actions
from app.endpoints import Endpoints
from app.jobs import Job, JobState
from app.key_file import read_key
from app.session import Session, open_session
from app.vault import Passphrase, Receipt
from circuits.iris.circuit import Circuit
from model.synthetic import capture, make_eye
from protocol.types import EyeSide, NormalizedIris
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.governance import GovernanceClient
from tests.app.clock import Clock

__all__ = ["PASSPHRASE", "WAIT_S", "announce_second_model", "done", "enrolled", "eye", "wait_for"]

WAIT_S = 300.0
PASSPHRASE = Passphrase("correct horse battery")


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_S:.0f} s for {what}"
        time.sleep(0.05)


def eye(seed: int, capture_seed: int = 1) -> NormalizedIris:
    return actions.unroll_eye(capture(make_eye(seed), capture_seed).image, EyeSide.LEFT)


def enrolled(endpoints: Endpoints, folder: Path, seed: int) -> Session:
    """A member with an open vault in `folder`."""
    session = open_session(actions.create_vault(folder, PASSPHRASE), folder, endpoints)
    done(session, actions.begin_enrollment(session, eye(seed)))
    return session


def done(session: Session, job: Job) -> Receipt:
    """The receipt of a job that goes through."""
    assert job.wait(WAIT_S).state is JobState.DONE, job.status()
    receipt = actions.settle_job(session, job)
    assert receipt is not None
    return receipt


def announce_second_model(endpoints: Endpoints, clock: Clock, circuit: Circuit) -> None:
    """Network v2 with its own verifier as model 2, through both delays."""
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
