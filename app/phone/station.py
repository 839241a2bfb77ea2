"""The phone as a capture station: its own P-256 key in hardware signs what its camera saw."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_utils.address import to_checksum_address

from app.station import SignedCapture, attest_with
from protocol.types import IdentityCommitment, NormalizedIris
from registry_contract.attestation import (
    Capture,
    P256Attestation,
    capture_digest,
    p256_attestation,
    p256_station_name,
    verify_p256_attestation,
)

__all__ = ["P256Signer", "P256Station"]


class P256Signer(Protocol):
    """A P-256 key that never leaves its place. Both raise `ArtifactUnavailable` where it is gone or not to be used."""

    def point(self) -> tuple[int, int]: ...
    def sign_digest(self, digest: bytes) -> bytes: ...


class P256Station:
    """A station, as `app.station.SoftwareStation` is one, whose key is of P-256."""

    def __init__(self, signer: P256Signer) -> None:
        self._signer = signer

    @property
    def name(self) -> str:
        """The checksummed address by which the registry lists it, once its public point went through the timelock."""
        return str(to_checksum_address(p256_station_name(self._signer.point())))

    def attest(self, iris: NormalizedIris, identity: IdentityCommitment, registry: str, chain_id: int) -> SignedCapture:
        """As `Station.attest`; the signature is verified before it is handed out."""
        return attest_with(self.sign, iris, identity, (registry, chain_id))

    def sign(self, capture: Capture) -> P256Attestation:
        """Sign a capture's public words. Raises `VerificationError` where the key store returned something else."""
        point = self._signer.point()
        signed = decode_dss_signature(self._signer.sign_digest(capture_digest(capture)))
        attestation = p256_attestation(capture, point, signed)
        verify_p256_attestation(attestation, point)
        return attestation
