"""Membership proofs verified in processes of their own: one takes 25 ms of Python, and others wait."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor

from circuits.semaphore.verify import verify_membership
from protocol.types import MembershipProof

__all__ = ["Checkers"]

_LOOK_S = 0.5


class Checkers:
    """`verify` blocks the thread that calls it and nobody else. The processes end with this one, however it ends."""

    def __init__(self, count: int) -> None:
        # spawn: a fork would copy the queue's lock in whatever state it is
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(count, context, _begin, (os.getpid(),))

    def verify(self, proof: MembershipProof) -> None:
        """Raises `VerificationError`."""
        self._pool.submit(verify_membership, proof).result()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(0)
