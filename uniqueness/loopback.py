"""Ports for nodes that all run on one machine: the demo's, the tests' and the benchmarks'."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack

__all__ = ["free_ports"]

_PORTS = range(20_000, 32_000)
"""Below those that systems hand to outgoing connections (from 32,768 on Linux, 49,152 elsewhere): one of them could
take the port of a node that is down for a moment."""


def free_ports(count: int) -> list[int]:
    """Ports on loopback that were free a moment ago. Raises `OSError` where hardly any is."""
    found: list[int] = []
    with ExitStack() as stack:
        for _ in range(100 * count):
            one = stack.enter_context(socket.socket())
            try:
                one.bind(("127.0.0.1", secrets.choice(_PORTS)))
            except OSError:
                continue
            found.append(one.getsockname()[1])
            if len(found) == count:
                return found
    raise OSError("no free port between 20,000 and 32,000 on loopback")
