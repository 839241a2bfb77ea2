"""A person's work and the committee's three nodes: one eye enrols once, and is handed its record after a loss."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import actions
from app.jobs import JobState
from app.session import open_session
from protocol.errors import InputError, TransactionRefused, VerificationError
from tests.app.clock import Clock
from tests.app.conftest import Devnet
from tests.app.people import PASSPHRASE, WAIT_S, done, enrolled, eye
from tests.app.person import Person
from tests.app.program import Room

pytestmark = [pytest.mark.xdist_group("judged"), pytest.mark.slow]


def test_an_eye_enrols_once_and_its_record_is_recovered_from_a_fresh_vault(
    judged: Devnet, tmp_path: Path, cheap_argon: None
) -> None:
    clock = Clock(judged.endpoints.rpc_url)
    folders = [tmp_path / name for name in ("old", "new")]
    vaults = [actions.create_vault(folder, PASSPHRASE) for folder in folders]
    old, new = (open_session(vault, folder, judged.endpoints) for vault, folder in zip(vaults, folders, strict=True))
    record_id = done(old, actions.begin_enrollment(old, eye(53))).data["record_id"]
    again = eye(53, 2)

    second = actions.begin_enrollment(new, again)
    assert second.wait(WAIT_S).state is JobState.FAILED
    assert "enrolled" in second.status().message
    actions.settle_job(new, second)
    assert not actions.membership(new).is_member

    requested = done(new, actions.begin_recovery(new, record_id, again))
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


def test_a_place_is_asked_for_at_a_terminal_and_kept(
    judged: Devnet, person: Person, room: Room, tmp_path: Path, cheap_argon: None
) -> None:
    """The verb `recover`, and what `status` says to both meanwhile. `test_both_eyes` takes a place."""
    image, registry = tmp_path / "eye.png", ("--registry", str(judged.file))
    session = enrolled(judged.endpoints, tmp_path / "lost", 54)
    found = actions.membership(session).record
    session.vault.lock()
    assert found is not None
    number = str(found.record_id)
    lost = Person(room, tmp_path / "lost", person.passphrase_file)
    actions.write_synthetic_eye(image, 54, 2)
    person.ask("vault", "create")
    said = person.ask("recover", number, str(image), *registry)
    assert f"irisproof recover {number} --complete in " in said
    assert "Registry__RecoveryNotReady" in person.ask("recover", number, "--complete", status=1)
    said = person.ask("status")
    assert f"record {number} is asked for: irisproof recover {number} --complete, from 20" in said
    assert f"somebody asks for your record: irisproof recover {number} --cancel" in lost.ask("status")
    assert lost.ask("recover", number, "--cancel") == "the recovery is cancelled\n"
    assert "asks for" not in lost.ask("status")
    assert "asked for" not in person.ask("status")
    assert json.loads(lost.ask("status", "--json"))["recovery"] is None
