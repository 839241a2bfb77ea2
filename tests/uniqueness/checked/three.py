"""Three nodes of a checked comparison in three threads, joined by sockets, one of which may lie."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from uniqueness.checked.peers import Peers

Result = TypeVar("Result")
MakePeers = Callable[[int, dict[int, socket.socket]], Peers]


def honest(node: int, links: dict[int, socket.socket]) -> Peers:
    return Peers(node, links)


@contextmanager
def three_peers(make: MakePeers = honest) -> Iterator[list[Peers]]:
    links: list[dict[int, socket.socket]] = [{}, {}, {}]
    for node in range(3):
        other = (node + 1) % 3
        links[node][other], links[other][node] = socket.socketpair()
    peers = [make(node, links[node]) for node in range(3)]
    try:
        yield peers
    finally:
        for one in peers:
            one.close()


def at_nodes(act: Callable[[int], Result]) -> list[Result]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(act, range(3)))
