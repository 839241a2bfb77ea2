"""A party of SPU that opens every comparison, for the test that holds each of them against the reference.

Run by path in SPU's environment. The shipped party has no such thing: it opens one bit for all.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np

_spec = importlib.util.spec_from_file_location(
    "party", Path(__file__).resolve().parents[2] / "uniqueness" / "_spu_party.py"
)
assert _spec is not None
assert _spec.loader is not None
party = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(party)


def main() -> None:
    read, write = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    head, _ = party.frames.read_frame(read)
    session = party.Session(head["rank"], head["addresses"], 60)
    size = head["size"]
    shared = ["p0", "p1", "p2"]
    every = party._compile(lambda a, b, c: (a + b + c) > 0, [np.zeros(size, np.int32)] * 3, shared, "bits")
    for _ in range(head["blocks"]):
        _, shares = party.frames.read_frame(read)
        session.load(shares, size)
        session.runtime.run(every)
        party.frames.write_frame(write, {}, session.open("bits").astype(np.uint16))
    asked, _ = party.frames.read_frame(read)
    try:
        session.answer(asked, read)
    except party.frames.Disagreement as error:
        party.frames.write_frame(write, {"error": str(error)})
    session.link.stop_link()


if __name__ == "__main__":
    main()
