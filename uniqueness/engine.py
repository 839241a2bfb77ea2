"""The last step: from additive shares of scores to one opened bit, by an engine in a process of its own.

Each node starts one engine process and hands it its shares; the three processes talk to each other. Two engines have
this interface: SPU (ABY3), and MPyC where SPU has no wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.errors import ArtifactAbsent, EncodingError, EngineFailed
from protocol.pins import root_dir
from uniqueness._frames import read_frame, write_frame
from uniqueness.constants import PARTIES, ROTATIONS
from uniqueness.tls_files import TlsFiles

__all__ = ["Engine", "EngineFailed", "EngineKind", "TlsFiles", "committee_python", "engine_available"]

Ring = npt.NDArray[np.uint16]

_LEAST_PER_S = 200
"""Comparisons a second that even MPyC on a busy machine reaches: the time limit grows with their number."""
_CONNECT_S = 90
"""How far apart three processes may start on busy machines. A link has one time limit for its whole life, so no link
gets a shorter one: with 4 s, engines on a loaded machine did not find each other."""


class EngineKind(Enum):
    """SPU: about a million comparisons a core-second. MPyC: a few thousand, anywhere that Python runs."""

    SPU = "spu"
    MPYC = "mpyc"

    @property
    def block(self) -> int:
        """The most scores in one run: of 2,048 records for SPU, its largest (`_spu_party.RUNS`). What a run costs
        beside its comparisons, messages and wake-ups, is spread over more."""
        return 2048 * 2 * len(ROTATIONS) if self is EngineKind.SPU else 1 << 12


def committee_python() -> Path:
    """The interpreter of SPU's own environment, which `make committee-venv` sets up."""
    return root_dir() / ".venv-committee" / "bin" / "python"


def engine_available(kind: EngineKind) -> bool:
    """Whether the engine can be started here."""
    return kind is EngineKind.MPYC or committee_python().exists()


class Engine:
    """One node's engine. A context manager: leaving it ends the process. Not thread-safe."""

    def __init__(
        self,
        kind: EngineKind,
        node: int,
        addresses: Sequence[str],
        timeout_s: int = 120,
        tls: TlsFiles | None = None,
    ) -> None:
        """Start the process, which looks for the other two; `connect` waits for them, and so does the first comparison.

        `addresses` are host:port of the three nodes' engines, in the nodes' order. `timeout_s` is how long a comparison
        waits for a silent peer, beyond the time that its size takes. Without `tls` the engines' links are in clear.
        Raises `ArtifactAbsent` where SPU's environment was not set up, `EncodingError` for other than three addresses.
        """
        if len(addresses) != PARTIES or not 0 <= node < PARTIES:
            raise EncodingError(f"an engine has {PARTIES} addresses, and nodes 0..{PARTIES - 1}")
        if not engine_available(kind):
            raise ArtifactAbsent("the committee's environment is not set up", hint="run: make committee-venv")
        self.kind = kind
        self._connected = self._failed = False
        self._timeout_s = timeout_s
        self._process = subprocess.Popen(
            _command(kind),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root_dir(),
            env={"PATH": os.environ.get("PATH", ""), "JAX_PLATFORMS": "cpu"},
        )
        link_s = max(timeout_s, _CONNECT_S)
        head = {"rank": node, "addresses": list(addresses), "timeout_s": link_s, "parent": os.getpid(), "tls": None}
        if tls is not None:
            head["tls"] = tls.paths()
        self._send(head)

    @property
    def process_id(self) -> int:
        """For a monitor of the node's own."""
        return self._process.pid

    def connect(self, timeout_s: int = _CONNECT_S) -> None:
        """Wait until the three processes have found each other; SPU takes 3 to 10 s. Raises `EngineFailed`."""
        if not self._connected:
            with self._ended_after(timeout_s):
                self._answer("ready")
            self._connected = True

    def any_positive(self, tag: bytes, shares: Iterable[Ring], total: int, eyes: int = 1) -> bool:
        """Whether any of `total` scores is positive; all three nodes get the same bit, and nothing else is opened.

        With 2 `eyes` the scores come in pairs [..., 2, 120], and the bit says whether in any pair both eyes have a
        positive one.

        `shares` are this node's additive shares modulo 2^16 of the scores, in the nodes' common order, as any arrays of
        `total` elements together; scores lie in -32767..32767. All three nodes call this with one `tag` and `total`.
        Raises `EncodingError` for no scores or other than `total`, and `EngineFailed`.
        """
        if total < 1:
            raise EncodingError("nothing is to be compared")
        if eyes not in (1, 2) or (eyes == 2 and total % (2 * len(ROTATIONS))):
            raise EncodingError(f"{total} scores are no whole number of comparisons of {eyes} eyes")
        if self._failed:
            raise EngineFailed(f"the {self.kind.value} engine failed before", hint="start another")
        self.connect()
        with self._ended_after(self._timeout_s + total / _LEAST_PER_S):
            self._send({"tag": tag.hex(), "total": total, "eyes": eyes})
            self._send_all(shares, total, self.kind.block - self.kind.block % (eyes * len(ROTATIONS)))
            return bool(self._answer("positive"))

    def _send_all(self, shares: Iterable[Ring], total: int, most: int) -> None:
        """In runs of `most`, whatever the blocks: a run costs the engine nearly the same full or half empty."""
        sent, run, used = 0, np.empty(min(total, most), np.uint16), 0
        for block in shares:
            flat = np.asarray(block, np.uint16).ravel()
            if sent + used + len(flat) > total:
                self.close()
                raise EncodingError(f"more than {total} scores were given")
            while len(flat):
                part = flat[: len(run) - used]
                run[used : used + len(part)] = part
                used, flat = used + len(part), flat[len(part) :]
                if used == len(run):
                    self._send({}, run)
                    sent, used, run = sent + used, 0, np.empty(min(total - sent - used, most), np.uint16)
        if sent < total:
            self.close()
            raise EncodingError(f"{sent + used} scores were given instead of {total}")

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                if stream is not None:
                    stream.close()
            except BrokenPipeError:
                pass  # what was not sent yet is not needed any more

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _ended_after(self, seconds: float) -> Iterator[None]:
        """A silent peer must not hold this node: the engine's process is ended, and what waits for it fails."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _send(self, head: dict[str, Any], body: Ring | None = None) -> None:
        assert self._process.stdin is not None
        try:
            write_frame(self._process.stdin, head, body)
        except (OSError, ValueError) as error:
            raise EngineFailed(f"the {self.kind.value} engine ended: {self._last_words()}") from error

    def _answer(self, name: str) -> Any:
        assert self._process.stdout is not None
        try:
            head, _ = read_frame(self._process.stdout)
        except (EOFError, ValueError) as error:
            raise EngineFailed(f"the {self.kind.value} engine ended without an answer") from error
        if name not in head:
            self._failed = True
            raise EngineFailed(f"the {self.kind.value} engine failed: {head.get('error', 'no reason given')}")
        return head[name]

    def _last_words(self) -> str:
        assert self._process.stdout is not None
        try:
            return str(read_frame(self._process.stdout)[0].get("error", "no reason given"))
        except (EOFError, OSError, ValueError):
            return "no reason given"


def _command(kind: EngineKind) -> list[str]:
    if kind is EngineKind.SPU:
        return [str(committee_python()), "-I", "-u", str(Path(__file__).with_name("_spu_party.py"))]
    return [sys.executable, "-m", "uniqueness._mpyc_party"]
