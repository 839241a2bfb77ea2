"""From the queue to the chain, exactly once.

Security, in this order at every step:
1. What the chain says it does not have (nonces from its transaction count on) is in flight again.
2. A job in flight whose nonce is used up is settled by the receipt of one of its own transactions; only where none has
   one, several times over, was the nonce used by something else, and the job goes back into the queue.
3. A job in flight whose nonce is free is broadcast again as it was signed, or with a higher fee under the same nonce.
4. A queued job gets the next nonce; its signed transaction is on the disk before the node sees it.
So a job that was ever broadcast has one nonce, and the chain takes one transaction a nonce.

The account belongs to this relayer alone. "Mined" is what the node said: wait for your chain's finality
before relying on it.
"""

from __future__ import annotations

import itertools
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from app.relay.jobs import Attempt, Job, JobQueue
from protocol.errors import ChainError, ChainUnreachable, IrisproofError, TransactionRefused
from registry_contract.broadcast import Fees, MinedTransaction, PlannedCall, SignedCall

__all__ = ["Node", "Submitter", "backoff_s"]

_WINDOW = 64
"""Transactions in flight at once; nodes keep about as many of one account that wait for each other."""

_RAISE_AFTER_S = 60.0
_LOOKS_BEFORE_RELEASE = 5
_FIRST_DELAY_S, _LONGEST_DELAY_S = 1.0, 60.0


class Node(Protocol):
    """What of `Broadcaster` is used here."""

    def transaction_count(self) -> int: ...
    def fees(self) -> Fees: ...
    def sign(self, call: PlannedCall, nonce: int, fees: Fees) -> SignedCall: ...
    def broadcast(self, raw: bytes) -> None: ...
    def mined(self, transaction: str) -> MinedTransaction | None: ...
    def dry_run(self, call: PlannedCall, block: int | None = None) -> bytes: ...


def backoff_s(attempts: int) -> float:
    """1, 2, 4, ... 60 seconds."""
    return min(_FIRST_DELAY_S * 2.0 ** min(attempts, 10), _LONGEST_DELAY_S)


class Submitter:
    """One thread calls `run`, or `step` again and again."""

    def __init__(self, queue: JobQueue, node: Node, clock: Callable[[], float] = time.time) -> None:
        self._queue = queue
        self._node = node
        self._clock = clock
        self._lost: Counter[str] = Counter()
        self._trouble = ""
        self._stopping = threading.Event()

    @property
    def trouble(self) -> str:
        """What the last step failed on; empty if on nothing."""
        return self._trouble

    def run(self, pause_s: float) -> None:
        """Until `stop`; a failure is waited out, with growing pauses, and shows in `trouble`."""
        failures = 0
        while not self._stopping.is_set():
            try:
                moved = self.step()
                failures = 0
                self._stopping.wait(0.0 if moved else pause_s)
            except (IrisproofError, sqlite3.Error) as error:
                self._trouble = str(error)
                self._stopping.wait(backoff_s(failures))
                failures += 1

    def stop(self) -> None:
        self._stopping.set()

    def step(self) -> int:
        """One round; returns how many jobs moved on. Raises `ChainUnreachable` where the node is gone."""
        count = self._node.transaction_count()
        moved = self._queue.reopen(count)
        self._trouble = ""
        for job in self._queue.signed():
            if job.nonce is not None and job.nonce < count:
                moved += self._settle(job)
            elif job.next_at_s <= self._clock():
                self._trouble = self._broadcast_again(job) or self._trouble
        return moved + self._sign_queued(count)

    def _settle(self, job: Job) -> int:
        for attempt in self._queue.attempts(job.id):
            mined = self._node.mined(attempt.signed.hash)
            if mined is not None:
                reason = None if mined.succeeded else self._reason(job, mined)
                self._queue.settle(job.id, mined.hash, (mined.block, mined.gas_used), reason)
                self._lost.pop(job.id, None)
                return 1
        self._lost[job.id] += 1  # a node may know the count a moment before the receipt
        if self._lost[job.id] < _LOOKS_BEFORE_RELEASE:
            return 0
        del self._lost[job.id]
        self._queue.release(job.id)
        return 1

    def _reason(self, job: Job, mined: MinedTransaction) -> str:
        try:
            self._node.dry_run(job.call, mined.block)
        except TransactionRefused as refusal:
            return refusal.message
        return "the contract refused, and no longer says why"

    def _broadcast_again(self, job: Job) -> str:
        newest = self._queue.attempts(job.id)[0]
        if self._clock() - newest.signed_at_s > _RAISE_AFTER_S:
            newest = self._raised(job, newest)
        self._queue.postpone(job.id, backoff_s(job.attempts))
        return self._send(newest)

    def _raised(self, job: Job, waiting: Attempt) -> Attempt:
        """The same call under the same nonce for more. Never again the old fee only because the market fell."""
        assert job.nonce is not None
        fees = waiting.fees.raised()
        attempt = Attempt(job.id, self._node.sign(job.call, job.nonce, fees), fees, self._clock())
        self._queue.record([attempt], _FIRST_DELAY_S)
        return attempt

    def _sign_queued(self, count: int) -> int:
        in_flight = {job.nonce for job in self._queue.signed()}
        queued = self._queue.queued(max(0, _WINDOW - len(in_flight)))
        if not queued:
            return 0
        fees = self._node.fees()
        free = (nonce for nonce in itertools.count(count) if nonce not in in_flight)  # gaps first: they block the rest
        attempts = [
            Attempt(job.id, self._node.sign(job.call, nonce, fees), fees, self._clock())
            for job, nonce in zip(queued, free, strict=False)
        ]
        self._queue.record(attempts, _FIRST_DELAY_S)
        for attempt in attempts:
            self._trouble = self._send(attempt)
        return len(queued)

    def _send(self, attempt: Attempt) -> str:
        """Returns the node's complaint, if it has one."""
        try:
            self._node.broadcast(attempt.signed.raw)
        except ChainUnreachable:
            raise
        except ChainError as error:  # "nonce too low" is settled at the next step; no money, by whoever pays
            return error.message
        return ""
