"""The Merkle tree over (plane, k, raw commitment) whose root a capture station signs.

Twin of `src/libraries/CaptureLadder.sol`; both are held to `tests/vectors/attestation.json`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from protocol.errors import EncodingError, VerificationError
from protocol.types import PlaneCommitment, PlaneName

__all__ = ["CaptureLadder", "leaf_hash", "plane_hash", "verify_ladder_path"]

_LEAF_LABEL = keccak(b"irisproof capture ladder leaf v1")


@dataclass(frozen=True)
class CaptureLadder:
    """The commitments of one capture, one per plane and k, in the order (plane's name, k).

    Pairs are hashed in sorted order; the last node of an odd level moves up as it is.
    """

    commitments: tuple[PlaneCommitment, ...]
    _levels: tuple[tuple[bytes, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.commitments:
            raise EncodingError("a capture has at least one commitment")
        ordered = tuple(sorted(self.commitments, key=_place))
        for one, other in pairwise(ordered):
            if _place(one) == _place(other):
                raise EncodingError(f"the capture has two commitments for {one.plane.value} at k = {one.k}")
        object.__setattr__(self, "commitments", ordered)
        object.__setattr__(self, "_levels", _levels_of(tuple(leaf_hash(commitment) for commitment in ordered)))

    @property
    def root(self) -> bytes:
        """32 bytes: `commitmentsRoot` of the attestation."""
        return self._levels[-1][0]

    def commitment(self, plane: PlaneName, k: int) -> PlaneCommitment:
        """Raises `EncodingError` where the capture has none."""
        return self.commitments[self._index(plane, k)]

    def path(self, plane: PlaneName, k: int) -> tuple[bytes, ...]:
        """Siblings from the leaf of (plane, k) up to the root. Raises `EncodingError` where there is no such leaf."""
        index = self._index(plane, k)
        siblings = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                siblings.append(level[sibling])
            index >>= 1
        return tuple(siblings)

    def _index(self, plane: PlaneName, k: int) -> int:
        for index, commitment in enumerate(self.commitments):
            if (commitment.plane, commitment.k) == (plane, k):
                return index
        raise EncodingError(f"the capture has no commitment for {plane.value} at k = {k}")


def plane_hash(plane: PlaneName) -> bytes:
    """keccak256 of the plane's name: how a contract names it."""
    return keccak(plane.value.encode())


def leaf_hash(commitment: PlaneCommitment) -> bytes:
    """Hashed twice, so that no inner node (64 bytes, hashed once) can be read as a leaf."""
    if not 0 <= commitment.k < 1 << 8:
        raise EncodingError(f"k = {commitment.k} lies outside 0..255")
    inner = encode(
        ["bytes32", "bytes32", "uint256", "uint256", "uint256"],
        [_LEAF_LABEL, plane_hash(commitment.plane), commitment.k, commitment.point.x, commitment.point.y],
    )
    return keccak(keccak(inner))


def verify_ladder_path(commitment: PlaneCommitment, path: tuple[bytes, ...], root: bytes) -> None:
    """Raises `VerificationError` unless `commitment` lies under `root`."""
    node = leaf_hash(commitment)
    for sibling in path:
        node = _node_hash(node, sibling)
    if node != root:
        raise VerificationError(
            f"the commitment of {commitment.plane.value} at k = {commitment.k} is not under the signed root"
        )


def _place(commitment: PlaneCommitment) -> tuple[str, int]:
    return commitment.plane.value, commitment.k


def _node_hash(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def _levels_of(leaves: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], ...]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [_node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append((*pairs, *below[len(pairs) * 2 :]))
    return tuple(levels)
