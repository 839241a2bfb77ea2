"""The banks of integer kernels that a search compares, and what each would cost in the circuit."""

from __future__ import annotations

from dataclasses import dataclass

from model.training.kernel_bank import IRIS_V2, BankDesign
from model.training.program import Kernel, compile_kernels

ANGLES = 120
MAX_CELLS = 2**14 - 64
"""One block of the circuit, less the rows that the prover keeps: what a proof of 2.2 kB and 200 MB has room for."""

__all__ = ["MAX_CELLS", "Candidate", "box", "circuit_cells", "given_candidates"]


@dataclass(frozen=True)
class Candidate:
    """`votes`: a second layer, the sign of the sum of three neighbouring symbols along the angle, takes their place."""

    name: str
    design: BankDesign
    votes: bool = False

    @property
    def cells(self) -> int:
        return circuit_cells(self)


def circuit_cells(candidate: Candidate, draws: int = 60) -> int:
    """Cells of the circuit: additions of the cheapest program found, then a sign and a product with the mask for every
    symbol; a second layer adds two sums and a sign each."""
    design = candidate.design
    program = compile_kernels(design.kernels, design.texture_rows, draws=draws)
    responses = ANGLES * (design.texture_rows - len(design.kernels[0]) + 1) * len(design.kernels)
    return program.additions(design.texture_rows, ANGLES) + responses * (5 if candidate.votes else 2)


def box(width: int, gap: int = 0, *, height: int = 1) -> tuple[Kernel, Kernel]:
    """The even and the odd kernel of boxes `width` wide that stand `gap` apart, the same in `height` rows."""
    minus, plus, between = (-1,) * width, (1,) * width, (0,) * gap
    even = minus + between + (2,) * width + between + minus
    odd = minus + between + plus
    return (even,) * height, (odd,) * height


def given_candidates() -> tuple[Candidate, ...]:
    """Everything that is not learned: one scale and two, 8 rows, 16 rows and pairs of 16 rows."""
    found = [
        Candidate("iris_v1", BankDesign(8, box(3))),
        Candidate("iris_v2", IRIS_V2),
        Candidate("8 rows, boxes of 3, votes of three", BankDesign(8, box(3)), votes=True),
    ]
    for width, gap in ((2, 0), (2, 1), (2, 2), (3, 1), (4, 0), (5, 0)):
        found.append(Candidate(f"8 rows, {_words(width, gap)}", BankDesign(8, box(width, gap))))
    for width, gap in ((2, 1), (3, 0), (4, 0), (5, 0)):
        found.append(Candidate(f"16 rows, {_words(width, gap)}", BankDesign(16, box(width, gap))))
        if (width, gap) != (3, 0):
            found.append(
                Candidate(f"pairs of 16 rows, {_words(width, gap)}", BankDesign(16, box(width, gap, height=2)))
            )
    for small, large in ((2, 4), (3, 4), (3, 5)):
        kernels = box(small) + box(large)
        found.append(Candidate(f"8 rows, boxes of {small} and of {large}", BankDesign(8, kernels)))
    found.append(Candidate("16 rows, boxes of 3 and of 4", BankDesign(16, box(3) + box(4))))
    return tuple(found)


def _words(width: int, gap: int) -> str:
    return f"boxes of {width}" + (f" with a gap of {gap}" if gap else "")
