"""Codes of nobody's eye, their shares, and three nodes in one process: for tests and measurements, not for a node."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from uniqueness.binding import AcceptedShares
from uniqueness.checked.peers import Peers
from uniqueness.comparison import Query
from uniqueness.constants import PARTIES, ComparisonRule
from uniqueness.linear import Limbs, split_limbs
from uniqueness.loopback import free_ports

__all__ = [
    "Integers",
    "MemoryRecords",
    "Ring",
    "at_nodes",
    "free_addresses",
    "held",
    "queries_at_nodes",
    "random_codes",
    "records_at_nodes",
    "ring_shares",
    "three_peers",
]

Integers = npt.NDArray[np.int64]
Ring = npt.NDArray[np.uint16]
Result = TypeVar("Result")
MakePeers = Callable[[int, dict[int, socket.socket]], Peers]


def random_codes(rule: ComparisonRule, count: int, rng: np.random.Generator, visible: float = 0.85) -> Integers:
    """int64[count, width]: random symbols under random masks."""
    mask = (rng.random((count, rule.mask_cells)) < visible).astype(np.int64)
    signs = rng.choice(np.array([-1, 1]), (count, rule.symbols))
    return np.concatenate([signs * np.tile(mask, (1, rule.kernels)), mask], axis=1)


def ring_shares(values: Integers, rng: np.random.Generator) -> list[Ring]:
    """Three additive shares modulo 2^16 of each element, as nodes hold them after the reduction."""
    first, second = (rng.integers(0, 1 << 16, values.shape, dtype=np.uint16) for _ in range(2))
    return [first, second, values.astype(np.uint16) - first - second]


def held(rule: ComparisonRule, shares: list[Ring], node: int) -> AcceptedShares:
    """What `node` holds of one vector."""
    return AcceptedShares(node, bytes(32), rule.network, shares[node], shares[(node + 1) % PARTIES])


class MemoryRecords:
    """`comparison.Records` in memory: the same rows again and again until there are `count`."""

    def __init__(self, limbs: Limbs, count: int | None = None) -> None:
        self.limbs, self.count = limbs, len(limbs) if count is None else count
        self.zeroed: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return self.count

    def block(self, start: int, stop: int) -> Limbs:
        at, size = start % max(1, len(self.limbs)), stop - start
        if at + size <= len(self.limbs):
            return self.limbs[at : at + size]
        numbers = np.arange(start, stop) % len(self.limbs)
        return Limbs(self.limbs.low[numbers], self.limbs.high[numbers])


def records_at_nodes(codes: Integers, rng: np.random.Generator, count: int | None = None) -> list[MemoryRecords]:
    """What each node holds of `codes`, int64[n, width]."""
    shares = ring_shares(codes, rng)
    rows = (np.concatenate([shares[node], shares[(node + 1) % PARTIES]], axis=1) for node in range(PARTIES))
    return [MemoryRecords(split_limbs(row), count) for row in rows]


def queries_at_nodes(rule: ComparisonRule, eyes: Sequence[Integers], rng: np.random.Generator) -> list[Query]:
    """What each node holds of one person's one eye or two, int64[width] each."""
    shares = [ring_shares(eye, rng) for eye in eyes]
    return [Query(tuple(held(rule, one, node) for one in shares)) for node in range(PARTIES)]


def free_addresses(count: int = PARTIES) -> list[str]:
    """Addresses on loopback that were free a moment ago."""
    return [f"127.0.0.1:{port}" for port in free_ports(count)]


@contextmanager
def three_peers(make: MakePeers = Peers) -> Iterator[list[Peers]]:
    """Three nodes' ends of a checked comparison, joined by sockets of this process."""
    links: list[dict[int, socket.socket]] = [{}, {}, {}]
    for node in range(PARTIES):
        other = (node + 1) % PARTIES
        links[node][other], links[other][node] = socket.socketpair()
    peers = [make(node, links[node]) for node in range(PARTIES)]
    try:
        yield peers
    finally:
        for one in peers:
            one.close()


def at_nodes(act: Callable[[int], Result]) -> list[Result]:
    """What `act(node)` returns at the three nodes, done at the same time."""
    with ThreadPoolExecutor(PARTIES) as pool:
        return list(pool.map(act, range(PARTIES)))
