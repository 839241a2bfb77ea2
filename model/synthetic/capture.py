"""One near-infrared capture of a synthetic eye, with the truth about it.

Lengths inside this module are in iris radii, with the limbus centre as origin and y pointing down, unless a
name says otherwise; grey levels run from 0 to 255.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from model.pipeline.image import EyeImage
from model.synthetic._lids import Lids, draw_lashes, paint_lids
from model.synthetic._pose import Grid, Pose, iris_coordinates, limbus_points_px, pose_of, pupil_points_px
from model.synthetic.eye import TEXTURE_ANGLES, TEXTURE_RADII, SyntheticEye
from protocol.types import EyeSide

Floats = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]


class Glints(Enum):
    """What the camera's lamps leave on the cornea."""

    RING = "ring"
    """Eight small spots inside the pupil."""
    PAIR = "pair"
    """Two larger spots, one of them on the pupil's edge."""
    LARGE = "large"
    """One spot as large as a third of the pupil."""
    NONE = "none"
    WIDE_RING = "wide ring"
    """Eight larger spots on a ring that does not follow the pupil: on the iris where the pupil is narrow."""
    TWO_LAMPS = "two lamps"
    """Two large spots in the upper half of the pupil, near its edge."""


@dataclass(frozen=True)
class CaptureConditions:
    """How a picture was taken. The defaults are an ordinary capture by a cooperative person.

    `severity` scales every random nuisance: 0 ideal, 1 ordinary, 2 hard. The other fields come on top.
    """

    width_px: int = 320
    height_px: int = 240
    iris_radius_px: float | None = None
    """None: 0.42 times the height."""
    severity: float = 1.0
    opening: float = 1.0
    """1: as wide as this eye opens; 0: closed."""
    pupil_ratio: float | None = None
    """Pupil to iris; None: this eye's own, give or take."""
    yaw_rad: float = 0.0
    pitch_rad: float = 0.0
    defocus_px: float = 0.0
    """Standard deviation of an extra blur, at an iris radius of 100 px."""
    motion_px: float = 0.0
    """Length of a sideways smear, at an iris radius of 100 px."""
    exposure: float = 1.0
    glints: Glints = Glints.RING
    limbus_contrast: float = 1.0
    """1: the sclera as bright as this eye's; 0: as dark as the iris."""
    visible_light_brown: bool = False
    """A brown eye in visible light: the iris is nearly as dark as the pupil."""
    centre_shift_px: tuple[float, float] = (0.0, 0.0)
    side: EyeSide | None = None
    """Moves the pupil towards the nose, as in real eyes; None: the eye of no side, with its pupil where it is."""

    def __post_init__(self) -> None:
        if self.severity < 0 or not 0 <= self.opening <= 1 or self.exposure <= 0:
            raise ValueError("severity >= 0, opening in 0..1 and exposure > 0 are asked for")


@dataclass(frozen=True, eq=False)
class CaptureTruth:
    """What a perfect segmentation would find. Contours are float64[360, 2] (x, y) in pixels, one point a degree."""

    pupil_contour_px: npt.NDArray[np.float64] = field(repr=False)
    limbus_contour_px: npt.NDArray[np.float64] = field(repr=False)
    visible_iris: npt.NDArray[np.bool_] = field(repr=False)
    """bool[H, W]: iris not hidden by lids, lashes or glints."""
    unlidded_iris: npt.NDArray[np.bool_] = field(repr=False)
    """bool[H, W]: iris not hidden by lids; lashes and glints count as iris."""
    rotation_rad: float
    """By how much this eye's texture is turned clockwise."""
    side: EyeSide | None = None


@dataclass(frozen=True, eq=False)
class SyntheticCapture:
    image: EyeImage
    truth: CaptureTruth


def capture(eye: SyntheticEye, seed: int, conditions: CaptureConditions | None = None) -> SyntheticCapture:
    """One capture of `eye`; the same arguments give the same picture, bit for bit on one OpenCV build.

    Raises `QualityError` for conditions smaller than `EyeImage` accepts.
    """
    wanted = conditions or CaptureConditions()
    rng = np.random.default_rng((eye.seed, seed, 0xCA97))
    pose = pose_of(eye, wanted, rng)
    size_px = (wanted.height_px, wanted.width_px)
    grid = iris_coordinates(pose, size_px)

    picture, inside = _Eyeball(eye, pose, wanted, rng).paint(grid)
    lids = Lids.of(pose, wanted.opening)
    picture, lidded = paint_lids(picture, grid, lids, eye, rng)
    picture, lashed = draw_lashes(picture, pose, lids, eye, rng)
    picture, glinting = _add_glints(picture, ~lidded, pose, _spots(pose, wanted.glints, rng))
    picture = _through_the_camera(picture, pose, wanted, rng)

    unlidded = inside & ~lidded
    truth = CaptureTruth(
        pupil_contour_px=pupil_points_px(pose),
        limbus_contour_px=limbus_points_px(pose),
        visible_iris=unlidded & ~lashed & ~glinting,
        unlidded_iris=unlidded,
        rotation_rad=pose.rotation_rad,
        side=wanted.side,
    )
    return SyntheticCapture(EyeImage(np.clip(np.round(picture), 0, 255).astype(np.uint8)), truth)


class _Eyeball:
    """Pupil, iris and sclera, without lids: the random draws first, then a function of the grid."""

    def __init__(self, eye: SyntheticEye, pose: Pose, conditions: CaptureConditions, rng: np.random.Generator) -> None:
        s = conditions.severity
        self.eye, self.pose = eye, pose
        self.pupil_level = float(rng.uniform(22, 36))
        self.iris_level = eye.iris_level * (1 + rng.normal(0, 0.05 * s))
        self.contrast = eye.texture_contrast * (1 + rng.normal(0, 0.1 * s))
        self.residual = rng.normal(0, 0.02 * s)
        if conditions.visible_light_brown:
            self.iris_level, self.contrast = self.pupil_level + 5, 1.5
        self.sclera_level = self.iris_level + conditions.limbus_contrast * (eye.sclera_level - self.iris_level)
        self.veins = cv2.GaussianBlur(rng.standard_normal((64, 64)).astype(np.float32), (0, 0), 1.5) * 12

    def paint(self, grid: Grid) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """The picture, and where it shows iris."""
        x, y, radial = grid.x, grid.y, grid.radial
        # A pupil that widens does not stretch the iris quite evenly: the residual bends the rubber sheet.
        bent = radial + np.float32(self.residual) * np.sin(np.pi * np.clip(radial, 0, 1))
        turned = (grid.angle_rad - np.float32(self.pose.rotation_rad)) / np.float32(2 * np.pi) * TEXTURE_ANGLES
        closed = np.concatenate([self.eye.texture, self.eye.texture[:, :2]], axis=1)
        columns = (turned % TEXTURE_ANGLES).astype(np.float32)
        rows = np.clip(bent * TEXTURE_RADII, 0, TEXTURE_RADII - 1).astype(np.float32)
        fibres = cv2.remap(closed, columns, rows, cv2.INTER_LINEAR)

        from_centre = np.hypot(x, y)
        iris = self.iris_level + 10 * (from_centre - 0.6) + self.contrast * fibres
        veins = cv2.remap(self.veins, (x + 3) * 10, (y + 3) * 10, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        sclera = self.sclera_level - 14 * (from_centre - 1.3) ** 2 + veins * min(1.0, self.sclera_level / 200)
        outside = 1 / (1 + np.exp(-(from_centre - 1) / np.float32(self.eye.limbus_softness)))
        picture = iris * (1 - outside) + sclera * outside
        # The ruff: a slightly brighter, sharp edge of the pupil.
        open_share = 1 / (1 + np.exp(-np.clip(radial, -0.5, 0.5) / np.float32(0.012)))
        ruff = 6 * np.exp(-(((radial - 0.03) / 0.03) ** 2))
        picture = self.pupil_level * (1 - open_share) + (picture + ruff) * open_share
        return picture.astype(np.float32), (radial >= 0) & (from_centre <= 1)


def _spots(pose: Pose, glints: Glints, rng: np.random.Generator) -> Points:
    """Lamps on the cornea: float64[n, 3] of x, y and radius, in iris radii."""
    p = pose.pupil_ratio
    ring = [(0.45 * p * np.cos(a), 0.45 * p * np.sin(a), 0.022) for a in np.arange(8) * np.pi / 4 + 0.2]
    around_pupil = {
        Glints.RING: ring,
        Glints.PAIR: [(-0.3 * p, 0.2 * p, 0.05), (0.8 * p, 0.6 * p, 0.04)],
        Glints.LARGE: [(0.15 * p, 0.3 * p, 0.33 * p)],
        Glints.WIDE_RING: [(0.15 * np.cos(a), 0.15 * np.sin(a), 0.034) for a in np.arange(8) * np.pi / 4 + 0.2],
        Glints.TWO_LAMPS: [(-0.35 * p, -0.3 * p, 0.07), (0.45 * p, -0.25 * p, 0.05)],
        Glints.NONE: [],
    }[glints]
    shift_x, shift_y = rng.normal(0, 0.02, 2) + np.array(pose.pupil_offset)
    spots = np.array(around_pupil, np.float64).reshape(-1, 3)
    return np.asarray(spots + np.array([shift_x, shift_y, 0.0]), np.float64)


def _add_glints(
    picture: Floats, open_: npt.NDArray[np.bool_], pose: Pose, spots: Points
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    height_px, width_px = picture.shape
    yy, xx = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    light = np.zeros_like(picture)
    for (x_px, y_px), radius in zip(pose.to_pixels(spots[:, :2]), spots[:, 2], strict=True):
        distance = np.hypot(xx - np.float32(x_px), yy - np.float32(y_px)) / np.float32(pose.iris_radius_px)
        spot = 1 / (1 + np.exp(np.clip((distance - np.float32(radius)) / 0.006, -50, 50)))
        light = np.maximum(light, spot * open_)
    return (picture + (252 - picture) * light).astype(np.float32), light > 0.1


def _through_the_camera(picture: Floats, pose: Pose, conditions: CaptureConditions, rng: np.random.Generator) -> Floats:
    """Uneven light, defocus, motion, exposure and sensor noise."""
    s, scale = conditions.severity, pose.iris_radius_px / 100
    height_px, width_px = picture.shape
    slope_x, slope_y = rng.normal(0, 0.06 * s, 2)
    light = 1 + slope_x * np.linspace(-0.5, 0.5, width_px)[None] + slope_y * np.linspace(-0.5, 0.5, height_px)[:, None]
    lens_px = (0.7 + abs(rng.normal(0, 0.5 * s))) * max(scale, 0.5)
    blur_px = float(np.hypot(lens_px, conditions.defocus_px * scale))
    lit = cv2.GaussianBlur((picture * light).astype(np.float32), (0, 0), blur_px)
    smear_px = round(conditions.motion_px * scale)
    if smear_px > 1:
        lit = cv2.filter2D(lit, -1, np.full((1, smear_px), 1 / smear_px, np.float32))
    gain, offset = 1 + rng.normal(0, 0.05 * s), rng.normal(0, 4 * s)
    noise = rng.standard_normal(picture.shape) * (1.2 + 1.2 * s)
    return np.asarray((lit * gain + offset) * conditions.exposure + noise, np.float32)
