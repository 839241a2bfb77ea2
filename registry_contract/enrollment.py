"""What goes to the registry to come in, to attest again, to recover or to upgrade. Nothing private is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from protocol.errors import EncodingError, VerificationError
from protocol.types import CodeProof
from registry_contract.attestation import Attestation
from registry_contract.ladder import CaptureLadder
from registry_contract.model import ReadsPlanes

__all__ = ["CodeEvidence", "Enrollment", "code_evidence", "prepare_enrollment"]


@dataclass(frozen=True)
class CodeEvidence:
    """One code of a capture: the proof, where its commitments stand under the signed root, and the committee's verdict
    (`SignedVerdict.to_bytes()`; empty in a registry without a committee)."""

    model_id: int
    proof: CodeProof
    texture_path: tuple[bytes, ...]
    mask_path: tuple[bytes, ...]
    verdict: bytes = b""

    def with_verdict(self, verdict: bytes) -> CodeEvidence:
        """The same code with the committee's verdict about it."""
        return replace(self, verdict=verdict)

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `CodeEvidence`."""
        return {
            "modelId": self.model_id,
            "proof": self.proof.proof,
            "texturePath": self.texture_path,
            "maskPath": self.mask_path,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class Enrollment:
    """A signed capture with one code for every live model: the group's, then the upcoming one's in a grace period.
    A member without a leaf there may leave the second out of a new attestation or a recovery."""

    attestation: Attestation
    codes: tuple[CodeEvidence, ...]

    def __post_init__(self) -> None:
        if not self.codes:
            raise EncodingError("an enrolment has at least one code")

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `Enrollment`."""
        return {
            "capture": self.attestation.capture.to_abi(),
            "stationSignature": self.attestation.signature,
            "codes": [code.to_abi() for code in self.codes],
        }


def code_evidence(
    model: ReadsPlanes, model_id: int, ladder: CaptureLadder, proof: CodeProof, verdict: bytes = b""
) -> CodeEvidence:
    """The evidence for one code: the Merkle paths are those of the planes and the k that the model's circuit reads.

    Raises `EncodingError` where the capture has no commitment that the model needs.
    """
    texture_path, mask_path = ladder.path(model.texture_plane, model.k), ladder.path(model.mask_plane, model.k)
    return CodeEvidence(model_id, proof, texture_path, mask_path, verdict)


def prepare_enrollment(ladder: CaptureLadder, attestation: Attestation, *codes: CodeEvidence) -> Enrollment:
    """Put an enrolment together. Raises `VerificationError` where the attestation is about other commitments."""
    if attestation.capture.commitments_root != ladder.root:
        raise VerificationError("the attestation is not about these commitments")
    return Enrollment(attestation, codes)
