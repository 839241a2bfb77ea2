"""A chain in twenty lines: it takes transactions in nonce order, and forgets, refuses or goes away when told to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from app.relay.jobs import NewJob
from protocol.errors import ChainError, ChainUnreachable, TransactionRefused
from registry_contract.broadcast import Fees, MinedTransaction, PlannedCall, SignedCall


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class StubNode:
    """`mining`: transactions are mined as they come. `lose`: the next broadcasts that get lost on the way."""

    mining: bool = True
    gone: bool = False
    lose: int = 0
    reverts: bool = False
    complaint: str = ""
    waiting: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    chain: list[tuple[str, bytes]] = field(default_factory=list)
    broadcasts: list[bytes] = field(default_factory=list)

    def _reach(self) -> None:
        if self.gone:
            raise ChainUnreachable("gone")

    def transaction_count(self) -> int:
        self._reach()
        return len(self.chain)

    def fees(self) -> Fees:
        return Fees(100, 10)

    def sign(self, call: PlannedCall, nonce: int, fees: Fees) -> SignedCall:
        raw = b"|".join([call.data, str(nonce).encode(), str(fees.max_fee).encode()])
        return SignedCall("0x" + hashlib.sha256(raw).hexdigest(), raw, nonce)

    def broadcast(self, raw: bytes) -> None:
        self._reach()
        if self.complaint:
            raise ChainError(self.complaint)
        self.broadcasts.append(raw)
        if self.lose:
            self.lose -= 1
            return
        nonce = int(raw.split(b"|")[-2])
        if nonce < len(self.chain):
            raise ChainError("nonce too low")
        self.waiting[nonce] = ("0x" + hashlib.sha256(raw).hexdigest(), raw)
        if self.mining:
            self.mine()

    def mine(self) -> None:
        while len(self.chain) in self.waiting:
            self.chain.append(self.waiting.pop(len(self.chain)))

    def mined(self, transaction: str) -> MinedTransaction | None:
        self._reach()
        for block, (found, _) in enumerate(self.chain):
            if found == transaction:
                return MinedTransaction(found, block, 21_000, not self.reverts, None)
        return None

    def dry_run(self, call: PlannedCall, block: int | None = None) -> bytes:  # noqa: ARG002
        if self.reverts:
            raise TransactionRefused("Polls__AlreadyClosed", {})
        return b""

    def payloads(self) -> list[bytes]:
        """What the chain took, in order."""
        return [raw.split(b"|")[0] for _, raw in self.chain]


def job(number: int, slot: str | None = None) -> NewJob:
    call = PlannedCall("0x" + 40 * "1", b"job %d" % number, 100_000)
    return NewJob(f"id {number}", slot or f"slot {number}", "ballot", call)
