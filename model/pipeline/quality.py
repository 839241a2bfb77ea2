"""What is measured on an eye image, and the gates. A gate raises `QualityError`; nothing passes silently.

The fields of `protocol.types.QualityFigures`:

- `focus`: iris radius over the width of the pupil's edge (standard deviation of the blur that would make it,
  along the worst of four directions, so that motion counts).
- `iris_diameter_px`: mean diameter of the limbus, in pixels of the image.
- `pupil_to_iris_ratio`: mean radius of the pupil over that of the limbus.
- `visible_iris_share`: share of the unrolled iris that no lid, lash, reflection or image border hides.
- `off_gaze`: sqrt(1 - (b/a)^2) of the oval a x b that the pupil's edge follows: the sine of the angle away from the
  camera, if the pupil itself is round. The limbus says less: its upper and lower parts are hidden.

The limits come from published gates (open-iris 1.11) and from two public sets of near-infrared eyes where the
docstring of a constant says so; the rest were set on synthetic eyes, far from what ordinary captures measure. No
gate is a test of liveness: a good print of an eye passes all of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import Contour, Doubles, sample_polar, turn
from model.pipeline.evidence import LimbusEvidence, PupilEvidence
from model.pipeline.image import EyeImage
from protocol.errors import QualityError
from protocol.types import QualityFigures

MAX_COLOUR_SPREAD = 0.03
MIN_SPAN = 24.0
"""Grey levels from the 0.5th to the 99th percentile of the picture."""
MAX_BURNT_OUT_SHARE = 0.5
MIN_PUPIL_SCORE = 5.0
"""Between the two limits (4 and 6) under which 96 to 99 % of the two public sets passed."""
MIN_PUPIL_STEP = 8.0
MIN_PUPIL_DARK_SHARE = 0.75
"""As for the public set with eight lamps in the pupil."""
MIN_RING_BRIGHT_SHARE = 0.70
MIN_PUPIL_EDGE_SHARE = 0.70
MIN_PUPIL_ROUND_SHARE = 0.65
MIN_LIMBUS_STEP = 3.0
MIN_LIMBUS_EDGE_SHARE = 0.55
MAX_IRIS_UNEVENNESS = 0.55
MIN_IRIS_DIAMETER_PX = 80.0
"""Codes lose nothing at a quarter of the resolution of the public sets (diameter 200); noise then counts more."""
PUPIL_RATIO_RANGE = (0.15, 0.75)
"""As for the two public sets; open-iris has 0.1 to 0.7."""
MAX_CENTRE_OFFSET = 0.25
"""Real pupils lie off the centre by some hundredths of the iris' radius."""
MAX_OFF_GAZE = 0.55
"""33 degrees; a pupil that is itself oval by 5 % counts as 18 of them."""
MIN_FOCUS = 15.0
"""A blur of 6.7 px at an iris radius of 100 px."""
MIN_VISIBLE_SHARE = 0.35
"""As for the two public sets."""
MIN_CODE_CONTRAST = 0.8
"""Grey levels; sensor noise alone leaves about half as much."""
_FOCUS_SECTORS = 16

_NO_EYE = "no eye found"
_OPEN_WIDE = "look straight into the camera with the eye wide open, in near-infrared light"


def check_image(image: EyeImage) -> None:
    """Gates on the whole picture: grey (near-infrared) and neither dark, flat nor burnt out."""
    _at_most(
        "colour_spread",
        image.colour_spread,
        MAX_COLOUR_SPREAD,
        "the picture was taken in visible light",
        "use a near-infrared camera (700 to 900 nm)",
    )
    low, high = np.percentile(image.pixels, (0.5, 99.0))
    _at_least(
        "contrast_grey_levels",
        float(high - low),
        MIN_SPAN,
        "the picture is too dark, too bright or flat",
        "light the eye evenly and set the exposure",
    )
    burnt = float((image.pixels >= 254).mean())
    _at_most(
        "burnt_out_share",
        burnt,
        MAX_BURNT_OUT_SHARE,
        "the picture is overexposed",
        "dim the lamp, or turn glasses and lamp so that nothing shines back",
    )


def require_pupil(score: float) -> None:
    """Something dark, round and of some size was found; `score` as in `pupil.find_pupils`, 0 for nothing at all."""
    _at_least("pupil_score", score, MIN_PUPIL_SCORE, f"{_NO_EYE}: nothing looks like a pupil", _OPEN_WIDE)


def require_one_eye(distance: float) -> None:
    """`distance` to a second eye in iris radii; 0 where there is none."""
    _at_most(
        "second_eye_distance_iris_radii",
        distance,
        0.0,
        "two eyes in the picture",
        "take one picture of one eye, and say which eye it is",
    )


def check_pupil(found: PupilEvidence) -> None:
    """An evenly dark disc in a brighter ring."""
    gates = (
        ("pupil_step_grey_levels", found.step, MIN_PUPIL_STEP, "the pupil does not stand out from the iris"),
        ("pupil_dark_share", found.dark_share, MIN_PUPIL_DARK_SHARE, "the dark spot is not evenly dark"),
        ("ring_bright_share", found.ring_bright_share, MIN_RING_BRIGHT_SHARE, "the ring around the dark spot is dark"),
    )
    for measure, value, limit, message in gates:
        _at_least(measure, value, limit, f"{_NO_EYE}: {message}", _OPEN_WIDE)


def check_pupil_edge(found: PupilEvidence) -> None:
    """An edge nearly all around, and on a circle."""
    hidden = f"{_NO_EYE}: the pupil's edge is hidden in places"
    _at_least("pupil_edge_share", found.edge_share, MIN_PUPIL_EDGE_SHARE, hidden, _OPEN_WIDE)
    uneven = f"{_NO_EYE}: the pupil's edge is not round"
    _at_least("pupil_round_share", found.round_share, MIN_PUPIL_ROUND_SHARE, uneven, _OPEN_WIDE)


def check_limbus(found: LimbusEvidence) -> None:
    """The iris is fairly even and ends in something brighter on both sides, all along them."""
    weaker = min(found.right_step, found.left_step)
    if weaker == 0.0:  # never measured: see `LimbusEvidence`
        _at_least(
            "limbus_step_grey_levels",
            weaker,
            MIN_LIMBUS_STEP,
            "the iris is cut off by the edge of the picture",
            "bring the whole eye into the picture",
        )
    whole = "bring the whole eye into the picture and open it wide, in near-infrared light"
    no_border = f"{_NO_EYE}: no clear border between iris and sclera at both sides"
    _at_least("limbus_step_grey_levels", weaker, MIN_LIMBUS_STEP, no_border, whole)
    _at_least("limbus_edge_share", found.edge_share, MIN_LIMBUS_EDGE_SHARE, no_border, whole)
    uneven = f"{_NO_EYE}: what surrounds the dark spot is too uneven for an iris"
    _at_most("iris_unevenness", found.unevenness, MAX_IRIS_UNEVENNESS, uneven, _OPEN_WIDE)


def check_gaze(found: PupilEvidence) -> None:
    """A pupil that is not round is seen from the side, or a lid covers a part of it."""
    _at_most(
        "off_gaze",
        off_gaze(found),
        MAX_OFF_GAZE,
        "the eye looks aside, or a lid covers the pupil",
        "look straight into the camera with the eye wide open",
    )


def check_geometry(pupil: Contour, limbus: Contour) -> None:
    """Size, pupil ratio and centring."""
    _at_least(
        "iris_diameter_px",
        2 * limbus.mean_radius_px,
        MIN_IRIS_DIAMETER_PX,
        "the iris is too small",
        "come closer to the camera",
    )
    ratio = pupil.mean_radius_px / limbus.mean_radius_px
    _at_least("pupil_to_iris_ratio", ratio, PUPIL_RATIO_RANGE[0], "the pupil is too small", "use less visible light")
    _at_most("pupil_to_iris_ratio", ratio, PUPIL_RATIO_RANGE[1], "the pupil is too wide", "use more visible light")
    offset = float(np.hypot(pupil.x_px - limbus.x_px, pupil.y_px - limbus.y_px)) / limbus.mean_radius_px
    _at_most("centre_offset_iris_radii", offset, MAX_CENTRE_OFFSET, "pupil and iris do not share a centre", _OPEN_WIDE)


def check_figures(figures: QualityFigures, code_contrast: float) -> None:
    """Gates on the unrolled iris: visible, sharp, and with a texture to encode."""
    _at_least(
        "visible_iris_share",
        figures.visible_iris_share,
        MIN_VISIBLE_SHARE,
        "too much of the iris is hidden (is the eye half closed?)",
        "open the eye wide; hold lids and lashes out of the way",
    )
    _at_least("focus", figures.focus, MIN_FOCUS, "the picture is blurred", "focus on the iris and hold still")
    _at_least(
        "code_contrast_grey_levels",
        code_contrast,
        MIN_CODE_CONTRAST,
        "the iris shows no texture",
        "use a near-infrared camera, in focus; a drawing or a patterned lens is no iris",
    )


def off_gaze(found: PupilEvidence) -> float:
    """See the module's text."""
    stretch = min(found.stretch, 0.9)
    axes = (1 - stretch) / (1 + stretch)
    return float(np.sqrt(1 - axes**2))


def focus(image: npt.NDArray[np.float32], pupil: Contour, limbus: Contour) -> float:
    """See the module's text. `image` is the picture before any blur.

    The width of the edge is the distance between a quarter and three quarters of its rise, over 1.349 as for the
    integral of a Gaussian; median profiles of 16 sectors, in four directions through the pupil.
    """
    room = min(0.6 * pupil.mean_radius_px, 0.8 * (limbus.mean_radius_px - pupil.mean_radius_px))
    reach = min(0.2 * limbus.mean_radius_px, room)
    across = np.linspace(-reach, reach, 61)
    angles = turn(_FOCUS_SECTORS * 8)
    radii = pupil.radius_px(angles)[None] + across[:, None]
    profiles = sample_polar(image, (pupil.x_px, pupil.y_px), radii, angles)
    sectors = np.median(profiles.reshape(len(across), _FOCUS_SECTORS, 8), axis=2)  # (61, 16)
    low = float(np.median(np.percentile(sectors[:20], 30, axis=0)))
    high = np.median(sectors[-15:], axis=0)
    risen = (sectors - low) / np.maximum(high - low, 1.0)
    steps = np.array([_rise_steps(profile) for profile in risen.T])
    if np.isnan(steps).sum() > _FOCUS_SECTORS // 2:
        return 0.0
    width_px = np.where(np.isnan(steps), np.nanmedian(steps), steps) * (across[1] - across[0]) / 1.349
    # Sector s and its opposite s + 8 lie in one direction; 3 o'clock is between sectors 15 and 0.
    pairs = np.roll(width_px, 1).reshape(2, 4, 2)
    by_direction = np.median(pairs.transpose(1, 0, 2).reshape(4, 4), axis=1)
    return float(limbus.mean_radius_px / max(float(by_direction.max()), 0.1))


def _rise_steps(profile: Doubles) -> float:
    """Samples (and parts) from the last quarter to the first three quarters after it; float64[61] in, with the edge
    in the middle. The whole profile where it never rises that far, and not a number where a lamp's reflection hides
    the dark side."""
    low = np.flatnonzero(profile[: len(profile) * 2 // 3] <= 0.25)
    if low.size == 0:
        return float("nan")
    start = int(low[-1])
    high = np.flatnonzero(profile[start:] >= 0.75)
    if high.size == 0:
        return float(len(profile))
    end = start + int(high[0])
    before = (0.25 - profile[start]) / (profile[start + 1] - profile[start])
    after = (profile[end] - 0.75) / (profile[end] - profile[end - 1])
    return float(end - start - before - after)


def code_contrast(texture: Doubles, valid: npt.NDArray[np.bool_]) -> float:
    """What the iris network's odd kernel sees: 1.48 times the median size of the difference between neighbouring
    means of 8 x 12 texels, in grey levels; float64[64, 480] in, masked texels already neutral."""
    cells = texture.reshape(8, 8, 120, 4).mean(axis=(1, 3))
    shares = valid.reshape(8, 8, 120, 4).mean(axis=(1, 3))
    box, seen = _three(cells) / 3, _three(shares) / 3
    difference = np.abs(np.roll(box, -3, axis=1) - box)
    usable = np.minimum(seen, np.roll(seen, -3, axis=1)) > 0.7
    return float(1.48 * np.median(difference[usable])) if usable.sum() >= 100 else 0.0


def _three(cells: Doubles) -> Doubles:
    return np.asarray(cells + np.roll(cells, -1, axis=1) + np.roll(cells, -2, axis=1), np.float64)


def _at_least(measure: str, value: float, limit: float, message: str, hint: str) -> None:
    if not value >= limit:
        raise QualityError(
            f"{message}: {measure} is {value:.3g}, at least {limit:.3g} is needed",
            measure=measure,
            value=float(value),
            limit=float(limit),
            hint=hint,
        )


def _at_most(measure: str, value: float, limit: float, message: str, hint: str) -> None:
    if not value <= limit:
        raise QualityError(
            f"{message}: {measure} is {value:.3g}, at most {limit:.3g} is allowed",
            measure=measure,
            value=float(value),
            limit=float(limit),
            hint=hint,
        )
