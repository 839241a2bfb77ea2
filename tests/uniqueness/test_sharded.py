"""Records are dealt out to shards once each, a shard's scores are those of the rows that it was given, and plans that
cannot be are refused. `tests/app/committee/test_shards.py` has three operators with two shards each."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from protocol.errors import EncodingError, InputError
from uniqueness._frames import read_frame, write_frame
from uniqueness.comparison import group_scores, scores_per_record
from uniqueness.constants import RULES
from uniqueness.engine import committee_python
from uniqueness.linear import Limbs, numpy_products, residues
from uniqueness.rehearsal import MemoryRecords, queries_at_nodes, random_codes, records_at_nodes
from uniqueness.sharded import ShardPlan, sharding_available

needs_ray = pytest.mark.skipif(not sharding_available(), reason="Ray is not set up: make committee-venv")


def _plan(shards: int, block_records: int) -> ShardPlan:
    links = [(f"a:{k}", f"b:{k}", f"c:{k}") for k in range(1, shards + 2)]
    return ShardPlan(tuple(links[1:]), links[0], block_records=block_records)


@needs_ray
@pytest.mark.parametrize(("network", "eyes"), [("iris_v1", 1), ("iris_v2", 2)])
def test_a_shard_s_scores_are_those_of_its_rows_in_their_order(network: str, eyes: int) -> None:
    """jax's products of the rows as they were put in, an erased one among them, against numpy's."""
    rng, rule = np.random.default_rng(3), RULES[network]
    rows = records_at_nodes(random_codes(rule, 300 * eyes, rng), rng)[0].limbs
    query = queries_at_nodes(rule, list(random_codes(rule, eyes, rng)), rng)[0]
    erased = slice(7 * eyes, 8 * eyes)
    put = [(0, residues(rows[: 100 * eyes])), (100 * eyes, residues(rows[100 * eyes :]))]
    put.append((erased.start, np.zeros((eyes, 2 * rule.width), np.uint16)))
    asked = np.concatenate([part for eye in query.eyes for part in (eye.first, eye.second)])
    script = Path(__file__).with_name("shard_rows.py")
    with subprocess.Popen(
        [str(committee_python()), "-I", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shard:
        assert shard.stdin is not None
        assert shard.stdout is not None
        for at, given in put:
            write_frame(shard.stdin, {"at": at, "width": given.shape[1]}, given)
        write_frame(shard.stdin, {"node": 0, "network": network, "eyes": eyes, "start": 5, "stop": 290}, asked)
        _, found = read_frame(shard.stdout)
        shard.stdin.close()
    low, high = rows.low.copy(), rows.high.copy()
    low[erased], high[erased] = 0, 0
    exact = np.concatenate(list(group_scores(query, MemoryRecords(Limbs(low, high)), numpy_products)))
    assert found.size == 285 * scores_per_record(query)
    assert (found == exact[5:290].ravel()).all()


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
