"""Messages among the three nodes of a checked comparison, and what two of them must see alike."""

from __future__ import annotations

import hashlib
import queue
import secrets
import socket
import struct
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from uniqueness.constants import PARTIES
from uniqueness.engine import EngineFailed

__all__ = ["MAX_MESSAGE_BYTES", "Peers", "TamperingDetected"]

MAX_MESSAGE_BYTES = 1 << 30
_FAREWELL_S = 5


class TamperingDetected(EngineFailed):
    """Some node did not do what the protocol says. There is no verdict; who it was is not known from this alone."""

    def __init__(self, check: str) -> None:
        super().__init__(f"a node tampers: {check}", hint="keep the logs of all three nodes and stop enrolling")


class Socket(Protocol):
    """What is used of a connected socket. One thread sends while another receives."""

    def settimeout(self, seconds: float | None, /) -> None: ...
    def sendall(self, data: bytes, /) -> None: ...
    def recv_into(self, buffer: memoryview, /) -> int: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Peers:
    """This node's two links. Sending never waits for the receiver; receiving waits for the sender, at most `timeout_s`.

    `links` are connected sockets, by the number of the peer. Who is behind a link, and that nobody reads it, is the
    caller's to see to (TLS).
    """

    def __init__(self, node: int, links: Mapping[int, Socket], timeout_s: float = 120) -> None:
        self.node, self._links = node, dict(links)
        self.next, self.previous = (node + 1) % PARTIES, (node + 2) % PARTIES
        self.sent_bytes = 0
        self._senders: list[threading.Thread] = []
        self._waiting: dict[int, queue.SimpleQueue[bytes | None]] = {}
        for peer, link in self._links.items():
            link.settimeout(timeout_s)
            self._waiting[peer] = queue.SimpleQueue()
            sender = threading.Thread(target=self._send_all, args=(peer,), daemon=True)
            sender.start()
            self._senders.append(sender)

    def send(self, peer: int, data: bytes) -> None:
        self.sent_bytes += len(data)
        self._waiting[peer].put(data)

    def receive(self, peer: int, size: int) -> bytes:
        """Exactly `size` bytes. Raises `EngineFailed` where the peer is silent, gone, or sends another number."""
        try:
            found = struct.unpack(">Q", self._exactly(peer, 8))[0]
            if found != size:
                raise TamperingDetected(f"{found} bytes where {size} were due")
            return bytes(self._exactly(peer, size))
        except OSError as error:
            raise EngineFailed(f"node {peer} does not answer") from error

    def pass_on(self, data: bytes) -> bytes:
        """Send to the previous node, receive as much from the next one: how a slot comes to its second holder."""
        self.send(self.previous, data)
        return self.receive(self.next, len(data))

    def require_same(self, text: bytes, what: str) -> None:
        """Raises `EngineFailed` unless all three nodes hold the same `text`."""
        digest = hashlib.sha256(text).digest()
        for peer in (self.next, self.previous):
            self.send(peer, digest)
        if any(self.receive(peer, 32) != digest for peer in (self.next, self.previous)):
            raise EngineFailed(what)

    def coin(self) -> bytes:
        """32 bytes that no node could foresee when it sent what it sent before: committed to by all, then revealed.

        A barrier too: nobody goes on before the others have received all that was due until here.
        """
        own = secrets.token_bytes(32)
        peers = (self.next, self.previous)
        for peer in peers:
            self.send(peer, hashlib.sha256(own).digest())
        commitments = {peer: self.receive(peer, 32) for peer in peers}
        for peer in peers:
            self.send(peer, own)
        revealed = {self.node: own} | {peer: self.receive(peer, 32) for peer in peers}
        if any(hashlib.sha256(revealed[peer]).digest() != commitments[peer] for peer in peers):
            raise TamperingDetected("a coin is not the one committed to")
        return hashlib.sha256(b"".join(revealed[node] for node in range(PARTIES))).digest()

    def close(self) -> None:
        """End the links; what was sent goes out first, so that the peers see why."""
        for waiting in self._waiting.values():
            waiting.put(None)
        for sender in self._senders:
            sender.join(_FAREWELL_S)
        for link in self._links.values():
            with suppress(OSError):  # the peer was faster
                link.shutdown(socket.SHUT_RDWR)
            link.close()

    def _send_all(self, peer: int) -> None:
        while (data := self._waiting[peer].get()) is not None:
            try:
                self._links[peer].sendall(struct.pack(">Q", len(data)))
                self._links[peer].sendall(data)
            except OSError:
                return  # whoever receives from this peer finds out

    def _exactly(self, peer: int, size: int) -> bytearray:
        if size > MAX_MESSAGE_BYTES:
            raise TamperingDetected("a message of impossible size")
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            count = self._links[peer].recv_into(view[at:])
            if count == 0:
                raise OSError("closed")
            at += count
        return data
