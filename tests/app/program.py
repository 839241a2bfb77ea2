"""Run `irisproof` as its users do: a process of its own, in a HOME and a folder for temporary files that are empty."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-m", "app.cli"]


@dataclass(frozen=True)
class Room:
    """Where a run may leave something, and must not."""

    home: Path
    temporary: Path

    @classmethod
    def make(cls, folder: Path) -> Room:
        room = cls(folder / "home", folder / "tmp")
        room.home.mkdir()
        room.temporary.mkdir()
        return room

    def environment(self) -> dict[str, str]:
        return os.environ | {"HOME": str(self.home), "TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"}

    def left_files(self) -> list[Path]:
        return [*self.home.rglob("*"), *self.temporary.rglob("*")]

    def left_processes(self) -> list[str]:
        """Command lines of processes whose environment names this room: all that a run started inherit it."""
        mark, found = str(self.temporary).encode(), []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # gone meanwhile, or somebody else's
                continue
        return found


def run(room: Room, *arguments: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=room.environment(), capture_output=True, text=True, timeout=timeout_s, check=False
    )


@contextmanager
def start(room: Room, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The program, running; a test that fails in the middle leaves none behind."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=room.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
