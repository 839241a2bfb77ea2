"""One operator's side of a sharded comparison: a Ray cluster of its own, one actor a shard, their bits joined.

Run by path in the committee's environment, as `_spu_party` is, and with its frames. Shard k of this operator and shards
k of the other two are the parties of one SPU session; the bit that they compute stays shared. This process is a party
of one more session: it takes the shards' shares of their bits, joins them there, and opens the result alone.

Ray moves objects with pickle, inside one operator's cluster only; between operators there are SPU's links. Shares lie
in Ray's object store, which is memory: spilling to disk is switched off.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}  # before Ray is imported

import ray
from spu import libspu

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # nothing of the project is installed here

from uniqueness import _spu_party as party  # noqa: E402
from uniqueness._frames import exit_with, read_frame, reason, write_frame  # noqa: E402

STARTS = 5
STORE_BYTES = 256 << 20
"""Ray's object store: a block of rows and a query at a time pass through it."""


class Shard:
    """One shard: its rows in memory, by network, and a session with the peers' shards of the same number."""

    def __init__(self, root: str, rank: int, addresses: list[str], link: tuple[int, list[str] | None]) -> None:
        sys.path.insert(0, root)  # a worker knows this class by value, not its module
        self.make_rows = importlib.import_module("uniqueness._ray_shard").ShardRows
        self.session = importlib.import_module("uniqueness._spu_party").Session(rank, addresses, *link)
        self.rows: dict[str, Any] = {}

    def ready(self) -> bool:
        return True

    def put(self, network: str, at: int, width: int, residues: Any) -> None:
        self.rows.setdefault(network, self.make_rows()).put(at, residues.reshape(-1, width))

    def ask(self, network: str, eyes: int, shares: Any) -> None:
        if network in self.rows:
            self.rows[network].ask(self.session.rank, network, eyes, shares)

    def bit(self, network: str, start: int, stop: int) -> tuple[bytes, list[bytes]]:
        """This node's share of "no record of start..stop-1 matches", as SPU's own bytes."""
        rows, first = self.rows[network], True
        for part in rows.parts(start, stop):
            self.session.add(part, rows.eyes, first=first)
            first = False
        share = self.session.runtime.get_var("kept")
        meta = share.meta if isinstance(share.meta, bytes) else share.meta.SerializeToString()
        return meta, [bytes(chunk) for chunk in share.share_chunks]


class Cluster:
    """This operator's shards and its session that joins them."""

    def __init__(self, head: dict[str, Any], started: Callable[[], None]) -> None:
        names = [f"shard-{number}" for number in range(len(head["shards"]))]
        if head["cluster"] is None:
            _start_cluster(names, head["folder"])
        else:
            ray.init(address=head["cluster"], log_to_driver=False, logging_level="ERROR")
        started()
        remote, link = ray.remote(Shard), (head["timeout_s"], head["tls"])
        self.shards = [
            remote.options(num_cpus=0, resources={name: 1}).remote(str(ROOT), head["rank"], addresses, link)
            for name, addresses in zip(names, head["shards"], strict=True)
        ]
        self.session = party.Session(head["rank"], head["addresses"], *link)
        ray.get([shard.ready.remote() for shard in self.shards])

    def put(self, head: dict[str, Any], rows: Any) -> None:
        ray.get(self.shards[head["shard"]].put.remote(head["network"], head["at"], head["width"], rows))

    def ask(self, head: dict[str, Any], shares: Any) -> None:
        stored = ray.put(shares)
        ray.get([shard.ask.remote(head["network"], head["eyes"], stored) for shard in self.shards])

    def any_match(self, head: dict[str, Any]) -> bool:
        """Whether some record of the shards' ranges matches. Empty ranges have no bit, at any operator."""
        self.session.require_agreement(f"{head['tag']} {head['network']} {head['ranges']} {head['eyes']}")
        bits = [
            shard.bit.remote(head["network"], start, stop)
            for shard, (start, stop) in zip(self.shards, head["ranges"], strict=True)
            if start < stop
        ]
        for number, (meta, chunks) in enumerate(ray.get(bits)):
            share = libspu.Share()
            share.meta, share.share_chunks = meta, chunks
            self.session.runtime.set_var("bit" if number else "kept", share)
            if number:
                self.session.runtime.run(self.session.both)
        return self.session.matches()


def _start_cluster(names: list[str], folder: str) -> None:
    """On this machine alone. Ray gives its processes 30 s to start, which a busy machine may not keep: try again."""
    for attempt in range(1, STARTS + 1):
        try:
            ray.init(
                address="local",
                num_cpus=len(names),
                resources=dict.fromkeys(names, 1),
                object_store_memory=STORE_BYTES,
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
                _node_ip_address="127.0.0.1",
                _temp_dir=folder,
                _system_config={"automatic_object_spilling_enabled": False},
            )
        except Exception:
            ray.shutdown()
            if attempt == STARTS:
                raise
        else:
            return


def serve(cluster: Cluster, read: Any, write: Any) -> None:
    """`put` and `ask` have no answer but an error; `any` is answered; a head without `do` is `_spu_party`'s."""
    while True:
        try:
            head, body = read_frame(read)
        except EOFError:
            return
        match head.get("do"):
            case "put":
                cluster.put(head, body)
            case "ask":
                cluster.ask(head, body)
            case "any":
                write_frame(write, {"positive": cluster.any_match(head)})
            case _:
                write_frame(write, {"positive": cluster.session.answer(head, read)})


def main() -> None:
    """As `_spu_party.main`. A cluster that this process started ends with it, even where it is killed."""
    read, write = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        head, _ = read_frame(read)
        exit_with(head["parent"])
        cluster = Cluster(head, lambda: write_frame(write, {"started": True}))
        write_frame(write, {"ready": True})
        serve(cluster, read, write)
    except Exception as error:
        write_frame(write, {"error": reason(error)})
        read.read()  # stays until its node ends it: what it sent last must still reach the peers
    finally:
        ray.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
