"""A station's signature: over all of a capture, in one form only."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account

from protocol.errors import EncodingError, VerificationError
from protocol.types import EyeSide, IdentityCommitment
from registry_contract.attestation import (
    Capture,
    CaptureAttestation,
    new_nonce,
    recover_station,
    sign_capture,
    verify_attestation,
)
from tests.vectors.make_attestation import PATH, STATION

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

CAPTURE = Capture(
    registry="0x5B20A2F06046c2342eA523f0220E6DFCb3899d5E",
    chain_id=31337,
    commitments_root=bytes(range(32)),
    eye_side=EyeSide.LEFT,
    identity=IdentityCommitment(5),
    captured_at=1_800_000_000,
    nonce=bytes(range(32, 64)),
)
ATTESTATION = sign_capture(CAPTURE, STATION)

OTHER_FIELDS: list[dict[str, Any]] = [
    {"registry": "0xd2C8E003ff845101F30F4066766b268480a4c975"},
    {"chain_id": 1},
    {"commitments_root": bytes(32)},
    {"eye_side": EyeSide.RIGHT},
    {"identity": IdentityCommitment(6)},
    {"captured_at": 1_800_000_001},
    {"nonce": bytes(32)},
]


def test_the_signature_is_that_of_the_vectors() -> None:
    recorded = json.loads(PATH.read_text())["attestation"]
    attestation = CaptureAttestation.from_bytes(recorded["encoded"].encode())
    assert "0x" + attestation.signature.hex() == recorded["signature"]
    assert recover_station(attestation) == recorded["station"]
    assert sign_capture(attestation.capture, STATION) == attestation


def test_the_station_that_signed_verifies() -> None:
    verify_attestation(ATTESTATION, STATION.address)


def test_another_station_than_the_signer_is_refused() -> None:
    with pytest.raises(VerificationError, match="was signed by"):
        verify_attestation(ATTESTATION, Account.create().address)


@pytest.mark.parametrize("change", OTHER_FIELDS, ids=lambda change: next(iter(change)))
def test_a_changed_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        verify_attestation(replace(ATTESTATION, capture=replace(CAPTURE, **change)), STATION.address)


@pytest.mark.parametrize("position", [0, 31, 33, 63])
def test_a_changed_signature_is_refused(position: int) -> None:
    changed = bytearray(ATTESTATION.signature)
    changed[position] ^= 1
    with pytest.raises(VerificationError):
        verify_attestation(replace(ATTESTATION, signature=bytes(changed)), STATION.address)


def test_a_signature_of_no_key_is_refused() -> None:
    with pytest.raises(VerificationError, match="not one of any key"):
        recover_station(replace(ATTESTATION, signature=bytes(64) + b"\x1b"))


def test_the_malleable_twin_of_a_signature_is_refused() -> None:
    r, s, v = ATTESTATION.signature[:32], int.from_bytes(ATTESTATION.signature[32:64], "big"), ATTESTATION.signature[64]
    twin = r + (SECP256K1_ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    with pytest.raises(EncodingError, match="upper half"):
        CaptureAttestation(CAPTURE, twin)


@pytest.mark.parametrize("v", [0, 1, 26, 29])
def test_a_signature_with_another_recovery_byte_is_refused(v: int) -> None:
    with pytest.raises(EncodingError, match="not 27 or 28"):
        CaptureAttestation(CAPTURE, ATTESTATION.signature[:64] + bytes([v]))


@pytest.mark.parametrize("length", [0, 64, 66])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(EncodingError, match="65 bytes"):
        CaptureAttestation(CAPTURE, bytes(length))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"registry": CAPTURE.registry.lower()}, "checksummed"),
        ({"registry": "0x00"}, "checksummed"),
        ({"chain_id": 0}, "chain id"),
        ({"chain_id": 1 << 256}, "chain id"),
        ({"captured_at": -1}, "capture time"),
        ({"captured_at": 1 << 64}, "capture time"),
        ({"commitments_root": bytes(31)}, "root has 31 bytes"),
        ({"nonce": bytes(33)}, "nonce has 33 bytes"),
    ],
)
def test_a_capture_that_no_contract_could_read_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(EncodingError, match=message):
        replace(CAPTURE, **change)


def test_an_attestation_survives_encoding() -> None:
    assert CaptureAttestation.from_bytes(ATTESTATION.to_bytes()) == ATTESTATION


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_an_attestation_of_another_version_is_refused(version: object) -> None:
    fields = json.loads(ATTESTATION.to_bytes()) | {"version": version}
    with pytest.raises(EncodingError, match="version"):
        CaptureAttestation.from_bytes(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"eye_side": 3},
        {"eye_side": "left"},
        {"identity_commitment": "05"},
        {"identity_commitment": "x"},
        {"identity_commitment": 5},
        {"nonce": "AB" * 32},
        {"nonce": 5},
        {"captured_at": 1.8e9},
        {"captured_at": "1800000000"},
        {"chain_id": True},
        {"signature": "zz"},
        {"registry": None},
        {"extra": 1},
    ],
    ids=str,
)
def test_an_attestation_in_any_other_form_is_refused(change: dict[str, Any]) -> None:
    fields = json.loads(ATTESTATION.to_bytes()) | change
    with pytest.raises(EncodingError):
        CaptureAttestation.from_bytes(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"5", b'{"version":1}', b"\xff", ATTESTATION.to_bytes() + b"\n"])
def test_bytes_that_are_no_attestation_are_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        CaptureAttestation.from_bytes(data)


def test_nonces_do_not_repeat() -> None:
    nonces = {new_nonce() for _ in range(100)}
    assert {len(nonce) for nonce in nonces} == {32}
    assert len(nonces) == 100
