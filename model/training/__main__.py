"""`python -m model.training`: learn kernels, compare every bank by error rates and circuit cells, export the learned.

Writes candidates.json, pareto.svg and an ONNX file for each learned bank. Uses synthetic eyes, or a folder of pictures
as `irisproof evaluate` reads it; no picture, code or path is in what is written.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2

from model.evaluation.dataset import EyeSet, read_folder, synthetic_set
from model.export.onnx_export import export_onnx, network_of
from model.training.learn import LearningSettings
from model.training.pareto import draw_pareto
from model.training.samples import TrainingData, gather
from model.training.search import SearchSettings, learned_candidates, search
from protocol.errors import IrisproofError


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 and one line for a set that cannot be used."""
    asked = _parser().parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        eyes = read_folder(asked.data) if asked.data else _synthetic(asked)
        data = gather(eyes, _progress("pictures to textures"))
    except IrisproofError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    settings = SearchSettings(LearningSettings(seed=asked.seed, iterations=asked.iterations))
    _write(asked.out, eyes, data, settings)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model.training", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of pictures, subject/eye/*.png; synthetic eyes without it")
    parser.add_argument("--persons", type=int, default=60, help="synthetic persons, two eyes each")
    parser.add_argument("--captures", type=int, default=3, help="of each synthetic eye")
    parser.add_argument("--severity", type=float, default=2.0, help="of the synthetic captures' nuisances")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--iterations", type=int, default=300, help="of learning, for each learned bank")
    parser.add_argument("--out", type=Path, default=Path("build/training"))
    return parser


def _synthetic(asked: argparse.Namespace) -> EyeSet:
    # Other eyes than `irisproof evaluate` draws by default.
    return synthetic_set(asked.persons, asked.captures, seed=asked.seed + 50, severity=asked.severity)


def _write(out: Path, eyes: EyeSet, data: TrainingData, settings: SearchSettings) -> None:
    out.mkdir(parents=True, exist_ok=True)
    results = search(data, settings, _progress("comparing banks"))
    kind = "SYNTHETIC eyes" if eyes.is_synthetic else "pictures from a folder"
    report = {
        "synthetic": eyes.is_synthetic,
        "data": {"kind": kind, "pictures": data.pictures, "refused": data.refused, **eyes.description},
        "settings": asdict(settings),
        "candidates": [result.to_json() for result in results],
    }
    (out / "candidates.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    title = f"Banks of integer kernels on {kind}, {len(data.choose.label)} pictures of persons that none was learned on"
    (out / "pareto.svg").write_text(draw_pareto(results, title), encoding="utf-8")
    for candidate in learned_candidates(data.learn, settings):
        name = candidate.name.replace(",", "").replace(" ", "_")
        (out / f"{name}.onnx").write_bytes(export_onnx(*network_of(name, candidate.design)))
    for result in results:
        fits = "" if result.fits else "  over the budget"
        sys.stdout.write(
            f"{result.cells:6,} cells  {result.symbols:5,} symbols  d' {result.d_prime:5.2f}  EER {result.eer:6.2%}  "
            f"FNMR at 1e-3 {result.fnmr_at_1e_3:6.2%}  {result.name}{fits}\n"
        )
    sys.stdout.write(f"written to {out}\n")


def _progress(what: str) -> Callable[[float], None]:
    def tell(done: float) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{what}: {done:4.0%}" + ("\n" if done >= 1 else ""))

    return tell


if __name__ == "__main__":
    sys.exit(main())
