"""The public part of a request to the committee. The nodes compare its digest, and the boxes are bound to it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from enum import Enum
from typing import Any

from protocol.errors import EncodingError
from protocol.types import EyeSide, G1Point, IdentityCommitment
from uniqueness.constants import PARTIES

__all__ = [
    "MAX_REQUEST_BYTES",
    "REQUEST_VERSION",
    "RequestKind",
    "UniquenessRequest",
    "bundle_digest",
    "new_request_id",
]

REQUEST_VERSION = 1
MAX_REQUEST_BYTES = 4096
_LABEL = b"irisproof uniqueness request v1\0"
_BUNDLE_LABEL = b"irisproof uniqueness bundle v1\0"


class RequestKind(Enum):
    """Which verdict is asked for."""

    UNIQUE = "unique"
    SAME_PERSON = "same-person"
    STORED = "stored"


Commitments = tuple[G1Point, ...]


@dataclass(frozen=True)
class UniquenessRequest:
    """Who asks for what, until when, and the raw commitments to the three shares of the code and of the mask.

    Raises `EncodingError` for values that no request has.
    """

    kind: RequestKind
    chain_id: int
    registry: str
    """Checksummed address of the registry contract."""
    identity: IdentityCommitment
    model_id: int
    network: str
    eye_side: EyeSide
    proof_sha256: bytes
    code_shares: Commitments
    mask_shares: Commitments
    request_id: bytes
    expires_at: int
    """Unix time, seconds."""

    def __post_init__(self) -> None:
        numbers = (("chain id", self.chain_id, 256), ("model id", self.model_id, 64), ("expiry", self.expires_at, 64))
        for name, number, bits in numbers:
            if type(number) is not int or not 0 <= number < 1 << bits:
                raise EncodingError(f"the {name} is not an unsigned integer of {bits} bits")
        for name, value in (("proof's hash", self.proof_sha256), ("request id", self.request_id)):
            if len(value) != 32:
                raise EncodingError(f"the {name} has {len(value)} bytes, not 32")
        if len(self.code_shares) != PARTIES or len(self.mask_shares) != PARTIES:
            raise EncodingError("a request carries three commitments of the code's shares and three of the mask's")
        if len(self.registry) != 42 or not self.registry.startswith("0x"):
            raise EncodingError("the registry's address is not an address")

    @property
    def digest(self) -> bytes:
        """32 bytes. Nodes that hold one digest hold shares of one vector: the commitments are in it."""
        return hashlib.sha256(_LABEL + self.to_bytes()).digest()

    def box_context(self, node: int) -> bytes:
        """What the box with `node`'s shares is sealed for."""
        return self.digest + bytes([node])

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, ASCII."""
        fields = {
            "version": REQUEST_VERSION,
            "kind": self.kind.value,
            "chain_id": self.chain_id,
            "registry": self.registry,
            "identity_commitment": str(self.identity.value),
            "model_id": self.model_id,
            "network": self.network,
            "eye_side": self.eye_side.value,
            "proof_sha256": self.proof_sha256.hex(),
            "code_shares": [point.to_bytes().hex() for point in self.code_shares],
            "mask_shares": [point.to_bytes().hex() for point in self.mask_shares],
            "request_id": self.request_id.hex(),
            "expires_at": self.expires_at,
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> UniquenessRequest:
        """Raises `EncodingError` for another version, more than 4 KiB, or what `to_bytes` would not have written."""
        if len(data) > MAX_REQUEST_BYTES:
            raise EncodingError(f"a request has at most {MAX_REQUEST_BYTES} bytes, not {len(data)}")
        try:
            fields = json.loads(data)
            version = fields["version"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise EncodingError("the request cannot be read") from error
        if version != REQUEST_VERSION:
            raise EncodingError(f"the request is of version {version!r}; this program reads {REQUEST_VERSION}")
        try:
            request = _request_of(fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EncodingError("the request cannot be read") from error
        if request.to_bytes() != data:
            raise EncodingError("the request is not in its canonical form")
        return request


def _request_of(fields: dict[str, Any]) -> UniquenessRequest:
    return UniquenessRequest(
        kind=RequestKind(fields["kind"]),
        chain_id=fields["chain_id"],
        registry=fields["registry"],
        identity=IdentityCommitment(int(fields["identity_commitment"])),
        model_id=fields["model_id"],
        network=fields["network"],
        eye_side=EyeSide(fields["eye_side"]),
        proof_sha256=bytes.fromhex(fields["proof_sha256"]),
        code_shares=_points(fields["code_shares"]),
        mask_shares=_points(fields["mask_shares"]),
        request_id=bytes.fromhex(fields["request_id"]),
        expires_at=fields["expires_at"],
    )


def _points(encoded: list[str]) -> Commitments:
    return tuple(G1Point.from_bytes(bytes.fromhex(point)) for point in encoded)


def bundle_digest(requests: tuple[UniquenessRequest, ...]) -> bytes:
    """32 bytes: what the nodes compare of one person's requests."""
    return hashlib.sha256(_BUNDLE_LABEL + b"".join(request.digest for request in requests)).digest()


def new_request_id() -> bytes:
    """32 random bytes: a request is served once."""
    return secrets.token_bytes(32)
