"""Liveness on synthetic frames and synthetic attacks. The rates here are about those and nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pytest

from model.pipeline import liveness
from model.pipeline._geometry import Contour
from model.pipeline.liveness import (
    LivenessFigures,
    check_liveness,
    liveness_gates,
    measure_liveness,
    normalize_eye_from_frames,
)
from model.pipeline.pipeline import normalize_eye
from model.pipeline.quality import enforce
from model.synthetic.attacks import ATTACKS, FrameSequence, living_eye
from protocol.errors import InputError, QualityError
from protocol.types import EyeSide

_LIVE = LivenessFigures(usable_frames=10, duration_s=2.0, pupil_variation=0.015, sheet_lead=0.1, grid_peak=10.0)
_SEEDS = range(300, 304)
_EXPECTED = {
    "still_replay": {"pupil_variation"},
    "print": {"grid_peak", "pupil_variation", "usable_frames"},
    "screen": {"grid_peak"},
    "paper_with_hole": {"sheet_lead"},
}


@cache
def _living(seed: int) -> FrameSequence:
    return living_eye(seed)


@pytest.mark.parametrize(
    ("name", "limit", "beyond"),
    [
        ("usable_frames", liveness.MIN_FRAMES, -1),
        ("duration_s", liveness.MIN_DURATION_S, -1e-6),
        ("pupil_variation", liveness.MIN_PUPIL_VARIATION, -1e-6),
        ("sheet_lead", liveness.MIN_SHEET_LEAD, -1e-6),
        ("grid_peak", liveness.MAX_GRID_PEAK, 1e-6),
    ],
)
def test_liveness_gate_refuses_beyond_its_limit_and_accepts_at_it(name: str, limit: float, beyond: float) -> None:
    enforce(liveness_gates(replace(_LIVE, **{name: limit})))
    with pytest.raises(QualityError) as caught:
        enforce(liveness_gates(replace(_LIVE, **{name: limit + beyond})))
    assert caught.value.measure == name
    assert caught.value.hint


@pytest.mark.parametrize("kind", sorted(ATTACKS))
def test_attack_is_refused_for_its_reason(kind: str) -> None:
    for seed in _SEEDS:
        sequence = ATTACKS[kind](seed)
        with pytest.raises(QualityError) as caught:
            check_liveness(sequence.frames, sequence.times_s)
        assert caught.value.measure in _EXPECTED[kind]


def test_living_eye_passes_with_and_without_a_blink() -> None:
    for seed in _SEEDS:
        sequence = _living(seed)
        figures = check_liveness(sequence.frames, sequence.times_s)
        assert figures.usable_frames >= 8


def test_living_eye_seen_too_briefly_is_refused() -> None:
    sequence = _living(301)
    with pytest.raises(QualityError) as caught:
        check_liveness(sequence.frames[:5], sequence.times_s[:5])
    assert caught.value.measure == "usable_frames"
    hurried = tuple(time_s / 4 for time_s in sequence.times_s)
    with pytest.raises(QualityError) as caught:
        check_liveness(sequence.frames, hurried)
    assert caught.value.measure == "duration_s"


def test_no_frames_are_refused() -> None:
    with pytest.raises(QualityError, match="too few frames"):
        check_liveness([], [])


@pytest.mark.parametrize("times_s", [[0.0], [0.0, 0.0], [1.0, 0.5], [0.0, float("nan")]])
def test_times_that_do_not_rise_are_refused(times_s: list[float]) -> None:
    with pytest.raises(InputError, match="time in seconds"):
        measure_liveness(_living(301).frames[:2], times_s)


def test_iris_from_frames_is_that_of_the_sharpest_one() -> None:
    sequence = _living(301)
    iris = normalize_eye_from_frames(sequence.frames, sequence.times_s, eye_side=EyeSide.RIGHT, captured_at=5)
    each = [normalize_eye(image, eye_side=EyeSide.RIGHT, captured_at=5) for image in sequence.frames]
    assert iris == max(each, key=lambda one: one.quality.focus)


def test_iris_from_frames_of_an_attack_is_refused() -> None:
    sequence = ATTACKS["still_replay"](301)
    with pytest.raises(QualityError, match="still picture"):
        normalize_eye_from_frames(sequence.frames, sequence.times_s, eye_side=EyeSide.LEFT, captured_at=0)


def _usable(ratio: float, limbus_px: float) -> liveness._Frame:
    pupil, limbus = (Contour(160.0, 120.0, (radius,)) for radius in (ratio * limbus_px, limbus_px))
    segmentation = SimpleNamespace(pupil=pupil, limbus=limbus)
    measured = SimpleNamespace(geometry=SimpleNamespace(pupil_to_iris_ratio=ratio))
    return liveness._Frame(None, 0.0, SimpleNamespace(segmentation=segmentation, measured=measured))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "frames",
    [
        [(0.40, 100.0), (0.38, 105.3)] * 3,  # one pupil, and a limbus that is found now here and now there
        [(0.40, 100.0), (0.40, 105.0)] * 3,  # a print that is moved to and fro
    ],
)
def test_neither_a_doubtful_limbus_nor_a_print_that_moves_is_a_pupil_that_does(
    frames: list[tuple[float, float]],
) -> None:
    assert liveness._pupil_variation([_usable(*frame) for frame in frames]) < liveness.MIN_PUPIL_VARIATION / 5
    living = [_usable(ratio, 100.0) for ratio in (0.40, 0.42, 0.38, 0.41)]
    assert liveness._pupil_variation(living) > 2 * liveness.MIN_PUPIL_VARIATION
