"""The software station signs what it committed to, for one identity and one registry."""

from __future__ import annotations

import pytest

from app.actions import unroll_eye
from app.station import SoftwareStation
from circuits.iris.commit import raw_commitment
from circuits.semaphore.identity import Identity
from model.synthetic import capture, make_eye
from protocol.types import EyeSide, NormalizedIris, PlaneName
from registry_contract.attestation import recover_station, verify_attestation

REGISTRY = "0x" + "11" * 20


@pytest.fixture(scope="module")
def iris() -> NormalizedIris:
    return unroll_eye(capture(make_eye(1), 1).image, EyeSide.RIGHT, captured_at=1_700_000_000)


def test_a_signed_capture_holds_every_plane_and_names_its_station(iris: NormalizedIris) -> None:
    station, identity = SoftwareStation(), Identity.create()
    signed = station.attest(iris, identity.commitment, REGISTRY, 31337)
    assert set(signed.planes) == set(PlaneName)
    assert recover_station(signed.attestation) == station.address
    verify_attestation(signed.attestation, station.address)
    assert signed.attestation.capture.commitments_root == signed.ladder.root
    assert signed.attestation.capture.identity == identity.commitment
    assert signed.attestation.capture.eye_side is EyeSide.RIGHT
    assert signed.attestation.capture.captured_at == 1_700_000_000


def test_a_signed_capture_commits_to_its_salted_planes(iris: NormalizedIris) -> None:
    signed = SoftwareStation().attest(iris, Identity.create().commitment, REGISTRY, 31337)
    for plane, k in ((PlaneName.TEXTURE_8X120, 13), (PlaneName.MASK_16X120, 14), (PlaneName.TEXTURE_64X480, 15)):
        assert signed.ladder.commitment(plane, k).point == raw_commitment(signed.planes[plane].vector, k)


def test_two_captures_of_one_iris_share_no_root_and_no_nonce(iris: NormalizedIris) -> None:
    station, identity = SoftwareStation(), Identity.create().commitment
    first = station.attest(iris, identity, REGISTRY, 31337)
    second = station.attest(iris, identity, REGISTRY, 31337)
    assert first.ladder.root != second.ladder.root
    assert first.attestation.capture.nonce != second.attestation.capture.nonce


def test_no_secret_shows_up_in_a_repr(iris: NormalizedIris) -> None:
    signed = SoftwareStation().attest(iris, Identity.create().commitment, REGISTRY, 31337)
    shown = repr(signed) + repr(iris)
    assert "planes" not in shown
    assert "salts" not in shown
    assert repr(iris.texture[:4]) not in shown
