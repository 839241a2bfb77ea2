"""How long each stage from image to code takes, for benchmarks. Figures go into a table; nothing is decided by them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import cv2

from model.pipeline.encoding import ENCODERS, NETWORK_V1
from model.pipeline.image import EyeImage
from model.pipeline.normalization import unroll
from model.pipeline.pipeline import normalize_eye
from model.pipeline.planes import make_planes
from model.pipeline.quality import check_image
from model.pipeline.segmentation import segment
from model.synthetic import CaptureConditions, capture, make_eye
from protocol.types import EyeSide, IrisCode, Plane, PlaneName

Made = TypeVar("Made")

SIZES_PX = ((320, 240), (640, 480), (1280, 960))

__all__ = ["SIZES_PX", "StageTime", "time_stages"]


@dataclass(frozen=True)
class StageTime:
    """Median over eyes, on one core. `stage` is quality, segmentation, unrolling, planes, code or image_to_code."""

    stage: str
    width_px: int
    height_px: int
    milliseconds: float


def time_stages(
    eyes: int = 10, sizes_px: tuple[tuple[int, int], ...] = SIZES_PX, network: str = NETWORK_V1
) -> tuple[StageTime, ...]:
    """Time every stage on `eyes` synthetic captures of each size, after one that is not counted. OpenCV is held to
    one thread meanwhile. `image_to_code` is the whole, as its callers run it, and not the sum."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return tuple(row for size in sizes_px for row in _time_size(eyes, size, network))
    finally:
        cv2.setNumThreads(threads)


def _time_size(eyes: int, size_px: tuple[int, int], network: str) -> list[StageTime]:
    conditions = CaptureConditions(width_px=size_px[0], height_px=size_px[1])
    runs: dict[str, list[float]] = {}
    for number in range(eyes + 1):
        image = capture(make_eye(number + 1), 1, conditions).image
        for stage, seconds in _one(image, network).items():
            if number:
                runs.setdefault(stage, []).append(seconds)
    return [StageTime(stage, *size_px, round(1000 * statistics.median(times), 2)) for stage, times in runs.items()]


def _one(image: EyeImage, network: str) -> dict[str, float]:
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Made]) -> Made:
        started_s = time.perf_counter()
        done = work()
        seconds[stage] = time.perf_counter() - started_s
        return done

    timed("quality", lambda: check_image(image))
    found = timed("segmentation", lambda: segment(image))
    timed("unrolling", lambda: unroll(image, found))
    iris = normalize_eye(image, eye_side=EyeSide.LEFT, captured_at=0)
    planes = timed("planes", lambda: make_planes(iris))
    timed("code", lambda: _encode(planes, network))
    timed("image_to_code", lambda: _whole(image, network))
    return seconds


def _whole(image: EyeImage, network: str) -> IrisCode:
    return _encode(make_planes(normalize_eye(image, eye_side=EyeSide.LEFT, captured_at=0)), network)


def _encode(planes: dict[PlaneName, Plane], network: str) -> IrisCode:
    wanted = ENCODERS[network]
    return wanted.encode(planes[wanted.texture], planes[wanted.mask])
