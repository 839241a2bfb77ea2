"""How often the test of liveness errs, on SYNTHETIC sequences: APCER of each kind of attack, and BPCER (ISO/IEC 30107).

Run `python -m model.evaluation.attacks --sequences 60` for the table of the performance card.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from model.pipeline.liveness import check_liveness
from model.synthetic.attacks import ATTACKS, living_eye
from protocol.errors import QualityError

__all__ = ["LIVING", "ErrorRate", "markdown", "measure_attacks", "upper_bound"]

LIVING = "living eye"
FIRST_SEED = 5_000
"""The limits of `model.pipeline.liveness` were set on other sequences, below 1,000."""


@dataclass(frozen=True)
class ErrorRate:
    """`wrong` of `sequences` of one kind: attacks that were taken for a living eye, or living eyes that were refused.
    `refused_by` counts the measures that spoke first against a living eye."""

    kind: str
    sequences: int
    wrong: int
    refused_by: dict[str, int]

    @property
    def name(self) -> str:
        return "BPCER" if self.kind == LIVING else "APCER"


def measure_attacks(seeds: Sequence[int], processes: int | None = None) -> tuple[ErrorRate, ...]:
    """A row for living eyes and one for each kind of attack, over the same seeds. `processes`: None for all cores."""
    kinds = (LIVING, *ATTACKS)
    asked = [kind for kind in kinds for _ in seeds], list(seeds) * len(kinds)
    if processes == 1:
        verdicts = list(map(_refused_by, *asked))
    else:
        with ProcessPoolExecutor(processes) as pool:
            verdicts = list(pool.map(_refused_by, *asked))
    rows = []
    for place, kind in enumerate(kinds):
        found = verdicts[place * len(seeds) : (place + 1) * len(seeds)]
        reasons = Counter(measure for measure in found if measure)
        accepted = len(seeds) - reasons.total()
        wrong = reasons.total() if kind == LIVING else accepted
        rows.append(ErrorRate(kind, len(seeds), wrong, dict(reasons.most_common())))
    return tuple(rows)


def upper_bound(wrong: int, trials: int, confidence: float = 0.95) -> float:
    """The largest rate at which `wrong` or fewer errors still come up with a probability of 1 - `confidence` (Clopper
    and Pearson 1934, one-sided)."""
    low, high = wrong / trials, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        tail = sum(math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(wrong + 1))
        low, high = (rate, high) if tail > 1 - confidence else (low, rate)
    return low


def markdown(rows: Sequence[ErrorRate]) -> str:
    """The table of the performance card."""
    lines = ["| SYNTHETIC sequences | | wrong | up to, 95 % | refused by |", "|---|---|---|---|---|"]
    for row in rows:
        reasons = ", ".join(f"`{measure}` {count}" for measure, count in row.refused_by.items()) or "nothing"
        bound = 100 * upper_bound(row.wrong, row.sequences)
        lines.append(f"| {row.kind} | {row.name} | {row.wrong} of {row.sequences} | {bound:.1f} % | {reasons} |")
    return "\n".join(lines) + "\n"


def _refused_by(kind: str, seed: int) -> str:
    """The measure that spoke against a living eye; empty for none."""
    sequence = living_eye(seed) if kind == LIVING else ATTACKS[kind](seed)
    try:
        check_liveness(sequence.frames, sequence.times_s)
    except QualityError as refusal:
        return refusal.measure
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description="APCER and BPCER of the test of liveness, on synthetic sequences")
    parser.add_argument("--sequences", type=int, default=60, help="of each kind")
    count: int = parser.parse_args().sequences
    sys.stdout.write(markdown(measure_attacks(range(FIRST_SEED, FIRST_SEED + count))))


if __name__ == "__main__":
    main()
