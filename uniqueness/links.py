"""The encrypted links of a checked comparison: every pair of nodes, each end sure of the other's name.

Two connections a pair, each used in one direction: Python's TLS sockets must not be read and written by two threads at
a time, and `checked.peers` does both at once.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from protocol.errors import EngineFailed
from uniqueness.constants import PARTIES
from uniqueness.engine import TlsFiles
from uniqueness.keys import node_name
from uniqueness.wire import caller_context, caller_name, listener_context, split_address

__all__ = ["Link", "connect_links"]

_SESSION_BYTES = 32
_HANDSHAKE_S = 20.0
_RETRY_S = 0.2


class Link:
    """What `checked.peers.Peers` uses of a socket, over two of them."""

    def __init__(self, outgoing: ssl.SSLSocket, incoming: ssl.SSLSocket) -> None:
        self._outgoing, self._incoming = outgoing, incoming

    def settimeout(self, seconds: float | None) -> None:
        self._outgoing.settimeout(seconds)
        self._incoming.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        self._outgoing.sendall(data)

    def recv_into(self, buffer: memoryview) -> int:
        return self._incoming.recv_into(buffer)

    def shutdown(self, how: int) -> None:
        for one in (self._outgoing, self._incoming):
            with suppress(OSError):
                one.shutdown(how)

    def close(self) -> None:
        self._outgoing.close()
        self._incoming.close()


def connect_links(
    node: int, addresses: Sequence[str], tls: TlsFiles, session: str, timeout_s: float
) -> dict[int, Link]:
    """This node's links, by the peer's number, when all of `session` are there. Raises `EngineFailed`."""
    deadline_s = time.monotonic() + timeout_s
    mark = session.encode().ljust(_SESSION_BYTES)[:_SESSION_BYTES]
    peers = [peer for peer in range(PARTIES) if peer != node]
    incoming: dict[int, ssl.SSLSocket] = {}
    outgoing: dict[int, ssl.SSLSocket] = {}
    try:
        with socket.create_server(split_address(addresses[node])) as listener:
            accepting = threading.Thread(target=_accept, args=(listener, tls, mark, incoming, deadline_s), daemon=True)
            accepting.start()
            for peer in peers:
                outgoing[peer] = _dial(peer, addresses[peer], tls, mark, deadline_s)
            accepting.join(max(0.0, deadline_s - time.monotonic()))
        if sorted(incoming) != peers:
            raise EngineFailed("the engines of the other nodes did not connect", hint="are all three nodes up?")
    except (OSError, EngineFailed) as error:
        for one in (*incoming.values(), *outgoing.values()):
            one.close()
        if isinstance(error, EngineFailed):
            raise
        raise EngineFailed(f"the engine cannot listen at {addresses[node]}") from error
    return {peer: Link(outgoing[peer], incoming[peer]) for peer in peers}


def _accept(
    listener: socket.socket, tls: TlsFiles, mark: bytes, found: dict[int, ssl.SSLSocket], deadline_s: float
) -> None:
    """Take the first connection of this session from each peer; drop what is of no peer or of an earlier session."""
    context = listener_context(tls, str(tls.authority))
    names = {node_name(peer): peer for peer in range(PARTIES)}
    while len(found) < PARTIES - 1 and time.monotonic() < deadline_s:
        try:
            listener.settimeout(max(0.1, deadline_s - time.monotonic()))
            plain, _ = listener.accept()
        except OSError:
            return  # closed, or nobody came
        try:
            plain.settimeout(_HANDSHAKE_S)
            secure = context.wrap_socket(plain, server_side=True)
            peer = names.get(caller_name(secure.getpeercert()))
            if peer is None or _read(secure, _SESSION_BYTES) != mark:
                secure.close()
                continue
            secure.sendall(b"\1")
            if peer in found:  # it did not hear of the first one
                found[peer].close()
            found[peer] = secure
        except OSError:
            plain.close()


def _dial(peer: int, address: str, tls: TlsFiles, mark: bytes, deadline_s: float) -> ssl.SSLSocket:
    """Until the peer takes the connection as one of this session."""
    context = caller_context(tls)
    while time.monotonic() < deadline_s:
        secure: ssl.SSLSocket | None = None
        try:
            plain = socket.create_connection(split_address(address), _HANDSHAKE_S)
            secure = context.wrap_socket(plain, server_hostname=node_name(peer))
            secure.sendall(mark)
            if _read(secure, 1) == b"\1":
                return secure
        except ssl.SSLCertVerificationError as error:
            raise EngineFailed(f"the engine at {address} is not that of node {peer}") from error
        except OSError:
            pass  # not up yet, or still in an earlier session
        if secure is not None:
            secure.close()
        time.sleep(_RETRY_S)
    raise EngineFailed(f"the engine of node {peer} at {address} does not answer")


def _read(secure: ssl.SSLSocket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = secure.recv(size - len(data))
        if not part:
            return data
        data += part
    return data
