"""A `Comparison` that spreads the rows over an operator's machines: shard k of each operator works with the others' k.

Each operator runs a Ray cluster of its own (`_ray_party`). Records are dealt out in blocks: block b is shard b mod K's,
at all three operators alike, so a shard's scores have one order everywhere. A shard computes its local scores and, with
its two peers, one shared bit; the shards' bits are ORed while shared, and the result alone is opened.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.errors import ArtifactAbsent, EncodingError, InputError
from protocol.pins import root_dir
from uniqueness.comparison import Query, Records, first_found
from uniqueness.constants import PARTIES
from uniqueness.engine import Engine, EngineFailed, EngineKind, TlsFiles, committee_python
from uniqueness.linear import residues

__all__ = ["START_S", "ShardPlan", "ShardedComparison", "sharding_available"]

Ring = npt.NDArray[np.uint16]

BLOCK_RECORDS = 1024
_LEAST_RECORDS_PER_S = 100
"""That a busy machine reaches, of two eyes: the time limit grows with the number of records."""
START_S = 300
"""A Ray cluster with its workers takes 10 to 60 s to start, and three operators do not start at once."""


@dataclass(frozen=True)
class ShardPlan:
    """How one operator's comparison is spread; all three operators have the same but for `cluster`.

    `shards[k]` are host:port of shard k's SPU links at the three nodes, in the nodes' order; `combiner` those of the
    session that ORs. `cluster` is the host:port of the operator's Ray cluster, on which each machine that is to hold
    shard k offers the resource "shard-k", and `token_file` has what its machines know each other by; without them a
    cluster is started on this machine.
    Raises `EncodingError` for no shards, other than three addresses, an address given twice, or no token of a cluster.
    """

    shards: tuple[tuple[str, ...], ...]
    combiner: tuple[str, ...]
    cluster: str | None = None
    token_file: str | None = None
    block_records: int = BLOCK_RECORDS

    def __post_init__(self) -> None:
        links = [*self.shards, self.combiner]
        if not self.shards or any(len(addresses) != PARTIES for addresses in links):
            raise EncodingError(f"a plan has one shard or more, each with {PARTIES} addresses, and the combiner's")
        addresses = [address for link in links for address in link]
        if len(set(addresses)) != len(addresses):
            raise EncodingError("an address stands twice in the plan of shards")
        if (self.cluster is None) != (self.token_file is None):
            raise EncodingError("a cluster has a token_file, and only a cluster has one")
        if self.block_records < 1:
            raise EncodingError("a block has one record or more")

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> ShardPlan:
        """From a configuration's table: `combiner`, `shards` (lists of addresses) and, where wanted, `cluster` with
        `token_file`, and `block_records`. Raises `InputError` for anything else."""
        try:
            plan = dict(settings)
            shards = tuple(tuple(map(_address, link)) for link in plan.pop("shards"))
            return cls(shards, tuple(map(_address, plan.pop("combiner"))), **plan)
        except (KeyError, TypeError, ValueError, EncodingError) as error:
            raise InputError(f"the settings of the shards cannot be used: {error}") from error

    def ray_environment(self) -> dict[str, str]:
        """For programs of Ray that join the operator's cluster: where the token is, not the token."""
        if self.token_file is None:
            return {}
        return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(Path(self.token_file).resolve())}

    def owned(self, shard: int, records: int) -> int:
        """How many of the first `records` records are `shard`'s."""
        size, count = self.block_records, len(self.shards)
        whole, rest = divmod(records, size)
        mine = whole // count + (shard < whole % count)
        return mine * size + (rest if whole % count == shard else 0)

    def ranges(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Where records start..stop-1 lie in each shard: (first, behind the last) of its own numbers."""
        return [(self.owned(shard, start), self.owned(shard, stop)) for shard in range(len(self.shards))]


def _address(text: Any) -> str:
    host, _, port = str(text).rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise EncodingError(f"{text!r} is not host:port")
    return f"{host}:{port}"


def sharding_available() -> bool:
    """Whether Ray stands beside SPU in the committee's environment."""
    return any(committee_python().parent.parent.glob("lib/python3*/site-packages/ray/__init__.py"))


class _Cluster(Engine):
    """The operator's process: an `Engine` for few scores, and one that holds rows."""

    def __init__(self, plan: ShardPlan, node: int, timeout_s: int, tls: TlsFiles | None) -> None:
        if not sharding_available():
            raise ArtifactAbsent("the committee's environment is not set up", hint="run: make committee-venv")
        self.kind = EngineKind.SPU
        self._connected = self._failed = False
        self._timeout_s = timeout_s
        self._folder = tempfile.mkdtemp(prefix="irisproof-ray-")  # of a cluster of its own: sockets and logs
        self._process = subprocess.Popen(
            [str(committee_python()), "-I", "-u", str(Path(__file__).with_name("_ray_party.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root_dir(),
            env={"PATH": os.environ.get("PATH", ""), "JAX_PLATFORMS": "cpu"} | plan.ray_environment(),
        )
        self._send(
            {
                "rank": node,
                "addresses": list(plan.combiner),
                "shards": [list(link) for link in plan.shards],
                "cluster": plan.cluster,
                "folder": self._folder,
                "timeout_s": max(timeout_s, START_S),
                "parent": os.getpid(),
                "tls": None if tls is None else tls.paths(),
            }
        )

        try:
            with self._ended_after(START_S):
                self._answer("started")
        except EngineFailed:
            self.kill()
            raise

    def connect(self, timeout_s: int = START_S) -> None:
        super().connect(timeout_s)

    def order(self, head: dict[str, Any], body: Ring) -> None:
        """What has no answer."""
        self.connect()
        self._send(head, body)

    def question(self, head: dict[str, Any], seconds: float) -> bool:
        with self._ended_after(self._timeout_s + seconds):
            self._send(head)
            return bool(self._answer("positive"))

    def close(self) -> None:
        """Let the cluster end itself; end it where it does not."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(30)
        except (OSError, subprocess.TimeoutExpired):
            pass
        self.kill()

    def kill(self) -> None:
        """End the process, and its cluster with it."""
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


class ShardedComparison:
    """A `Comparison` over the shards of one operator. Not thread-safe.

    Rows are sent to their shards when they are first compared, and again where a record was zeroed since.
    """

    def __init__(self, plan: ShardPlan, node: int, timeout_s: int = 120, tls: TlsFiles | None = None) -> None:
        """Start the operator's process and, where the plan names no cluster, the cluster; wait for that alone.

        The files of `tls` have one path on all of the operator's machines. Without them the links are in clear.
        Raises `ArtifactAbsent` where Ray was not set up, and `EngineFailed`.
        """
        self._plan = plan
        self._cluster = _Cluster(plan, node, timeout_s, tls)
        self._sent: dict[str, int] = {}
        self._zeroed: dict[str, frozenset[int]] = {}

    def connect(self) -> None:
        """Wait for the cluster and the peers. Raises `EngineFailed`."""
        self._cluster.connect()

    def any_positive(self, tag: bytes, shares: Iterable[Ring], total: int) -> bool:
        return self._cluster.any_positive(tag, shares, total)

    def matches_any(self, tag: bytes, query: Query, records: Records) -> bool:
        count = len(records) // len(query.eyes)
        if count == 0:
            return False
        self._ask(query, records)
        return self._any(tag, query, 0, count)

    def find_match(self, tag: bytes, query: Query, records: Records) -> int | None:
        count, step = len(records) // len(query.eyes), 0
        if count == 0:
            return None
        self._ask(query, records)

        def found(start: int, stop: int) -> bool:
            nonlocal step
            step += 1
            return self._any(tag + step.to_bytes(4, "big"), query, start, stop)

        return first_found(count, found)

    @property
    def process_id(self) -> int:
        """Of the operator's process, for a monitor of the node's own."""
        return self._cluster.process_id

    def close(self) -> None:
        self._cluster.close()

    def kill(self) -> None:
        """End the operator's process and its cluster at once, whatever they do."""
        self._cluster.kill()

    def _ask(self, query: Query, records: Records) -> None:
        """Bring the shards' rows up to date, and have them compute their scores with the query."""
        eyes, count, size = len(query.eyes), len(records) // len(query.eyes), self._plan.block_records
        sent = self._sent.get(query.network, 0)
        while sent < count:
            stop = min(count, (sent // size + 1) * size)
            limbs = records.block(sent * eyes, stop * eyes)
            self._put(query, sent, residues(limbs))
            self._sent[query.network] = sent = stop
        for record in sorted(records.zeroed - self._zeroed.get(query.network, frozenset())):
            self._put(query, record, np.zeros((eyes, 2 * query.eyes[0].rule.width), np.uint16))
        self._zeroed[query.network] = records.zeroed
        shares = np.concatenate([part for eye in query.eyes for part in (eye.first, eye.second)])
        self._cluster.order({"do": "ask", "network": query.network, "eyes": eyes}, shares)

    def _put(self, query: Query, record: int, rows: Ring) -> None:
        """Rows from `record` on, all of one block."""
        shard = record // self._plan.block_records % len(self._plan.shards)
        at = self._plan.owned(shard, record) * len(query.eyes)
        head = {"do": "put", "network": query.network, "shard": shard, "at": at, "width": rows.shape[1]}
        self._cluster.order(head, rows)

    def _any(self, tag: bytes, query: Query, start: int, stop: int) -> bool:
        head = {"do": "any", "tag": tag.hex(), "network": query.network, "eyes": len(query.eyes)}
        seconds = (stop - start) / _LEAST_RECORDS_PER_S
        return self._cluster.question(head | {"ranges": self._plan.ranges(start, stop)}, seconds)
