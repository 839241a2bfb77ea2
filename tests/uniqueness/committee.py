"""Three engines on loopback, each a process of its own, driven side by side."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from uniqueness.engine import Engine, EngineKind, TlsFiles, engine_available
from uniqueness.keys import Authority, certificate_request, node_name, write_tls_key
from uniqueness.rehearsal import free_addresses
from uniqueness.wire import caller_context, split_address

Result = TypeVar("Result")
needs_spu = pytest.mark.skipif(
    not engine_available(EngineKind.SPU), reason="SPU's environment is not set up: make committee-venv"
)


@dataclass(frozen=True)
class LinkedEngines:
    engines: list[Engine]
    addresses: list[str]
    tls: list[TlsFiles]


def node_files(folder: Path, strangers: tuple[int, ...] = ()) -> list[TlsFiles]:
    """Of three nodes; those of strangers are of another authority. All trust the committee's."""
    nodes, others = Authority.create(folder, "nodes"), Authority.create(folder, "strangers")
    made = []
    for node in range(3):
        key = write_tls_key(folder / f"{node}.key")
        authority = others if node in strangers else nodes
        (folder / f"{node}.crt").write_text(authority.certify(certificate_request(key, "anything"), node_name(node)))
        made.append(TlsFiles(folder / f"{node}.crt", folder / f"{node}.key", folder / "nodes.crt"))
    return made


def answer_of(address: str, tls: TlsFiles | None) -> bytes:
    """What a link of SPU says to a request that it does not know, over TLS with these files or without TLS; nothing
    where it hangs up."""
    with suppress(OSError), socket.create_connection(split_address(address), 20) as plain:
        if tls is None:
            return _asked(plain)
        with caller_context(tls).wrap_socket(plain, server_hostname=node_name(0)) as secure:
            return _asked(secure)
    return b""


def _asked(link: socket.socket) -> bytes:
    link.sendall(b"GET /health HTTP/1.1\r\nHost: node\r\n\r\n")
    return link.recv(4)


@contextmanager
def linked_engines(kind: EngineKind, folder: Path) -> Iterator[LinkedEngines]:
    """Connected, over encrypted links."""
    addresses, tls = free_addresses(), node_files(folder)
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(kind, node, addresses, 60, tls[node])) for node in range(3)]
        at_each(engines, lambda _, engine: engine.connect())
        yield LinkedEngines(engines, addresses, tls)


@contextmanager
def three_engines(kind: EngineKind, timeout_s: int = 60) -> Iterator[list[Engine]]:
    """Connected, over links in clear."""
    addresses = free_addresses()
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(kind, node, addresses, timeout_s)) for node in range(3)]
        at_each(engines, lambda _, engine: engine.connect())
        yield engines


def at_each(engines: Sequence[Engine], act: Callable[[int, Engine], Result]) -> list[Result]:
    """What `act(node, engine)` returns at the three nodes, done at the same time."""
    with ThreadPoolExecutor(len(engines)) as pool:
        return list(pool.map(act, range(len(engines)), engines))
