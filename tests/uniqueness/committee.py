"""Three engines on loopback, each a process of its own, driven side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import pytest

from uniqueness.engine import Engine, EngineKind, engine_available
from uniqueness.rehearsal import free_addresses

Result = TypeVar("Result")
needs_spu = pytest.mark.skipif(
    not engine_available(EngineKind.SPU), reason="SPU's environment is not set up: make committee-venv"
)


@contextmanager
def three_engines(kind: EngineKind, timeout_s: int = 60) -> Iterator[list[Engine]]:
    addresses = free_addresses()
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(kind, node, addresses, timeout_s)) for node in range(3)]
        at_each(engines, lambda _, engine: engine.connect())
        yield engines


def at_each(engines: Sequence[Engine], act: Callable[[int, Engine], Result]) -> list[Result]:
    """What `act(node, engine)` returns at the three nodes, done at the same time."""
    with ThreadPoolExecutor(len(engines)) as pool:
        return list(pool.map(act, range(len(engines)), engines))
