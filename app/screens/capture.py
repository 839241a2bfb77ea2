"""Capture with live guidance: one thing to do at a time, and the picture takes itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, Line, Rectangle
from kivy.graphics.stencil_instructions import StencilPop, StencilPush, StencilUnUse, StencilUse
from kivy.graphics.texture import Texture
from kivy.graphics.vertex_instructions import RoundedRectangle
from kivy.metrics import dp
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from app import actions
from app.messages import _
from app.screens.page import Page, notice
from app.screens.widgets import Action, Bar, Field, Row, Step, Text
from protocol.errors import IrisproofError
from protocol.types import EyeSide

__all__ = ["CaptureScreen", "EyePreview", "cue_words", "step_words"]

_LOOK_EVERY_S = 1 / 30
_PREVIEW_DP = 250


def cue_words(key: str) -> str:
    """What the person is asked to do, by the cue's key."""
    return {
        "wait": _("Starting the camera"),
        "use_infrared": _("This camera sees visible light. Irises, dark ones above all, need near-infrared."),
        "use_finer_camera": _("This camera has too few pixels: 320 by 240 at least."),
        "light_evenly": _("Light the eye more evenly"),
        "avoid_glare": _("Too bright: turn glasses or lamp so that nothing shines back"),
        "show_eye": _("Bring one eye into the picture"),
        "show_one_eye": _("One eye alone, please"),
        "look_straight": _("Look straight into the camera"),
        "come_closer": _("Come a little closer"),
        "go_back": _("Go back a little: the iris is cut off"),
        "less_room_light": _("Your pupil is very small: dim the light around you"),
        "more_room_light": _("Your pupil is very wide: brighten the light around you"),
        "open_wide": _("Open your eye wide"),
        "focus": _("Hold still until it is sharp"),
        "more_infrared": _("Too much noise: more near-infrared light, or closer"),
        "hold_still": _("Good. Keep looking"),
        "not_alive_still": _("The pupil does not move at all. A living one does: is this a picture?"),
        "not_alive_flat": _("The iris does not follow the pupil, as a living one would."),
        "not_alive_grid": _("There is a grid, as of a print or a screen."),
        "taken": _("Done"),
    }[key]


def step_words() -> list[str]:
    """The steps in the coach's order."""
    return [_("Light"), _("Eye"), _("Distance"), _("Wide open"), _("Focus"), _("Living eye")]


class EyePreview(Widget):
    """The newest frame, and a ring around the iris that fills while the person holds still."""

    progress = NumericProperty(0.0)
    ring = ObjectProperty(None, allownone=True)

    def __init__(self, **wanted: Any) -> None:
        super().__init__(size_hint_y=None, height=dp(_PREVIEW_DP), **wanted)
        self.texture: Any = None
        self._frame_size = (1, 1)
        for name in ("pos", "size", "ring", "progress"):
            self.fbind(name, self._draw)
        self._draw()

    def show(self, image: Any) -> None:
        """A frame, 8-bit grey."""
        size = (image.width_px, image.height_px)
        if self.texture is None or self._frame_size != size:
            self.texture, self._frame_size = Texture.create(size=size, colorfmt="luminance"), size
            self.texture.flip_vertical()
        self.texture.blit_buffer(image.pixels.tobytes(), colorfmt="luminance", bufferfmt="ubyte")
        self._draw()

    def _draw(self, *_: object) -> None:
        from kivy.app import App  # noqa: PLC0415 - the palette of the app that runs now

        palette, radius = App.get_running_app().palette, dp(16)
        self.canvas.clear()
        with self.canvas:
            StencilPush()
            RoundedRectangle(pos=self.pos, size=self.size, radius=[radius])
            StencilUse()
            Color(*palette.rgba("sunken"))
            Rectangle(pos=self.pos, size=self.size)
            if self.texture is not None:
                Color(1, 1, 1, 1)
                place, size, scale = self._fitted()
                Rectangle(texture=self.texture, pos=place, size=size)
                self._draw_ring(palette, place, scale)
            StencilUnUse()
            RoundedRectangle(pos=self.pos, size=self.size, radius=[radius])
            StencilPop()

    def _fitted(self) -> tuple[tuple[float, float], tuple[float, float], float]:
        """The frame covers the preview: cut at two sides, never stretched."""
        scale = max(self.width / self._frame_size[0], self.height / self._frame_size[1])
        size = (self._frame_size[0] * scale, self._frame_size[1] * scale)
        return (self.center_x - size[0] / 2, self.center_y - size[1] / 2), size, scale

    def _draw_ring(self, palette: Any, place: tuple[float, float], scale: float) -> None:
        if self.ring is None:
            return
        x = place[0] + self.ring.x_px * scale
        y = place[1] + (self._frame_size[1] - self.ring.y_px) * scale
        radius = self.ring.radius_px * scale * 1.04
        Color(1, 1, 1, 0.55)
        Line(circle=(x, y, radius), width=1.3)
        Color(*palette.rgba("accent") if palette.dark else (0.45, 0.85, 0.77, 1))
        if self.progress > 0:
            Line(circle=(x, y, radius, 0, 360 * self.progress), width=2.6, cap="round")


class CaptureScreen(Page):
    """Coaches the eye that the registry takes, and hands the capture on to the proof."""

    BACK = "home"

    def __init__(self) -> None:
        super().__init__("capture")
        self.side: EyeSide | None = None
        self._wanted: tuple[EyeSide, ...] = ()
        self._taken_eyes: list[Any] = []
        self.camera: Any = None
        self.coach: Any = None
        self._url: str | None = None
        self._importing = False
        self._tick: Any = None
        self._frame_number = 0
        self.advised = ""
        self._record_id: int | None = None

    def open(self, record_id: int | None = None) -> None:
        """Capture to enrol, or to get a record back."""
        self._record_id = record_id
        self.go("capture")

    def back(self) -> None:
        self.go("home" if self._record_id is None else "recovery")

    def title(self) -> str:
        if self.side is None:
            return _("Show one eye")
        return _("Show your left eye") if self.side is EyeSide.LEFT else _("Show your right eye")

    def on_pre_enter(self, *args: object) -> None:
        self._importing, self._url, self.side = False, None, None
        self._taken_eyes = []
        super().on_pre_enter(*args)
        session = self.app.session

        def known(sides: tuple[EyeSide, ...]) -> None:
            self._wanted, self.side = sides, sides[0]
            self._reopen()

        self.run(lambda: actions.registry_eyes(session), known, _("Asking the registry which eye it takes"))

    def on_leave(self, *args: object) -> None:
        self._close()
        self._taken_eyes = []
        super().on_leave(*args)

    def body(self) -> Iterable[Widget]:
        if self._importing:
            yield from self._import_parts()
            return
        self._preview = EyePreview()
        yield self._preview
        self._cue = Text(cue_words("wait"), role="heading", bold=True, align="center")
        self._reason = Text("", role="small", ink="muted", align="center")
        yield self._cue
        self._bar = Bar()
        yield self._bar
        yield self._reason
        self._steps = [Step() for _ in step_words()]
        pairs = [
            Row(step, Text(words, role="small", pos_hint={"center_y": 0.5}))
            for step, words in zip(self._steps, step_words(), strict=True)
        ]
        for first in range(0, len(pairs), 2):
            yield Row(*pairs[first : first + 2])
        yield Text(
            _("The picture is looked at on this device, and kept nowhere else. It takes itself when all is well."),
            role="small",
            ink="muted",
        )

    def actions(self) -> Iterable[Widget]:
        if self._importing:
            yield Action(_("Use these pictures"), self._import)
            yield Action(_("Back to the camera"), self._reopen, kind="link")
            return
        if self.error is not None:
            yield Action(_("Try again"), self._reopen)
        yield Action(_("Use a film or pictures"), self._begin_import, kind="link")

    def dropped(self, path: str) -> None:
        if not self._importing:
            self._begin_import()
        self._file.text = path

    def _import_parts(self) -> Iterable[Widget]:
        yield Text(
            _("A film of about two seconds, or the folder of pictures taken during them, by a near-infrared camera."),
            ink="muted",
        )
        self._file = Field(_("Path of the film or folder"))
        yield self._file
        yield notice(_("One picture alone cannot show that the eye is alive, so it is not taken."))

    def _begin_import(self) -> None:
        self._close()
        self._importing, self.error = True, None
        self.refresh()

    def _import(self) -> None:
        try:
            self._url = actions.import_url(Path(self._file.text).expanduser())
        except IrisproofError as error:
            self.fail(error)
            return
        self._reopen()

    def _reopen(self) -> None:
        self._close()
        self._importing, self.error = False, None
        self.refresh()
        self._open()

    def _open(self) -> None:
        try:
            self.camera = actions.open_camera(self._url or self.app.camera)
        except IrisproofError as error:
            self.fail(error)
            return
        assert self.side is not None
        self.coach = actions.coach_eye(self.camera, self.side)
        self._frame_number, self.advised = 0, ""
        self._tick = Clock.schedule_interval(self._look, _LOOK_EVERY_S)

    def _close(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
        if self.coach is not None:
            self.coach.close()
        if self.camera is not None:
            self.camera.close()
        self._tick = self.coach = self.camera = None

    def _look(self, _: float) -> None:
        if self.coach.iris is not None:
            self._taken()
            return
        if self.coach.error is not None:
            error = self.coach.error
            self._close()
            self.fail(error)
            return
        frame = self.camera.latest()
        if frame is not None and frame.number != self._frame_number:
            self._frame_number = frame.number
            self._preview.show(frame.image)
        self._advise(self.coach.advice)

    def _advise(self, advice: Any) -> None:
        self._preview.ring, self._preview.progress = advice.ring, advice.progress
        self._bar.value = advice.progress
        if advice.cue.key == self.advised:
            return
        self.advised = advice.cue.key
        self._cue.text_logical = cue_words(advice.cue.key)
        for place, step in enumerate(self._steps, 1):
            step.state = (
                "done" if place < advice.cue.step.value else "now" if place == advice.cue.step.value else "open"
            )
        self._reason.text_logical = advice.reason[:1].upper() + advice.reason[1:]

    def _taken(self) -> None:
        session, record_id = self.app.session, self._record_id
        self._taken_eyes.append(self.coach.iris)
        eyes = tuple(self._taken_eyes)
        self._close()
        if len(eyes) < len(self._wanted):
            self.side, self._url = self._wanted[len(eyes)], None
            self._reopen()
            return

        def begun(job: Any) -> None:
            self.app.job = job
            self.go("proving")

        def begin() -> Any:
            if record_id is None:
                return actions.begin_enrollment(session, *eyes)
            return actions.begin_recovery(session, record_id, *eyes)

        self.run(begin, begun, _("Your eye was captured. Signing"))
