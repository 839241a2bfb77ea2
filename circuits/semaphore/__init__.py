"""Semaphore V4 in Python: identities, groups, membership proofs. No Node at run time."""

from circuits.semaphore._statement import MEMBERSHIP_DEPTH, hash_to_field
from circuits.semaphore.group import Group, MerkleProof
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import nullifier_of, prove_membership
from circuits.semaphore.verify import verify_membership

__all__ = [
    "MEMBERSHIP_DEPTH",
    "Group",
    "Identity",
    "MerkleProof",
    "hash_to_field",
    "nullifier_of",
    "prove_membership",
    "verify_membership",
]
