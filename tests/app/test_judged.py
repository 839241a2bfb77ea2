"""A person's work and the committee's three nodes: one eye enrols once, and is handed its record after a loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import actions
from app.devnet import DevnetOptions, running_devnet
from app.endpoints import Endpoints
from app.jobs import JobState
from app.session import open_session
from protocol.errors import InputError, TransactionRefused, VerificationError
from tests.app.clock import Clock
from tests.app.people import PASSPHRASE, WAIT_S, done, eye

pytestmark = [pytest.mark.xdist_group("judged"), pytest.mark.slow]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """A registry with the committee's three nodes."""
    file = tmp_path_factory.mktemp("judged") / "devnet.json"
    with running_devnet(DevnetOptions(file, with_committee=True)) as endpoints:
        yield endpoints


def test_an_eye_enrols_once_and_its_record_is_recovered_from_a_fresh_vault(
    judged: Endpoints, tmp_path: Path, cheap_argon: None
) -> None:
    clock = Clock(judged.rpc_url)
    folders = [tmp_path / name for name in ("old", "new")]
    vaults = [actions.create_vault(folder, PASSPHRASE) for folder in folders]
    old, new = (open_session(vault, folder, judged) for vault, folder in zip(vaults, folders, strict=True))
    record_id = done(old, actions.begin_enrollment(old, eye(53))).data["record_id"]
    again = eye(53, 2)

    second = actions.begin_enrollment(new, again)
    assert second.wait(WAIT_S).state is JobState.FAILED
    assert "enrolled" in second.status().message
    actions.settle_job(new, second)
    assert not actions.membership(new).is_member

    requested = done(new, actions.begin_recovery(new, again, record_id))
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
    finished = actions.complete_recovery(new, record_id)
    assert actions.complete_recovery(new, record_id).data == finished.data  # interrupted, and done again
    assert actions.membership(new).is_member
    assert actions.check_receipt(new, finished).endswith("active")
    assert actions.check_receipt(new, requested) == "completed"
    assert not actions.membership(old).is_member
    left = actions.leave_registry(new)
    assert left.data["erased"]
    assert actions.check_receipt(new, left) == f"record {record_id} is erased"
    for vault in vaults:
        vault.lock()
