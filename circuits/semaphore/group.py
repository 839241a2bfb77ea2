"""A Semaphore group: the LeanIMT of identity commitments, equal to `@zk-kit` lean-imt and lean-imt.sol 2.0.

A node with two children is Poseidon of both; a node with a left child only is that child. The tree is as deep as its
size needs. A removed leaf is 0 and keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from circuits.semaphore.poseidon import poseidon
from protocol.errors import InputError
from protocol.types import IdentityCommitment

__all__ = ["Group", "MerkleProof"]

_REMOVED = 0


@dataclass(frozen=True)
class MerkleProof:
    """The way from a leaf to the root: siblings from the bottom up, levels without a sibling left out.

    Bit i of `index` says that the i-th sibling stands on the left.
    """

    leaf: int
    root: int
    index: int
    siblings: tuple[int, ...]


class Group:
    """The members of a group, in the order in which they were added."""

    def __init__(self, members: Iterable[IdentityCommitment] = ()) -> None:
        self._levels: list[list[int]] = [[]]
        self._places: dict[int, int] = {}
        self.insert_many(members)

    @property
    def size(self) -> int:
        """Number of leaves, removed ones included."""
        return len(self._levels[0])

    @property
    def depth(self) -> int:
        """Number of levels above the leaves; 0 for a group of one."""
        return len(self._levels) - 1

    @property
    def root(self) -> int:
        """The tree's root. Raises `InputError` for an empty group, which has none."""
        if not self.size:
            raise InputError("the group is empty: it has no root", hint="add a member first")
        return self._levels[-1][0]

    @property
    def leaves(self) -> tuple[int, ...]:
        """All leaves in order; 0 where a member was removed."""
        return tuple(self._levels[0])

    def insert(self, member: IdentityCommitment) -> None:
        """Add one member. Raises `InputError` for one who is in the group already (as the contract does)."""
        self.insert_many([member])

    def insert_many(self, members: Iterable[IdentityCommitment]) -> None:
        """Add members in order, all of them or, on `InputError` (one is there already or comes twice), none."""
        values = [member.value for member in members]
        first = self.size
        places = {value: first + offset for offset, value in enumerate(values)}
        if len(places) < len(values) or not places.keys().isdisjoint(self._places):
            raise InputError("a commitment would be in the group twice")
        self._places |= places
        self._levels[0] += values
        self._rebuild_from(first)

    def update(self, index: int, member: IdentityCommitment) -> None:
        """Put `member` in the place of the member at `index`. Raises `InputError` (no such member; already there)."""
        if member.value in self._places:
            raise InputError("a commitment would be in the group twice")
        self._replace(index, member.value)
        self._places[member.value] = index

    def remove(self, index: int) -> None:
        """Set the leaf at `index` to 0. Raises `InputError` if there is no member."""
        self._replace(index, _REMOVED)

    def index_of(self, member: IdentityCommitment) -> int:
        """The place of a member. Raises `InputError` if the commitment is not in the group."""
        try:
            return self._places[member.value]
        except KeyError:
            raise InputError(
                f"the identity is not a member of this group of {self.size}",
                hint="enrol first, or take the group's current members",
            ) from None

    def merkle_proof(self, index: int) -> MerkleProof:
        """The proof for the leaf at `index`. Raises `InputError` if there is no member."""
        self._require_member(index)
        siblings: list[int] = []
        bits, place = 0, index
        for level in self._levels[:-1]:
            if place ^ 1 < len(level):
                bits |= (place & 1) << len(siblings)
                siblings.append(level[place ^ 1])
            place >>= 1
        return MerkleProof(self._levels[0][index], self.root, bits, tuple(siblings))

    def _replace(self, index: int, leaf: int) -> None:
        self._require_member(index)
        del self._places[self._levels[0][index]]
        self._levels[0][index] = leaf
        for height in range(self.depth):
            index >>= 1
            self._levels[height + 1][index] = self._node(height, index)

    def _require_member(self, index: int) -> None:
        if not 0 <= index < self.size:
            raise InputError(f"the group has no leaf {index}: it has {self.size}")
        if self._levels[0][index] == _REMOVED:
            raise InputError(f"the member at leaf {index} was removed")

    def _rebuild_from(self, first: int) -> None:
        """Recompute all nodes above the leaves from `first` on, adding levels as the size needs them."""
        needed = max(self.size - 1, 0).bit_length()
        self._levels += [[] for _ in range(needed - self.depth)]
        for height in range(self.depth):
            first >>= 1
            count = (len(self._levels[height]) + 1) // 2
            self._levels[height + 1][first:] = [self._node(height, place) for place in range(first, count)]

    def _node(self, height: int, place: int) -> int:
        """The node at `place`, one level above `height`."""
        children = self._levels[height][2 * place : 2 * place + 2]
        return poseidon(children) if len(children) == 2 else children[0]
