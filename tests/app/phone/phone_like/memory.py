"""What a process holds in memory, and what of that belongs to the software renderer in place of a phone's GPU."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)$")
_GPU = ("libLLVM", "_dri.so", "vtest-res", "libz3", "libGL", "libEGL", "libglapi", "libgallium", "libgbm", "libdrm")
"""Files of Mesa and of its compiler, and the renderer's own buffers (`vtest-res`): textures and the screen."""

SAMPLE_S = 0.05
"""Argon2's 64 MiB, the shortest peak that there is, are held four times as long."""


@dataclass(frozen=True)
class Resident:
    """MiB of one process: all that is resident, and of it what is the renderer's."""

    whole: float
    gpu: float

    @property
    def own(self) -> float:
        return self.whole - self.gpu


def resident(process: int | str = "self") -> Resident:
    """Of /proc/PROCESS/smaps. Heap that the renderer's client allocates counts as the process' own."""
    whole_kib = gpu_kib = 0
    name = ""
    for line in Path(f"/proc/{process}/smaps").read_text().splitlines():
        if mapping := _MAPPING.match(line):
            name = mapping[1]
        elif line.startswith("Rss:"):
            kib = int(line.split()[1])
            whole_kib += kib
            gpu_kib += kib * any(part in name for part in _GPU)
    return Resident(whole_kib / 1024, gpu_kib / 1024)


class Watch(threading.Thread):
    """Looks at a process as long as it lives, or until `done` is there, and ends it when it holds more of its own than
    it may."""

    def __init__(self, process: int, limit_mib: float, done: Path | None = None) -> None:
        super().__init__(daemon=True)
        self._process, self._limit_mib, self._done = process, limit_mib, done
        self.peak = Resident(0, 0)
        self.exceeded = False
        self.start()

    def run(self) -> None:
        while self._done is None or not self._done.exists():
            try:
                now = resident(self._process)
            except (OSError, ProcessLookupError):
                return
            if not now.whole:  # a process that has ended and was not waited for
                return
            self.peak = max(self.peak, now, key=lambda one: one.own)
            if now.own > self._limit_mib:
                self.exceeded = True
                os.kill(self._process, signal.SIGKILL)
                return
            time.sleep(SAMPLE_S)
