"""A capture station's word: the EIP-712 signature over one capture, for one identity, one registry and one chain."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from protocol.errors import EncodingError, VerificationError
from protocol.types import EyeSide, IdentityCommitment

__all__ = [
    "ATTESTATION_VERSION",
    "Attestation",
    "Capture",
    "CaptureAttestation",
    "P256Attestation",
    "capture_digest",
    "new_nonce",
    "p256_attestation",
    "p256_station_name",
    "read_attestation",
    "recover_station",
    "sign_capture",
    "verify_attestation",
    "verify_p256_attestation",
]

ATTESTATION_VERSION = 1

_CAPTURE_FIELDS = [
    {"name": "commitmentsRoot", "type": "bytes32"},
    {"name": "eyeSide", "type": "uint8"},
    {"name": "identityCommitment", "type": "uint256"},
    {"name": "capturedAt", "type": "uint64"},
    {"name": "nonce", "type": "bytes32"},
]

# Order of the group of secp256k1; of s and n - s, which sign the same, only the smaller counts (EIP-2).
_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_P256_SIGNATURE_BYTES = 84
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Capture:
    """What a station signs. It binds the planes' commitments to one identity: to another the proof is of no use."""

    registry: str
    """Checksummed address of the registry contract."""
    chain_id: int
    commitments_root: bytes
    eye_side: EyeSide
    identity: IdentityCommitment
    captured_at: int
    """Unix time, seconds."""
    nonce: bytes

    def __post_init__(self) -> None:
        if not is_checksum_address(self.registry):
            raise EncodingError("the registry's address is not a checksummed address")
        for name, number in (("chain id", self.chain_id), ("capture time", self.captured_at)):
            if type(number) is not int:  # a float or a bool would be signed as the number it equals
                raise EncodingError(f"the {name} is not an integer")
        if not 0 < self.chain_id < 1 << 256:
            raise EncodingError(f"chain id {self.chain_id} lies outside 1..2^256-1")
        if not 0 <= self.captured_at < 1 << 64:
            raise EncodingError(f"capture time {self.captured_at} lies outside 0..2^64-1")
        for name, value in (("commitments root", self.commitments_root), ("nonce", self.nonce)):
            if len(value) != 32:
                raise EncodingError(f"the {name} has {len(value)} bytes, not 32")

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `Capture`; registry and chain stand in the domain."""
        return {
            "commitmentsRoot": self.commitments_root,
            "eyeSide": self.eye_side.value,
            "identityCommitment": self.identity.value,
            "capturedAt": self.captured_at,
            "nonce": self.nonce,
        }

    def signable(self) -> SignableMessage:
        """The EIP-712 message, domain included."""
        domain = {
            "name": "irisproof",
            "version": str(ATTESTATION_VERSION),
            "chainId": self.chain_id,
            "verifyingContract": self.registry,
        }
        return encode_typed_data(domain, {"Capture": _CAPTURE_FIELDS}, self.to_abi())


@dataclass(frozen=True)
class CaptureAttestation:
    """A capture and its station's signature: r, s, v in 65 bytes, in the one form that contracts accept."""

    capture: Capture
    signature: bytes

    def __post_init__(self) -> None:
        if len(self.signature) != 65:
            raise EncodingError(f"a station's signature has 65 bytes, not {len(self.signature)}")
        if int.from_bytes(self.signature[32:64], "big") > _SECP256K1_ORDER // 2:
            raise EncodingError("the station's signature is not canonical: s lies in the upper half")
        if self.signature[64] not in (27, 28):
            raise EncodingError(f"the station's signature is not canonical: v is {self.signature[64]}, not 27 or 28")

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, ASCII."""
        return _encoded(self.capture, self.signature)

    @classmethod
    def from_bytes(cls, data: bytes) -> CaptureAttestation:
        """Raises `EncodingError` for another version, or for anything that `to_bytes` would not have written."""
        return cls(*_decoded(data))


@dataclass(frozen=True)
class P256Attestation:
    """A capture and the signature of a station whose key is of P-256, as phones and secure elements hold them.

    `signature`: r, s (32 bytes each, s in the lower half) and the station's name, the last 20 bytes of keccak256(x, y).
    The contract verifies it; this value only has the right form.
    """

    capture: Capture
    signature: bytes

    def __post_init__(self) -> None:
        if len(self.signature) != _P256_SIGNATURE_BYTES:
            raise EncodingError(f"a P-256 station's signature has 84 bytes, not {len(self.signature)}")
        if int.from_bytes(self.signature[32:64], "big") > _P256_ORDER // 2:
            raise EncodingError("the station's signature is not canonical: s lies in the upper half")

    def to_bytes(self) -> bytes:
        """Canonical JSON, in the same form as `CaptureAttestation`'s: the signature's length tells the curve."""
        return _encoded(self.capture, self.signature)


Attestation = CaptureAttestation | P256Attestation
"""A station's word, of either curve."""


def read_attestation(data: bytes) -> Attestation:
    """Of either curve. Raises `EncodingError` for another version, or for anything that `to_bytes` would not have
    written."""
    capture, signature = _decoded(data)
    form = P256Attestation if len(signature) == _P256_SIGNATURE_BYTES else CaptureAttestation
    return form(capture, signature)


def _encoded(capture: Capture, signature: bytes) -> bytes:
    fields = {
        "version": ATTESTATION_VERSION,
        "registry": capture.registry,
        "chain_id": capture.chain_id,
        "commitments_root": capture.commitments_root.hex(),
        "eye_side": capture.eye_side.value,
        "identity_commitment": str(capture.identity.value),
        "captured_at": capture.captured_at,
        "nonce": capture.nonce.hex(),
        "signature": signature.hex(),
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def _decoded(data: bytes) -> tuple[Capture, bytes]:
    try:
        fields = json.loads(data)
        version = fields["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise EncodingError("the attestation cannot be read") from error
    if version != ATTESTATION_VERSION:
        raise EncodingError(f"the attestation is of version {version!r}; this program reads {ATTESTATION_VERSION}")
    try:
        capture, signature = _capture_of(fields), bytes.fromhex(fields["signature"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncodingError("the attestation cannot be read") from error
    if _encoded(capture, signature) != data:
        raise EncodingError("the attestation is not in its canonical form")
    return capture, signature


def p256_attestation(capture: Capture, point: tuple[int, int], signed: tuple[int, int]) -> P256Attestation:
    """Put together what a P-256 key's holder returns for `capture_digest`: its public point (x, y) and (r, s).

    Of s and n - s, which sign the same, the smaller is taken.
    """
    r, s = signed
    name = p256_station_name(point)
    low = min(s, _P256_ORDER - s)
    return P256Attestation(capture, r.to_bytes(32, "big") + low.to_bytes(32, "big") + name)


def p256_station_name(point: tuple[int, int]) -> bytes:
    """The 20 bytes by which the registry lists the station of a P-256 key with the public point (x, y)."""
    x, y = point
    return keccak(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]


def capture_digest(capture: Capture) -> bytes:
    """The 32 bytes that a station's key signs, as they are, without hashing them again."""
    message = capture.signable()
    return keccak(b"\x19" + message.version + message.header + message.body)


def _capture_of(fields: dict[str, Any]) -> Capture:
    return Capture(
        registry=fields["registry"],
        chain_id=fields["chain_id"],
        commitments_root=bytes.fromhex(fields["commitments_root"]),
        eye_side=EyeSide(fields["eye_side"]),
        identity=IdentityCommitment(int(fields["identity_commitment"])),
        captured_at=fields["captured_at"],
        nonce=bytes.fromhex(fields["nonce"]),
    )


def new_nonce() -> bytes:
    """32 random bytes: an attestation is good for one enrolment."""
    return secrets.token_bytes(32)


def sign_capture(capture: Capture, station: LocalAccount) -> CaptureAttestation:
    """Sign as a software station. A real one does this in its own hardware."""
    return CaptureAttestation(capture, bytes(station.sign_message(capture.signable()).signature))


def recover_station(attestation: CaptureAttestation) -> str:
    """Checksummed address of whoever signed. Raises `VerificationError` for a signature of nobody."""
    try:
        address: str = Account.recover_message(attestation.capture.signable(), signature=attestation.signature)
    except Exception as error:  # eth-account passes on whatever its backend raises
        raise VerificationError("the station's signature is not one of any key") from error
    return address


def verify_attestation(attestation: CaptureAttestation, station: str) -> None:
    """Raises `VerificationError` unless `station` signed this capture.

    The signature's form was checked at birth. The caller owes: that the station is active in the registry, that the
    registry and chain are the ones meant, freshness, the nonce, and that the commitments lie under the root.
    """
    signer = recover_station(attestation)
    if signer != station:
        raise VerificationError(f"the capture was signed by {signer}, not by {station}")


def verify_p256_attestation(attestation: P256Attestation, point: tuple[int, int]) -> None:
    """Raises `VerificationError` unless the P-256 key with the public point (x, y) signed this capture.

    The caller owes what `verify_attestation` leaves to it; that the key is listed under the station's name is checked.
    """
    x, y = point
    if p256_station_name(point) != attestation.signature[64:]:
        raise VerificationError("the capture names another station than the one of this key")
    r, s = (int.from_bytes(attestation.signature[start : start + 32], "big") for start in (0, 32))
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        signed = utils.encode_dss_signature(r, s)
        key.verify(signed, capture_digest(attestation.capture), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError) as error:
        raise VerificationError("the station's signature is not one of its key") from error
