"""Semaphore proofs as our contracts take them."""

from __future__ import annotations

from typing import Any

from protocol.errors import EncodingError
from protocol.types import MembershipProof

__all__ = ["CIRCUIT_DEPTH", "proof_to_abi", "require_depth"]

CIRCUIT_DEPTH = 24
"""Depth of the Semaphore circuit of all contracts, whatever the group's size."""


def require_depth(proof: MembershipProof) -> None:
    """Raises `EncodingError` for a proof of another circuit depth, which no contract here could verify."""
    if proof.merkle_tree_depth != CIRCUIT_DEPTH:
        raise EncodingError(f"the proof is of depth {proof.merkle_tree_depth}; contracts verify {CIRCUIT_DEPTH}")


def proof_to_abi(proof: MembershipProof) -> dict[str, Any]:
    """The Solidity struct `SemaphoreProof`; root, message and scope the contract knows. Raises as `require_depth`."""
    require_depth(proof)
    return {"nullifier": proof.nullifier.value, "points": list(proof.points)}
