"""How many requests one address may make. The address itself is never stored."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import deque
from collections.abc import Callable

__all__ = ["RateLimit"]

_WINDOW_S = 60.0
_MAX_CLIENTS = 100_000
"""Beyond it all are refused, rather than some forgotten: forgetting would be a way around the limit."""


class RateLimit:
    """At most `per_minute` requests of one address in any minute.

    Kept, in memory only and for a minute at most: a keyed hash of the address with the times of its requests. The key
    is made at the start and exists nowhere else.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._seen: dict[bytes, deque[float]] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def wait_s(self, address: str) -> float:
        """0 and counted, or how long until another request is taken."""
        now_s = self._clock()
        self._forget(now_s)
        mark = hashlib.blake2b(address.encode(), key=self._key, digest_size=16).digest()
        times_s = self._seen.get(mark)
        if times_s is None:
            if len(self._seen) >= _MAX_CLIENTS:
                return _WINDOW_S
            times_s = deque()
        while times_s and times_s[0] <= now_s - _WINDOW_S:
            times_s.popleft()
        if len(times_s) >= self._per_minute:
            return times_s[0] + _WINDOW_S - now_s
        times_s.append(now_s)
        self._seen.pop(mark, None)
        self._seen[mark] = times_s  # at the end: the dictionary is ordered by each address' newest request
        return 0.0

    def _forget(self, now_s: float) -> None:
        while self._seen:
            mark = next(iter(self._seen))
            if self._seen[mark][-1] > now_s - _WINDOW_S:
                return
            del self._seen[mark]
