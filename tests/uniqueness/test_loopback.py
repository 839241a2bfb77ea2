"""Ports of nodes on one machine: their own, and none that the system gives away meanwhile."""

from __future__ import annotations

import socket

import pytest

from uniqueness import loopback


def test_ports_differ_are_free_and_lie_below_those_of_outgoing_connections() -> None:
    ports = loopback.free_ports(9)
    assert len(set(ports)) == 9
    assert all(20_000 <= port < 32_000 for port in ports)
    for port in ports:
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))


def test_where_every_port_is_taken_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setattr(loopback, "_PORTS", range(port, port + 1))
        with pytest.raises(OSError, match="no free port"):
            loopback.free_ports(1)
