"""The engine that a node runs now. A session is one life of three linked engines: when one ends, all begin anew."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.errors import EngineFailed
from uniqueness.checked.comparison import CheckedComparison
from uniqueness.checked.peers import Peers
from uniqueness.comparison import Comparison, LocalComparison
from uniqueness.engine import Engine, EngineKind, TlsFiles
from uniqueness.engine_choice import EngineChoice
from uniqueness.linear import NUMPY, Arithmetic
from uniqueness.links import connect_links
from uniqueness.sharded import START_S, ShardedComparison, ShardPlan

__all__ = ["EngineChoice", "EngineSetting", "EngineSlot"]

_CONNECT_S = 90.0


@dataclass(frozen=True)
class EngineSetting:
    """How a node starts its engine. `addresses` are the three engines' own, in the nodes' order."""

    choice: EngineChoice
    addresses: Sequence[str]
    tls: TlsFiles
    arithmetic: Arithmetic = NUMPY
    timeout_s: int = 60
    shards: ShardPlan | None = None
    """SPU alone can be spread; then the plan's addresses take the place of the engines'."""


class EngineSlot:
    """Holds at most one engine. Used by many threads: a new session ends whatever waits for the one before."""

    def __init__(self, node: int, setting: EngineSetting) -> None:
        self._node, self._setting = node, setting
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._session, self._comparison = "", None  # type: tuple[str, Comparison | None]
        self.halted = ""
        """Why this node computes nothing more until its operator starts it again; empty while it does."""

    @property
    def session(self) -> str:
        """Name of the session that is ready; empty for none."""
        return self._session

    @property
    def start_limit_s(self) -> float:
        """How long `start` may take: engines start in seconds, clusters of shards in minutes."""
        return _CONNECT_S + 30 if self._setting.shards is None else 2 * START_S + 30

    def start(self, session: str) -> None:
        """End what runs and start anew; returns when the three engines have found each other. Raises `EngineFailed`."""
        with self._starting:  # two clusters at one time would take each other's addresses
            self._start_alone(session)

    def _start_alone(self, session: str) -> None:
        self.end()
        if self.halted:
            raise EngineFailed(self.halted, hint="find out with the other operators who it was, then start it again")
        setting = self._setting
        if setting.choice is EngineChoice.CHECKED:
            self._start_checked(session)
        elif setting.shards is not None:
            self._start(ShardedComparison(setting.shards, self._node, setting.timeout_s, setting.tls))
        else:
            kind = EngineKind(setting.choice.value)
            engine = Engine(kind, self._node, setting.addresses, setting.timeout_s, setting.tls)
            self._start(LocalComparison(engine, setting.arithmetic.products))
        self._session = session

    def _start(self, comparison: LocalComparison | ShardedComparison) -> None:
        with self._lock:
            self._comparison = comparison
        try:
            comparison.connect()
        except BaseException:
            comparison.close()
            raise

    def _start_checked(self, session: str) -> None:
        setting = self._setting
        links = connect_links(self._node, setting.addresses, setting.tls, session, _CONNECT_S)
        peers = Peers(self._node, links, setting.timeout_s)
        try:
            comparison = CheckedComparison(peers, setting.arithmetic)
        except BaseException:
            peers.close()
            raise
        with self._lock:
            self._comparison = comparison

    def comparison(self, session: str) -> Comparison:
        """Raises `EngineFailed` where this session is not the one that runs."""
        comparison = self._comparison
        if comparison is None or self._session != session:
            raise EngineFailed("the engine of this session has ended", hint="try again")
        return comparison

    def halt(self, reason: str) -> None:
        """End the engine for good: a node that was seen to tamper must not get another try, and another."""
        self.halted = reason
        self.end()

    def end(self) -> None:
        """End the engine, if one runs; whoever waits for it gets `EngineFailed`."""
        with self._lock:
            self._session, comparison, self._comparison = "", self._comparison, None
        if comparison is not None:
            comparison.close()
