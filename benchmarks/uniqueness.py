"""Comparisons a core-second of one node, linear part and whole, beside the comparison in the clear, in one run.

    python -m benchmarks.uniqueness [records]

CPU seconds are those of one node: this process's for the linear part (one thread), the engine's process for the rest,
read from /proc. A comparison is one record at one rotation; more rotations than 17 are measured by turning further.
Published, for comparison: 690,000 a second and core (ePrint 2024/705, abstract).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch

from uniqueness.binding import AcceptedShares
from uniqueness.constants import ANGLE_COLUMNS, PARTIES, RULES
from uniqueness.engine import Engine, EngineKind, engine_available
from uniqueness.linear import Limbs, Products, Ring, numpy_products, query_row, split_limbs
from uniqueness.torch_products import torch_products

RULE = RULES["iris_v1"]
BLOCK_ROWS = 2048
PORT = 46100


@dataclass(frozen=True)
class Rates:
    """Millions of comparisons a core-second; `wall_s` is the whole query's, three nodes on this machine."""

    rotations: int
    records: int
    plain_numpy: float
    linear_numpy: float
    linear_torch: float
    whole: float
    wall_s: float


def measure(records: int, rotations: int) -> Rates:
    """One query against `records` random records, none of which matches."""
    rng = np.random.default_rng(1)
    pairs = [_random_rows(rng, records) for _ in range(PARTIES)]
    query = rng.integers(0, 1 << 16, (PARTIES, RULE.width), dtype=np.uint16)
    rows = [_queries(query, node, rotations) for node in range(PARTIES)]
    count = records * rotations
    plain = count / _cpu_s(lambda: _plain(records, rotations)) / 1e6
    in_numpy = count / _cpu_s(lambda: _all_products(pairs[0], rows[0], numpy_products)) / 1e6
    torch_s = _cpu_s(lambda: _all_products(pairs[0], rows[0], torch_products))
    engine_s, wall_s = _secure(pairs, rows, count)
    return Rates(rotations, records, plain, in_numpy, count / torch_s / 1e6, count / (torch_s + engine_s) / 1e6, wall_s)


def _random_rows(rng: np.random.Generator, records: int) -> Limbs:
    """Limbs of shares, which are uniform whatever the codes."""
    shape = (records, 2 * RULE.width)
    return Limbs(*(rng.integers(-128, 128, shape, dtype=np.int8) for _ in range(2)))


def _queries(shares: Ring, node: int, rotations: int) -> Limbs:
    held = AcceptedShares(node, bytes(32), RULE.network, shares[node], shares[(node + 1) % PARTIES])
    row = query_row(held)[8].reshape(-1, ANGLE_COLUMNS)
    turned = [np.roll(row, columns - rotations // 2, axis=1).ravel() for columns in range(rotations)]
    return split_limbs(np.stack(turned))


def _all_products(records: Limbs, queries: Limbs, products: Products) -> None:
    for start in range(0, len(records), BLOCK_ROWS):
        products(records[start : start + BLOCK_ROWS], queries)


def _plain(records: int, rotations: int) -> None:
    """The same comparison in the clear: masked Hamming distance on packed bits, the usual way."""
    rng = np.random.default_rng(2)
    words = RULE.symbols // 64
    codes, masks = (rng.integers(0, 1 << 63, (records, words), dtype=np.uint64) for _ in range(2))
    for _ in range(rotations):
        both = masks & masks[0]
        differing = np.bitwise_count((codes ^ codes[0]) & both).sum(axis=1, dtype=np.int32)
        _ = differing * 10 < 3 * np.bitwise_count(both).sum(axis=1, dtype=np.int32)


def _secure(records: list[Limbs], queries: list[Limbs], count: int) -> tuple[float, float]:
    """(CPU seconds of node 0's engine, wall seconds of the whole query). Random shares would match somewhere, so the
    engine's scores are shares of -1; the linear part runs beside it and its result is dropped."""
    rng = np.random.default_rng(3)
    one, two = (rng.integers(0, 1 << 16, count, dtype=np.uint16) for _ in range(2))
    scores = [one, two, np.uint16(0xFFFF) - one - two]
    addresses = [f"127.0.0.1:{PORT + node}" for node in range(PARTIES)]
    with ExitStack() as stack:
        engines = [stack.enter_context(Engine(EngineKind.SPU, node, addresses)) for node in range(PARTIES)]

        def node_s(node: int) -> float:
            engines[node].any_positive(b"warm", [scores[node][:1]], 1)
            before = _process_s(engines[node].process_id)
            _all_products(records[node], queries[node], torch_products)
            assert not engines[node].any_positive(b"query", [scores[node]], count)
            return _process_s(engines[node].process_id) - before

        with ThreadPoolExecutor(PARTIES) as pool:
            list(pool.map(lambda engine: engine.connect(), engines))
            started = time.monotonic()
            spent = list(pool.map(node_s, range(PARTIES)))
            return spent[0], time.monotonic() - started


def _cpu_s(act: Callable[[], None]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def _process_s(process_id: int) -> float:
    """User and system time of a process, /proc/[pid]/stat fields 14 and 15."""
    with open(f"/proc/{process_id}/stat") as stat:  # noqa: PTH123
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print both tables' rows: 17 rotations, which the protocol has, and 31, which published figures have."""
    if not engine_available(EngineKind.SPU):
        sys.exit("SPU's environment is not set up: make committee-venv")
    torch.set_num_threads(1)
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for rotations in (17, 31):
        sys.stdout.write(f"{measure(records, rotations)}\n")


if __name__ == "__main__":
    main()
