"""Proofs of membership in a group: anonymous, bound to a message, once per scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from circuits.semaphore._statement import MEMBERSHIP_DEPTH, hash_to_field, public_signals
from circuits.semaphore.group import Group
from circuits.semaphore.identity import Identity
from circuits.semaphore.poseidon import poseidon
from circuits.semaphore.verify import verify_membership
from protocol.errors import InputError, ProvingError, VerificationError
from protocol.types import MembershipProof, Nullifier

if TYPE_CHECKING:
    from circuits.semaphore import _witness

__all__ = ["nullifier_of", "prove_membership"]

_UINT256 = 1 << 256


def prove_membership(identity: Identity, group: Group, message: int, scope: int) -> MembershipProof:
    """Prove that `identity` is a member of `group`, signing `message`, with the one nullifier it has in `scope`.

    `message` and `scope` are unsigned 256-bit integers, before hashing. The proof is made for a tree of depth 24
    whatever the group's size, and verified before it is returned.

    The root is that of `group` as it stands: for a poll, build the group of the poll's snapshot.

    Raises `InputError` (message or scope out of range, empty group, not a member, a group of more than 2^24),
    `ProvingError` (the circuit refused, or the proof made does not hold) or an `ArtifactError`.
    """
    # two large libraries, which somebody who only has an identity needs not hold in memory
    from circuits.semaphore import _groth16, _witness  # noqa: PLC0415

    for name, value in (("message", message), ("scope", scope)):
        if not 0 <= value < _UINT256:
            raise InputError(f"{name} is not an unsigned 256-bit integer", hint="hash longer values first")
    if group.depth > MEMBERSHIP_DEPTH:
        raise InputError(f"the group is {group.depth} levels deep; the circuit reaches {MEMBERSHIP_DEPTH}")
    witness = _witness.calculate(_inputs(identity, group, message, scope))
    root, nullifier = witness.public_signals(2)
    encoded = _groth16.prove_witness(witness.to_wtns())
    points = tuple(int.from_bytes(encoded[at : at + 32], "big") for at in range(0, 256, 32))
    proof = MembershipProof(
        MEMBERSHIP_DEPTH, root, Nullifier(nullifier), message, scope, points  # type: ignore[arg-type]  # eight of them
    )  # fmt: skip
    _require_as_meant(proof, witness, identity, group)
    return proof


def nullifier_of(identity: Identity, scope: int) -> Nullifier:
    """The nullifier of an identity in a scope: Poseidon(hash(scope), secret scalar).

    It does not depend on the group: equal scopes in two groups give equal nullifiers.
    """
    return Nullifier(poseidon([hash_to_field(scope), identity.secret_scalar]))


def _inputs(identity: Identity, group: Group, message: int, scope: int) -> dict[str, list[int]]:
    """The circuit's inputs by name (`@semaphore-protocol/circuits`, semaphore.circom)."""
    _ = group.root  # an empty group has a clearer error than "not a member"
    path = group.merkle_proof(group.index_of(identity.commitment))
    return {
        "secret": [identity.secret_scalar],
        "merkleProofLength": [len(path.siblings)],
        "merkleProofIndex": [path.index],
        "merkleProofSiblings": [*path.siblings, *[0] * (MEMBERSHIP_DEPTH - len(path.siblings))],
        "scope": [hash_to_field(scope)],
        "message": [hash_to_field(message)],
    }


def _require_as_meant(proof: MembershipProof, witness: _witness.Witness, identity: Identity, group: Group) -> None:
    """Refuse to hand out a proof of something else: the prover itself reports no error on a false witness."""
    meant = proof.merkle_tree_root == group.root and proof.nullifier == nullifier_of(identity, proof.scope)
    if not meant or witness.public_signals(4) != public_signals(proof):
        raise ProvingError("the membership circuit computed other public values than expected; nothing was handed out")
    try:
        verify_membership(proof)
    except VerificationError as error:
        raise ProvingError(f"the proof just made does not hold and was dropped: {error.message}") from error
