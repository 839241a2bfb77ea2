"""What a membership proof says, for prover and verifier alike."""

from __future__ import annotations

from eth_utils.crypto import keccak

from protocol.types import MembershipProof

__all__ = ["MEMBERSHIP_DEPTH", "hash_to_field", "public_signals"]

MEMBERSHIP_DEPTH = 24
"""The circuit's depth, the same for every group up to 2^24 members: a proof does not tell how large its group is."""


def hash_to_field(value: int) -> int:
    """keccak256 of `value` (32 bytes, big-endian) shifted right by 8 bits, so that it is below r (Semaphore V4)."""
    return int.from_bytes(keccak(value.to_bytes(32, "big")), "big") >> 8


def public_signals(proof: MembershipProof) -> list[int]:
    """The circuit's public signals in the verifying key's order."""
    return [
        proof.merkle_tree_root,
        proof.nullifier.value,
        hash_to_field(proof.message),
        hash_to_field(proof.scope),
    ]
