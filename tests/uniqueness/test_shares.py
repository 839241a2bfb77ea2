"""Shares add up over the integers, hide, and have one encoding."""

from __future__ import annotations

import numpy as np
import pytest

from protocol.errors import EncodingError
from protocol.field import SCALAR_FIELD
from uniqueness.shares import (
    ENTRY_BOUND,
    MAX_ENTRIES,
    MAX_NODE_BYTES,
    MAX_SALTS,
    NodeShares,
    VectorShare,
    held_by,
    share_for,
    split_vector,
)

ENTRIES = tuple(int(value) for value in np.random.default_rng(1).integers(-1, 2, 300))
SALTS = (0, 1, SCALAR_FIELD - 1, 12345)


def test_three_shares_add_up_over_the_integers_in_the_ring_and_in_the_field() -> None:
    shares = split_vector(ENTRIES, SALTS)
    assert tuple(map(sum, zip(*(share.entries for share in shares), strict=True))) == ENTRIES
    assert tuple(sum(parts) % SCALAR_FIELD for parts in zip(*(s.salts for s in shares), strict=True)) == SALTS
    residues = [share.residues() for share in shares]
    assert ((residues[0] + residues[1] + residues[2]).view(np.int16) == ENTRIES).all()


def test_the_same_vector_is_never_shared_the_same_way_twice() -> None:
    assert all(a != b for a, b in zip(split_vector(ENTRIES, SALTS), split_vector(ENTRIES, SALTS), strict=True))


def test_random_shares_fill_64_bits_whatever_the_entry() -> None:
    for entry in (-1, 0, 1):
        shares = split_vector([entry] * 4000, [])
        for share in shares[:2]:
            assert all(0 <= value < 1 << 64 for value in share.entries)
            tops = np.bincount([value >> 60 for value in share.entries], minlength=16)  # 250 each, sd 15
            assert tops.min() > 150
            assert tops.max() < 350


@pytest.mark.parametrize("entry", [-2, 2, 256, SCALAR_FIELD - 1])
def test_an_entry_that_is_no_symbol_is_not_shared_and_not_shown(entry: int) -> None:
    with pytest.raises(EncodingError) as refusal:
        split_vector([0, entry], [])
    assert str(entry) not in str(refusal.value)


def test_a_salt_at_the_field_s_order_is_not_shared() -> None:
    with pytest.raises(EncodingError, match="canonical"):
        split_vector([0], [SCALAR_FIELD])


@pytest.mark.parametrize("entry", [ENTRY_BOUND, -ENTRY_BOUND, SCALAR_FIELD - 1, True, 0.0])
def test_a_share_beyond_the_range_is_refused(entry: int) -> None:
    with pytest.raises(EncodingError, match="outside"):
        VectorShare(0, (0, entry), ())
    VectorShare(0, (ENTRY_BOUND - 1, 1 - ENTRY_BOUND), ())


def test_three_shares_within_the_range_cannot_carry_over_the_field_s_order() -> None:
    assert 2 * 3 * ENTRY_BOUND < SCALAR_FIELD


@pytest.mark.parametrize("index", [-1, 3, True, 1.0])
def test_a_fourth_share_or_node_does_not_exist(index: int) -> None:
    with pytest.raises(EncodingError):
        VectorShare(index, (0,), ())
    with pytest.raises(EncodingError):
        held_by(index)


def test_shares_of_no_or_too_many_elements_are_refused() -> None:
    for entries, salts in (((), ()), ((0,) * (MAX_ENTRIES + 1), ()), ((0,), (0,) * (MAX_SALTS + 1))):
        with pytest.raises(EncodingError):
            VectorShare(0, entries, salts)


def test_any_two_nodes_hold_all_three_shares_and_none_alone_does() -> None:
    held = [set(held_by(node)) for node in range(3)]
    assert all(len(shares) == 2 for shares in held)
    assert all(held[a] | held[b] == {0, 1, 2} for a in range(3) for b in range(a))


def test_shares_never_show_up_in_repr() -> None:
    shares = split_vector(ENTRIES, SALTS)
    text = repr(share_for(0, shares, shares))
    assert all(str(value) not in text for value in (*shares[0].entries, *shares[0].salts))


def test_encoding_is_undone_by_decoding() -> None:
    shares = split_vector(ENTRIES, SALTS)
    for node in range(3):
        given = share_for(node, shares, shares)
        assert NodeShares.from_bytes(given.to_bytes()) == given
    edge = VectorShare(2, (ENTRY_BOUND - 1, 1 - ENTRY_BOUND, 0, -1), ())
    assert VectorShare.from_bytes(edge.to_bytes()) == edge


def _encoded() -> bytes:
    return VectorShare(1, (5, -6), (7,)).to_bytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a share"),
        (b"xps" + _encoded()[3:], "not a share"),
        (_encoded()[:3] + b"\2" + _encoded()[4:], "version 2"),
        (_encoded()[:4] + b"\3" + _encoded()[5:], "not one of the nodes"),
        (_encoded()[:-1], "does not have"),
        (_encoded() + b"\0", "does not have"),
        (_encoded()[:8] + b"\x7f" + _encoded()[9:], "outside"),
        (_encoded()[:-32] + SCALAR_FIELD.to_bytes(32, "big"), "canonical"),
    ],
)
def test_bytes_that_are_no_canonical_share_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(EncodingError, match=message):
        VectorShare.from_bytes(data)


@pytest.mark.parametrize("change", [lambda data: data + b"\0", lambda data: data[:-1], lambda _: b"\0" * 16])
def test_a_node_s_shares_with_something_before_or_behind_are_refused(change) -> None:  # type: ignore[no-untyped-def]
    shares = split_vector(ENTRIES, SALTS)
    with pytest.raises(EncodingError):
        NodeShares.from_bytes(change(share_for(0, shares, shares).to_bytes()))


def test_oversized_shares_are_refused_before_they_are_read() -> None:
    with pytest.raises(EncodingError, match="at most"):
        NodeShares.from_bytes(bytes(MAX_NODE_BYTES + 1))
