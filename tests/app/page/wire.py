"""A wire to a node that can be cut and laid to another node: what a browser is told is one address."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

__all__ = ["Wire"]


class Wire:
    """Hands bytes on, both ways, between its own port and `target`; with no target nobody listens at its port."""

    def __init__(self, target: str) -> None:
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._port = 0
        self.lay(target)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def lay(self, target: str) -> None:
        """Connect to another node (http://host:port); connections of before are broken."""
        self.cut()
        host, port = target.removeprefix("http://").split(":")
        self._listener = socket.create_server(("127.0.0.1", self._port), reuse_port=True)
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener, (host, int(port))), daemon=True).start()

    def cut(self) -> None:
        """Nobody answers any more."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
            self._listener.close()
            self._listener = None
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket, target: tuple[str, int]) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(target)
            except OSError:
                return
            self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._hand_on, args=(source, sink), daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.discard(source)
        source.close()
