"""What a committee needs for so many people: comparisons, bytes, memory and cores, from measured constants.

    python -m benchmarks.capacity     # the tables of docs/scaling.md

Every query is compared with every record, at 120 rotations, as it is and mirrored; for both eyes also swapped.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from uniqueness.constants import ROTATIONS, RULES, ComparisonRule

__all__ = ["ENGINES", "EngineCost", "Load", "constants", "load_of", "tables"]

PEOPLE = tuple(10**power for power in range(5, 10))
ANSWER_S = 10
"""The time in which one query is to be answered, for the columns of cores and of the link."""
YEAR_S = 365 * 86_400
MACHINE_CORES, MACHINE_BYTES = 64, 512e9


@dataclass(frozen=True)
class EngineCost:
    """Measured: CPU nanoseconds of one node and comparison, and the bytes that it sends. `linear_ns` is at v1's width
    and grows with it."""

    name: str
    linear_ns: float
    bits_ns: float
    sent_bytes: float

    def cpu_ns(self, rule: ComparisonRule) -> float:
        return self.linear_ns * rule.width / RULES["iris_v1"].width + self.bits_ns


ENGINES = (
    EngineCost("checked", linear_ns=115, bits_ns=184, sent_bytes=28.7),
    EngineCost("spu", linear_ns=126, bits_ns=332, sent_bytes=11.8),
)
"""`benchmarks.uniqueness` on two idle cores of an AMD EPYC with AVX-512, torch's products, 2026-11-26: 3.35 M (checked,
240 presentations) and 2.18 M (SPU, 31) comparisons a core-second; numpy's products do 3.27 M. Of the checked 299 ns
some 115 are products and sums of rows, each timed alone; bytes of SPU were counted on loopback, at 240."""


@dataclass(frozen=True)
class Load:
    """Of one node. `core_s` and `sent_bytes` are one query's; `year_cores` is the average while all enrol in a year."""

    comparisons: int
    core_s: float
    sent_bytes: float
    memory_bytes: int
    year_cores: float

    @property
    def answer_cores(self) -> float:
        return self.core_s / ANSWER_S

    @property
    def answer_bits_per_s(self) -> float:
        return 8 * self.sent_bytes / ANSWER_S

    @property
    def machines(self) -> int:
        """Shards, by memory or by cores, whichever needs more."""
        return max(1, -(-self.memory_bytes // int(MACHINE_BYTES)), -(-int(self.answer_cores) // MACHINE_CORES))


def load_of(people: int, eyes: int, rule: ComparisonRule, engine: EngineCost) -> Load:
    """A record is a row of two residues an element, two bytes each, for each eye."""
    comparisons = people * 2 * eyes * eyes * len(ROTATIONS)
    core_s = comparisons * engine.cpu_ns(rule) / 1e9
    return Load(
        comparisons,
        core_s,
        comparisons * engine.sent_bytes,
        people * eyes * rule.width * 2 * 2,
        people * core_s / 2 / YEAR_S,
    )


def constants() -> str:
    """Markdown: what was measured."""
    rows = [
        "| engine | products, ns | bits, ns | comparisons a core-second (v1) | sent a comparison |",
        "|---|---|---|---|---|",
    ]
    for engine in ENGINES:
        rate = 1e3 / engine.cpu_ns(RULES["iris_v1"])
        spent = f"{engine.linear_ns:,.0f} | {engine.bits_ns:,.0f}"
        rows.append(f"| {engine.name} | {spent} | {rate:.2f} M | {engine.sent_bytes} B |")
    return "\n".join(rows) + "\n"


def tables() -> str:
    """Markdown: one table for each network, eyes and engine."""
    return "\n".join(_table(rule, eyes, engine) for engine in ENGINES for rule in RULES.values() for eyes in (1, 2))


def _table(rule: ComparisonRule, eyes: int, engine: EngineCost) -> str:
    title = f"**{engine.name}, {rule.network}, {'one eye' if eyes == 1 else 'both eyes'}**, per node"
    head = "| people | comparisons a query | core-s a query | sent a query | memory | cores for 10 s | link for 10 s | "
    rows = [f"{title}\n", head + "machines | cores, all in a year |", "|---|---|---|---|---|---|---|---|---|"]
    for people in PEOPLE:
        load = load_of(people, eyes, rule, engine)
        rows.append(
            f"| {people:,} | {_scaled(load.comparisons)} | {_rounded(load.core_s)} | {_scaled(load.sent_bytes, 'B')} | "
            f"{_scaled(load.memory_bytes, 'B')} | {_rounded(load.answer_cores)} | "
            f"{_scaled(load.answer_bits_per_s, 'bit/s')} | {load.machines:,} | {_rounded(load.year_cores)} |"
        )
    return "\n".join(rows) + "\n"


def _rounded(value: float) -> str:
    """Three digits that count."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def _scaled(value: float, unit: str = "") -> str:
    for prefix in ("", "k", "M", "G", "T"):
        if value < 1000:
            return f"{value:.3g} {prefix}{unit}"
        value /= 1000
    return f"{value:.3g} P{unit}"


def main() -> None:
    sys.stdout.write(f"{constants()}\n{tables()}")


if __name__ == "__main__":
    main()
