"""Tell a person, step by step, what happens, how long it took and what left the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Narrator", "Step"]


class Step:
    """What there is to say of one step; filled in while it runs."""

    def __init__(self) -> None:
        self.detail = ""
        self.leaves = ""
        self.seconds = 0.0


class Narrator:
    """Writes lines through `write`, and keeps the seconds of each step by its name."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self.seconds: dict[str, list[float]] = {}

    def title(self, text: str) -> None:
        self._write(f"\n{text}" if self.seconds else text)

    def line(self, text: str) -> None:
        self._write(f"    {text}")

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time the block; write its line when it is done, and none if it fails."""
        step, started_s = Step(), time.monotonic()
        yield step
        step.seconds = time.monotonic() - started_s
        self.seconds.setdefault(name, []).append(step.seconds)
        self._write(f"  {step.seconds:6.2f} s  {name:<28} {step.detail}")
        if step.leaves:
            self._write(f"{'':<12}leaves the device: {step.leaves}")
