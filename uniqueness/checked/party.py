"""Replicated sharing at one node: common randomness, products with their errors found out, checked opening.

Slot m of every sharing is held by nodes m and m - 1, and so is key m, from which both draw the same stream. A message
of the node t that tampers goes to node t - 1 alone and becomes slot t there: whatever t sends, the secret is well
defined by what the honest two hold, and t's lie is an error that it adds to a product without knowing its factors.

How probably a lie in products of bits passes (`verify`). Be d > 0 the share of words of 64 in which a product is wrong.
Of a random kind, some of which are opened, the wrong ones must lie exactly as those do, after a turn of the whole by a
random number of words. A pattern that repeats after p words has d >= 1 / p and fits at one turn of p, so the turn fits
with probability d at most; with as many wrong among them, C opened words show none with probability (1 - d)^C. So one
kind lets a lie pass with at most d (1 - d)^C < 1 / (e C), and `REPEATS` independent kinds with 1 / (e C)^REPEATS:
2^-28.9. The share among what was drawn is smaller than d by the opened words, a quarter at most: 2^-28.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from uniqueness.checked.peers import Peers, TamperingDetected

__all__ = ["OPENED_WORDS", "REPEATS", "Party", "Residues", "Shared", "Stream", "Words"]

Words = npt.NDArray[np.uint64]
Residues = npt.NDArray[np.uint16]
Element = TypeVar("Element", np.uint16, np.uint64)

REPEATS = 2
"""Random products with which each product of bits is compared."""
OPENED_WORDS = 1 << 13
"""Random products of each kind that are opened, in words of 64."""
LEAST_WORDS = 1 << 15
"""Words that are checked at a time at least: the opened ones are a quarter of them at most."""


@dataclass(frozen=True, eq=False)
class Shared(Generic[Element]):
    """A node's two slots of a secret array: `own` is slot j, `second` slot j + 1. Secret."""

    own: npt.NDArray[Element] = field(repr=False)
    second: npt.NDArray[Element] = field(repr=False)

    def __getitem__(self, at: Any) -> Shared[Element]:
        return Shared(self.own[at], self.second[at])

    def __xor__(self, other: Shared[Element]) -> Shared[Element]:
        return Shared(self.own ^ other.own, self.second ^ other.second)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.own.shape


class Stream:
    """AES-256 in counter mode: what all who have the key draw alike, as long as they draw in one order."""

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(AES256(key), CTR(bytes(16))).encryptor()

    def draw(self, shape: tuple[int, ...], dtype: type[Element]) -> npt.NDArray[Element]:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return np.frombuffer(self._cipher.update(bytes(size)), dtype).reshape(shape)


class Party:
    """One node's side of the arithmetic. All three call the same methods in the same order. Not thread-safe."""

    def __init__(self, peers: Peers) -> None:
        self.peers, self.node = peers, peers.node
        key = secrets.token_bytes(32)
        self._own, self._second = Stream(key), Stream(peers.pass_on(key))
        self._gates: list[tuple[Shared[np.uint64], Shared[np.uint64], Shared[np.uint64]]] = []

    # ------------------------------------------------------------------------------------------------------- sharing

    def random(self, shape: tuple[int, ...], dtype: type[Element]) -> Shared[Element]:
        """A secret that nobody knows."""
        return Shared(self._own.draw(shape, dtype), self._second.draw(shape, dtype))

    def reshare(self, part: Residues) -> Shared[np.uint16]:
        """From this node's additive part of a residue to its slots, freshly random: one message."""
        mask = self.random(part.shape, np.uint16)
        return self._passed(part + mask.own - mask.second)

    def _passed(self, own: npt.NDArray[Element]) -> Shared[Element]:
        received = self.peers.pass_on(own.tobytes())
        return Shared(own, np.frombuffer(received, own.dtype).reshape(own.shape))

    def holds(self, slot: int, values: npt.NDArray[Element]) -> Shared[Element]:
        """A secret whose `slot` is `values`, which both holders know, and whose other slots are zero."""
        zero = np.zeros_like(values)
        return Shared(values if self.node == slot else zero, values if self.peers.next == slot else zero)

    # ------------------------------------------------------------------------------------------------ products of bits

    def conjunction(self, left: Shared[np.uint64], right: Shared[np.uint64]) -> Shared[np.uint64]:
        """left AND right, remembered for `verify`."""
        product = self._product(left, right)
        self._gates.append((left, right, product))
        return product

    def _product(self, left: Shared[np.uint64], right: Shared[np.uint64]) -> Shared[np.uint64]:
        """The nine products of slots, each at one node: x_j y_j + x_j y_j+1 + x_j+1 y_j (Araki et al., CCS 2016)."""
        mask = self.random(left.shape, np.uint64)
        part = (left.own & (right.own ^ right.second)) ^ (left.second & right.own)
        return self._passed(part ^ mask.own ^ mask.second)

    def verify(self) -> None:
        """Find out whether any remembered product is wrong; forget them. Raises `TamperingDetected`.

        Each is compared with `REPEATS` random products, chosen by a coin that is thrown after all were made, of which
        some were opened first (after Furukawa et al., EUROCRYPT 2017). Their order is turned by the coin as a whole.
        """
        gates = [Shared(*(self._joined(slot, part) for slot in ("own", "second"))) for part in range(3)]
        self._gates.clear()
        words = len(gates[0].own)
        drawn = []
        for _ in range(REPEATS):
            left, right = (self.random((words + OPENED_WORDS,), np.uint64) for _ in range(2))
            drawn.append((left, right, self._product(left, right)))
        coin = Stream(self.peers.coin())
        for triple in drawn:
            opened = np.zeros(words + OPENED_WORDS, np.bool_)
            opened[coin.draw((OPENED_WORDS,), np.uint64) % np.uint64(len(opened))] = True  # some twice, so fewer
            factors = [self.open(part[opened]) for part in triple]
            if ((factors[0] & factors[1]) != factors[2]).any():
                raise TamperingDetected("a random product that was opened is wrong")
            turn = int(coin.draw((1,), np.uint64)[0] % np.uint64(words))
            self._sacrifice(gates, [_turned(part[~opened][:words], turn) for part in triple])

    def _joined(self, slot: str, part: int) -> Words:
        flat = [np.ravel(getattr(gate[part], slot)) for gate in self._gates]
        missing = LEAST_WORDS - sum(map(len, flat))
        return np.concatenate([*flat, np.zeros(max(missing, 0), np.uint64)])

    def _sacrifice(self, gates: list[Shared[np.uint64]], triple: list[Shared[np.uint64]]) -> None:
        """With d = x + x' and e = y + y' opened, xy + x'y' + e x' + d y' + d e is zero where both products are right,
        or both are wrong."""
        left, right, product = triple
        both = self.open(
            Shared(
                np.stack([(gates[0] ^ left).own, (gates[1] ^ right).own]),
                np.stack([(gates[0] ^ left).second, (gates[1] ^ right).second]),
            )
        )
        slots = []
        for slot in ("own", "second"):
            rest = getattr(gates[2], slot) ^ getattr(product, slot)
            slots.append(rest ^ (both[1] & getattr(left, slot)) ^ (both[0] & getattr(right, slot)))
        public = self.holds(0, both[0] & both[1])
        self.require_zero(Shared(*slots) ^ public, "a product of bits is wrong")

    # --------------------------------------------------------------------------------------------------------- opening

    def open(self, secret: Shared[Element]) -> npt.NDArray[Element]:
        """The exclusive or of the slots, at all three nodes. The slot that a node lacks comes from one of its holders
        and its hash from the other. Raises `TamperingDetected` where they differ."""
        return secret.own ^ secret.second ^ self._lacking(secret)

    def open_sum(self, secret: Shared[np.uint16]) -> Residues:
        """The sum of the slots, likewise."""
        return secret.own + secret.second + self._lacking(secret)

    def _lacking(self, secret: Shared[Element]) -> npt.NDArray[Element]:
        self.peers.send(self.peers.next, _hash(secret.own))
        received = self.peers.pass_on(secret.second.tobytes())
        if self.peers.receive(self.peers.previous, 32) != hashlib.sha256(received).digest():
            raise TamperingDetected("two nodes sent different shares of what was opened")
        return np.frombuffer(received, secret.own.dtype).reshape(secret.own.shape)

    def require_zero(self, bits: Shared[np.uint64], what: str) -> None:
        """Raises `TamperingDetected` unless the exclusive or of the slots is zero. Sends hashes alone."""
        third: Words = bits.own ^ bits.second
        self._require_slot(bits, third, what)

    def require_zero_sum(self, residues: Shared[np.uint16], what: str) -> None:
        """Likewise for the sum."""
        third: Residues = np.zeros_like(residues.own) - residues.own - residues.second
        self._require_slot(residues, third, what)

    def _require_slot(self, secret: Shared[Element], third: npt.NDArray[Element], what: str) -> None:
        """Whether the slot that this node lacks is `third`, by both of its holders' word."""
        self.peers.send(self.peers.next, _hash(secret.own))
        self.peers.send(self.peers.previous, _hash(secret.second))
        expected = _hash(third)
        if any(self.peers.receive(peer, 32) != expected for peer in (self.peers.next, self.peers.previous)):
            raise TamperingDetected(what)


def _turned(part: Shared[np.uint64], words: int) -> Shared[np.uint64]:
    return Shared(np.roll(part.own, words), np.roll(part.second, words))


def _hash(values: npt.NDArray[Any]) -> bytes:
    return hashlib.sha256(values.tobytes()).digest()
