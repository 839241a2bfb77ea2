"""A whole evaluation: pictures -> codes -> distances -> report. Codes live in memory only and end with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from model.evaluation.accuracy import accuracy_of, rates_at
from model.evaluation.dataset import EyeSet
from model.evaluation.encoders import Encoder, Symbols, baseline, shipped_network
from model.evaluation.eyes import both_eyes, groups_of
from model.evaluation.impostors import ImpostorFigures, check_rule, measure_impostors, symbol_bias
from model.evaluation.labels import Sample
from model.evaluation.metrics import FMR_TARGETS, Scores, scores_of, threshold_at
from model.evaluation.pairs import PairDistances, all_pairs
from model.evaluation.report import SYNTHETIC_NOTE, VERSION, Report, to_plain
from model.evaluation.robustness import sweep
from model.pipeline.encoding import NETWORK_V1
from model.pipeline.pipeline import inspect_eye
from model.pipeline.thresholds import ImpostorModel, threshold_for
from protocol.errors import InputError, QualityError
from protocol.types import EyeSide

Floats = npt.NDArray[np.float32]
Progress = Callable[[str, float], None]
"""Told the name of what is under way, and the share of it that is done."""

ROTATIONS = (2, 4, 6, 8, 10, 12)
"""Columns of 120 either way that are tried for the network."""
ROBUSTNESS_FMR = 1e-4

__all__ = ["EvaluationOptions", "Progress", "evaluate"]


@dataclass(frozen=True)
class EvaluationOptions:
    """`against` names baselines and other networks; `resamples` is the number of bootstrap samples."""

    network: str = NETWORK_V1
    against: tuple[str, ...] = ()
    robustness: bool = True
    resamples: int = 200


@dataclass(frozen=True, eq=False)
class _Codes:
    """What the pipeline made of a set. `by_encoder` is int8[enrolled, rows, columns] each: biometrics, never stored."""

    enrolled: list[Sample]
    refusals: Counter[str]
    refused_by_person: Counter[str]
    quality: dict[str, list[float]]
    by_encoder: dict[str, Symbols] = field(repr=False)


@dataclass(frozen=True, eq=False)
class _Index:
    """Persons and labels as numbers, for the enrolled samples and for what was lost."""

    people: list[str]
    person: npt.NDArray[np.int32]
    label: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int64]
    lost: npt.NDArray[np.int64]


def evaluate(eyes: EyeSet, options: EvaluationOptions, progress: Progress = lambda _, __: None) -> Report:
    """Measure the shipped pipeline and network, and the baselines, on every pair of pictures of a set.

    Raises `InputError` for an unknown network or baseline and for a set of which too little is left to compare, and
    `ArtifactFailed` where the exported network and its integer reference disagree on a picture.
    """
    encoders = [shipped_network(options.network), *_others(options)]
    codes = _encode(eyes, encoders, progress)
    index = _index(eyes, codes)
    network, *others = encoders
    distances = all_pairs(
        codes.by_encoder[network.name], (0, *ROTATIONS), lambda done: progress("comparing: " + network.name, done)
    )
    scores = _scores(distances.least[network.max_rotation_columns], index)
    impostors = _impostors(scores, distances, index)
    content: dict[str, Any] = {
        "version": VERSION,
        "synthetic": eyes.is_synthetic,
        "note": SYNTHETIC_NOTE if eyes.is_synthetic else "pictures from a folder, under that folder's own labels",
        "software": {"irisproof": version("irisproof"), "numpy": np.__version__, "opencv": cv2.__version__},
        "network": {"name": network.name, "onnx_sha256": network.onnx_sha256},
        "data": _data(eyes, codes, index),
        "codes": [
            _code_row(network, codes.by_encoder[network.name], impostors)
            | accuracy_of(scores, index.codes, options.resamples)
        ],
        "threshold_rule": _rule(scores, impostors.model),
        "rotations": [_rotation_row(rotation, _scores(distances.least[rotation], index)) for rotation in ROTATIONS],
        "both_eyes": _both_eyes(distances.least[network.max_rotation_columns], eyes, codes, impostors.model),
        "groups": _groups(eyes, codes, index, scores),
    }
    del distances
    for encoder in others:
        content["codes"].append(_baseline_row(encoder, codes, index, options.resamples, progress))
    if options.robustness:
        content["robustness"] = _robustness(codes, network, scores, progress)
    return Report(to_plain(content))


def _others(options: EvaluationOptions) -> list[Encoder]:
    """What the network is compared with, each once."""
    return [baseline(name) for name in dict.fromkeys(options.against) if name != options.network]


def _encode(eyes: EyeSet, encoders: list[Encoder], progress: Progress) -> _Codes:
    enrolled: list[Sample] = []
    refusals: Counter[str] = Counter()
    refused_by_person: Counter[str] = Counter()
    quality: dict[str, list[float]] = {}
    symbols: dict[str, list[Symbols]] = {encoder.name: [] for encoder in encoders}
    for done, sample in enumerate(eyes.samples):
        progress("pictures to codes", done / len(eyes.samples))
        try:
            side = EyeSide.RIGHT if sample.side == "right" else EyeSide.LEFT
            seen = inspect_eye(sample.open(), eye_side=side, captured_at=0)
        except QualityError as error:
            refusals[error.measure] += 1
        except InputError:
            refusals["unreadable_file"] += 1
        except (cv2.error, ArithmeticError, IndexError, ValueError):  # a fault of the pipeline's, counted as what it is
            refusals["internal_error"] += 1
        else:
            for encoder in encoders:
                symbols[encoder.name].append(encoder.encode(seen))
            for name, value in vars(seen.iris.quality).items():
                quality.setdefault(name, []).append(value)
            enrolled.append(sample)
            continue
        refused_by_person[sample.person] += 1
    progress("pictures to codes", 1.0)
    if len({sample.person for sample in enrolled}) < 2:
        raise InputError(
            f"{len(enrolled)} of {len(eyes.samples)} pictures gave a code: nobody can be told apart",
            hint="irisproof needs near-infrared pictures of one eye each",
        )
    arrays = {name: np.stack(found) for name, found in symbols.items()}
    return _Codes(enrolled, refusals, refused_by_person, quality, arrays)


def _index(eyes: EyeSet, codes: _Codes) -> _Index:
    people = sorted({sample.person for sample in eyes.samples})
    number = {person: index for index, person in enumerate(people)}
    labels = {label: index for index, label in enumerate(sorted({sample.label for sample in eyes.samples}))}
    person = np.array([number[sample.person] for sample in codes.enrolled], np.int32)
    label = np.array([labels[sample.label] for sample in codes.enrolled], np.int32)
    tried, kept = Counter(s.label for s in eyes.samples), Counter(s.label for s in codes.enrolled)
    owner = {sample.label: number[sample.person] for sample in eyes.samples}
    lost = np.zeros(len(people), np.int64)
    for name, count in tried.items():
        lost[owner[name]] += count * (count - 1) // 2 - kept[name] * (kept[name] - 1) // 2
    return _Index(people, person, label, np.bincount(person, minlength=len(people)), lost)


def _scores(distances: Floats, index: _Index) -> Scores:
    scores = scores_of(distances, index.label, index.person, index.lost)
    if len(scores.genuine) == 0 or len(scores.impostor) < 100:
        raise InputError(
            f"{len(scores.genuine)} genuine and {len(scores.impostor)} impostor pairs are left: too few to measure",
            hint="use more persons, with two pictures an eye or more",
        )
    return scores


def _impostors(scores: Scores, distances: PairDistances, index: _Index) -> ImpostorFigures:
    first, second = np.triu_indices(len(index.person), 1)
    apart = index.person[first] != index.person[second]
    pairs = first[apart], second[apart]
    return measure_impostors(scores, distances.unturned[pairs], distances.least[0][pairs])


def _data(eyes: EyeSet, codes: _Codes, index: _Index) -> dict[str, Any]:
    return {
        "name": eyes.name,
        "description": eyes.description,
        "persons": len(index.people),
        "eyes": len({sample.label for sample in eyes.samples}),
        "images": len(eyes.samples),
        "enrolled": len(codes.enrolled),
        "failed_to_enrol": 1 - len(codes.enrolled) / len(eyes.samples),
        "refusals": dict(codes.refusals),
        "quality": {
            name: dict(zip(("p5", "p50", "p95"), np.percentile(values, (5, 50, 95)), strict=True))
            for name, values in codes.quality.items()
        },
    }


def _code_row(encoder: Encoder, symbols: Symbols, impostors: ImpostorFigures) -> dict[str, Any]:
    return {
        "name": encoder.name,
        "symbols": int(symbols[0].size),
        "rotations": 2 * encoder.max_rotation_columns + 1,
        "max_rotation_deg": encoder.max_rotation_deg,
        "visible_symbols": float((symbols != 0).mean()),
        "bias": symbol_bias(symbols),
        "impostors": impostors,
    }


def _baseline_row(encoder: Encoder, codes: _Codes, index: _Index, resamples: int, progress: Progress) -> dict[str, Any]:
    distances = all_pairs(
        codes.by_encoder[encoder.name],
        (0, encoder.max_rotation_columns),
        lambda done: progress("comparing: " + encoder.name, done),
    )
    scores = _scores(distances.least[encoder.max_rotation_columns], index)
    row = _code_row(encoder, codes.by_encoder[encoder.name], _impostors(scores, distances, index))
    return row | accuracy_of(scores, index.codes, resamples)


def _rule(scores: Scores, model: ImpostorModel) -> dict[str, Any]:
    """Thresholds of the rule: against one record as a check, and against databases (one eye, and both)."""
    rows = []
    for target in (1e-3, 1e-4, 1e-6):
        for records in (1_000, 100_000, 10_000_000):
            row: dict[str, Any] = {"target_false_match": target, "records": records}
            for name, used in (("one_eye", model), ("mean_of_both_eyes", model.of_both_eyes())):
                try:
                    row[name] = threshold_for(target, records, used)
                except InputError:  # the code cannot carry that many
                    row[name] = None
            rows.append(row)
    return {"model": model, "checks": check_rule(scores, model), "databases": rows}


def _rotation_row(rotation: int, scores: Scores) -> dict[str, Any]:
    return {"max_rotation_columns": rotation, "rotations": 2 * rotation + 1, **rates_at(scores)}


def _both_eyes(distances: Floats, eyes: EyeSet, codes: _Codes, model: ImpostorModel) -> dict[str, Any] | None:
    found = both_eyes(distances, codes.enrolled, list(eyes.samples))
    if found is None:
        return None
    return {
        "captures_of_both": found.captures,
        "mean": rates_at(found.mean),
        "both_must_match": rates_at(found.both_must_match),
        "mean_rule_checks": check_rule(found.mean, model.of_both_eyes()),
    }


def _groups(eyes: EyeSet, codes: _Codes, index: _Index, scores: Scores) -> Any:
    if not eyes.persons:
        return []
    images = Counter(sample.person for sample in eyes.samples)
    tally = {person: (images[person], codes.refused_by_person[person]) for person in index.people}
    return groups_of(scores, index.people, eyes.persons, tally, threshold_at(scores.impostor, FMR_TARGETS[1]))


def _robustness(codes: _Codes, network: Encoder, scores: Scores, progress: Progress) -> dict[str, Any]:
    target = max(ROBUSTNESS_FMR, 1 / len(scores.impostor))
    threshold = threshold_at(scores.impostor, target)
    rows = sweep(
        codes.enrolled,
        network,
        threshold,
        lambda done: progress("degraded pictures", done),
    )
    return {"target_fmr": target, "threshold": threshold, "conditions": rows}
