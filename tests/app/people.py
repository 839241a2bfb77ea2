"""People who enrol in the tests' registry, on synthetic eyes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from app import actions
from app.endpoints import Endpoints
from app.jobs import Job, JobState
from app.session import Session, open_session
from app.vault import Passphrase, Receipt
from model.synthetic import capture, make_eye
from protocol.types import EyeSide, NormalizedIris

__all__ = ["PASSPHRASE", "WAIT_S", "done", "enrolled", "eye", "wait_for"]

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
