"""From replicated shares of scores to one shared bit, 64 scores a word.

A score's slots s_0, s_1 and s_2 are each known to two nodes, so that their bits are shared without a message. With
u = s_0 xor s_1 xor s_2 and v twice their majority, the score is u + v; the sign is the carry into bit 15, bit by bit.
29 products of bits a score, and one more to join it to the rest.
"""

from __future__ import annotations

import numpy as np

from uniqueness.checked.party import Party, Residues, Shared, Words
from uniqueness.constants import PARTIES, RING_BITS

__all__ = ["all_of", "negative", "not_positive"]

_WORD = 64


def negative(party: Party, scores: Shared[np.uint16]) -> Shared[np.uint64]:
    """Whether score - 1 is negative, that is, whether it is not positive: [..., n] -> words [..., ceil(n / 64)].

    Scores lie in -32767..32767. Lanes behind the n-th are not positive.
    """
    own, second = (
        _planes(slot, minus_one=holder == 0)
        for slot, holder in ((scores.own, party.node), (scores.second, party.peers.next))
    )
    bits = [party.holds(slot, own if party.node == slot else second) for slot in range(PARTIES)]
    sums = Shared(own, second)  # bits[0] ^ bits[1] ^ bits[2]
    low = slice(0, RING_BITS - 1)
    majority = party.conjunction((bits[0] ^ bits[2])[low], (bits[1] ^ bits[2])[low]) ^ bits[2][low]
    carry = party.conjunction(sums[1], majority[0])
    for bit in range(2, RING_BITS - 1):
        carry = party.conjunction(sums[bit] ^ carry, majority[bit - 1] ^ carry) ^ carry
    return sums[RING_BITS - 1] ^ majority[RING_BITS - 2] ^ carry


def _planes(residues: Residues, minus_one: bool) -> Words:
    """Filled up with zeros, less 1 in one of the slots: [..., n] -> bit planes [16, ..., ceil(n / 64)]."""
    lanes = -residues.shape[-1] % _WORD
    padded = np.pad(residues, [(0, 0)] * (residues.ndim - 1) + [(0, lanes)]) - np.uint16(minus_one)
    planes = np.empty((RING_BITS, *padded.shape[:-1], padded.shape[-1] // _WORD), np.uint64)
    for bit in range(RING_BITS):
        packed = np.packbits((padded >> bit).astype(np.uint8) & 1, axis=-1, bitorder="little")
        planes[bit] = packed.view(np.uint64)
    return planes


def all_of(party: Party, bits: Shared[np.uint64]) -> Shared[np.uint64]:
    """The conjunction over the first axis, in a number of rounds that grows with its logarithm."""
    while (count := bits.shape[0]) > 1:
        half = count // 2
        joined = party.conjunction(bits[:half], bits[half : 2 * half])
        if count % 2:
            last = bits[2 * half :]
            joined = Shared(np.concatenate([joined.own, last.own]), np.concatenate([joined.second, last.second]))
        bits = joined
    return bits[0]


def not_positive(party: Party, scores: Shared[np.uint16], eyes: int) -> Shared[np.uint64]:
    """One word, all of whose 64 lanes are set exactly where nothing matches.

    One eye: scores [r, n]; a match is a positive score. Two eyes: scores [r, 2, n]; a match is a lane with a positive
    score of each.
    """
    bits = negative(party, scores)
    nobody = all_of(party, bits)  # at no rotation
    if eyes == 2:  # not both: not (not a and not b)
        nobody = inverted(party, party.conjunction(inverted(party, nobody[0]), inverted(party, nobody[1])))
    word = all_of(party, nobody[:, None])
    for width in (32, 16, 8, 4, 2, 1):
        word = party.conjunction(word, Shared(_rolled(word.own, width), _rolled(word.second, width)))
    return word


def inverted(party: Party, bits: Shared[np.uint64]) -> Shared[np.uint64]:
    ones = np.full(bits.shape, np.uint64(0xFFFFFFFFFFFFFFFF))
    return bits ^ party.holds(0, ones)


def _rolled(word: Words, width: int) -> Words:
    turned = (word >> np.uint64(width)) | (word << np.uint64(_WORD - width))
    return np.asarray(turned, np.uint64)
