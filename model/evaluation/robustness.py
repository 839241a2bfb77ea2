"""What happens to pictures that are worse than the set's own: each condition degrades one picture of every eye and
compares it with the eye's next picture as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from model.evaluation.encoders import Encoder, Symbols
from model.evaluation.labels import Sample
from model.evaluation.pairs import paired_distances
from model.pipeline.image import EyeImage
from model.pipeline.pipeline import Inspection, inspect_eye
from protocol.errors import QualityError
from protocol.types import EyeSide

MAX_EYES = 60
PUPIL_RATIOS = (0.25, 0.35, 0.45, 0.55, 0.65)
_NOISE_SEED = 0xD15E

__all__ = ["MAX_EYES", "Condition", "Robustness", "conditions", "sweep"]

Change = Callable[[EyeImage, np.random.Generator], EyeImage]


@dataclass(frozen=True)
class Condition:
    """`kind` and `level` say what was done; `change` does it. Lengths are in pixels of the picture."""

    kind: str
    level: float
    unit: str
    change: Change


@dataclass(frozen=True)
class Robustness:
    """Pictures asked for, refused ones, and the genuine distances of the rest."""

    kind: str
    level: float
    unit: str
    images: int
    refused: int
    fnmr: float
    mean_distance: float | None
    largest_distance: float | None


def conditions() -> tuple[Condition, ...]:
    """The sweep: none, resolution, blur, noise, head rotation."""
    rows = [Condition("none", 0.0, "", _as_it_is)]
    rows += [
        Condition("resolution", share, "of the pixels a side", partial(_shrunk, share)) for share in (0.67, 0.5, 0.33)
    ]
    rows += [Condition("blur", sigma, "px", partial(_blurred, sigma)) for sigma in (1.0, 2.0, 3.0, 4.0)]
    rows += [Condition("noise", sigma, "grey levels", partial(_noisy, sigma)) for sigma in (5.0, 10.0, 20.0)]
    rows += [
        Condition("rotation", degrees, "degrees", partial(_turned, degrees))
        for degrees in (5.0, 10.0, 15.0, 20.0, 25.0, 30.0)
    ]
    return tuple(rows)


def _shrunk(share: float, image: EyeImage, rng: np.random.Generator) -> EyeImage:
    """Fewer pixels with a camera's noise of their own (2 levels), then as many as before, for the pipeline's limits."""
    size = (round(image.width_px * share), round(image.height_px * share))
    small = cv2.resize(image.pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    noisy = np.asarray(small + rng.normal(0, 2, size[::-1]), np.float32)
    return _image(cv2.resize(noisy, (image.width_px, image.height_px), interpolation=cv2.INTER_CUBIC))


def _blurred(sigma_px: float, image: EyeImage, _: np.random.Generator) -> EyeImage:
    return _image(cv2.GaussianBlur(image.pixels.astype(np.float32), (0, 0), sigma_px))


def _noisy(sigma: float, image: EyeImage, rng: np.random.Generator) -> EyeImage:
    return _image(image.pixels + rng.normal(0, sigma, image.pixels.shape))


def _turned(degrees: float, image: EyeImage, _: np.random.Generator) -> EyeImage:
    middle = ((image.width_px - 1) / 2, (image.height_px - 1) / 2)
    turn = cv2.getRotationMatrix2D(middle, degrees, 1.0)
    size = (image.width_px, image.height_px)
    grey = image.pixels.astype(np.float32)
    return _image(cv2.warpAffine(grey, turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _image(levels: npt.NDArray[Any]) -> EyeImage:
    return EyeImage(np.clip(np.round(levels), 0, 255).astype(np.uint8))


def sweep(
    samples: list[Sample], encoder: Encoder, threshold: float, progress: Callable[[float], None]
) -> tuple[Robustness, ...]:
    """Probe: an eye's first enrolled picture, degraded; gallery: its second one, as it is. `samples` are the pictures
    that were not refused. FNMR is at `threshold`, refused probes counted as not matched. Samples that a generator can
    draw again are drawn with other pupils as well."""
    probes, others = _probes(samples)
    gallery = np.array([encoder.encode(_inspect(sample.open())) for sample in others], np.int8)
    tasks = [
        (condition, [partial(_degraded, sample, condition.change) for sample in probes]) for condition in conditions()
    ]
    for ratio in PUPIL_RATIOS:
        drawn = [partial(_redrawn, sample.dilate, ratio) for sample in probes if sample.dilate is not None]
        if len(drawn) == len(probes):
            tasks.append((Condition("pupil ratio", ratio, "of the iris", _as_it_is), drawn))
    results = []
    for done, (condition, pictures) in enumerate(tasks):
        codes = [_try(encoder, picture, number) for number, picture in enumerate(pictures)]
        results.append(_result(condition, codes, gallery, encoder.max_rotation_columns, threshold))
        progress((done + 1) / len(tasks))
    return tuple(results)


def _as_it_is(image: EyeImage, _: np.random.Generator) -> EyeImage:
    return image


def _degraded(sample: Sample, change: Change, rng: np.random.Generator) -> EyeImage:
    return change(sample.open(), rng)


def _redrawn(dilate: Callable[[float], EyeImage], ratio: float, _: np.random.Generator) -> EyeImage:
    return dilate(ratio)


def _probes(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    by_label: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_label[sample.label].append(sample)
    couples = [found for _, found in sorted(by_label.items()) if len(found) >= 2]
    spread = couples[:: max(len(couples) // MAX_EYES, 1)][:MAX_EYES]
    return [couple[0] for couple in spread], [couple[1] for couple in spread]


def _try(encoder: Encoder, picture: Callable[[np.random.Generator], EyeImage], number: int) -> Symbols | None:
    try:
        return encoder.encode(_inspect(picture(np.random.default_rng((_NOISE_SEED, number)))))
    except QualityError:
        return None


def _inspect(image: EyeImage) -> Inspection:
    return inspect_eye(image, eye_side=EyeSide.LEFT, captured_at=0)


def _result(
    condition: Condition, codes: list[Symbols | None], gallery: Symbols, rotation: int, threshold: float
) -> Robustness:
    made = [index for index, code in enumerate(codes) if code is not None]
    ours = np.array([codes[index] for index in made], np.int8).reshape(-1, *gallery.shape[1:])
    distances = paired_distances(ours, gallery[made], rotation)
    matched = int((distances <= np.float32(threshold)).sum())
    comparable = distances[~np.isnan(distances)].astype(np.float64)
    return Robustness(
        kind=condition.kind,
        level=condition.level,
        unit=condition.unit,
        images=len(codes),
        refused=len(codes) - len(made),
        fnmr=1 - matched / max(len(codes), 1),
        mean_distance=float(comparable.mean()) if comparable.size else None,
        largest_distance=float(comparable.max()) if comparable.size else None,
    )
