"""Mutual TLS around SPU's links, as a process of its own: what SPU sends and hears passes through here.

SPU's own TLS does not do: its port also answers who speaks without TLS, and it takes any certificate of the authority
for any party. So SPU talks in clear on this machine's loopback, and this process carries that to the peers: to each one
by the name in its certificate, and from nobody but the committee's other two nodes.

Run by path in the committee's environment; standard library only. Standard input brings a line of JSON and then keeps
this process alive: when it ends, the party has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

CHUNK = 1 << 18
RETRY_S = 0.5
HANDSHAKE_S = 20.0
LOOPBACK = "127.0.0.1"


class Tunnel:
    """The party's side: local addresses that stand for the three parties' real ones."""

    def __init__(self, rank: int, addresses: list[str], tls: list[str]) -> None:
        """Returns when this party's real address is taken. Raises `OSError` where it cannot be."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).resolve())], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        head = {"rank": rank, "addresses": addresses, "tls": tls}
        self._process.stdin.write(json.dumps(head).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise OSError("the links' address cannot be listened at")
        self.addresses: list[str] = json.loads(answer)


def node_name(node: int) -> str:
    """As `keys.node_name`, which has imports that this environment lacks."""
    return f"node-{node}"


def _context(purpose: int, tls: list[str]) -> ssl.SSLContext:
    certificate, key, authority = tls
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _caller(writer: asyncio.StreamWriter) -> str:
    certificate = writer.get_extra_info("peercert") or {}
    names = [value for part in certificate.get("subject", ()) for name, value in part if name == "commonName"]
    return str(names[0]) if names else ""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _join(
    one: tuple[asyncio.StreamReader, asyncio.StreamWriter], other: tuple[asyncio.StreamReader, asyncio.StreamWriter]
) -> None:
    await asyncio.gather(_copy(one[0], other[1]), _copy(other[0], one[1]))


class Carrier:
    """What this process does."""

    def __init__(self, rank: int, addresses: list[str], tls: list[str]) -> None:
        self._rank, self._addresses = rank, addresses
        self._peers = {node_name(peer) for peer in range(len(addresses)) if peer != rank}
        self._calling = _context(ssl.PROTOCOL_TLS_CLIENT, tls)
        self._listening = _context(ssl.PROTOCOL_TLS_SERVER, tls)

    async def start(self) -> list[str]:
        """Listen; returns the local addresses, the party's own first free."""
        local = []
        for party, address in enumerate(self._addresses):
            if party == self._rank:
                host, _, port = address.rpartition(":")
                free = await asyncio.start_server(lambda *_: None, LOOPBACK, 0)
                self._own = int(free.sockets[0].getsockname()[1])
                free.close()  # for SPU
                await asyncio.start_server(
                    self._heard, host, int(port), limit=CHUNK, ssl=self._listening, ssl_handshake_timeout=HANDSHAKE_S
                )
                local.append(f"{LOOPBACK}:{self._own}")
            else:
                server = await asyncio.start_server(self._saying(party), LOOPBACK, 0, limit=CHUNK)
                local.append(f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}")
        return local

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From a peer to SPU."""
        if _caller(writer) not in self._peers:
            writer.close()
            return
        own = await _dialled(lambda: asyncio.open_connection(LOOPBACK, self._own, limit=CHUNK), reader)
        if own is None:
            writer.close()
            return
        await _join((reader, writer), own)

    def _saying(self, party: int) -> Any:
        host, _, port = self._addresses[party].rpartition(":")

        async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            """From SPU to a peer, which may not be up yet."""
            peer = await _dialled(
                lambda: asyncio.open_connection(
                    host, int(port), limit=CHUNK, ssl=self._calling, server_hostname=node_name(party)
                ),
                reader,
            )
            if peer is None:
                writer.close()
                return
            await _join((reader, writer), peer)

        return said


async def _dialled(dial: Any, waiting: asyncio.StreamReader) -> Any:
    """A connection, tried again while the other end of the one that wants it stays; None when that has gone."""
    while not waiting.at_eof():
        try:
            return await dial()
        except OSError:
            await asyncio.sleep(RETRY_S)
    return None


async def _carry(head: dict[str, Any], end: asyncio.Event) -> None:
    local = await Carrier(head["rank"], head["addresses"], head["tls"]).start()
    sys.stdout.write(json.dumps(local) + "\n")
    sys.stdout.flush()
    await end.wait()


def main() -> None:
    head = json.loads(sys.stdin.readline())
    os.setpgid(0, 0)  # Ctrl-C is for the party

    async def run() -> None:
        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        waiting = loop.run_in_executor(None, sys.stdin.read)
        waiting.add_done_callback(lambda _: end.set())
        await _carry(head, end)
        os._exit(0)

    asyncio.run(run())


if __name__ == "__main__":
    main()
