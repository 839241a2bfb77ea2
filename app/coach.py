"""Tells a person how to hold the eye, frame by frame, and takes the capture by itself when everything is right.

The gates are the pipeline's own (`model.pipeline.quality`). Between two searches the eye is followed from frame to
frame, which is quick but only guides: before a capture is taken, the whole pipeline judges several frames of about two
seconds, which must speak for a living eye (`model.pipeline.liveness`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

from app.frames import Camera, Frame, Light, light_of
from model.pipeline.liveness import MIN_DURATION_S, MIN_FRAMES, normalize_eye_from_frames
from model.pipeline.pipeline import Inspection, inspect_eye
from model.pipeline.segmentation import Segmentation
from protocol.errors import InputError, IrisproofError, QualityError
from protocol.types import EyeSide, NormalizedIris, QualityFigures

__all__ = ["Advice", "Coach", "Cue", "EyeRing", "Step", "advise", "cue_for"]

ENOUGH_FRAMES, ENOUGH_S = MIN_FRAMES + 2, MIN_DURATION_S + 0.4
"""The coach asks for a little more than the gate, so that one blink does not spoil a capture."""
KEPT_FRAMES, KEPT_S, SPACING_S = 14, 30.0, 0.15
"""Frames closer together would fill the watch before time enough has passed; a slow device needs longer for as many."""
_PATIENCE_S = 0.25
_MOST_FOLLOWS = 7
"""Frames in a row in which the eye is followed from the one before."""


class Step(Enum):
    """What must hold, in the order in which it is looked at."""

    LIGHT = 1
    EYE = 2
    DISTANCE = 3
    OPENING = 4
    FOCUS = 5
    LIFE = 6


class Cue(Enum):
    """What to do next. The first word of the value is for programs; people are told in their language."""

    WAIT = ("wait", Step.LIGHT)
    USE_INFRARED = ("use_infrared", Step.LIGHT)
    USE_FINER_CAMERA = ("use_finer_camera", Step.LIGHT)
    LIGHT_EVENLY = ("light_evenly", Step.LIGHT)
    AVOID_GLARE = ("avoid_glare", Step.LIGHT)
    SHOW_EYE = ("show_eye", Step.EYE)
    SHOW_ONE_EYE = ("show_one_eye", Step.EYE)
    LOOK_STRAIGHT = ("look_straight", Step.EYE)
    COME_CLOSER = ("come_closer", Step.DISTANCE)
    GO_BACK = ("go_back", Step.DISTANCE)
    LESS_ROOM_LIGHT = ("less_room_light", Step.OPENING)
    MORE_ROOM_LIGHT = ("more_room_light", Step.OPENING)
    OPEN_WIDE = ("open_wide", Step.OPENING)
    FOCUS = ("focus", Step.FOCUS)
    MORE_INFRARED = ("more_infrared", Step.FOCUS)
    HOLD_STILL = ("hold_still", Step.LIFE)
    NOT_ALIVE_STILL = ("not_alive_still", Step.LIFE)
    NOT_ALIVE_FLAT = ("not_alive_flat", Step.LIFE)
    NOT_ALIVE_GRID = ("not_alive_grid", Step.LIFE)
    TAKEN = ("taken", Step.LIFE)

    @property
    def key(self) -> str:
        return self.value[0]

    @property
    def step(self) -> Step:
        """The step that does not hold yet; those before it do."""
        return self.value[1]


_CUES = {
    "colour_spread": Cue.USE_INFRARED,
    "width_px": Cue.USE_FINER_CAMERA,
    "height_px": Cue.USE_FINER_CAMERA,
    "contrast_grey_levels": Cue.LIGHT_EVENLY,
    "burnt_out_share": Cue.AVOID_GLARE,
    "pupil_score": Cue.SHOW_EYE,
    "pupil_step_grey_levels": Cue.SHOW_EYE,
    "pupil_dark_share": Cue.SHOW_EYE,
    "ring_bright_share": Cue.SHOW_EYE,
    "pupil_edge_share": Cue.OPEN_WIDE,
    "pupil_round_share": Cue.OPEN_WIDE,
    "off_gaze": Cue.LOOK_STRAIGHT,
    "second_eye_distance_iris_radii": Cue.SHOW_ONE_EYE,
    "limbus_arc_deg": Cue.OPEN_WIDE,
    "limbus_lead_grey_levels": Cue.SHOW_EYE,
    "limbus_edge_share": Cue.SHOW_EYE,
    "iris_unevenness": Cue.SHOW_EYE,
    "iris_diameter_px": Cue.COME_CLOSER,
    "centre_offset_iris_radii": Cue.LOOK_STRAIGHT,
    "visible_iris_share": Cue.OPEN_WIDE,
    "visible_share_30": Cue.OPEN_WIDE,
    "focus": Cue.FOCUS,
    "code_contrast_grey_levels": Cue.FOCUS,
    "code_signal_to_noise": Cue.MORE_INFRARED,
    "usable_frames": Cue.HOLD_STILL,
    "duration_s": Cue.HOLD_STILL,
    "grid_peak": Cue.NOT_ALIVE_GRID,
    "pupil_variation": Cue.NOT_ALIVE_STILL,
    "sheet_lead": Cue.NOT_ALIVE_FLAT,
}


def cue_for(refusal: QualityError) -> Cue:
    """What a person can do about a refused picture. A test holds this to all gates."""
    if refusal.measure == "limbus_step_grey_levels":  # 0: never measured, the iris reaches the picture's edge
        return Cue.GO_BACK if refusal.value == 0.0 else Cue.SHOW_EYE
    if refusal.measure == "iris_diameter_px" and refusal.value < refusal.limit / 2:  # pores and shadows of skin
        return Cue.SHOW_EYE
    if refusal.measure == "pupil_to_iris_ratio":
        return Cue.LESS_ROOM_LIGHT if refusal.value < refusal.limit else Cue.MORE_ROOM_LIGHT
    return _CUES[refusal.measure]


@dataclass(frozen=True)
class EyeRing:
    """Where the iris was found, in pixels of the frame."""

    x_px: float
    y_px: float
    radius_px: float


@dataclass(frozen=True)
class Advice:
    """What the coach makes of the newest frame. `progress` is 0..1 of the time that holding still takes."""

    cue: Cue
    light: Light | None = None
    ring: EyeRing | None = None
    figures: QualityFigures | None = None
    progress: float = 0.0
    reason: str = ""
    """The gate's own words, with its numbers; empty where all is well."""


def advise(frame: Frame, eye_side: EyeSide, last: Segmentation | None = None) -> tuple[Advice, Segmentation | None]:
    """Judge one frame. The second value says where the eye is, if the frame may count towards a capture. Given as
    `last` with the next frame, the eye is followed from there at half the cost, and searched for where it is lost."""
    light = light_of(frame.image)
    try:
        seen = _inspect(frame, eye_side, last)
    except QualityError as refusal:
        return Advice(cue_for(refusal), light, reason=refusal.message), None
    ring, figures = _ring(seen), seen.measured.figures
    return Advice(Cue.HOLD_STILL, light, ring, figures), seen.segmentation


def _inspect(frame: Frame, eye_side: EyeSide, last: Segmentation | None) -> Inspection:
    if last is not None:
        with suppress(QualityError):
            return inspect_eye(frame.image, eye_side=eye_side, captured_at=0, last=last)
    return inspect_eye(frame.image, eye_side=eye_side, captured_at=0)


def _ring(seen: Inspection) -> EyeRing:
    limbus = seen.segmentation.limbus
    return EyeRing(limbus.x_px, limbus.y_px, limbus.mean_radius_px)


@dataclass
class _Watch:
    """Frames that may become a capture. A moment without an eye does no harm: a blink is one."""

    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))

    def add(self, frame: Frame) -> None:
        if self.frames and frame.time_s - self.frames[-1].time_s < SPACING_S:
            return
        self.frames.append(frame)
        while frame.time_s - self.frames[0].time_s > KEPT_S:
            self.frames.popleft()

    @property
    def progress(self) -> float:
        if not self.frames:
            return 0.0
        lasted_s = self.frames[-1].time_s - self.frames[0].time_s
        return min(1.0, len(self.frames) / ENOUGH_FRAMES, lasted_s / ENOUGH_S)


class Coach:
    """Watches a camera in a thread of its own until it has a capture of one eye, or is closed."""

    def __init__(self, camera: Camera, eye_side: EyeSide, now: Callable[[], float] = time.time) -> None:
        self._camera, self._eye_side, self._now = camera, eye_side, now
        self._advice = Advice(Cue.WAIT)
        self._iris: NormalizedIris | None = None
        self._error: IrisproofError | None = None
        self._followed: Segmentation | None = None
        self._follows = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="coach", daemon=True)
        self._thread.start()

    @property
    def advice(self) -> Advice:
        """The newest advice, at once."""
        return self._advice

    @property
    def error(self) -> IrisproofError | None:
        """Why the coach gave up; None while it has not."""
        return self._error

    @property
    def iris(self) -> NormalizedIris | None:
        """The capture, once it was taken: the sharpest of the frames that passed. Secret."""
        return self._iris

    def close(self) -> None:
        """Stop watching. The camera stays open."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        watch, number = _Watch(), 0
        while not self._closed.is_set() and self._iris is None:
            frame = self._camera.wait_newer(number, _PATIENCE_S)
            if frame is None:
                if self._camera.error is not None:
                    self._fail(self._camera.error)
                    return
                continue
            number = frame.number
            try:
                self._look(watch, frame)
            except InputError as error:
                self._fail(error)
                return

    def _fail(self, error: IrisproofError) -> None:
        """A camera with too few pixels is advice like any other, beside being the end."""
        if isinstance(error, QualityError):
            self._advice = Advice(cue_for(error), reason=error.message)
        self._error = error

    def _follow(self, found: Segmentation | None) -> None:
        """Where the next frame's eye is looked for; now and then everywhere, for a second eye may have come."""
        self._follows = 0 if found is None or self._follows == _MOST_FOLLOWS else self._follows + 1
        self._followed = found if self._follows else None

    def _look(self, watch: _Watch, frame: Frame) -> None:
        advice, found = advise(frame, self._eye_side, self._followed)
        self._follow(found)
        if found is not None:
            watch.add(frame)
        if found is None or watch.progress < 1.0:
            self._advice = _with_progress(advice, watch.progress)
            return
        frames = list(watch.frames)
        try:
            self._iris = normalize_eye_from_frames(
                [one.image for one in frames],
                [one.time_s for one in frames],
                eye_side=self._eye_side,
                captured_at=int(self._now()),
            )
        except QualityError as refusal:
            advice = Advice(cue_for(refusal), advice.light, advice.ring, advice.figures, reason=refusal.message)
            watch.frames.popleft()
            self._advice = _with_progress(advice, watch.progress)
            return
        self._advice = Advice(Cue.TAKEN, advice.light, advice.ring, self._iris.quality, 1.0)


def _with_progress(advice: Advice, progress: float) -> Advice:
    return Advice(advice.cue, advice.light, advice.ring, advice.figures, progress, advice.reason)
