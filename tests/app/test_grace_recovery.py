"""Who loses the vault in a grace period, before renewing, is handed the record in it, and renews afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import actions
from app.devnet import DevnetOptions, running_devnet
from app.jobs import JobState
from app.session import Session, open_session
from circuits.iris.circuit import Circuit
from tests.app.clock import Clock
from tests.app.people import PASSPHRASE, WAIT_S, announce_second_model, done, eye

pytestmark = [pytest.mark.xdist_group("judged"), pytest.mark.slow, pytest.mark.usefixtures("cheap_argon")]


def test_a_vault_that_was_lost_before_renewing_is_no_lost_place(tmp_path: Path, circuit_v2: Circuit) -> None:
    options = DevnetOptions(tmp_path / "devnet.json", with_committee=True)
    with running_devnet(options) as endpoints:
        clock = Clock(endpoints.rpc_url)

        def vault(name: str) -> Session:
            return open_session(actions.create_vault(tmp_path / name, PASSPHRASE), tmp_path / name, endpoints)

        def refused(session: Session, capture_seed: int) -> None:
            job = actions.begin_enrollment(session, eye(55, capture_seed))
            assert job.wait(WAIT_S).state is JobState.FAILED
            assert "enrolled already" in str(job.status())
            actions.settle_job(session, job)

        lost, fresh, another = vault("lost"), vault("fresh"), vault("another")
        record_id = done(lost, actions.begin_enrollment(lost, eye(55))).data["record_id"]
        announce_second_model(endpoints, clock, circuit_v2)

        done(fresh, actions.begin_recovery(fresh, record_id, eye(55, 2)))
        # the old vault turns up, and renews in the waiting period: of no use to whoever has it
        (job,) = actions.begin_upgrades(lost)
        done(lost, job)
        clock.advance(31)
        actions.complete_recovery(fresh, record_id)
        registry, gone = fresh.links.registry, lost.contents.identity().commitment
        assert not any(registry.has_member(gone, model_id) for model_id in (1, 2))

        found = actions.membership(fresh)
        assert (found.is_member, found.missing_models) == (True, (2,))
        refused(another, 3)  # a newcomer has codes of both models, and is found under the first
        (job,) = actions.begin_upgrades(fresh)
        done(fresh, job)
        assert actions.membership(fresh).missing_models == ()

        # one who renewed is asked for both codes
        once_more = vault("once more")
        done(once_more, actions.begin_recovery(once_more, record_id, eye(55, 4)))
        clock.advance(31)
        actions.complete_recovery(once_more, record_id)
        assert actions.membership(once_more).missing_models == ()

        clock.advance(3601)  # the first model's grace period
        assert actions.membership(once_more).is_member
        refused(another, 5)


def test_one_eye_has_one_place_whoever_lets_the_grace_period_pass(tmp_path: Path, circuit_v2: Circuit) -> None:
    options = DevnetOptions(tmp_path / "devnet.json", with_committee=True)
    with running_devnet(options) as endpoints:
        clock = Clock(endpoints.rpc_url)

        def vault(name: str) -> Session:
            return open_session(actions.create_vault(tmp_path / name, PASSPHRASE), tmp_path / name, endpoints)

        late, patient, anew = vault("late"), vault("patient"), vault("anew")
        done(late, actions.begin_enrollment(late, eye(58)))
        done(patient, actions.begin_enrollment(patient, eye(59)))
        announce_second_model(endpoints, clock, circuit_v2)
        clock.advance(3601)  # the first model's grace period, which both let pass

        done(anew, actions.begin_enrollment(anew, eye(58, 2)))  # under the second model nobody knows the eye
        assert actions.membership(anew).is_member
        (job,) = actions.begin_upgrades(late)
        assert job.wait(WAIT_S).state is JobState.FAILED
        assert "enrolled already" in str(job.status())
        actions.settle_job(late, job)
        assert not actions.membership(late).is_member

        (job,) = actions.begin_upgrades(patient)  # who did not come in again can still renew
        done(patient, job)
        assert actions.membership(patient).is_member
