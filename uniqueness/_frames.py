"""Messages between a node and the process of its engine: a JSON head and one array, behind their lengths.

Standard library and numpy only, of any version: the engine's process loads this file in an environment of its own.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import time
from typing import IO, Any

import numpy as np

MAX_HEAD, MAX_BODY = 1 << 16, 1 << 31


class Disagreement(Exception):
    """The three nodes were asked for different things. Its text is ours: it quotes nothing that was computed with."""

    def __init__(self) -> None:
        super().__init__("the three nodes were asked for different things")


def reason(error: Exception) -> str:
    """What an engine may say of its end: our own reason, or the kind of the failure alone. A library's message could
    quote a share."""
    return str(error) if isinstance(error, Disagreement) else type(error).__name__


def agreed_on(head: dict[str, Any]) -> str:
    """What the three nodes must have been asked alike."""
    return f"{head['tag']} {head['total']} {head['eyes']}"


def write_frame(stream: IO[bytes], head: dict[str, Any], body: Any = None) -> None:
    """Send `head` and a uint16 array, flat."""
    data = b"" if body is None else np.ascontiguousarray(body, "<u2").tobytes()
    encoded = json.dumps(head).encode()
    stream.write(struct.pack(">IQ", len(encoded), len(data)) + encoded)
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], Any]:
    """What `write_frame` sent: (head, uint16[n]). Raises `EOFError` at the end, `ValueError` for anything else."""
    head_bytes, body_bytes = struct.unpack(">IQ", _exactly(stream, 12))
    if head_bytes > MAX_HEAD or body_bytes > MAX_BODY or body_bytes % 2:
        raise ValueError("a frame of impossible size")
    head = json.loads(_exactly(stream, head_bytes))
    if not isinstance(head, dict):
        raise ValueError("a frame without a head")
    return head, np.frombuffer(_exactly(stream, body_bytes), "<u2")


def exit_with(parent: int) -> None:
    """End this process when the node that started it (process id `parent`) has ended, whatever else it is doing."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError
    return data
