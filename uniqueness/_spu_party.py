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
from collections.abc import Iterator, Sequence
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


frames, tunnel, words = _beside("frames"), _beside("tunnel"), _beside("spu_shares")

PARTIES, ROTATIONS = 3, 120
RUNS = (7_680, 61_440, 491_520)
"""Comparisons in one run: 32, 256 and 2,048 records of one eye. A program is compiled for each size, half a second."""
RUNS_FOR_LARGER = 4
"""Runs of one size that take as long as one of the next."""
SECRET = libspu.Visibility.VIS_SECRET
SLOTS = ("s0", "s1", "s2")


class WrongAnswer(RuntimeError):
    """SPU keeps its shares otherwise than `_spu_shares` writes them. What a node shows of an error is its name."""


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
        self.sums: dict[int, tuple[Any, list[Any]]] = {}
        self.nobodies: dict[tuple[int, int], Any] = {}
        self.both = _compile(lambda kept, bit: kept & bit, [np.zeros((), np.int32)] * 2, ["kept", "bit"], "kept")
        self.rehearse()

    def rehearse(self) -> None:
        """Raises `WrongAnswer` unless the answers to three known questions are right."""
        scores = np.tile(np.array([-32767, -1, 0, -256], np.int32), RUNS[0] // 4)
        for positive in (None, 0, RUNS[0] - 1):
            if positive is not None:
                scores[positive] = 1 + 32766 * (positive > 0)
            mine = scores + 21 if self.rank == 0 else np.full(len(scores), -7 * self.rank)
            self.add(mine.astype(np.uint16), 1, first=True)
            if self.matches() != (positive is not None):
                raise WrongAnswer("SPU gave a wrong answer to a known question")

    def sum_of(self, size: int) -> tuple[Any, list[Any]]:
        """The program that adds three numbers up, and what this party puts in for the others."""
        if size not in self.sums:
            zeros = np.zeros(size, np.int32)
            program = _compile(lambda a, b, c: a + b + c, [zeros] * PARTIES, ["p0", "p1", "p2"], "sum")
            self.sums[size] = program, [self.io.make_shares(zeros, SECRET, party)[self.rank] for party in range(3)]
        return self.sums[size]

    def nobody(self, size: int, eyes: int) -> Any:
        """The program that finds out whether nothing matches: 1 if so, else 0, shared."""
        if (size, eyes) not in self.nobodies:
            slot = np.zeros((words.PLANES, *_lanes(size, eyes)[:-1], _lanes(size, eyes)[-1] // words.WORD), np.int32)
            self.nobodies[size, eyes] = _compile(_nobody(eyes), [slot] * PARTIES, list(SLOTS), "bit")
        return self.nobodies[size, eyes]

    def require_agreement(self, text: str) -> None:
        """Raises `Disagreement` unless all three nodes are about to compute the same thing."""
        if len(set(self.link.all_gather(text))) != 1:
            raise frames.Disagreement

    def slots(self, shares: Any, size: int) -> tuple[Any, Any]:
        """From this node's additive shares modulo 2^16 of scores to its two slots of them: uint16[size] each. Behind
        the shares come scores of zero."""
        own = np.zeros(size, np.int32)
        own[: len(shares)] = shares
        program, others = self.sum_of(size)
        for party in range(PARTIES):
            share = self.io.make_shares(own, SECRET, party)[self.rank] if party == self.rank else others[party]
            self.runtime.set_var(f"p{party}", share)
        self.runtime.run(program)
        (chunk,) = self.runtime.get_var("sum").share_chunks
        return words.slots_of(bytes(chunk), size)  # type: ignore[no-any-return]

    def load(self, slots: tuple[Any, Any], eyes: int) -> None:
        """Put the bits of the scores less 1 in, a boolean share for each slot."""
        held = dict(zip((self.rank, (self.rank + 1) % PARTIES), slots, strict=True))
        lanes = _lanes(len(slots[0]), eyes)
        for slot, name in enumerate(SLOTS):
            bits = np.zeros((words.PLANES, *lanes[:-1], lanes[-1] // words.WORD), np.uint32)
            if slot in held:
                less = held[slot] - np.uint16(slot == 0)  # both who hold slot 0 take the 1 off
                bits = words.bit_planes(np.ascontiguousarray(less.reshape(lanes[::-1]).T))
            none = np.zeros_like(bits)
            own, second = (bits, none) if slot == self.rank else (none, bits)
            share = libspu.Share()
            share.meta, share.share_chunks = words.boolean_share(own, second)
            self.runtime.set_var(name, share)

    def add(self, shares: Any, eyes: int, first: bool) -> None:
        """Join "nothing matches" to what is kept; the result stays shared. Pairs of eyes come whole."""
        for start, size in _runs(len(shares)):
            self.load(self.slots(shares[start : start + size], size), eyes)
            self.runtime.run(self.nobody(size, eyes))
            if first:
                self.runtime.set_var("kept", self.runtime.get_var("bit"))
            else:
                self.runtime.run(self.both)
            first = False

    def answer(self, head: dict[str, Any], read: Any) -> bool:
        """Whether any score is positive, of those that `head` announces and the frames behind it bring."""
        self.require_agreement(frames.agreed_on(head))
        done = 0
        while done < head["total"]:
            _, shares = frames.read_frame(read)
            self.add(shares, head["eyes"], first=done == 0)
            done += len(shares)
        return self.matches()

    def matches(self) -> bool:
        """Open what was kept: whether anything matched."""
        return not self.open("kept")

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


def _runs(count: int) -> Iterator[tuple[int, int]]:
    """(start, size) of runs that hold `count` comparisons; what is missing in the last is filled up."""
    at = 0
    while at < count:
        size = next((size for size in RUNS if count - at <= RUNS_FOR_LARGER * size), RUNS[-1])
        yield at, size
        at += size


def _lanes(size: int, eyes: int) -> tuple[int, ...]:
    """How a run's scores lie in words: beside each other, or for pairs of eyes [rotations, eyes, pairs]."""
    return (size,) if eyes == 1 else (ROTATIONS, eyes, size // (eyes * ROTATIONS))


def negative(slots: Sequence[Any]) -> Any:
    """Words [...] of the signs of scores whose slots' bits are [16, ...]: as `checked.signs.negative`, in SPU.

    With u the exclusive or of the slots and v twice their majority, the score is u + v; its sign is their exclusive or
    with the carry into bit 15.
    """
    sums, top = slots[0] ^ slots[1] ^ slots[2], words.PLANES - 1
    majority = ((slots[0] ^ slots[2])[:top] & (slots[1] ^ slots[2])[:top]) ^ slots[2][:top]
    carry = sums[1] & majority[0]
    for bit in range(2, top):
        carry = ((sums[bit] ^ carry) & (majority[bit - 1] ^ carry)) ^ carry
    return sums[top] ^ majority[top - 1] ^ carry


def _nobody(eyes: int) -> Any:
    def program(*slots: Any) -> Any:
        signs = negative(slots)
        if eyes > 1:
            each = _all_of(signs)  # at no rotation
            signs = each[0] | each[1]  # not both eyes
        word = _all_of(signs)
        for width in (16, 8, 4, 2, 1):
            word = word & jnp.right_shift(word, width)
        return word & 1  # the bits above it tell of single scores, and are never opened

    return program


def _all_of(bits: Any) -> Any:
    """The conjunction over the first axis."""
    while (count := bits.shape[0]) > 1:
        half = count // 2
        joined = bits[:half] & bits[half : 2 * half]
        bits = jnp.concatenate([joined, bits[2 * half :]]) if count % 2 else joined
    return bits[0]


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
