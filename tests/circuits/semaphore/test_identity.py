"""Identities equal those of `@semaphore-protocol/identity`, and their secrets stay out of sight."""

import dataclasses
import json
import pickle
from pathlib import Path

import pytest

from circuits.semaphore.babyjubjub import BASE8, SUBGROUP_ORDER, add, is_on_curve, multiply
from circuits.semaphore.identity import Identity, Signature, verify_signature
from protocol.errors import EncodingError, InputError, VerificationError
from protocol.field import SCALAR_FIELD

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "semaphore.json").read_text())
MESSAGE = 42


def _point(pair):
    return int(pair[0]), int(pair[1])


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity(b"a test's identity")


@pytest.fixture(scope="module")
def signature(identity) -> Signature:
    return identity.sign(MESSAGE)


def test_identity_with_an_empty_secret_is_refused():
    with pytest.raises(InputError, match="must not be empty"):
        Identity(b"")


def test_identity_shows_no_secret_in_repr_after_use():
    identity = Identity(b"\x11" * 32)
    assert identity.commitment
    assert identity.sign(1)
    shown = repr(identity) + str(identity)
    for secret in ("11" * 8, "x11", str(identity.secret_scalar), hex(identity.secret_scalar)):
        assert secret not in shown


def test_identity_is_frozen(identity):
    with pytest.raises(dataclasses.FrozenInstanceError):
        identity.secret = b"other"


@pytest.mark.parametrize("vector", VECTORS["ids"], ids=lambda vector: vector["sk"][:12])
def test_identity_and_signature_equal_the_vector(vector):
    identity = Identity(vector["sk"].encode())
    assert identity.secret_scalar == int(vector["scalar"])
    assert identity.public_key == _point(vector["pub"])
    assert identity.commitment.value == int(vector["com"])
    signature = identity.sign(MESSAGE)
    assert signature == Signature(_point(vector["sig"]["R8"]), int(vector["sig"]["S"]))
    verify_signature(MESSAGE, signature, identity.public_key)


def test_identity_from_bytes_equals_the_vector():
    vector = VECTORS["idbuf"]
    identity = Identity(bytes.fromhex(vector["hex"]))
    assert identity.secret_scalar == int(vector["scalar"])
    assert identity.public_key == _point(vector["pub"])
    assert identity.commitment.value == int(vector["com"])


def test_new_identities_have_32_bytes_and_are_unlike():
    first, second = Identity.create(), Identity.create()
    assert len(first.secret) == len(second.secret) == 32
    assert first.commitment != second.commitment
    assert 0 < first.secret_scalar < SUBGROUP_ORDER


def test_identity_survives_pickling_to_another_process(identity):
    assert pickle.loads(pickle.dumps(identity)).commitment == identity.commitment


def test_signature_on_another_message_is_refused(identity, signature):
    with pytest.raises(VerificationError, match="does not belong"):
        verify_signature(MESSAGE + 1, signature, identity.public_key)


def test_signature_of_another_key_is_refused(signature):
    with pytest.raises(VerificationError, match="does not belong"):
        verify_signature(MESSAGE, signature, Identity(b"another").public_key)


def test_signature_with_another_r_or_s_is_refused(identity, signature):
    with pytest.raises(VerificationError, match="does not belong"):
        verify_signature(MESSAGE, Signature(add(signature.r8, BASE8), signature.s), identity.public_key)
    with pytest.raises(VerificationError, match="does not belong"):
        verify_signature(MESSAGE, Signature(signature.r8, (signature.s + 1) % SUBGROUP_ORDER), identity.public_key)


def test_signature_with_values_that_are_not_canonical_is_refused(identity, signature):
    (x, y), s, key = signature.r8, signature.s, identity.public_key
    cases = [
        (MESSAGE + SCALAR_FIELD, signature, key),
        (MESSAGE, Signature((x, y), s + SUBGROUP_ORDER), key),
        (MESSAGE, Signature((x, y), -1), key),
        (MESSAGE, Signature((x + SCALAR_FIELD, y), s), key),
        (MESSAGE, Signature((x, y + SCALAR_FIELD), s), key),
        (MESSAGE, signature, (key[0] + SCALAR_FIELD, key[1])),
        (MESSAGE, signature, (key[0], key[1] - SCALAR_FIELD)),
    ]
    for case in cases:
        with pytest.raises(VerificationError, match="not canonical"):
            verify_signature(*case)


def test_signature_with_points_off_the_curve_is_refused(identity, signature):
    for r8, key in (((1, 1), identity.public_key), (signature.r8, (1, 1))):
        with pytest.raises(VerificationError, match="not on the curve"):
            verify_signature(MESSAGE, Signature(r8, signature.s), key)


def test_message_that_is_not_canonical_is_not_signed(identity):
    with pytest.raises(EncodingError, match="not canonical"):
        identity.sign(SCALAR_FIELD)
    identity.sign(SCALAR_FIELD - 1)


def test_base_point_has_order_l_and_lies_on_the_curve():
    assert is_on_curve(BASE8)
    assert not is_on_curve((BASE8[0], BASE8[1] + 1))
    assert multiply(BASE8, SUBGROUP_ORDER) == (0, 1)
    assert multiply(BASE8, SUBGROUP_ORDER + 1) == BASE8
