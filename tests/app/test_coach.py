"""The coach: what it says of frames, and that only a living eye is taken."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.coach import _CUES, ENOUGH_S, KEPT_FRAMES, Advice, Coach, Cue, Step, _Watch, advise, cue_for
from app.frames import Camera, Frame, Light
from model.pipeline.examination import examine
from model.pipeline.image import EyeImage
from model.pipeline.liveness import liveness_gates, measure_liveness
from model.synthetic import CaptureConditions, capture, make_eye
from model.synthetic.attacks import ATTACKS
from model.synthetic.refusals import REFUSALS
from protocol.errors import QualityError
from protocol.types import EyeSide
from tests.app.eyes import in_colours, living, write_stills

PATIENCE_S = 90.0


def _advice(image: EyeImage) -> Advice:
    return advise(Frame(1, 0.0, image), EyeSide.LEFT)[0]


def _watch(url: str, until_cue: Cue | None = None) -> tuple[Coach, set[Cue]]:
    """Let a coach watch until it has a capture, gives up, or says `until_cue`."""
    camera, seen = Camera(url), set[Cue]()
    coach = Coach(camera, EyeSide.RIGHT)
    end_s = time.monotonic() + PATIENCE_S
    try:
        while coach.iris is None and coach.error is None and until_cue not in seen:
            assert time.monotonic() < end_s, f"the coach said only {seen}"
            seen.add(coach.advice.cue)
            time.sleep(0.005)
    finally:
        coach.close()
        camera.close()
    return coach, seen


def test_living_eye_is_taken_by_itself(tmp_path: Path) -> None:
    coach, seen = _watch(write_stills(tmp_path, living(300)))
    assert coach.error is None
    assert coach.iris is not None
    assert coach.iris.eye_side is EyeSide.RIGHT
    assert abs(coach.iris.captured_at - time.time()) < 2 * PATIENCE_S
    assert coach.advice.cue is Cue.TAKEN
    assert coach.advice.progress == 1.0
    assert coach.advice.ring is not None
    assert Cue.HOLD_STILL in seen


def test_still_replay_is_never_taken_and_the_person_is_told_why(tmp_path: Path) -> None:
    coach, _ = _watch(write_stills(tmp_path, ATTACKS["still_replay"](301)), until_cue=Cue.NOT_ALIVE_STILL)
    assert coach.iris is None
    assert "the pupil does not move" in coach.advice.reason


def test_visible_light_is_refused_with_the_reason() -> None:
    advice = _advice(EyeImage.from_colours(in_colours(living(300).frames[0])))
    assert advice.cue is Cue.USE_INFRARED
    assert advice.light is Light.VISIBLE
    assert advice.cue.step is Step.LIGHT


@pytest.mark.parametrize(
    ("refused", "cues"),
    [
        ("defocused", {Cue.FOCUS}),
        ("looking_aside", {Cue.LOOK_STRAIGHT}),
        ("half_closed_eye", {Cue.OPEN_WIDE, Cue.SHOW_EYE}),
        ("skin", {Cue.SHOW_EYE}),
        ("two_eyes", {Cue.SHOW_ONE_EYE}),
    ],
)
def test_refused_picture_gets_the_cue_that_helps(refused: str, cues: set[Cue]) -> None:
    advice = _advice(REFUSALS[refused](1))
    assert advice.cue in cues
    assert advice.reason


def test_eye_that_is_too_far_is_asked_to_come_closer() -> None:
    small = cue_for(QualityError("the iris is too small", measure="iris_diameter_px", value=70, limit=80))
    assert small is Cue.COME_CLOSER


def test_iris_that_reaches_the_picture_s_edge_is_asked_to_go_back() -> None:
    cut = QualityError("cut off", measure="limbus_step_grey_levels", value=0.0, limit=3.0)
    assert cue_for(cut) is Cue.GO_BACK
    faint = QualityError("faint", measure="limbus_step_grey_levels", value=1.0, limit=3.0)
    assert cue_for(faint) is Cue.SHOW_EYE


@pytest.mark.parametrize(
    ("value", "limit", "cue"), [(0.1, 0.15, Cue.LESS_ROOM_LIGHT), (0.8, 0.70, Cue.MORE_ROOM_LIGHT)]
)
def test_pupil_s_width_asks_for_another_light(value: float, limit: float, cue: Cue) -> None:
    assert cue_for(QualityError("pupil", measure="pupil_to_iris_ratio", value=value, limit=limit)) is cue


def test_every_gate_of_the_pipeline_has_a_cue() -> None:
    image = capture(make_eye(1), 1, CaptureConditions(severity=0.5)).image
    gates = [gate.measure for gate in examine(image, eye_side=EyeSide.LEFT, captured_at=0).gates]
    sequence = living(300)
    gates += [gate.measure for gate in liveness_gates(measure_liveness(sequence.frames, sequence.times_s))]
    gates += ["width_px", "height_px"]
    apart = {"limbus_step_grey_levels", "pupil_to_iris_ratio"}
    assert set(gates) == set(_CUES) | apart


@pytest.mark.parametrize("frames_per_s", [0.5, 5, 30, 120])
def test_watch_is_full_after_the_time_however_fast_the_frames_come(frames_per_s: float) -> None:
    watch, image = _Watch(), living(300).frames[0]
    for number in range(round(max(ENOUGH_S + 0.5, 8 / frames_per_s) * frames_per_s) + 1):
        watch.add(Frame(number, number / frames_per_s, image))
    assert watch.progress == 1.0
    assert len(watch.frames) <= KEPT_FRAMES


def test_watch_is_not_full_before_the_time() -> None:
    watch, image = _Watch(), living(300).frames[0]
    for number in range(round((ENOUGH_S - 0.2) * 30)):
        watch.add(Frame(number, number / 30, image))
    assert watch.progress < 1.0


def test_followed_eye_is_searched_for_where_it_is_lost() -> None:
    frames = living(300).frames
    _, found = advise(Frame(1, 0.0, frames[3]), EyeSide.LEFT)
    assert found is not None
    lost, nowhere = advise(Frame(2, 0.2, frames[4]), EyeSide.LEFT, found)  # a blink
    assert nowhere is None
    assert lost == _advice(frames[4])
    elsewhere = EyeImage(np.ascontiguousarray(frames[5].pixels[:, ::-1]))
    again, found_again = advise(Frame(3, 0.4, elsewhere), EyeSide.LEFT, found)
    assert again.cue is Cue.HOLD_STILL
    assert found_again is not None


def test_second_eye_is_seen_though_the_first_is_followed(tmp_path: Path) -> None:
    """The whole picture is searched now and then. Only the first frame shows one eye."""
    both = REFUSALS["two_eyes"](1).pixels
    one = both.copy()
    one[:, both.shape[1] // 2 :] = np.median(both)
    _, found = advise(Frame(1, 0.0, EyeImage(one)), EyeSide.LEFT)
    assert found is not None
    assert advise(Frame(2, 0.2, EyeImage(both)), EyeSide.LEFT, found)[1] is not None
    for number, picture in enumerate([one, *[both] * 12]):
        assert cv2.imwrite(str(tmp_path / f"{number:02}.png"), picture)
    coach, seen = _watch(f"stills:{tmp_path}", until_cue=Cue.SHOW_ONE_EYE)
    assert Cue.SHOW_ONE_EYE in seen
    assert coach.iris is None
