"""Comparisons a core-second of one node, for each engine, beside the comparison in the clear, in one run.

    python -m benchmarks.uniqueness

A comparison is one record at one rotation. The codes are random ones of v1 (1,920 symbols and their mask), properly
shared; 8,192 of them, over and over for 100,000. CPU seconds are those of one node: of its thread and its engine's
process for SPU, a third of this process's for the checked comparison, whose three nodes are threads here.
17 and 31 rotations are parts of a turn, to compare engines by; 240 are the protocol's: the whole turn, as the eye is
and mirrored.
Published, for comparison: 690,000 a second and core (ePrint 2024/705, abstract).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `irisproof committee node` has it; before numpy is loaded

import numpy as np
import torch

from benchmarks.report import Figure
from uniqueness.checked.comparison import CheckedComparison
from uniqueness.checked.peers import Peers
from uniqueness.comparison import Comparison, LocalComparison
from uniqueness.constants import ANGLE_COLUMNS, PARTIES, RULES
from uniqueness.engine import Engine, EngineKind, engine_available
from uniqueness.linear import BLOCK_ROWS, NUMPY, Arithmetic, Presentations, Products
from uniqueness.rehearsal import (
    Integers,
    MemoryRecords,
    at_nodes,
    free_addresses,
    queries_at_nodes,
    random_codes,
    records_at_nodes,
    three_peers,
)
from uniqueness.torch_products import TORCH

RULE = RULES["iris_v1"]
CODES = 8192
"""Different ones: a whole number of every engine's blocks, so that none is copied together."""
RECORDS, PEOPLE = 100_000, 10_000
SHOWN = {turned: Presentations(range(-(turned // 2), turned // 2 + 1), with_mirrored=False) for turned in (17, 31)}
ARITHMETIC = {"torch": TORCH, "numpy": NUMPY}
VERDICTS = 5


@dataclass(frozen=True, eq=False)
class Town:
    """Random codes, each node's rows of them, and a stranger's code."""

    codes: Integers = field(repr=False)
    rows: list[MemoryRecords] = field(repr=False)
    stranger: Integers = field(repr=False)

    @classmethod
    def build(cls) -> Town:
        rng = np.random.default_rng(1)
        codes = random_codes(RULE, CODES, rng)
        return cls(codes, records_at_nodes(codes, rng), random_codes(RULE, 1, rng)[0])

    def records(self, count: int) -> list[MemoryRecords]:
        return [MemoryRecords(rows.limbs, count) for rows in self.rows]


def figures() -> list[Figure]:
    """Without SPU's where its environment is not set up."""
    torch.set_num_threads(1)
    town = Town.build()
    measured = [figure for rotations in SHOWN for figure in _local(town, rotations)]
    if engine_available(EngineKind.SPU):
        measured += _spu(town)
    else:
        sys.stderr.write("uniqueness: SPU is left out, its environment is not set up (make committee-venv)\n")
    measured += _checked(town)
    rates = {figure.name: figure.value for figure in measured}
    return measured + [
        Figure(f"compare_to_plain_{turned}", round(rates[f"compare_plain_{turned}"] / rates[name], 1), "x")
        for turned in SHOWN
        if (name := f"compare_checked_{turned}") in rates
    ]


def _local(town: Town, rotations: int) -> list[Figure]:
    """What no message is needed for: the products, and the whole comparison in the clear."""
    shown, count = SHOWN[rotations], PEOPLE * rotations
    query = queries_at_nodes(RULE, [town.stranger], np.random.default_rng(2))[0]
    turned, rows = shown.rows(query.eyes), town.records(PEOPLE)[0]

    def multiply(products: Products) -> None:
        for start in range(0, PEOPLE, BLOCK_ROWS):
            products(rows.block(start, min(start + BLOCK_ROWS, PEOPLE)), turned)

    spent = {f"linear_{name}": _cpu_s(lambda by=by: multiply(by.products)) for name, by in ARITHMETIC.items()}  # type: ignore[misc]
    spent["plain"] = _cpu_s(lambda: _plain(rotations))
    return [_rate(f"compare_{name}_{rotations}", count / cpu_s) for name, cpu_s in spent.items()]


def _spu(town: Town) -> list[Figure]:
    """The products are torch's."""
    found = []
    with _three_engines() as engines:
        for shown in SHOWN.values():  # an engine compiles a program for each size of its runs, once
            _spent(town, [LocalComparison(engine, TORCH.products, shown) for engine in engines], [])
        for rotations, shown in SHOWN.items():
            comparisons = [LocalComparison(engine, TORCH.products, shown) for engine in engines]
            own_s, engine_s = _spent(town, comparisons, [engine.process_id for engine in engines])
            count = RECORDS * rotations
            found.append(_rate(f"compare_secure_{rotations}", count / (own_s / PARTIES + engine_s), budget=1.0))
            found.append(_rate(f"compare_engine_{rotations}", count / engine_s))
        wall_s = _verdict_s(town, [LocalComparison(engine, TORCH.products) for engine in engines])
    return [*found, Figure("verdict_10k_spu_s", round(wall_s, 2), "s", 2.0)]


def _checked(town: Town) -> list[Figure]:
    """The comparison that notices tampering, which is the default; `_numpy`: with what is always installed."""
    found = []
    for name, arithmetic in ARITHMETIC.items():
        ending = "" if name == "torch" else f"_{name}"
        for rotations, shown in (SHOWN | {240: Presentations()}).items():
            with three_peers() as peers:
                comparisons = _checked_at(peers, arithmetic, shown)
                own_s, _ = _spent(town, comparisons, [])
                sent = peers[0].sent_bytes
            count = RECORDS * rotations
            found.append(_rate(f"compare_checked{ending}_{rotations}", PARTIES * count / own_s, budget=1.0))
        with three_peers() as peers:
            wall_s = _verdict_s(town, _checked_at(peers, arithmetic, Presentations()))
        found.append(Figure(f"verdict_10k_checked{ending}_s", round(wall_s, 2), "s", 2.0))
    return [*found, Figure("compare_checked_bytes", round(sent / count, 1), "B")]


def _checked_at(peers: list[Peers], arithmetic: Arithmetic, shown: Presentations) -> list[CheckedComparison]:
    return at_nodes(lambda node: CheckedComparison(peers[node], arithmetic, shown))


def _spent(town: Town, comparisons: Sequence[Comparison], processes: Sequence[int]) -> tuple[float, float]:
    """CPU seconds of one query of 100,000 records: of this process, all three nodes', and of node 0's engine."""
    rows, asked = town.records(RECORDS), queries_at_nodes(RULE, [town.stranger], np.random.default_rng(2))
    began_s, engine_began_s = time.process_time(), _process_s(processes[:1])
    found = at_nodes(lambda node: comparisons[node].matches_any(b"rate", asked[node], rows[node]))
    assert found == [False] * PARTIES
    return time.process_time() - began_s, _process_s(processes[:1]) - engine_began_s


def _verdict_s(town: Town, comparisons: Sequence[Comparison]) -> float:
    """Wall time over 10,000 records, three nodes on this machine, the median: strangers and, in turn, an enrolled eye
    of another capture."""
    walls_s, rows = [], town.records(PEOPLE)
    for turn in range(VERDICTS):
        known = turn % 2 == 1
        query = np.roll(town.codes[7].reshape(-1, ANGLE_COLUMNS), 3, 1).ravel() if known else town.stranger
        asked = queries_at_nodes(RULE, [query], np.random.default_rng(turn))
        started = time.perf_counter()
        found = at_nodes(
            lambda node, asked=asked: comparisons[node].matches_any(b"verdict", asked[node], rows[node])  # type: ignore[misc]
        )
        walls_s.append(time.perf_counter() - started)
        assert found == [known] * PARTIES
    return float(np.median(walls_s))


@contextmanager
def _three_engines() -> Iterator[list[Engine]]:
    """Connected."""
    addresses = free_addresses()
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(EngineKind.SPU, node, addresses)) for node in range(PARTIES)]
        at_nodes(lambda node: engines[node].connect())
        yield engines


def _plain(rotations: int) -> None:
    """The same comparison in the clear: masked Hamming distance on packed bits, the usual way."""
    rng = np.random.default_rng(3)
    words = RULE.symbols // 64
    codes, masks = (rng.integers(0, 1 << 63, (PEOPLE, words), dtype=np.uint64) for _ in range(2))
    for _ in range(rotations):
        both = masks & masks[0]
        differing = np.bitwise_count((codes ^ codes[0]) & both).sum(axis=1, dtype=np.int32)
        _ = differing * 10 < 3 * np.bitwise_count(both).sum(axis=1, dtype=np.int32)


def _cpu_s(act: Callable[[], object]) -> float:
    """The least of three runs: what others take from the caches is not ours."""
    spent = []
    for _ in range(3):
        started = time.process_time()
        act()
        spent.append(time.process_time() - started)
    return min(spent)


def _process_s(process_ids: Sequence[int]) -> float:
    """User and system time of processes, /proc/[pid]/stat fields 14 and 15."""
    ticks = 0
    for process_id in process_ids:
        with open(f"/proc/{process_id}/stat") as stat:  # noqa: PTH123
            fields = stat.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _rate(name: str, per_s: float, budget: float | None = None) -> Figure:
    return Figure(name, round(per_s / 1e6, 2), "M/core-s", budget)


def figures_apart() -> list[Figure]:
    """`figures`, in a process of its own: there numpy is loaded as a node loads it."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.uniqueness", "--json"], check=True, stdout=subprocess.PIPE, text=True
    )
    return [Figure(**figure) for figure in json.loads(done.stdout)]


def main() -> None:
    measured = figures()
    if sys.argv[1:] == ["--json"]:
        sys.stdout.write(json.dumps([asdict(figure) for figure in measured]))
        return
    for figure in measured:
        sys.stdout.write(f"{figure.name:<26}{figure.value:>10} {figure.unit}\n")


if __name__ == "__main__":
    main()
