"""A phone's station and its way into the vault, on keys of this machine: the same interfaces as the desktop's."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app import actions
from app.device import Device, this_device, use_device
from app.phone.key_store import SealedStore
from app.phone.station import P256Station
from app.station import SignedCapture, Station
from app.vault import Contents, Passphrase
from app.vault.captures import capture_secrets, signed_capture
from app.vault.device import DeviceStore
from circuits.semaphore.identity import Identity
from model.synthetic import capture, make_eye
from protocol.errors import ArtifactUnavailable, EncodingError, VerificationError
from protocol.types import EyeSide
from registry_contract.attestation import P256Attestation, capture_digest, read_attestation, verify_p256_attestation

REGISTRY, CHAIN = "0x" + "00" * 20, 31337
PASSPHRASE = Passphrase("correct horse battery")


class Signer:
    """A P-256 key in software, where a phone has one in hardware."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.asked = 0

    def point(self) -> tuple[int, int]:
        numbers = self.key.public_key().public_numbers()
        return numbers.x, numbers.y

    def sign_digest(self, digest: bytes) -> bytes:
        self.asked += 1
        return self.key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


class Cipher:
    """An AES key in software."""

    def __init__(self) -> None:
        self.key: AESGCM | None = AESGCM(bytes(32))
        self.opened = 0

    def seal(self, plain: bytes) -> bytes:
        assert self.key is not None
        return bytes(12) + self.key.encrypt(bytes(12), plain, None)

    def open(self, sealed: bytes) -> bytes:
        self.opened += 1
        if self.key is None:
            raise ArtifactUnavailable("the device's key store refused: it is gone")
        return self.key.decrypt(sealed[:12], sealed[12:], None)

    def forget(self) -> None:
        self.key = None


@pytest.fixture(scope="module")
def signed() -> tuple[Signer, SignedCapture]:
    signer = Signer()
    station: Station = P256Station(signer)
    iris = actions.unroll_eye(capture(make_eye(7), 1).image, EyeSide.LEFT, captured_at=int(time.time()))
    return signer, station.attest(iris, Identity(b"one").commitment, REGISTRY, CHAIN)


def test_station_signs_what_the_registry_checks(signed: tuple[Signer, SignedCapture]) -> None:
    signer, made = signed
    assert isinstance(made.attestation, P256Attestation)
    verify_p256_attestation(made.attestation, signer.point())
    assert made.attestation.capture.commitments_root == made.ladder.root
    assert made.attestation.capture.registry == REGISTRY
    assert signer.asked == 1
    assert P256Station(signer).name.lower().removeprefix("0x") == made.attestation.signature[64:].hex()


def test_capture_of_a_phone_s_station_survives_the_vault(signed: tuple[Signer, SignedCapture]) -> None:
    made = signed[1]
    again = signed_capture(made.attestation.to_bytes(), capture_secrets(made))
    assert again.attestation == made.attestation
    assert again.planes == made.planes


@pytest.mark.parametrize("length", [0, 64, 66, 83, 85])
def test_signature_of_neither_curve_is_refused(signed: tuple[Signer, SignedCapture], length: int) -> None:
    text = signed[1].attestation.to_bytes().decode()
    signature = signed[1].attestation.signature.hex()
    with pytest.raises(EncodingError):
        read_attestation(text.replace(signature, "11" * length).encode())


def test_key_store_that_signs_something_else_is_not_believed(signed: tuple[Signer, SignedCapture]) -> None:
    class Other(Signer):
        def sign_digest(self, digest: bytes) -> bytes:
            return super().sign_digest(bytes(reversed(digest)))

    words = signed[1].attestation.capture
    assert capture_digest(words) != bytes(reversed(capture_digest(words)))
    with pytest.raises(VerificationError):
        P256Station(Other()).sign(words)


@pytest.mark.usefixtures("cheap_argon")
def test_phone_s_key_opens_the_vault_and_asks(tmp_path: Path) -> None:
    cipher = Cipher()
    store: DeviceStore = SealedStore(tmp_path, cipher)
    before = this_device()
    use_device(Device(key_store=lambda: store))
    try:
        vault = actions.create_vault(tmp_path, PASSPHRASE)
        actions.remember_on_device(vault)
        Contents(vault).set_setting("seen", "yes")  # a save: the newest generation is remembered, without asking
        vault.lock()
        assert cipher.opened == 0
        opened = actions.unlock_on_device(tmp_path)
        assert cipher.opened == 1
        assert Contents(opened).setting("seen") == "yes"
        actions.forget_device(opened)
        opened.lock()
        with pytest.raises(ArtifactUnavailable, match="keeps no key"):
            actions.unlock_on_device(tmp_path)
    finally:
        use_device(before)


@pytest.mark.usefixtures("cheap_argon")
def test_phone_remembers_how_new_the_vault_is(tmp_path: Path) -> None:
    store = SealedStore(tmp_path, Cipher())
    before = this_device()
    use_device(Device(key_store=lambda: store))
    try:
        vault = actions.create_vault(tmp_path, PASSPHRASE)
        actions.remember_on_device(vault)
        old = actions.vault_path(tmp_path).read_bytes()
        Contents(vault).set_setting("seen", "yes")
        vault.lock()
        actions.vault_path(tmp_path).write_bytes(old)
        with pytest.raises(Exception, match="older"):
            actions.unlock_on_device(tmp_path)
    finally:
        use_device(before)


def test_file_of_the_key_store_shows_nothing_and_what_it_cannot_read_is_no_way_in(tmp_path: Path) -> None:
    from app.vault.device import Remembered
    from app.vault.slots import DeviceSecret

    store = SealedStore(tmp_path, Cipher())
    secret = DeviceSecret(b"s" * 32)
    store.remember(b"id", Remembered(secret, 3))
    (file,) = tmp_path.iterdir()
    assert (b"s" * 32).hex().encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert store.recall(b"id") == Remembered(secret, 3)
    for text in ("", "{}", '{"version": 2, "sealed": "", "generation": 1}'):
        file.write_text(text)
        assert store.recall(b"id") is None
