"""Verification of Semaphore V4 membership proofs."""

from __future__ import annotations

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128.optimized_curve import b2, is_inf, is_on_curve, multiply

from circuits.semaphore._statement import MEMBERSHIP_DEPTH, public_signals
from protocol.errors import EncodingError, VerificationError
from protocol.field import SCALAR_FIELD
from protocol.types import G1Point, MembershipProof

__all__ = ["verify_membership"]


def verify_membership(proof: MembershipProof) -> None:
    """Check that a member of the group with this root made this nullifier for this scope, and signed this message.

    1. The circuit is the one this project uses (depth 24): another depth has another verifying key.
    2. Root, nullifier and coordinates are canonical (`MembershipProof` sees to it at birth), and the root is not 0: the
       circuit computes root 0 for a path longer than itself, whoever asks, and a group whose only member was removed
       has that very root.
    3. A and C are on the curve, and not the point at infinity.
    4. B is on the twist, of order r, and not the point at infinity.
    5. Groth16's equation holds for [root, nullifier, hash(message), hash(scope)], under the pinned verifying key.

    The caller owes three things, without which a valid proof means nothing: that `merkle_tree_root` is a root of *its*
    group (a poll: the snapshot), that `scope` is the one it asked for, and that `nullifier` was not spent in it.
    Old roots, and equal scopes in two groups, are the caller's concern too: the nullifier does not hold the group.

    Raises `VerificationError`.
    """
    if proof.merkle_tree_depth != MEMBERSHIP_DEPTH:  # 1
        raise VerificationError(
            f"the membership proof is for a circuit of depth {proof.merkle_tree_depth}, accepted is {MEMBERSHIP_DEPTH}"
        )
    if proof.merkle_tree_root == 0:  # 2
        raise VerificationError("the membership proof is for root 0, which the circuit grants to anybody")
    ax, ay, bx1, bx0, by1, by0, cx, cy = proof.points
    _require_g1(ax, ay, "A")  # 3
    _require_g1(cx, cy, "C")
    _require_g2(FQ2([bx0, bx1]), FQ2([by0, by1]))  # 4
    encoded = b"".join(coordinate.to_bytes(32, "big") for coordinate in proof.points)
    from circuits.semaphore._groth16 import proof_holds  # noqa: PLC0415 - a large library, loaded when it is needed

    if not proof_holds(encoded, public_signals(proof)):  # 5
        raise VerificationError("the membership proof is false for this root, nullifier, message and scope")


def _require_g1(x: int, y: int, name: str) -> None:
    try:
        G1Point(x, y)
    except EncodingError as error:
        raise VerificationError(f"the membership proof is false: its point {name} is not on the curve") from error


def _require_g2(x: FQ2, y: FQ2) -> None:
    point = (x, y, FQ2.one())
    # (0, 0), the usual encoding of infinity, does not satisfy the equation either
    if not is_on_curve(point, b2):
        raise VerificationError("the membership proof is false: its point B is not on the twist")
    if not is_inf(multiply(point, SCALAR_FIELD)):
        raise VerificationError("the membership proof is false: its point B is not of order r")
