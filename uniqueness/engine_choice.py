"""Which engine a committee compares with: clients read it in the committee's file, nodes run it."""

from __future__ import annotations

from enum import Enum

__all__ = ["EngineChoice"]


class EngineChoice(Enum):
    """What all three nodes of a committee compare with. CHECKED notices one node that tampers and runs anywhere; SPU
    and MPyC trust the nodes to compute what they should."""

    CHECKED = "checked"
    SPU = "spu"
    MPYC = "mpyc"
