"""What the vault holds comes out as it went in, and one vote has one ballot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import back_up, needs_backup
from app.station import SignedCapture, SoftwareStation
from app.vault import AutoLock, Contents, OutboxKey, Passphrase, Receipt, StoredJob, Vault
from app.vault.captures import capture_secrets, signed_capture
from circuits.semaphore.identity import Identity
from model.pipeline.pipeline import normalize_eye
from model.synthetic import capture, make_eye
from protocol.errors import EncodingError, InputError, VerificationError
from protocol.types import EyeSide, Nullifier

PASSPHRASE = Passphrase("correct horse battery")
KEY = OutboxKey("0x" + "11" * 20, 3, Nullifier(5), 0)

pytestmark = pytest.mark.usefixtures("cheap_argon")


@pytest.fixture
def contents(tmp_path: Path) -> Iterator[Contents]:
    with Vault.create(tmp_path / "vault", PASSPHRASE) as vault:
        yield Contents(vault)


@pytest.fixture(scope="module")
def signed() -> SignedCapture:
    iris = normalize_eye(capture(make_eye(1), 1).image, eye_side=EyeSide.LEFT, captured_at=1_700_000_000)
    return SoftwareStation().attest(iris, Identity(b"one").commitment, "0x" + "11" * 20, 31337)


def _again(contents: Contents) -> Contents:
    contents.vault.lock()
    return Contents(Vault.unlock(contents.vault.path, PASSPHRASE))


def test_a_signed_capture_comes_out_as_it_went_in(contents: Contents, signed: SignedCapture) -> None:
    contents.add_identity(Identity(b"one"))
    root = contents.add_capture(signed)
    assert contents.add_capture(signed) == root
    again = _again(contents)
    found = again.capture(root)
    assert (found.planes, found.ladder, found.attestation) == (signed.planes, signed.ladder, signed.attestation)
    assert again.captures_of(Identity(b"one").commitment) == (root,)
    again.vault.lock()


def test_a_capture_of_another_form_is_refused(signed: SignedCapture) -> None:
    attestation, data = signed.attestation.to_bytes(), capture_secrets(signed)
    assert signed_capture(attestation, data).planes == signed.planes
    for bad in (
        b"",
        data[:1],
        b"\2" + data[1:],
        data[:-1],
        data[:-66],
        data[:5000],
        data + b"\0",
        b"\1\6\7" + data[3:],
    ):
        with pytest.raises((EncodingError, VerificationError)):
            signed_capture(attestation, bad)


def test_a_capture_with_commitments_that_nobody_signed_is_refused(signed: SignedCapture) -> None:
    data = capture_secrets(signed)
    first, second = data[-66:], data[-132:-66]
    swapped = data[:-132] + second[:2] + first[2:] + first[:2] + second[2:]
    with pytest.raises(VerificationError, match="not about this capture"):
        signed_capture(signed.attestation.to_bytes(), swapped)


def test_there_is_one_identity_at_a_time_and_the_old_ones_stay(contents: Contents) -> None:
    with pytest.raises(InputError, match="no identity yet"):
        contents.identity()
    contents.add_identity(Identity(b"one"))
    contents.add_identity(Identity(b"two"))
    contents.add_identity(Identity(b"three"), current=False)
    again = _again(contents)
    assert again.identity() == Identity(b"two")
    assert again.commitment() == str(Identity(b"two").commitment.value)
    assert again.identities() == (Identity(b"one"), Identity(b"two"), Identity(b"three"))
    again.make_current(Identity(b"one").commitment)
    assert again.identity() == Identity(b"one")
    with pytest.raises(InputError):
        again.make_current(Identity(b"nobody").commitment)
    assert again.identity() == Identity(b"one")
    again.vault.lock()


def test_one_vote_has_one_ballot_until_its_receipt_is_there(contents: Contents) -> None:
    contents.put_outbox(KEY, {"choice": "1"})
    with pytest.raises(InputError, match="on its way"):
        contents.put_outbox(KEY, {"choice": "2"})
    again = _again(contents)
    (entry,) = again.outbox()
    assert (entry.key, entry.ballot) == (KEY, {"choice": "1"})
    receipt = Receipt("vote", "3", {"choice": ["no"]}, 7)
    again.add_receipt(receipt, settled=KEY)
    again.add_receipt(receipt, settled=KEY)
    assert again.outbox() == ()
    assert again.receipts() == again.receipts("vote") == (receipt,)
    assert again.receipts("else") == ()
    again.vault.lock()


def test_a_backup_is_due_once_there_is_something_that_cannot_be_made_again(contents: Contents, tmp_path: Path) -> None:
    vault = contents.vault
    assert not needs_backup(vault)
    contents.add_identity(Identity(b"one"))
    assert needs_backup(vault)
    back_up(vault, tmp_path / "backup")
    contents.set_setting("word", 1)
    assert not needs_backup(vault)
    contents.add_identity(Identity(b"two"))
    assert needs_backup(vault)


def test_jobs_are_listed_by_state(contents: Contents) -> None:
    job = StoredJob("enroll-1", "enroll", {"n": 1}, None, "open", 5)
    contents.put_job(job)
    assert contents.jobs() == contents.jobs("open") == (job,)
    assert contents.jobs("done") == ()
    contents.drop_job("enroll-1")
    assert contents.jobs() == ()


def test_nothing_private_shows_up_in_a_repr(contents: Contents, signed: SignedCapture) -> None:
    contents.put_outbox(KEY, {"choice": "marked"})
    shown = repr(contents.outbox()) + repr(Receipt("vote", "3", {"choice": "marked"}, 0)) + repr(contents.vault)
    assert "marked" not in shown
    assert PASSPHRASE.text not in shown + repr(PASSPHRASE)


@pytest.mark.parametrize(("idle_s", "is_locked"), [(59.9, False), (60.0, True)])
def test_the_vault_locks_after_a_while_without_a_touch(contents: Contents, idle_s: float, is_locked: bool) -> None:
    now = 0.0
    lock = AutoLock(contents.vault, 60.0, lambda: now)
    now = 50.0
    lock.touch()
    now += idle_s
    assert lock.check() is is_locked
    assert contents.vault.is_open is not is_locked


def test_a_touch_after_the_time_has_run_out_does_not_undo_the_lock(contents: Contents) -> None:
    now = 0.0
    lock = AutoLock(contents.vault, 60.0, lambda: now)
    now = 61.0
    lock.touch()
    assert not contents.vault.is_open
    assert lock.remaining_s() == 0
