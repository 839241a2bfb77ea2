"""BLAKE-512, the SHA-3 finalist of 2010 (not BLAKE2b): Semaphore V4 expands identity secrets with it.

Source: "SHA-3 proposal BLAKE", version 1.3, section 2.2. No salt. Written for short inputs, not for speed.
"""

from __future__ import annotations

import struct

__all__ = ["blake512"]

_BLOCK_BYTES = 128
_WORD = (1 << 64) - 1

# the first digits of the fractional parts of the square roots of the first eight primes (as in SHA-512)
_INITIAL = (
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
)  # fmt: skip

# the first digits of pi
_PI = (
    0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89,
    0x452821E638D01377, 0xBE5466CF34E90C6C, 0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917,
    0x9216D5D98979FB1B, 0xD1310BA698DFB5AC, 0x2FFD72DBD01ADFB7, 0xB8E1AFED6A267E96,
    0xBA7C9045F12C7F99, 0x24A19947B3916CF7, 0x0801F2E2858EFC16, 0x636920D871574E69,
)  # fmt: skip

_SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)

_COLUMNS_AND_DIAGONALS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


def blake512(data: bytes) -> bytes:
    """The 64-byte digest of `data`."""
    bits = 8 * len(data)
    padded = bytearray(data) + b"\x80"
    padded += bytes(-(len(padded) + 16) % _BLOCK_BYTES)
    padded[-1] |= 1
    padded += bits.to_bytes(16, "big")
    state = list(_INITIAL)
    for start in range(0, len(padded), _BLOCK_BYTES):
        # the counter tells how many bits of the message were hashed; a block of padding alone has 0
        counter = 0 if 8 * start >= bits else min(bits, 8 * (start + _BLOCK_BYTES))
        _compress(state, struct.unpack_from(">16Q", padded, start), counter)
    return struct.pack(">8Q", *state)


def _compress(state: list[int], block: tuple[int, ...], counter: int) -> None:
    low, high = counter & _WORD, counter >> 64
    mask = (0, 0, 0, 0, low, low, high, high)
    work = state + [constant ^ extra for constant, extra in zip(_PI[:8], mask, strict=True)]
    for round_number in range(16):
        sigma = _SIGMA[round_number % 10]
        for index, (a, b, c, d) in enumerate(_COLUMNS_AND_DIAGONALS):
            first, second = sigma[2 * index], sigma[2 * index + 1]
            work[a] = (work[a] + work[b] + (block[first] ^ _PI[second])) & _WORD
            work[d] = _rotate(work[d] ^ work[a], 32)
            work[c] = (work[c] + work[d]) & _WORD
            work[b] = _rotate(work[b] ^ work[c], 25)
            work[a] = (work[a] + work[b] + (block[second] ^ _PI[first])) & _WORD
            work[d] = _rotate(work[d] ^ work[a], 16)
            work[c] = (work[c] + work[d]) & _WORD
            work[b] = _rotate(work[b] ^ work[c], 11)
    for index in range(8):
        state[index] ^= work[index] ^ work[index + 8]


def _rotate(word: int, places: int) -> int:
    return (word >> places | word << (64 - places)) & _WORD
