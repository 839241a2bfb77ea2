"""Three operators with two shards each answer what one shard answers, wherever the duplicate lies."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from protocol.errors import EncodingError, InputError
from tests.uniqueness.committee import at_each, three_engines
from uniqueness.comparison import LocalComparison, Query
from uniqueness.constants import RULES
from uniqueness.engine import EngineFailed, EngineKind
from uniqueness.reference import mirrored_vector
from uniqueness.rehearsal import MemoryRecords, queries_at_nodes, random_codes, records_at_nodes
from uniqueness.sharded import ShardedComparison, ShardPlan, sharding_available

V1, V2 = RULES["iris_v1"], RULES["iris_v2"]
BLOCK, RECORDS = 3, 11  # blocks 0 and 2 are shard 0's: records 0-2 and 6-8; shard 1 has 3-5 and 9-10
needs_ray = pytest.mark.skipif(not sharding_available(), reason="Ray is not set up: make committee-venv")
Result = TypeVar("Result")


def _plan(shards: int = 2, block_records: int = BLOCK) -> ShardPlan:
    addresses = _free_addresses(3 * (shards + 1))
    links = [tuple(addresses[at : at + 3]) for at in range(0, len(addresses), 3)]
    return ShardPlan(tuple(links[1:]), links[0], block_records=block_records)


def _free_addresses(count: int) -> list[str]:
    """Below the ports that the system hands out, and above those of Ray's workers: three clusters take many of both."""
    found: list[str] = []
    for port in random.SystemRandom().sample(range(20_000, 32_000), 12_000):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(f"127.0.0.1:{port}")
        if len(found) == count:
            break
    return found


def _together(act: Callable[[int], Result]) -> list[Result]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(act, range(3)))


@pytest.fixture(scope="module")
def operators() -> Iterator[list[ShardedComparison]]:
    plan = _plan()
    with ExitStack() as stack:
        started = []
        for node in range(3):
            started.append(ShardedComparison(plan, node, timeout_s=40))
            stack.callback(started[-1].close)
        _together(lambda node: started[node].connect())
        yield started


def _answers(
    operators: list[ShardedComparison], queries: list[Query], rows: list[MemoryRecords]
) -> tuple[bool, int | None]:
    """What the operators found, which has to be the same at each."""
    found = _together(
        lambda node: (
            operators[node].matches_any(b"any", queries[node], rows[node]),
            operators[node].find_match(b"find", queries[node], rows[node]),
        )
    )
    assert len(set(found)) == 1
    return found[0]


@needs_ray
@pytest.mark.slow
@pytest.mark.xdist_group("committee")
def test_two_shards_give_the_verdicts_of_one(operators: list[ShardedComparison]) -> None:
    rng = np.random.default_rng(1)
    codes = random_codes(V1, RECORDS, rng)
    rows = records_at_nodes(codes, rng)
    turned = {at: np.roll(codes[at].reshape(-1, 120), 6, axis=1).ravel() for at in (0, 2, 3, 5, 6, 8, 9, 10)}
    asked = [(query, at) for at, query in turned.items()]
    asked += [(mirrored_vector(codes[7], V1), 7), (codes[4], 4)]
    asked += [(stranger, None) for stranger in random_codes(V1, 4, rng)]
    with three_engines(EngineKind.SPU) as engines:
        for query, expected in asked:
            queries = queries_at_nodes(V1, [query], rng)
            one_shard = at_each(engines, lambda n, e, q=queries: LocalComparison(e).find_match(b"one", q[n], rows[n]))
            assert one_shard == [expected] * 3
            assert _answers(operators, queries, rows) == (expected is not None, expected)

    # a new record and an erased one are seen by the shard that has them
    erased, newest = 4, random_codes(V1, 1, rng)
    grown = records_at_nodes(np.concatenate([codes, newest]), rng)
    for node in range(3):
        for old, new in (
            (rows[node].limbs.low, grown[node].limbs.low),
            (rows[node].limbs.high, grown[node].limbs.high),
        ):
            new[:RECORDS] = old
            new[erased] = 0
        grown[node].zeroed = frozenset({erased})
    assert _answers(operators, queries_at_nodes(V1, [codes[erased]], rng), grown) == (False, None)
    assert _answers(operators, queries_at_nodes(V1, [newest[0]], rng), grown) == (True, RECORDS)
    bits = _together(lambda node: operators[node].any_positive(b"few", [np.array([node == 1, 0], np.uint16)], 2))
    assert bits == [True] * 3


@needs_ray
@pytest.mark.slow
@pytest.mark.xdist_group("committee")
def test_both_eyes_in_shards_match_only_together_and_a_dead_operator_leaves_no_verdict_and_no_process(
    operators: list[ShardedComparison],
) -> None:
    rng = np.random.default_rng(2)
    codes = random_codes(V2, 10, rng)  # five persons: three in shard 0, two in shard 1
    rows = records_at_nodes(codes, rng)
    stranger = random_codes(V2, 1, rng)[0]
    for pair, expected in (([codes[9], codes[8]], 4), ([codes[2], codes[3]], 1), ([codes[8], stranger], None)):
        assert _answers(operators, queries_at_nodes(V2, pair, rng), rows) == (expected is not None, expected)

    tree = _processes_below(operators[2].process_id)
    assert len(tree) > 3
    operators[2].kill()
    queries = queries_at_nodes(V2, [codes[0], codes[1]], rng)

    def failed(node: int) -> bool:
        with pytest.raises(EngineFailed):
            operators[node].matches_any(b"alone", queries[node], rows[node])
        return True

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(failed, range(2))) == [True, True]
    deadline = time.monotonic() + 90
    while any(_is_running(process) for process in tree):
        assert time.monotonic() < deadline, "a process outlived its operator"
        time.sleep(0.2)


def _processes_below(process_id: int) -> list[int]:
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found, waiting = [], [process_id]
    while waiting:
        parent = waiting.pop()
        children = [child for child, of in parents.items() if of == parent]
        found += children
        waiting += children
    return found


def _is_running(process_id: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("shards", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 2, 5])
def test_records_are_dealt_out_once_each_and_in_their_order(shards: int, block: int) -> None:
    plan = _plan(shards, block)
    for records in range(4 * block * shards + 3):
        owned = [plan.owned(shard, records) for shard in range(shards)]
        assert sum(owned) == records
        assert plan.owned(records // block % shards, records + 1) == owned[records // block % shards] + 1
    assert plan.ranges(2, 9) == [(plan.owned(k, 2), plan.owned(k, 9)) for k in range(shards)]


def test_a_plan_that_cannot_be_is_refused() -> None:
    one, two, three = ("a:1", "b:1", "c:1"), ("a:2", "b:2", "c:2"), ("a:3", "b:3", "c:3")
    assert ShardPlan((one, two), three).owned(1, 5000) > 0
    for shards, combiner in (((), one), ((one[:2],), two), ((one,), two[:2]), ((one, one), two), ((one, two), one)):
        with pytest.raises(EncodingError):
            ShardPlan(shards, combiner)
    for cluster, token_file in (("h:1", None), (None, "t")):
        with pytest.raises(EncodingError, match="token_file"):
            ShardPlan((one,), two, cluster=cluster, token_file=token_file)
    with pytest.raises(EncodingError, match="block"):
        ShardPlan((one,), two, block_records=0)


def test_settings_are_read_and_bad_ones_are_refused() -> None:
    settings = {"shards": [["a:1", "b:1", "c:1"]], "combiner": ["a:2", "b:2", "c:2"]}
    plan = ShardPlan.from_settings(
        settings | {"cluster": "10.0.0.2:6379", "token_file": "ray.token", "block_records": 7}
    )
    assert (plan.cluster, plan.block_records, plan.shards) == ("10.0.0.2:6379", 7, (("a:1", "b:1", "c:1"),))
    assert set(plan.ray_environment()) == {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH"}
    for wrong in (
        {},
        {"colour": 1},
        {"combiner": ["a:2", "b:2", "c"]},
        {"shards": [["a:1", "b:0", "c:1"]]},
        {"shards": 3},
    ):
        with pytest.raises(InputError, match="settings of the shards"):
            ShardPlan.from_settings((settings if wrong else {}) | wrong)
