"""A signed capture as bytes: what the vault keeps, and what a worker is given on its standard input."""

from __future__ import annotations

from collections.abc import Iterator

from app.station import SignedCapture
from protocol.errors import EncodingError, VerificationError
from protocol.types import G1Point, Plane, PlaneCommitment, PlaneName, SaltedPlane
from registry_contract.attestation import read_attestation
from registry_contract.ladder import CaptureLadder

__all__ = ["CAPTURE_VERSION", "capture_secrets", "signed_capture"]

CAPTURE_VERSION = 1

_ORDER = tuple(PlaneName)
_SALT_BYTES = 32
_COMMITMENT_BYTES = 2 + 64


def capture_secrets(capture: SignedCapture) -> bytes:
    """Planes, salts and commitments: version (1 byte), number of planes (1), each plane as its number (1), salts (1),
    the cells, the salts (32 bytes each, big-endian); then the commitments, each as plane (1), k (1), point (64)."""
    parts = [bytes([CAPTURE_VERSION, len(capture.planes)])]
    for name, salted in sorted(capture.planes.items(), key=lambda entry: _ORDER.index(entry[0])):
        parts += [bytes([_ORDER.index(name), len(salted.salts)]), salted.plane.cells]
        parts += [salt.to_bytes(_SALT_BYTES, "big") for salt in salted.salts]
    for commitment in capture.ladder.commitments:
        parts += [bytes([_ORDER.index(commitment.plane), commitment.k]), commitment.point.to_bytes()]
    return b"".join(parts)


def signed_capture(attestation: bytes, secrets: bytes) -> SignedCapture:
    """The capture of these bytes. Raises `EncodingError` for another form, `VerificationError` where the attestation
    is about other commitments. The caller owes: that the commitments are of the planes; the prover checks it."""
    try:
        planes, ladder = _parse(secrets)
    except (IndexError, ValueError) as error:
        raise EncodingError("the capture cannot be read") from error
    signed = read_attestation(attestation)
    if signed.capture.commitments_root != ladder.root:
        raise VerificationError("the attestation is not about this capture")
    return SignedCapture(planes, ladder, signed)


def _parse(data: bytes) -> tuple[dict[PlaneName, SaltedPlane], CaptureLadder]:
    if data[0] != CAPTURE_VERSION:
        raise EncodingError(f"the capture is of version {data[0]}; this program reads {CAPTURE_VERSION}")
    planes: dict[PlaneName, SaltedPlane] = {}
    at = 2
    for _ in range(data[1]):
        name, salts = _ORDER[data[at]], data[at + 1]
        cells, at = at + 2, at + 2 + name.cells
        plane, first = Plane(name, data[cells:at]), at
        at += _SALT_BYTES * salts
        planes[name] = SaltedPlane(plane, tuple(_numbers(data[first:at], salts)))
    rest = data[at:]
    if len(rest) % _COMMITMENT_BYTES or len(planes) != data[1]:
        raise EncodingError("the capture cannot be read")
    return planes, CaptureLadder(tuple(_commitments(rest)))


def _numbers(data: bytes, count: int) -> Iterator[int]:
    if len(data) != _SALT_BYTES * count:
        raise EncodingError("the capture cannot be read")
    for at in range(0, len(data), _SALT_BYTES):
        yield int.from_bytes(data[at : at + _SALT_BYTES], "big")


def _commitments(data: bytes) -> Iterator[PlaneCommitment]:
    for at in range(0, len(data), _COMMITMENT_BYTES):
        point = G1Point.from_bytes(data[at + 2 : at + _COMMITMENT_BYTES])
        yield PlaneCommitment(_ORDER[data[at]], data[at + 1], point)
