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
    slot = np.zeros((16, size // 32), np.int32)
    every = party._compile(lambda *slots: party.negative(slots), [slot] * 3, list(party.SLOTS), "signs")
    for _ in range(head["blocks"]):
        _, shares = party.frames.read_frame(read)
        session.load(session.slots(shares, size), 1)
        session.runtime.run(every)
        signs = session.open("signs").astype(np.int32).view(np.uint8)
        positive = 1 - np.unpackbits(signs, bitorder="little")
        party.frames.write_frame(write, {}, positive.astype(np.uint16))
    asked, _ = party.frames.read_frame(read)
    try:
        session.answer(asked, read)
    except party.frames.Disagreement as error:
        party.frames.write_frame(write, {"error": str(error)})
    session.link.stop_link()


if __name__ == "__main__":
    main()
