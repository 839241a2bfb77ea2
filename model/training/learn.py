"""Learn integer kernels with taps of -1, 0 and 1: an even and an odd one, on the learning half of a set.

A smooth sign stands for the sign, and taps are rounded in the forward pass only (the straight-through estimator of
Bengio et al. 2013). The loss wants genuine pairs far from impostor pairs in units of their spread (d'), and no genuine
pair far off. Same settings, same data, same kind of machine: the same kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from model.training.program import Kernel
from model.training.samples import Half

__all__ = ["LearningSettings", "learn_kernels", "turned_round"]

_START = ((-1, -1, -1, 2, 2, 2, -1, -1, -1), (0, -1, -1, -1, 0, 1, 1, 1, 0))


@dataclass(frozen=True)
class LearningSettings:
    """Hyperparameters of one learned bank. `columns` are the taps of a kernel along the angle."""

    seed: int = 0
    columns: int = 9
    iterations: int = 300
    batch: int = 48
    learning_rate: float = 0.02
    smoothness: float = 2.5
    """Slope of the smooth sign, per standard deviation of the responses."""
    rounding_from: float = 1 / 3
    """Share of the iterations after which the taps are rounded in the forward pass."""


def learn_kernels(half: Half, rows: int, settings: LearningSettings) -> tuple[Kernel, ...]:
    """Two kernels of one row, each of taps -1, 0 and 1 that sum to zero, the first that is not 0 being -1."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order
    try:
        weights = _start(settings, rng).requires_grad_(True)
        optimizer = torch.optim.Adam([weights], lr=settings.learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.iterations)
        texture, visible = torch.from_numpy(half.textures[rows]), torch.from_numpy(half.visible[rows])
        eyes = [np.flatnonzero(half.label == label) for label in np.unique(half.label)]
        eyes = [members for members in eyes if len(members) > 1]
        for iteration in range(settings.iterations):
            chosen = rng.choice(len(eyes), min(settings.batch, len(eyes)), replace=False)
            pairs = np.array([rng.choice(eyes[eye], 2, replace=False) for eye in chosen])
            rounded = iteration >= settings.rounding_from * settings.iterations
            kernels = _rounded(weights) if rounded else _centred(weights)
            sides = [_responses(texture[side], visible[side], kernels, settings.smoothness) for side in pairs.T]
            loss = _loss(*sides)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    finally:
        torch.set_num_threads(threads)
    return tuple((turned_round(_to_taps(row)),) for row in _centred(weights).detach().numpy())


def _start(settings: LearningSettings, rng: np.random.Generator) -> torch.Tensor:
    taps = np.zeros((2, settings.columns))
    room = min(settings.columns, 9)
    for number, kernel in enumerate(_START):
        taps[number, :room] = kernel[:room]
    taps = taps / np.linalg.norm(taps, axis=1, keepdims=True) + 0.05 * rng.standard_normal(taps.shape)
    return torch.from_numpy(taps.astype(np.float32))


def _centred(weights: torch.Tensor) -> torch.Tensor:
    centred = weights - weights.mean(dim=1, keepdim=True)
    unit: torch.Tensor = centred / torch.linalg.vector_norm(centred, dim=1, keepdim=True)
    return unit


def _rounded(weights: torch.Tensor) -> torch.Tensor:
    """Ternary taps forward, the gradient of the unrounded ones backward."""
    centred = _centred(weights)
    taps = torch.tensor([_to_taps(row) for row in centred.detach().numpy()], dtype=torch.float32)
    taps = taps / torch.linalg.vector_norm(taps, dim=1, keepdim=True)
    rounded: torch.Tensor = centred + (taps - centred).detach()
    return rounded


def _to_taps(weights: Any) -> tuple[int, ...]:
    """-1, 0, 1 by two thirds of the mean size; then the weakest taps of the sign in excess go, so that the sum is 0."""
    taps = np.where(np.abs(weights) > 2 / 3 * np.abs(weights).mean(), np.sign(weights), 0).astype(int)
    while taps.sum() != 0:
        excess = np.flatnonzero(taps == np.sign(taps.sum()))
        taps[excess[np.argmin(np.abs(weights[excess]))]] = 0
    return tuple(int(tap) for tap in taps)


def turned_round(taps: tuple[int, ...]) -> tuple[int, ...]:
    """A kernel and its negative say the same, but only kernels of one sign can share the sums of a circuit."""
    first = next(tap for tap in taps if tap != 0)
    return tuple(-first * tap for tap in taps)


def _responses(
    texture: torch.Tensor, visible: torch.Tensor, kernels: torch.Tensor, smoothness: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Smooth signs of visible responses and where they are visible: (samples, symbols) each."""
    columns = kernels.shape[1]
    level = texture.mean(dim=(1, 2), keepdim=True)
    ahead = torch.stack([torch.roll(texture - level, -step, dims=2) for step in range(columns)])
    seen = torch.stack([torch.roll(visible, -step, dims=2) for step in range(columns)]).mean(dim=0) > 0.7
    response = torch.einsum("ks,snrc->nkrc", kernels, ahead)
    mask = seen[:, None].expand_as(response).float()
    size = ((response.detach() ** 2 * mask).sum(dim=(0, 2, 3), keepdim=True) / mask.sum().clamp(min=1)).sqrt()
    signs = torch.tanh(smoothness * response / size.clamp(min=1e-6)) * mask
    return signs.flatten(1), mask.flatten(1)


def _loss(one: tuple[torch.Tensor, torch.Tensor], other: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    likeness = (one[0] @ other[0].T) / (one[1] @ other[1].T).clamp(min=50)
    genuine = likeness.diagonal()
    strangers = likeness[~torch.eye(len(likeness), dtype=torch.bool)]
    spread = (genuine.var() + strangers.var()) / 2
    apart = (genuine.mean() - strangers.mean()) ** 2 / spread.clamp(min=1e-9)
    worst = torch.nn.functional.softplus((0.3 - genuine) / 0.06).mean()
    return -torch.log(apart) + 0.3 * worst + 6.0 * strangers.std()
