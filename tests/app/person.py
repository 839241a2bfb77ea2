"""Somebody at a terminal."""

from __future__ import annotations

import io
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.cli import main
from tests.app.program import Room

__all__ = ["PASSPHRASE", "Person", "secret_file"]

PASSPHRASE = "correct horse battery"


@dataclass
class Person:
    """Somebody at a terminal of their own, with everything that was said there."""

    room: Room
    folder: Path
    passphrase_file: Path
    said: dict[str, bytes] = field(default_factory=dict)

    def do(self, *arguments: str, status: int = 0, stdin: str = "") -> str:
        """Run the program within this process: a dozen starts of it would take longer than all that they do."""
        out, errors = io.StringIO(), io.StringIO()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
            patch.setattr(sys, "argv", ["irisproof", *arguments])
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            for name, value in self.environment().items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        said = out.getvalue() + errors.getvalue()
        self.said[" ".join(arguments)] = said.encode()
        assert (ended.value.code or 0) == status, said
        return out.getvalue() if status == 0 else errors.getvalue()

    def ask(self, *arguments: str, status: int = 0) -> str:
        return self.do(*arguments, "--passphrase-file", str(self.passphrase_file), status=status)

    def environment(self) -> dict[str, str]:
        return self.room.environment() | {"IRISPROOF_DATA": str(self.folder)}


def secret_file(path: Path, text: str) -> Path:
    path.touch(0o600)
    path.write_text(text + "\n")
    return path
