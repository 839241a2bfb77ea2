"""Lock the vault after a while in which the person did nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.vault.vault import Vault

__all__ = ["AutoLock"]

DEFAULT_AFTER_S = 300.0


def _awake_and_asleep_s() -> float:
    """Seconds since the start of the machine, those of its sleep included: a closed lid locks."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class AutoLock:
    """The window calls `touch` at every act of the person, and `check` every second or so."""

    def __init__(
        self, vault: Vault, after_s: float = DEFAULT_AFTER_S, clock: Callable[[], float] = _awake_and_asleep_s
    ) -> None:
        self._vault = vault
        self._after_s = after_s
        self._clock = clock
        self._last_s = clock()

    def touch(self) -> None:
        """The person did something. Not after the time has run out: a late touch must not undo the lock."""
        if not self.check():
            self._last_s = self._clock()

    def remaining_s(self) -> float:
        """Seconds until the lock; 0 when it is due."""
        return max(0.0, self._last_s + self._after_s - self._clock())

    def check(self) -> bool:
        """Lock if it is time; returns whether the vault is locked now. Work that uses the vault in another thread ends
        its step first."""
        if self._vault.is_open and self.remaining_s() == 0:
            self._vault.lock()
        return not self._vault.is_open
