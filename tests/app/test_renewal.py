"""A member renews under a new model, recovers after a loss, and leaves, from the vault."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import actions
from app.session import Session, open_session
from app.vault import Passphrase
from circuits.iris.circuit import Circuit
from protocol.errors import InputError
from tests.app.clock import Clock
from tests.app.conftest import Devnet
from tests.app.people import announce_second_model, done, eye

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]


def test_a_member_renews_under_a_new_model_without_a_new_picture(
    devnet: Devnet, ada: Session, clock: Clock, circuit_v2: Circuit
) -> None:
    assert actions.begin_upgrades(ada) == ()
    announce_second_model(devnet.endpoints, clock, circuit_v2)
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
            actions.begin_recovery(session, record.record_id, eye(51))
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
