"""Handing a job's secrets from the app to the prover's service: two processes of one user, no file, no argument.

A service is started by an intent, whose contents the system keeps and logs; so the intent has the name of a socket in
the kernel's abstract namespace, and the secrets go through the socket. Both ends ask the kernel whose process the other
is: another app that guessed the name is of another user.
"""

from __future__ import annotations

import os
import secrets
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from protocol.errors import JobError

__all__ = ["Offer", "offer", "take"]

MAX_SECRET_BYTES = 1 << 24
_LENGTH = struct.Struct(">Q")
_CREDENTIALS = struct.Struct("3i")
"""Linux' `struct ucred`: process, user, group."""


class Offer:
    """A socket that gives its secrets to one process of this user. `name` is not secret."""

    def __init__(self, name: str, listener: socket.socket) -> None:
        self.name = name
        self._listener = listener

    def give(self, what: bytes, timeout_s: float) -> None:
        """Raises `JobError` where nobody of this user takes it within the time."""
        self._listener.settimeout(timeout_s)
        try:
            taker, _ = self._listener.accept()
            with taker:
                taker.settimeout(timeout_s)
                _require_same_user(taker)
                taker.sendall(_LENGTH.pack(len(what)) + what)
                taker.recv(1)  # it has all of it
        except OSError as error:
            raise JobError(
                "the prover's service did not take the job",
                hint="is another proof being made? wait for it, then start this one again",
            ) from error


@contextmanager
def offer() -> Iterator[Offer]:
    """Listen under a fresh name for the block."""
    name = f"irisproof-{secrets.token_hex(16)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(f"\0{name}")
        listener.listen(1)
        yield Offer(name, listener)


def take(name: str, timeout_s: float) -> bytes:
    """What is offered under `name`. Raises `JobError` where nothing is, or it is another user's."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as giver:
            giver.settimeout(timeout_s)
            giver.connect(f"\0{name}")
            _require_same_user(giver)
            (length,) = _LENGTH.unpack(_read(giver, _LENGTH.size))
            if length > MAX_SECRET_BYTES:
                raise JobError(f"{length:,} bytes were offered as secrets; at most {MAX_SECRET_BYTES:,} are taken")
            what = _read(giver, length)
            giver.sendall(b"\1")
            return what
    except OSError as error:
        raise JobError("the app that started this job is gone", hint="open irisproof again") from error


def _read(peer: socket.socket, count: int) -> bytes:
    parts, left = [], count
    while left:
        part = peer.recv(min(left, 1 << 16))
        if not part:
            raise OSError("the other end closed")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _require_same_user(peer: socket.socket) -> None:
    _, user, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    if user != os.getuid():
        raise OSError("the other end is of another user")
