"""The operator's machines for shards: the plan's file, and Ray on each of them."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

from protocol.errors import ArtifactAbsent, InputError
from uniqueness.engine import committee_python
from uniqueness.sharded import ShardPlan, sharding_available

__all__ = ["read_plan", "run_shard"]


def read_plan(path: Path) -> ShardPlan:
    """`token_file` is relative to the plan's folder. Raises `InputError` for a file that cannot be read or used."""
    try:
        settings = tomllib.loads(path.read_text())
        if isinstance(settings.get("token_file"), str):
            settings["token_file"] = str(path.parent / Path(settings["token_file"]).expanduser())
        return ShardPlan.from_settings(settings)
    except OSError as error:
        raise InputError(f"the plan {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error


def run_shard(path: Path, shard: int, write: Callable[[str], None]) -> None:
    """Run Ray on this machine, which offers itself for `shard`, until it is stopped. Shard 0's machine is the head of
    the operator's cluster, and the one that the node runs on.

    Raises `InputError` for a plan without a cluster, or without this shard, and where Ray ends by itself.
    """
    plan = read_plan(path)
    if not sharding_available():
        raise ArtifactAbsent("the committee's environment is not set up", hint="run: make committee-venv")
    if plan.cluster is None or not 0 <= shard < len(plan.shards):
        raise InputError(f"{path} has no cluster or no shard {shard}; it has {len(plan.shards)} shards, from 0 on")
    host, _, port = plan.cluster.rpartition(":")
    place = ["--head", f"--node-ip-address={host}", f"--port={port}"] if shard == 0 else [f"--address={plan.cluster}"]
    system = json.dumps({"automatic_object_spilling_enabled": False})  # shares stay in memory
    command = [
        *(str(committee_python()), "-I", "-m", "ray.scripts.scripts", "start", *place),
        *("--block", "--disable-usage-stats", f"--resources={json.dumps({f'shard-{shard}': 1})}"),
        *(["--include-dashboard=false", f"--system-config={system}"] if shard == 0 else []),
    ]
    write(f"shard {shard} of {len(plan.shards)}, cluster {plan.cluster}")
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), "JAX_PLATFORMS": "cpu"}
    environment |= plan.ray_environment()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        raise InputError(f"ray ended by itself with status {process.wait()}", hint="is the port taken?")
    finally:
        process.terminate()
        process.wait()
