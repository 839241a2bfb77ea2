"""Where both eyes are compared, a record is renewed under a new model with the very pair that the committee judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app import actions
from app.actions.circuit import planes_of
from app.actions.committee import Model, committee_of
from app.devnet import DevnetOptions, running_devnet
from app.jobs import JobState
from app.session import Session, open_session
from app.station import SignedCapture, read_station_key
from circuits.iris.circuit import Circuit
from model.pipeline.encoding import ENCODERS
from model.synthetic import capture, make_eye
from protocol.errors import RequestRefused
from protocol.types import EyeSide, NormalizedIris
from registry_contract.verdict import VerdictKind
from tests.app.clock import Clock
from tests.app.people import PASSPHRASE, WAIT_S, announce_second_model, done
from uniqueness.ports import Policy
from uniqueness.refusals import Refusal

pytestmark = [pytest.mark.xdist_group("judged"), pytest.mark.slow, pytest.mark.usefixtures("cheap_argon")]


def _eyes(left: int, right: int, number: int) -> tuple[NormalizedIris, NormalizedIris]:
    sides = ((left, EyeSide.LEFT), (right, EyeSide.RIGHT))
    one, other = (actions.unroll_eye(capture(make_eye(eye), number).image, side) for eye, side in sides)
    return one, other


def _stored_pair(session: Session) -> tuple[SignedCapture, SignedCapture]:
    found = actions.membership(session).record
    assert found is not None
    counted, other = session.contents.eyes_of(found.commitments_root.hex())
    return counted, other


def _asked(session: Session, circuit: Circuit, captures: Sequence[SignedCapture]) -> Refusal:
    """The committee's reason against renewing with these captures."""
    encoder = ENCODERS[circuit.facts.network]
    eyes = []
    for one in captures:
        code = encoder.encode(one.planes[encoder.texture].plane, one.planes[encoder.mask].plane)
        eyes.append(actions.prove_capture(circuit, one, code))
    model: Model = (2, planes_of(circuit, session.links.endpoints.deployment.chain_id), circuit)
    with pytest.raises(RequestRefused) as refusal:
        committee_of(session.links).ask(VerdictKind.STORED, model, eyes)
    return refusal.value.refusal


def _signed_anew(session: Session, *eyes: NormalizedIris) -> list[SignedCapture]:
    """By the registry's own station, for the member's identity."""
    endpoints = session.links.endpoints
    assert endpoints.station_key_file is not None
    station, identity = read_station_key(endpoints.station_key_file), session.contents.identity().commitment
    deployment = endpoints.deployment
    return [station.attest(iris, identity, deployment.registry, deployment.chain_id) for iris in eyes]


def test_a_pair_is_renewed_as_it_was_judged_and_with_no_other_eye(tmp_path: Path, circuit_v2: Circuit) -> None:
    options = DevnetOptions(tmp_path / "devnet.json", with_committee=True, policy=Policy.BOTH)
    with running_devnet(options) as endpoints:
        clock = Clock(endpoints.rpc_url)

        def vault(name: str) -> Session:
            return open_session(actions.create_vault(tmp_path / name, PASSPHRASE), tmp_path / name, endpoints)

        ada, ben, ben_again = vault("ada"), vault("ben"), vault("ben again")
        done(ada, actions.begin_enrollment(ada, *_eyes(70, 71, 1)))
        done(ben, actions.begin_enrollment(ben, *_eyes(72, 73, 1)))
        record = actions.membership(ben).record
        assert record is not None
        done(ben_again, actions.begin_recovery(ben_again, record.record_id, *_eyes(72, 73, 2)))
        clock.advance(31)
        actions.complete_recovery(ben_again, record.record_id)
        announce_second_model(endpoints, clock, circuit_v2)

        for session, own in ((ada, (70, 71)), (ben_again, (72, 73))):
            counted, other = _stored_pair(session)
            strangers = _signed_anew(session, *_eyes(own[0], 75, 3))
            fresh = _signed_anew(session, *_eyes(*own, 3))
            for captures in ((counted, strangers[1]), (counted, fresh[1]), tuple(fresh), (strangers[0], other)):
                assert _asked(session, circuit_v2, captures) is Refusal.EVIDENCE_FAILS
            (job,) = actions.begin_upgrades(session)
            done(session, job)
            assert actions.membership(session).missing_models == ()

        clock.advance(3601)  # the first model's grace period
        for name, pair in (("ada twice", (70, 71)), ("ben twice", (72, 73))):
            twice = vault(name)
            job = actions.begin_enrollment(twice, *_eyes(*pair, 4))
            assert job.wait(WAIT_S).state is JobState.FAILED
            assert "enrolled already" in str(job.status())
