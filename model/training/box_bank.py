"""Iris network v1 in torch: a bank of two box kernels. Nothing is learned: the kernels are given, and are what
`facts` of recognition measured as equal to a production bank of 16,384 bits under the same segmentation.

A later network that is trained stands beside this one, in a module of its own.
"""

from __future__ import annotations

import torch

__all__ = ["ANGLES", "BANDS", "SALTS", "BoxBank"]

BANDS, ANGLES = 8, 120
SALTS = 32
"""Field elements that hide a commitment; they are cut off the input and passed on to the output.

32 * 254 bits, less 128 for hiding, serve 31 openings of the column; each proof opens it once or twice."""


class BoxBank(torch.nn.Module):
    """texture and mask vectors of 8*120 cells and 32 salts -> 1,920 symbols and the texture's salts.

    Five additions a position give both kernels; `tanh` stands for the sign in {-1, 0, 1}: at scale 0 the circuit
    looks up the rounded tanh of an integer, which is exactly that.
    """

    def forward(self, texture: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        cells = BANDS * ANGLES
        t = texture[:cells].reshape(BANDS, ANGLES)  # (8, 120)
        m = mask[:cells].reshape(BANDS, ANGLES)  # (8, 120)
        box = t + _ahead(t, 1) + _ahead(t, 2)
        odd = _ahead(box, 3) - box
        even = odd - _ahead(odd, 3)
        symbols = torch.cat([(torch.tanh(even) * m).reshape(-1), (torch.tanh(odd) * m).reshape(-1)])  # (1920,)
        return torch.cat([symbols, texture[cells:]])  # (1952,)


def _ahead(grid: torch.Tensor, steps: int) -> torch.Tensor:
    """The grid as seen `steps` cells further along the angle, which wraps round (a slice and a concatenation cost no
    circuit cells; `Pad` cannot be lowered)."""
    return torch.cat([grid[:, steps:], grid[:, :steps]], dim=1)
