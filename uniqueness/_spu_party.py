"""One party of SPU (ABY3, FM32), as a process of its own that talks to its node over standard input and output.

Run by path in the committee's environment (requirements/spu.txt), which has none of this project's packages.

Traps of spu 0.9.5 that this file knows: private inputs need `experimental_enable_colocated_optimization`, else their
owner is ignored and verdicts are garbage that looks plausible; a matrix product of 8 or more columns in FM32 crashes,
so only the comparison is done here; shares that peers send are read as JSON, never unpickled.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import spu
from spu import libspu
from spu.libspu import link
from spu.utils import frontend


def _beside(name: str) -> Any:
    """A module of this folder, by path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"_{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


frames, tunnel = _beside("frames"), _beside("tunnel")

PARTIES, ROTATIONS = 3, 120
LEAST_RUN = 256
"""Comparisons in the smallest run; see `run_size`."""
SECRET = libspu.Visibility.VIS_SECRET


class Session:
    """The link to the other two parties and the compiled programs."""

    def __init__(self, rank: int, addresses: list[str], timeout_s: int, tls: list[str] | None = None) -> None:
        desc = link.Desc()
        if tls is not None:  # SPU's own TLS is not used: `_tunnel` says why
            self.tunnel = tunnel.Tunnel(rank, addresses, tls)
            addresses = self.tunnel.addresses
        desc.id = "irisproof"
        desc.recv_timeout_ms = desc.http_timeout_ms = 1000 * timeout_s
        for party, address in enumerate(addresses):
            desc.add_party(f"n{party}", address)
        self.rank = rank
        self.link = link.create_brpc(desc, rank)
        config = libspu.RuntimeConfig(protocol=libspu.ProtocolKind.ABY3, field=libspu.FieldType.FM32)
        config.experimental_enable_colocated_optimization = True
        self.runtime, self.io = spu.Runtime(self.link, config), spu.Io(PARTIES, config)
        self.any_of: dict[tuple[int, int], Any] = {}
        self.program(LEAST_RUN, 1)
        self.either = _compile(jnp.logical_or, [np.zeros((), np.bool_)] * 2, ["kept", "bit"], "kept")

    def program(self, size: int, eyes: int) -> Any:
        """Whether some score is positive; for two eyes, whether both have a positive one in some pair."""
        if (size, eyes) not in self.any_of:
            shared = ["p0", "p1", "p2"]
            used = size - size % (eyes * ROTATIONS)

            def any_positive(a: Any, b: Any, c: Any) -> Any:
                positive = (a + b + c) > 0
                if eyes == 1:
                    return jnp.any(positive)
                either = jnp.any(positive[:used].reshape(-1, eyes, ROTATIONS), axis=2)
                return jnp.any(jnp.logical_and(either[:, 0], either[:, 1]))

            self.any_of[size, eyes] = _compile(any_positive, [np.zeros(size, np.int32)] * PARTIES, shared, "bit")
        return self.any_of[size, eyes]

    def require_agreement(self, text: str) -> None:
        """Raises `Disagreement` unless all three nodes are about to compute the same thing."""
        if len(set(self.link.all_gather(text))) != 1:
            raise frames.Disagreement

    def load(self, shares: Any, size: int) -> None:
        """Put this node's additive shares modulo 2^16 in as its private input: int32, the 16 bits on top, so that the
        sign of the 16-bit sum is the sign of the 32-bit sum."""
        own = np.zeros(size, np.int32)
        own[: len(shares)] = (shares.astype(np.uint32) << 16).view(np.int32)
        others = np.zeros(size, np.int32)
        for party in range(PARTIES):
            mine = party == self.rank
            share = self.io.make_shares(own if mine else others, SECRET, party)[self.rank]
            self.runtime.set_var(f"p{party}", share)

    def add(self, shares: Any, eyes: int, first: bool) -> None:
        """OR "some score is positive" to what is kept; the result stays shared. Pairs of eyes come whole."""
        size, pair = run_size(len(shares)), eyes * ROTATIONS
        if eyes > 1 and size - size % pair < len(shares):
            size = run_size(len(shares) + pair)
        self.load(shares, size)
        self.runtime.run(self.program(size, eyes))
        if first:
            self.runtime.set_var("kept", self.runtime.get_var("bit"))
        else:
            self.runtime.run(self.either)

    def answer(self, head: dict[str, Any], read: Any) -> bool:
        """Whether any score is positive, of those that `head` announces and the frames behind it bring."""
        self.require_agreement(frames.agreed_on(head))
        done = 0
        while done < head["total"]:
            _, shares = frames.read_frame(read)
            self.add(shares, head["eyes"], first=done == 0)
            done += len(shares)
        return bool(self.open("kept"))

    def open(self, name: str) -> Any:
        """Open one variable to all three parties: [...] of the type it was computed in."""
        mine = self.runtime.get_var(name)
        meta = mine.meta if isinstance(mine.meta, bytes) else mine.meta.SerializeToString()
        sent = json.dumps({"meta": meta.hex(), "chunks": [bytes(chunk).hex() for chunk in mine.share_chunks]})
        opened = []
        for text in self.link.all_gather(sent):
            part = json.loads(text)
            share = libspu.Share()
            share.meta = bytes.fromhex(part["meta"])
            share.share_chunks = [bytes.fromhex(chunk) for chunk in part["chunks"]]
            opened.append(share)
        return self.io.reconstruct(opened)


def run_size(count: int) -> int:
    """The least of 256, 320, 384, 448, 512, ..., four a doubling, that holds `count`. What is missing is filled up with
    zeros, which are not positive: a program is compiled for each size, so not for every number of records."""
    step = max(LEAST_RUN, 1 << (count - 1).bit_length()) // 8
    return max(LEAST_RUN, -(-count // step) * step)


def _compile(function: Any, arguments: list[Any], names: list[str], out: str) -> Any:
    program, _ = frontend.compile(
        frontend.Kind.JAX, function, arguments, {}, names, [SECRET] * len(names), lambda _: [out]
    )
    return program


def serve(session: Session, read: Any, write: Any) -> None:
    """One comparison after the other: the head says how many scores come, the frames behind it bring them."""
    while True:
        try:
            head, _ = frames.read_frame(read)
        except EOFError:
            os._exit(0)  # the node has ended; closing the link would wait for the peers
        frames.write_frame(write, {"positive": session.answer(head, read)})


def main() -> None:
    """Libraries may print: standard output is kept for frames, and what they print goes to standard error."""
    read, write = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        head, _ = frames.read_frame(read)
        frames.exit_with(head["parent"])
        session = Session(head["rank"], head["addresses"], head["timeout_s"], head["tls"])
        frames.write_frame(write, {"ready": True})
        serve(session, read, write)
    except Exception as error:
        frames.write_frame(write, {"error": frames.reason(error)})
        read.read()  # stays until its node ends it: what it sent last must still reach the peers
        os._exit(1)


if __name__ == "__main__":
    main()
