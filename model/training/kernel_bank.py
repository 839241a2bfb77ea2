"""A bank of integer kernels in torch, computed by a program that shares its partial sums: iris network v2, and others
whose cost in circuit cells one wants to know. Nothing here is learned."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from model.training.program import Kernel, Program, Term, compile_kernels
from protocol.types import PlaneName

__all__ = ["IRIS_V2", "SALTS", "BankDesign", "KernelBank"]

SALTS = 32
"""As in network v1: 31 openings of each commitment stay hidden."""

_PLANES = {
    8: (PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120),
    16: (PlaneName.TEXTURE_16X120, PlaneName.MASK_16X120),
}


@dataclass(frozen=True)
class BankDesign:
    """Kernels of one height on a texture of 8 or 16 rows. Raises `ValueError` for a kernel that does not sum to zero:
    its response would depend on the brightness, and on what hidden cells are filled with."""

    texture_rows: int
    kernels: tuple[Kernel, ...]

    def __post_init__(self) -> None:
        if self.texture_rows not in _PLANES:
            raise ValueError(f"no plane has {self.texture_rows} rows")
        for kernel in self.kernels:
            if sum(map(sum, kernel)) != 0:
                raise ValueError(f"the taps of a kernel sum to {sum(map(sum, kernel))}, not 0")

    @property
    def planes(self) -> tuple[PlaneName, PlaneName]:
        return _PLANES[self.texture_rows]

    @property
    def symbols(self) -> int:
        return len(self.kernels) * self.planes[1].cells

    @property
    def pre_activation_bounds(self) -> tuple[int, ...]:
        """The largest |response| of each kernel to cells of 0..255: as its taps sum to zero, half their sizes' sum."""
        return tuple(255 * sum(abs(tap) for row in kernel for tap in row) // 2 for kernel in self.kernels)


class KernelBank(torch.nn.Module):
    """texture and mask vectors (cells, then 32 salts) -> one symbol a kernel and mask cell, then the texture's salts.

    Kernel by kernel, row by row: sign(response) times mask. A kernel of h rows has no response in the last h - 1
    rows; there the symbol is the mask's own cell, which a capture leaves 0, so that symbols and mask keep one shape.
    """

    def __init__(self, design: BankDesign, program: Program | None = None) -> None:
        super().__init__()
        self._shape = design.planes[0].shape
        self._program = program or compile_kernels(design.kernels, design.texture_rows)

    def forward(self, texture: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        rows, columns = self._shape
        cells = rows * columns
        valid = mask[:cells].reshape(rows, columns)
        values = [texture[:cells].reshape(rows, columns)]
        heights = self._program.heights(rows)  # plain numbers: sizes read off a tensor would be traced
        for step, height in zip(self._program.steps, heights[1:], strict=True):
            first, second = (
                _seen_from(values[term.value], term, (heights[term.value], height, columns))
                for term in (step.first, step.second)
            )
            values.append(first + second if step.second.sign == 1 else first - second)
        symbols = []
        for output in self._program.outputs:
            height = heights[output.value]
            response = _seen_from(values[output.value], output, (height, height, columns))
            symbols.append((torch.tanh(response) * valid[:height]).reshape(-1))
            if height < rows:
                symbols.append(valid[height:].reshape(-1))
        return torch.cat([*symbols, texture[cells:]])


def _seen_from(grid: torch.Tensor, term: Term, shape: tuple[int, int, int]) -> torch.Tensor:
    """The grid as seen from `term.rows` further out and `term.columns` further along the angle, which wraps round;
    `shape` is its rows, the rows that are asked for and its columns. Slices and concatenations cost no cells."""
    rows, wanted, columns = shape
    if wanted < rows:
        grid = grid[term.rows : term.rows + wanted]
    ahead = term.columns % columns
    return torch.cat([grid[:, ahead:], grid[:, :ahead]], dim=1) if ahead else grid


_EVEN = (-1, -1, -1, 2, 2, 2, -1, -1, -1)
_ODD = (-1, -1, -1, 1, 1, 1)

IRIS_V2 = BankDesign(16, ((_EVEN, _EVEN), (_ODD, _ODD)))
"""Network v1's kernels over pairs of rows of the texture with twice its rows: chosen by hand,
see decision 009."""
