"""What a client sends a node beside the request and the shares: the station's word and the Merkle paths.

Registry, chain, identity and eye side are not in it: they are those of the request, so that evidence about anything
else does not hold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from protocol.errors import EncodingError
from registry_contract.attestation import Capture
from registry_contract.enrollment import CodeEvidence
from uniqueness.request import UniquenessRequest

__all__ = ["EVIDENCE_VERSION", "Evidence"]

EVIDENCE_VERSION = 1


@dataclass(frozen=True)
class Evidence:
    """`signature` is the station's: 65 bytes, or 84 of P-256. For `Stored` the chain has the capture's root, and the
    capture's own words are not looked at."""

    commitments_root: bytes
    captured_at: int
    nonce: bytes
    signature: bytes
    texture_path: tuple[bytes, ...]
    mask_path: tuple[bytes, ...]

    @classmethod
    def of(cls, capture: Capture, signature: bytes, code: CodeEvidence) -> Evidence:
        """From the parts of an enrolment."""
        root, at, nonce = capture.commitments_root, capture.captured_at, capture.nonce
        return cls(root, at, nonce, signature, code.texture_path, code.mask_path)

    def capture(self, request: UniquenessRequest) -> Capture:
        """What the station must have signed. Raises `EncodingError`."""
        return Capture(
            request.registry,
            request.chain_id,
            self.commitments_root,
            request.eye_side,
            request.identity,
            self.captured_at,
            self.nonce,
        )

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        fields = {
            "version": EVIDENCE_VERSION,
            "commitments_root": self.commitments_root.hex(),
            "captured_at": self.captured_at,
            "nonce": self.nonce.hex(),
            "signature": self.signature.hex(),
            "texture_path": [node.hex() for node in self.texture_path],
            "mask_path": [node.hex() for node in self.mask_path],
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Evidence:
        """Raises `EncodingError` for another version, or what `to_bytes` would not have written."""
        try:
            fields = json.loads(data)
            if fields["version"] != EVIDENCE_VERSION:
                raise EncodingError(f"the evidence is of version {fields['version']!r}")
            evidence = cls(
                bytes.fromhex(fields["commitments_root"]),
                fields["captured_at"],
                bytes.fromhex(fields["nonce"]),
                bytes.fromhex(fields["signature"]),
                tuple(bytes.fromhex(node) for node in fields["texture_path"]),
                tuple(bytes.fromhex(node) for node in fields["mask_path"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise EncodingError("the evidence cannot be read") from error
        if any(len(node) != 32 for node in (*evidence.texture_path, *evidence.mask_path)):
            raise EncodingError("a node of a path has 32 bytes")
        if evidence.to_bytes() != data:
            raise EncodingError("the evidence is not in its canonical form")
        return evidence
