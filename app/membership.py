"""Groups of members as provers need them, from leaves as the registry's log has them."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.semaphore.group import Group
from protocol.types import IdentityCommitment
from registry_contract.client import Siblings
from registry_contract.member_log import REMOVED

__all__ = ["group_of", "siblings_of"]


def group_of(leaves: Sequence[int]) -> Group:
    """The group with these leaves in order; a removed one (0) keeps its place.

    Raises `EncodingError` for a leaf that is no identity commitment, `InputError` for one that stands twice.
    """
    # a removed place is filled with a number that no identity has and emptied again: a group knows removal only so
    places = [index for index, leaf in enumerate(leaves) if leaf == REMOVED]
    group = Group(IdentityCommitment(leaf if leaf != REMOVED else index + 1) for index, leaf in enumerate(leaves))
    for index in places:
        group.remove(index)
    return group


def siblings_of(identity: IdentityCommitment, group: Sequence[int], upcoming: Sequence[int] = ()) -> Siblings:
    """What the registry needs to change the leaf of `identity`, given the leaves of the live trees."""
    return Siblings(_siblings(identity, group), _siblings(identity, upcoming))


def _siblings(identity: IdentityCommitment, leaves: Sequence[int]) -> tuple[int, ...]:
    if identity.value not in leaves:
        return ()
    group = group_of(leaves)
    return group.merkle_proof(group.index_of(identity)).siblings
