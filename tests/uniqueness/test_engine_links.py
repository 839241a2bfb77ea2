"""Links of SPU and MPyC under the committee's own authority: another authority's nodes do not connect, either way
round. That its own connect is what all tests of the shared engines rest on (`conftest`)."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.uniqueness.committee import LinkedEngines, answer_of, needs_spu, node_files
from uniqueness.engine import Engine, EngineFailed, EngineKind, TlsFiles
from uniqueness.rehearsal import free_addresses
from uniqueness.wire import listener_context, split_address

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
    assert answer_of(linked.addresses[0], own) == b"HTTP"
    assert answer_of(linked.addresses[0], TlsFiles(stranger.certificate, stranger.key, own.authority)) == b""
    assert answer_of(linked.addresses[0], None) == b""  # SPU alone would answer who speaks without TLS


@needs_spu
def test_spu_does_not_call_a_node_of_another_authority(tmp_path: Path) -> None:
    """One engine, and in its peers' places listeners that see how its handshake ends."""
    tls = node_files(tmp_path, strangers=(1,))
    addresses = free_addresses()
    with (
        socket.create_server(split_address(addresses[1])) as listener,
        Engine(EngineKind.SPU, 0, addresses, 60, tls[0]),
        pytest.raises(ssl.SSLError),  # it hangs up within the handshake
    ):
        _taken(listener, tls[1])


def _taken(listener: socket.socket, tls: TlsFiles) -> bytes:
    """The first byte of whoever comes first, over TLS with this certificate."""
    listener.settimeout(60)
    plain, _ = listener.accept()
    with plain, listener_context(tls, str(tls.authority)).wrap_socket(plain, server_side=True) as secure:
        return secure.recv(1)
