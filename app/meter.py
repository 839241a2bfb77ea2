"""Show on a terminal how far long work has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

__all__ = ["Meter"]


class Meter:
    """One line that is drawn over on a terminal, and a line a stage elsewhere."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._live = stream.isatty()
        self._stage, self._drawn_s = "", 0.0

    def show(self, stage: str, share: float) -> None:
        if not self._live:
            if stage != self._stage:
                self._stream.write(f"{stage}\n")
            self._stage = stage
            return
        if share >= 1 or stage != self._stage or self._clock() - self._drawn_s > 0.2:
            self._stage, self._drawn_s = stage, self._clock()
            bar = "#" * round(30 * share)
            self._stream.write(f"\r{stage:<28} [{bar:<30}] {100 * share:3.0f} %" + ("\n" if share >= 1 else ""))
            self._stream.flush()
