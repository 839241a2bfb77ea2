"""Links of SPU and MPyC under the committee's own authority: another authority's nodes do not connect, either way
round. That its own connect is what all tests of the shared engines rest on (`conftest`)."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.uniqueness.committee import LinkedEngines, needs_spu, node_files
from uniqueness.engine import Engine, EngineFailed, EngineKind, TlsFiles
from uniqueness.keys import node_name
from uniqueness.rehearsal import free_addresses
from uniqueness.wire import caller_context, listener_context, split_address

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("committee")]


def test_a_node_of_another_authority_does_not_connect_to_mpyc(tmp_path: Path) -> None:
    addresses, tls = free_addresses(), node_files(tmp_path, strangers=(2,))
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(EngineKind.MPYC, node, addresses, 60, tls[node])) for node in range(3)]

        def refused(engine: Engine) -> str:
            with pytest.raises(EngineFailed) as failure:
                engine.connect(8)
            return failure.value.message

        with ThreadPoolExecutor(3) as pool:
            assert all(pool.map(refused, engines))


@needs_spu
@pytest.mark.parametrize("linked", [EngineKind.SPU], indirect=True)
def test_spu_does_not_answer_a_caller_of_another_authority(linked: LinkedEngines, tmp_path: Path) -> None:
    own, stranger = linked.tls[1], node_files(tmp_path, strangers=(1,))[1]
    assert _answer(linked.addresses[0], own) == b"HTTP"
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        _answer(linked.addresses[0], TlsFiles(stranger.certificate, stranger.key, own.authority))


def _answer(address: str, tls: TlsFiles) -> bytes:
    """What a link of SPU says to a request that it does not know, over TLS with this certificate."""
    with (
        socket.create_connection(split_address(address), 20) as plain,
        caller_context(tls).wrap_socket(plain, server_hostname=node_name(0)) as secure,
    ):
        secure.sendall(b"GET /health HTTP/1.1\r\nHost: node\r\n\r\n")
        return secure.recv(4)


@needs_spu
def test_spu_does_not_call_a_node_of_another_authority(tmp_path: Path) -> None:
    """One engine, and in its peers' places listeners that see how its handshake ends."""
    tls = node_files(tmp_path, strangers=(1,))
    addresses = free_addresses()
    with (
        socket.create_server(split_address(addresses[1])) as listener,
        Engine(EngineKind.SPU, 0, addresses, 60, tls[0]),
        pytest.raises(ssl.SSLError, match="UNKNOWN_CA"),
    ):
        _taken(listener, tls[1])


def _taken(listener: socket.socket, tls: TlsFiles) -> bytes:
    """The first byte of whoever comes first, over TLS with this certificate."""
    listener.settimeout(60)
    plain, _ = listener.accept()
    with plain, listener_context(tls, str(tls.authority)).wrap_socket(plain, server_side=True) as secure:
        return secure.recv(1)
