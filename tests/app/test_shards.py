"""The plan of the shards is read from one file, and a machine that cannot hold a shard says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.committee.shards import read_plan, run_shard
from protocol.errors import InputError
from uniqueness.sharded import sharding_available

PLAN = """
combiner = ["a:1", "b:1", "c:1"]
shards = [["a:2", "b:2", "c:2"], ["a:3", "b:3", "c:3"]]
"""
CLUSTER = 'cluster = "127.0.0.1:6379"\ntoken_file = "ray.token"\n'


def _write(folder: Path, text: str) -> Path:
    path = folder / "shards.toml"
    path.write_text(text)
    return path


def test_a_plan_is_read_with_its_token_beside_it(tmp_path: Path) -> None:
    plan = read_plan(_write(tmp_path, PLAN + CLUSTER))
    assert plan.shards == (("a:2", "b:2", "c:2"), ("a:3", "b:3", "c:3"))
    assert plan.token_file == str(tmp_path / "ray.token")
    assert read_plan(_write(tmp_path, PLAN)).ray_environment() == {}


@pytest.mark.parametrize("text", ["shards = [", "", PLAN + 'cluster = "127.0.0.1:6379"\n', PLAN + "blocks = 3\n"])
def test_a_plan_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        read_plan(_write(tmp_path, text))
    with pytest.raises(InputError, match="cannot be read"):
        read_plan(tmp_path / "none.toml")


@pytest.mark.skipif(not sharding_available(), reason="Ray is not set up: make committee-venv")
@pytest.mark.parametrize(("text", "shard"), [(PLAN, 0), (PLAN + CLUSTER, 2)])
def test_a_machine_without_a_cluster_or_for_no_shard_is_refused(tmp_path: Path, text: str, shard: int) -> None:
    with pytest.raises(InputError, match="no cluster or no shard"):
        run_shard(_write(tmp_path, text), shard, lambda _: None)
