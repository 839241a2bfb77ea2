"""The rows of one shard, without Ray and SPU: what is put in comes out as scores. Run by path in the committee's
environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from uniqueness._frames import read_frame, write_frame
from uniqueness._ray_shard import ShardRows


def main() -> None:
    read, write = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    rows = ShardRows()
    while True:
        try:
            head, body = read_frame(read)
        except EOFError:
            return
        if "at" in head:
            rows.put(head["at"], body.reshape(-1, head["width"]))
        else:
            rows.ask(head["node"], head["network"], head["eyes"], body)
            parts = list(rows.parts(head["start"], head["stop"]))
            write_frame(write, {"parts": [len(part) for part in parts]}, np.concatenate(parts))


if __name__ == "__main__":
    main()
