"""What the registry is told about an iris network and its circuit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from protocol.errors import EncodingError
from protocol.types import G1Point, PlaneName
from registry_contract.contracts import ContractArtifact
from registry_contract.ladder import plane_hash

__all__ = ["ModelDescription", "ModelPlanes", "ReadsPlanes"]


class ReadsPlanes(Protocol):
    """Something whose circuit reads two planes of a capture, committed to in 2^k rows."""

    @property
    def texture_plane(self) -> PlaneName: ...
    @property
    def mask_plane(self) -> PlaneName: ...
    @property
    def k(self) -> int: ...


@dataclass(frozen=True)
class ModelPlanes:
    """What of a capture a model's circuit reads: all that a member needs of a model to enrol."""

    texture_plane: PlaneName
    mask_plane: PlaneName
    k: int


@dataclass(frozen=True)
class ModelDescription:
    """One model, as the model registry takes it. Hashes are SHA-256 of the published files, 32 bytes each.

    `k`: the circuit has 2^k rows. `blinding_constant`: the commitment of its unusable rows, which each commitment in a
    proof has more than a raw one. `verifier`: name of the generated contract under `src/generated/`.
    """

    onnx_hash: bytes
    settings_hash: bytes
    srs_hash: bytes
    vk_hash: bytes
    metrics_hash: bytes
    texture_plane: PlaneName
    mask_plane: PlaneName
    k: int
    blinding_constant: G1Point
    proof_length: int
    verifier: str

    def __post_init__(self) -> None:
        for name in ("onnx_hash", "settings_hash", "srs_hash", "vk_hash", "metrics_hash"):
            if len(getattr(self, name)) != 32:
                raise EncodingError(f"{name} has {len(getattr(self, name))} bytes, not 32")
        if self.texture_plane.is_mask or not self.mask_plane.is_mask:
            raise EncodingError(f"{self.texture_plane.value} and {self.mask_plane.value} are no texture and mask")
        if not 1 <= self.k <= 28:
            raise EncodingError(f"k = {self.k} lies outside 1..28, the sizes that the field has")
        if self.proof_length < 192 or self.proof_length % 32:
            raise EncodingError(f"a proof of {self.proof_length} bytes is no whole number of words from 6 up")

    def to_abi(self, verifier_address: str, artifact: ContractArtifact) -> dict[str, Any]:
        """The Solidity struct `Model`; the code hash is of the compiled artifact, so the contract compares the two."""
        return {
            "onnxHash": self.onnx_hash,
            "settingsHash": self.settings_hash,
            "srsHash": self.srs_hash,
            "vkHash": self.vk_hash,
            "metricsHash": self.metrics_hash,
            "texturePlane": plane_hash(self.texture_plane),
            "maskPlane": plane_hash(self.mask_plane),
            "verifierCodeHash": artifact.runtime_hash,
            "blindingConstant": {"x": self.blinding_constant.x, "y": self.blinding_constant.y},
            "verifier": verifier_address,
            "proofLength": self.proof_length,
            "k": self.k,
        }
