"""Semaphore V4 identities: a secret, the key pair that follows from it, and the commitment that goes on chain.

Equal to `@semaphore-protocol/identity` 4.14 (EdDSA-Poseidon of `@zk-kit/eddsa-poseidon`, BLAKE-512 key expansion).
The arithmetic is not constant-time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cached_property

from circuits.semaphore._blake512 import blake512
from circuits.semaphore.babyjubjub import BASE8, SUBGROUP_ORDER, EdwardsPoint, add, is_on_curve, multiply
from circuits.semaphore.poseidon import poseidon
from protocol.errors import InputError, VerificationError
from protocol.field import SCALAR_FIELD, require_scalar
from protocol.types import IdentityCommitment

__all__ = ["Identity", "Signature", "verify_signature"]

_SECRET_BYTES = 32


@dataclass(frozen=True)
class Signature:
    """EdDSA-Poseidon: a point of the curve and a scalar."""

    r8: EdwardsPoint
    s: int


@dataclass(frozen=True)
class Identity:
    """A Semaphore V4 identity. `secret` is any bytes, as in V4; its strength is that of whoever chose it.

    Whoever has the secret has the votes. It never shows up in `repr`, and neither does the scalar made from it.
    Raises `InputError` for an empty secret.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secret:
            raise InputError("an identity secret must not be empty")

    @classmethod
    def create(cls) -> Identity:
        """A new identity from 32 bytes of the operating system's randomness."""
        return cls(secrets.token_bytes(_SECRET_BYTES))

    @cached_property
    def secret_scalar(self) -> int:
        """The private input of the circuit, 0 <= value < l. As secret as `secret`."""
        return (self._pruned >> 3) % SUBGROUP_ORDER

    @cached_property
    def public_key(self) -> EdwardsPoint:
        """secret_scalar times the base point."""
        return multiply(BASE8, self.secret_scalar)

    @cached_property
    def commitment(self) -> IdentityCommitment:
        """Poseidon of the public key: the leaf."""
        return IdentityCommitment(poseidon(self.public_key))

    def sign(self, message: int) -> Signature:
        """Sign a field element; deterministic. Raises `EncodingError` if it is not canonical."""
        require_scalar(message, "message")
        seed = self._expanded[32:] + message.to_bytes(32, "little")
        nonce = int.from_bytes(blake512(seed), "little") % SUBGROUP_ORDER
        r8 = multiply(BASE8, nonce)
        challenge = poseidon([*r8, *self.public_key, message])
        return Signature(r8, (nonce + challenge * self._pruned) % SUBGROUP_ORDER)

    @cached_property
    def _expanded(self) -> bytes:
        return blake512(self.secret)

    @property
    def _pruned(self) -> int:
        """The first half as a scalar, its bits clamped as in EdDSA (RFC 8032, 5.1.5)."""
        half = bytearray(self._expanded[:32])
        half[0] &= 0xF8
        half[31] = half[31] & 0x7F | 0x40
        return int.from_bytes(half, "little")


def verify_signature(message: int, signature: Signature, public_key: EdwardsPoint) -> None:
    """Check an EdDSA-Poseidon signature.

    1. The message and all coordinates are canonical, and s < l (else one signature has several forms).
    2. R and the public key are on the curve.
    3. s B8 = R + 8 Poseidon(R, A, message) A.

    The caller owes: that the public key is the one it means, by its commitment. Raises `VerificationError`.
    """
    values = (message, *signature.r8, *public_key)
    if any(not 0 <= value < SCALAR_FIELD for value in values) or not 0 <= signature.s < SUBGROUP_ORDER:  # 1
        raise VerificationError("the signature is false: a value is not canonical")
    if not is_on_curve(signature.r8) or not is_on_curve(public_key):  # 2
        raise VerificationError("the signature is false: a point is not on the curve")
    challenge = poseidon([*signature.r8, *public_key, message])
    if multiply(BASE8, signature.s) != add(signature.r8, multiply(public_key, 8 * challenge)):  # 3
        raise VerificationError("the signature does not belong to this message and key")
