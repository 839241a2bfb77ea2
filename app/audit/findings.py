"""What an audit says: broken links in the order of the chain, and how near each rule came to its limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

from protocol.errors import EncodingError, InputError, VerificationError
from registry_contract.public_log import LogEntry

__all__ = ["Broken", "Findings", "Margin", "Stage"]

NEAR = 0.9
"""From this share of a limit on, a rule is reported as near it."""


class Stage(IntEnum):
    """What a broken link is about, in the order in which an auditor has to believe things."""

    FOUNDATION = 0
    """pins, code, circuits: without them nothing else means anything"""
    LOG = 1
    """one entry of the log"""
    STATE = 2
    """what the contracts say now, beside what the log adds up to"""


@dataclass(frozen=True)
class Broken:
    """One link that does not hold. `check` names the check; `block` and `transaction` are where, if at one place."""

    stage: Stage
    check: str
    reason: str
    block: int | None = None
    index: int | None = None
    transaction: str | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        return self.stage, -1 if self.block is None else self.block, -1 if self.index is None else self.index

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"stage": self.stage.name.lower()}

    def sentence(self) -> str:
        """For a person: where, what."""
        where = "" if self.block is None else f" in block {self.block}, transaction {self.transaction}"
        return f"{self.check}{where}: {self.reason}"


@dataclass
class Margin:
    """How much of a rule's limit was used at most; `where` tells of that case."""

    limit: float
    unit: str
    most: float = 0.0
    where: str = ""
    near: int = 0
    """Cases at or above nine tenths of the limit."""

    @property
    def share(self) -> float:
        return self.most / self.limit if self.limit else 1.0


@dataclass
class Findings:
    """Collects; nothing is raised, so that one broken link does not hide the next."""

    broken: list[Broken] = field(default_factory=list)
    margins: dict[str, Margin] = field(default_factory=dict)
    checked: dict[str, int] = field(default_factory=dict)
    """Check -> how often it was made."""

    def say(self, check: str, reason: str, entry: LogEntry | None = None, stage: Stage | None = None) -> None:
        """Report a broken link, at an entry of the log or of a stage of its own."""
        if entry is None:
            self.broken.append(Broken(Stage.STATE if stage is None else stage, check, reason))
        else:
            self.broken.append(Broken(Stage.LOG, check, reason, entry.block, entry.index, entry.transaction))

    def require(self, holds: bool, check: str, reason: str, entry: LogEntry | None = None) -> bool:
        """Count a check, and report it where it does not hold. Returns `holds`."""
        self.checked[check] = self.checked.get(check, 0) + 1
        if not holds:
            self.say(check, reason, entry)
        return holds

    @contextmanager
    def reporting(self, check: str, entry: LogEntry) -> Iterator[None]:
        """Turn what a verification raises in the block into a broken link."""
        self.checked[check] = self.checked.get(check, 0) + 1
        try:
            yield
        except (VerificationError, EncodingError, InputError) as error:
            self.say(check, error.message, entry)

    def measure(self, rule: str, used: float, limit: tuple[float, str], where: str) -> None:
        """Note how much of a rule's limit (value, unit) was used."""
        margin = self.margins.setdefault(rule, Margin(*limit))
        if used >= margin.most:
            margin.most, margin.where = used, where
        if used >= NEAR * margin.limit:
            margin.near += 1

    def in_order(self) -> list[Broken]:
        """The first broken link first."""
        return sorted(self.broken, key=lambda broken: broken.order)
