"""Ctrl-C at the wrong moment: what must not be interrupted waits for it here."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["signals_held"]

_HELD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C and termination wait: one in the middle of a start would leave a process that nobody knows, which
    may then make its folder again after we removed it.

    Python's handlers are exchanged, not the thread's signal mask: the system would hand a masked signal to a library's
    thread, and Python would raise in the main one all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is ever interrupted
        return
    caught: list[int] = []
    before = {number: signal.signal(number, lambda caught_now, _: caught.append(caught_now)) for number in _HELD}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for got in caught:
            signal.raise_signal(got)
