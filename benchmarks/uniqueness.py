"""Comparisons a core-second of one node, linear part and whole, beside the comparison in the clear, in one run.

    python -m benchmarks.uniqueness

A comparison is one record at one rotation. The codes are random ones of v1 (1,920 symbols and their mask), properly
shared; 10,000 of them, passed ten times for 100,000. CPU seconds are those of one node: this process's for the linear
part, the engine's process for the rest, read from /proc. More rotations than 17 are measured by turning further.
Published, for comparison: 690,000 a second and core (ePrint 2024/705, abstract).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch

from benchmarks.report import Figure
from tests.uniqueness.checked.three import three_peers
from tests.uniqueness.committee import free_addresses
from tests.uniqueness.world import Integers, held, random_codes, ring_shares
from uniqueness.checked.comparison import CheckedComparison
from uniqueness.comparison import Comparison, LocalComparison, Query
from uniqueness.constants import ANGLE_COLUMNS, PARTIES, RULES
from uniqueness.engine import Engine, EngineKind, engine_available
from uniqueness.linear import Limbs, Products, Ring, numpy_products, query_row, split_limbs
from uniqueness.torch_products import torch_products

Result = TypeVar("Result")

RULE = RULES["iris_v1"]
RECORDS, PASSES = 10_000, 10
ROTATIONS = (17, 31)
VERDICTS = 5
BLOCK_ROWS = 2048


@dataclass(frozen=True, eq=False)
class Town:
    """Random codes, a stranger's and an enrolled one's as queries, and each node's rows and query shares."""

    codes: Integers = field(repr=False)
    rows: list[Limbs] = field(repr=False)
    stranger: Integers = field(repr=False)

    @classmethod
    def build(cls) -> Town:
        rng = np.random.default_rng(1)
        codes = random_codes(RULE, RECORDS, rng)
        shares = ring_shares(codes, rng)
        rows = [split_limbs(np.concatenate([shares[n], shares[(n + 1) % PARTIES]], axis=1)) for n in range(PARTIES)]
        return cls(codes, rows, random_codes(RULE, 1, rng)[0])


class Rows:
    """`comparison.Records` in memory."""

    zeroed: frozenset[int] = frozenset()

    def __init__(self, limbs: Limbs) -> None:
        self._limbs = limbs

    def __len__(self) -> int:
        return len(self._limbs)

    def block(self, start: int, stop: int) -> Limbs:
        return self._limbs[start:stop]


def figures() -> list[Figure]:
    """Without SPU's where its environment is not set up."""
    torch.set_num_threads(1)
    town = Town.build()
    if not engine_available(EngineKind.SPU):
        sys.stderr.write("uniqueness: SPU is left out, its environment is not set up (make committee-venv)\n")
        return _checked(town)
    with _three_engines() as engines:
        rates = [figure for rotations in ROTATIONS for figure in _rates(town, engines, rotations)]
        trusting = [LocalComparison(engine, torch_products) for engine in engines]
        rates.append(Figure("verdict_10k_spu_s", round(_verdict(town, trusting).wall_s, 2), "s", 2.0))
    return [*rates, *_checked(town)]


def _checked(town: Town) -> list[Figure]:
    """The comparison that notices tampering: its nodes are threads of this process, so its CPU time is a third."""
    with three_peers() as peers:
        comparisons = _at_each(lambda node: CheckedComparison(peers[node], torch_products))
        verdict = _verdict(town, comparisons)
        count = VERDICTS * RECORDS * 34  # 17 rotations, as it is and mirrored
        return [
            Figure("compare_checked_34", round(PARTIES * count / verdict.cpu_s / 1e6, 2), "M/core-s", 1.0),
            Figure("compare_checked_bytes", round(peers[0].sent_bytes / count, 1), "B"),
            Figure("verdict_10k_checked_s", round(verdict.wall_s, 2), "s", 2.0),
        ]


def _rates(town: Town, engines: Sequence[Engine], rotations: int) -> list[Figure]:
    shares = ring_shares(town.stranger, np.random.default_rng(2))
    queries = [_turned(shares, node, rotations) for node in range(PARTIES)]
    count = RECORDS * rotations
    plain = count / _cpu_s(lambda: _plain(rotations)) / 1e6
    linear = {
        name: count / _cpu_s(lambda by=products: _scores(town.rows[0], queries[0], by)) / 1e6  # type: ignore[misc]
        for name, products in (("numpy", numpy_products), ("torch", torch_products))
    }
    scores = [_scores(town.rows[node], queries[node], torch_products) for node in range(PARTIES)]
    engine = count * PASSES / _engine_s(engines, scores) / 1e6
    whole = 1 / (1 / max(linear.values()) + 1 / engine)
    measured = {
        "secure": whole,
        "engine": engine,
        "linear_torch": linear["torch"],
        "linear_numpy": linear["numpy"],
        "plain": plain,
    }
    budget = {"secure": 1.0}
    return [
        *(Figure(f"compare_{n}_{rotations}", round(v, 2), "M/core-s", budget.get(n)) for n, v in measured.items()),
        Figure(f"compare_to_plain_{rotations}", round(plain / whole, 1), "x"),
    ]


def _turned(shares: list[Ring], node: int, rotations: int) -> Limbs:
    row = query_row(held(RULE, shares, node))[8].reshape(-1, ANGLE_COLUMNS)
    turned = [np.roll(row, columns - rotations // 2, axis=1).ravel() for columns in range(rotations)]
    return split_limbs(np.stack(turned))


def _scores(records: Limbs, queries: Limbs, products: Products) -> Ring:
    blocks = [products(records[at : at + BLOCK_ROWS], queries) for at in range(0, len(records), BLOCK_ROWS)]
    return np.concatenate(blocks)


def _engine_s(engines: Sequence[Engine], scores: list[Ring]) -> float:
    """CPU seconds of node 0's engine. The scores lack node 0's constant, so that strangers stay far below zero."""
    scores[0] = scores[0] - np.uint16(RULE.offset)

    def spent_s(node: int) -> float:
        before = _process_s(engines[node].process_id)
        found = engines[node].any_positive(b"rate", [scores[node]] * PASSES, PASSES * scores[node].size)
        assert not found
        return _process_s(engines[node].process_id) - before

    return _at_each(spent_s)[0]


@dataclass(frozen=True)
class Verdicts:
    """Wall time of one, the median, and this process's CPU time for all."""

    wall_s: float
    cpu_s: float


def _verdict(town: Town, comparisons: Sequence[Comparison]) -> Verdicts:
    """Over all records, three nodes on this machine: strangers and, in turn, an enrolled eye of another capture."""
    walls_s, began = [], time.process_time()
    for turn in range(VERDICTS):
        query = town.stranger if turn % 2 == 0 else np.roll(town.codes[7].reshape(-1, ANGLE_COLUMNS), 3, 1).ravel()
        shares = ring_shares(query, np.random.default_rng(turn))

        def verdict(node: int, shares: list[Ring] = shares) -> bool:
            asked = Query((held(RULE, shares, node),))
            return comparisons[node].matches_any(b"verdict", asked, Rows(town.rows[node]))

        started = time.perf_counter()
        found = _at_each(verdict)
        walls_s.append(time.perf_counter() - started)
        assert found == [turn % 2 == 1] * PARTIES
    return Verdicts(float(np.median(walls_s)), time.process_time() - began)


@contextmanager
def _three_engines() -> Iterator[list[Engine]]:
    """Connected, and warm: the first run of each program compiles."""
    addresses = free_addresses()
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(EngineKind.SPU, node, addresses)) for node in range(PARTIES)]
        _at_each(lambda node: engines[node].any_positive(b"warm", [np.zeros(300, np.uint16)], 300))
        yield engines


def _at_each(act: Callable[[int], Result]) -> list[Result]:
    with ThreadPoolExecutor(PARTIES) as pool:
        return list(pool.map(act, range(PARTIES)))


def _plain(rotations: int) -> None:
    """The same comparison in the clear: masked Hamming distance on packed bits, the usual way."""
    rng = np.random.default_rng(3)
    words = RULE.symbols // 64
    codes, masks = (rng.integers(0, 1 << 63, (RECORDS, words), dtype=np.uint64) for _ in range(2))
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


def _process_s(process_id: int) -> float:
    """User and system time of a process, /proc/[pid]/stat fields 14 and 15."""
    with open(f"/proc/{process_id}/stat") as stat:  # noqa: PTH123
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    for figure in figures():
        sys.stdout.write(f"{figure.name:<26}{figure.value:>10} {figure.unit}\n")


if __name__ == "__main__":
    main()
