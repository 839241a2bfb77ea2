"""Compare banks of integer kernels: error rates on persons that nothing was learned on, against circuit cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np
import numpy.typing as npt

from model.evaluation.metrics import d_prime, equal_error_rate, false_non_match_rate, scores_of, threshold_at
from model.evaluation.pairs import all_pairs
from model.pipeline.matching import MAX_ROTATION_COLUMNS
from model.pipeline.planes import MIN_VISIBLE_UNDER_KERNEL
from model.training.candidates import MAX_CELLS, Candidate, given_candidates
from model.training.kernel_bank import BankDesign
from model.training.learn import LearningSettings, learn_kernels
from model.training.samples import Half, TrainingData

__all__ = ["Result", "SearchSettings", "learned_candidates", "pareto_front", "search", "symbols_of"]


@dataclass(frozen=True)
class SearchSettings:
    """Hyperparameters of a whole search."""

    learning: LearningSettings = field(default_factory=LearningSettings)
    learned_rows: tuple[int, ...] = (8, 16)
    learned_columns: tuple[int, ...] = (9, 11)


@dataclass(frozen=True)
class Result:
    """One candidate. Rates are shares, on the half of the persons that nothing was learned on."""

    name: str
    kernels: tuple[tuple[tuple[int, ...], ...], ...]
    texture_rows: int
    symbols: int
    cells: int
    fits: bool
    """Within one block of the circuit."""
    d_prime: float
    eer: float
    fnmr_at_1e_3: float

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def search(
    data: TrainingData, settings: SearchSettings, progress: Callable[[float], None] = lambda _: None
) -> tuple[Result, ...]:
    """Every candidate, given or learned, cheapest first."""
    candidates = [*given_candidates(), *learned_candidates(data.learn, settings)]
    results = []
    for done, candidate in enumerate(candidates):
        progress(done / len(candidates))
        results.append(_measure(candidate, data.choose))
    progress(1.0)
    return tuple(sorted(results, key=lambda result: (result.cells, result.name)))


def learned_candidates(half: Half, settings: SearchSettings) -> list[Candidate]:
    found = []
    for rows in settings.learned_rows:
        for columns in settings.learned_columns:
            wanted = LearningSettings(**{**asdict(settings.learning), "columns": columns})
            kernels = learn_kernels(half, rows, wanted)
            found.append(Candidate(f"{rows} rows, learned of {columns} taps", BankDesign(rows, kernels)))
    return found


def pareto_front(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Those that no cheaper or equally cheap one beats in d', cheapest first."""
    front: list[Result] = []
    for result in sorted(results, key=lambda result: (result.cells, -result.d_prime)):
        if not front or result.d_prime > front[-1].d_prime:
            front.append(result)
    return tuple(front)


def symbols_of(candidate: Candidate, half: Half) -> npt.NDArray[np.int8]:
    """int8[samples, kernels * rows, 120] of -1, 0 and 1; a symbol counts where 0.7 of its kernel's support is visible.

    What the exported network gives on textures that are whole numbers; it takes one mask for all kernels, this takes
    each kernel's own, as a network of that kernel alone would.
    """
    texture = half.textures[candidate.design.texture_rows].astype(np.int32)
    visible = half.visible[candidate.design.texture_rows]
    planes = []
    for kernel in candidate.design.kernels:
        height = len(kernel)
        places = texture.shape[1] - height + 1
        response = np.zeros((len(texture), places, texture.shape[2]), np.int32)
        seen = np.zeros(response.shape, np.float32)
        for row, taps in enumerate(kernel):
            for column, tap in enumerate(taps):
                response += tap * np.roll(texture[:, row : row + places], -column, axis=2)
                seen += np.roll(visible[:, row : row + places], -column, axis=2) / (height * len(taps))
        signs = np.sign(response)
        if candidate.votes:
            signs = np.sign(signs + np.roll(signs, 1, axis=2) + np.roll(signs, -1, axis=2))
        planes.append((signs * (seen > MIN_VISIBLE_UNDER_KERNEL)).astype(np.int8))
    return np.concatenate(planes, axis=1)


def _measure(candidate: Candidate, half: Half) -> Result:
    symbols = symbols_of(candidate, half)
    distances = all_pairs(symbols, (MAX_ROTATION_COLUMNS,)).least[MAX_ROTATION_COLUMNS]
    people = int(half.person.max()) + 1
    scores = scores_of(distances, half.label, half.person, np.zeros(people, np.int64))
    cells = candidate.cells
    return Result(
        name=candidate.name,
        kernels=candidate.design.kernels,
        texture_rows=candidate.design.texture_rows,
        symbols=int(symbols[0].size),
        cells=cells,
        fits=cells <= MAX_CELLS,
        d_prime=d_prime(scores),
        eer=equal_error_rate(scores),
        fnmr_at_1e_3=false_non_match_rate(scores, threshold_at(scores.impostor, 1e-3)),
    )
