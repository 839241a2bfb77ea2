"""What is measured on an eye image, and the gates. A gate raises `QualityError`; nothing passes silently.

The fields of `protocol.types.QualityFigures`:

- `focus` and `off_gaze`: see `measures`.
- `iris_diameter_px`: mean diameter of the limbus, in pixels of the image.
- `pupil_to_iris_ratio`: mean radius of the pupil over that of the limbus.
- `visible_iris_share`: share of the unrolled iris that no lid, lash, reflection or image border hides.

The limits come from published gates (open-iris 1.11) and from two public sets of near-infrared eyes where the
docstring of a constant says so; the rest were set on synthetic eyes, far from what ordinary captures measure. No
gate here is a test of liveness: a good print of an eye passes all of them (`liveness` looks at several frames).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from model.pipeline._geometry import Contour
from model.pipeline._order import grey_percentiles
from model.pipeline.evidence import LimbusEvidence, PupilEvidence
from model.pipeline.image import EyeImage
from model.pipeline.measures import TextureStrength, off_gaze
from protocol.errors import QualityError
from protocol.types import QualityFigures

MAX_COLOUR_SPREAD = 0.03
MIN_SPAN = 40.0
"""Grey levels from the 0.5th to the 99th percentile of the picture: below this, rounding eats a dark iris' texture."""
MAX_BURNT_OUT_SHARE = 0.5
MIN_PUPIL_SCORE = 5.0
"""Between the two limits (4 and 6) under which 96 to 99 % of the two public sets passed."""
MIN_PUPIL_STEP = 8.0
MIN_PUPIL_DARK_SHARE = 0.75
"""As for the public set with eight lamps in the pupil."""
MIN_RING_BRIGHT_SHARE = 0.70
MIN_PUPIL_EDGE_SHARE = 0.70
MIN_PUPIL_ROUND_SHARE = 0.80
MIN_LIMBUS_STEP = 2.5
MIN_LIMBUS_EDGE_SHARE = 0.55
MIN_LIMBUS_LEAD = 1.0
"""Grey levels by which the limbus' weaker side leads the edge of another size that fits next best. It says little by
itself: three refused one in six captures with a soft, faint limbus that had been found well
(`model.synthetic.cameras`)."""
LEAD_A_DOUBT = 2.0
"""So much more for each sign that the circle is an edge within the iris: that no lid reaches it, and that it lies close
around the pupil. On synthetic eyes, of such circles with less, most were wrong."""
LEAD_A_DEGREE = 0.4
"""So much more for every degree that its arc is shorter than usual: it may run through the corners of the eye, where
the lids meet."""
USUAL_LIMBUS_ARC_DEG = (45.0, 150.0)
MAX_USUAL_PUPIL_SHARE = 0.67
MIN_LIMBUS_ARC_DEG = 30.0
"""Of either side of the limbus, between the lids: with less of it, 65 of 67 were no limbus."""
MAX_IRIS_UNEVENNESS = 0.55
MIN_IRIS_DIAMETER_PX = 80.0
"""Codes lose nothing at a quarter of the resolution of the public sets (diameter 200); noise then counts more."""
PUPIL_RATIO_RANGE = (0.15, 0.70)
"""The upper limit is open-iris'; with 0.75, wider pupils made eight of twenty silent mismatches of degraded synthetic
captures: little is left of the iris, and an error of the limbus is a large one."""
MAX_CENTRE_OFFSET = 0.25
"""Real pupils lie off the centre by some hundredths of the iris' radius."""
MAX_OFF_GAZE = 0.47
"""28 degrees; a pupil that is itself oval by 5 % counts as 18 of them."""
MAX_OFF_GAZE_UNDER_LID, LID_GAP = 0.40, 0.30
"""24 degrees, where the upper lid comes near the pupil: the lid may have made it oval by cutting it off."""
MIN_FOCUS = 15.0
"""A blur of 6.7 px at an iris radius of 100 px."""
MIN_VISIBLE_SHARE = 0.35
"""As for the two public sets."""
MIN_VISIBLE_SHARE_30 = 0.30
"""As in open-iris, of the sides within 30 degrees of the horizontal."""
MIN_CODE_CONTRAST = 0.8
"""Grey levels; a steady print in focus has less."""
MIN_CODE_SIGNAL_TO_NOISE = 1.5
"""At this, noise alone turns 19 % of the symbols."""

_NO_EYE = "no eye found"
_OPEN_WIDE = "look straight into the camera with the eye wide open, in near-infrared light"
_UNCOVER = "open the eye wide; hold lids and lashes out of the way"


@dataclass(frozen=True)
class Gate:
    """A measured value beside its limit."""

    measure: str
    value: float
    limit: float
    message: str
    hint: str
    at_most: bool = False

    @property
    def holds(self) -> bool:
        """False for a value that is not a number, too."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def check(self) -> None:
        """Raises `QualityError` unless it holds."""
        if self.holds:
            return
        wanted = f"at most {self.limit:.3g} is allowed" if self.at_most else f"at least {self.limit:.3g} is needed"
        raise QualityError(
            f"{self.message}: {self.measure} is {self.value:.3g}, {wanted}",
            measure=self.measure,
            value=float(self.value),
            limit=float(self.limit),
            hint=self.hint,
        )


Gates = tuple[Gate, ...]


def enforce(gates: Iterable[Gate]) -> None:
    """Raises `QualityError` for the first that does not hold."""
    for gate in gates:
        gate.check()


def check_image(image: EyeImage) -> None:
    """Raises `QualityError` for a picture in which nothing needs to be sought."""
    enforce(image_gates(image))


def image_gates(image: EyeImage) -> Gates:
    """On the whole picture: grey (near-infrared) and neither dark, flat nor burnt out."""
    low, high = grey_percentiles(image.pixels, 0.5, 99.0)
    burnt = float((image.pixels >= 254).mean())
    visible = ("the picture was taken in visible light", "use a near-infrared camera (700 to 900 nm)")
    flat = ("the picture is too dark, too bright or flat", "light the eye evenly and set the exposure")
    glare = ("the picture is overexposed", "dim the lamp, or turn glasses and lamp so that nothing shines back")
    return (
        Gate("colour_spread", image.colour_spread, MAX_COLOUR_SPREAD, *visible, at_most=True),
        Gate("contrast_grey_levels", high - low, MIN_SPAN, *flat),
        Gate("burnt_out_share", burnt, MAX_BURNT_OUT_SHARE, *glare, at_most=True),
    )


def candidate_gates(score: float) -> Gates:
    """Something dark, round and of some size was found; `score` as in `pupil.find_pupils`, 0 for nothing at all."""
    message = f"{_NO_EYE}: nothing looks like a pupil"
    return (Gate("pupil_score", score, MIN_PUPIL_SCORE, message, _OPEN_WIDE),)


def one_eye_gates(distance: float) -> Gates:
    """`distance` to a second eye in iris radii; 0 where there is none."""
    hint = "take one picture of one eye, and say which eye it is"
    return (Gate("second_eye_distance_iris_radii", distance, 0.0, "two eyes in the picture", hint, at_most=True),)


def pupil_gates(found: PupilEvidence) -> Gates:
    """An evenly dark disc in a brighter ring, seen from the front, with an edge nearly all around and on a circle."""
    aside = ("the eye looks aside, or a lid covers the pupil", "look straight into the camera with the eye wide open")
    faint = f"{_NO_EYE}: the pupil does not stand out from the iris"
    patchy = f"{_NO_EYE}: the dark spot is not evenly dark"
    dark_ring = f"{_NO_EYE}: the ring around the dark spot is dark"
    hidden = f"{_NO_EYE}: the pupil's edge is hidden in places"
    uneven = f"{_NO_EYE}: the pupil's edge is not round"
    most_oval = MAX_OFF_GAZE_UNDER_LID if found.lid_gap < LID_GAP else MAX_OFF_GAZE
    return (
        Gate("pupil_step_grey_levels", found.step, MIN_PUPIL_STEP, faint, _OPEN_WIDE),
        Gate("pupil_dark_share", found.dark_share, MIN_PUPIL_DARK_SHARE, patchy, _OPEN_WIDE),
        Gate("ring_bright_share", found.ring_bright_share, MIN_RING_BRIGHT_SHARE, dark_ring, _OPEN_WIDE),
        Gate("off_gaze", off_gaze(found), most_oval, *aside, at_most=True),
        Gate("pupil_edge_share", found.edge_share, MIN_PUPIL_EDGE_SHARE, hidden, _OPEN_WIDE),
        Gate("pupil_round_share", found.round_share, MIN_PUPIL_ROUND_SHARE, uneven, _OPEN_WIDE),
    )


def limbus_gates(found: LimbusEvidence) -> Gates:
    """The iris is fairly even and ends in something brighter on both sides, all along them."""
    weaker = min(found.right_step, found.left_step)
    narrow = "the lids hide the border of the iris"
    whole = "bring the whole eye into the picture and open it wide, in near-infrared light"
    no_border = f"{_NO_EYE}: no clear border between iris and sclera at both sides"
    unclear = "it is unclear which edge is the border of the iris"
    cut_off = "the iris is cut off by the edge of the picture"  # never measured: see `LimbusEvidence`
    uneven = f"{_NO_EYE}: what surrounds the dark spot is too uneven for an iris"
    return (
        Gate("limbus_step_grey_levels", weaker, MIN_LIMBUS_STEP, cut_off if weaker == 0.0 else no_border, whole),
        Gate("limbus_arc_deg", found.arc_deg, MIN_LIMBUS_ARC_DEG, narrow, _UNCOVER),
        Gate("limbus_lead_grey_levels", (1 - found.rival) * weaker, _least_lead(found), unclear, whole),
        Gate("limbus_edge_share", found.edge_share, MIN_LIMBUS_EDGE_SHARE, no_border, whole),
        Gate("iris_unevenness", found.unevenness, MAX_IRIS_UNEVENNESS, uneven, _OPEN_WIDE, at_most=True),
    )


def _least_lead(found: LimbusEvidence) -> float:
    least, most = USUAL_LIMBUS_ARC_DEG
    doubts = (found.arc_deg > most) + (found.pupil_share > MAX_USUAL_PUPIL_SHARE)
    return MIN_LIMBUS_LEAD + LEAD_A_DOUBT * doubts + LEAD_A_DEGREE * max(least - found.arc_deg, 0.0)


def shape_gates(pupil: Contour, limbus: Contour) -> Gates:
    """Size, pupil ratio and centring."""
    diameter_px, ratio = 2 * limbus.mean_radius_px, pupil.mean_radius_px / limbus.mean_radius_px
    offset = float(np.hypot(pupil.x_px - limbus.x_px, pupil.y_px - limbus.y_px)) / limbus.mean_radius_px
    least, most = PUPIL_RATIO_RANGE
    apart = "pupil and iris do not share a centre"
    return (
        Gate(
            "iris_diameter_px", diameter_px, MIN_IRIS_DIAMETER_PX, "the iris is too small", "come closer to the camera"
        ),
        Gate("pupil_to_iris_ratio", ratio, least, "the pupil is too small", "use less visible light"),
        Gate("pupil_to_iris_ratio", ratio, most, "the pupil is too wide", "use more visible light", at_most=True),
        Gate("centre_offset_iris_radii", offset, MAX_CENTRE_OFFSET, apart, _OPEN_WIDE, at_most=True),
    )


def figure_gates(figures: QualityFigures, texture: TextureStrength, visible_share_30: float) -> Gates:
    """On the unrolled iris: visible, sharp, and with a texture to encode that stands out from the noise."""
    hidden = ("too much of the iris is hidden (is the eye half closed?)", _UNCOVER)
    sides = ("too much of the sides of the iris is hidden", _UNCOVER)
    blurred = ("the picture is blurred", "focus on the iris and hold still")
    plain = (
        "the iris shows no texture",
        "use a near-infrared camera, in focus; a drawing or a patterned lens is no iris",
    )
    noisy = ("the texture drowns in noise", "use more near-infrared light, or come closer")
    return (
        Gate("visible_iris_share", figures.visible_iris_share, MIN_VISIBLE_SHARE, *hidden),
        Gate("visible_share_30", visible_share_30, MIN_VISIBLE_SHARE_30, *sides),
        Gate("focus", figures.focus, MIN_FOCUS, *blurred),
        Gate("code_contrast_grey_levels", texture.contrast, MIN_CODE_CONTRAST, *plain),
        Gate("code_signal_to_noise", texture.signal_to_noise, MIN_CODE_SIGNAL_TO_NOISE, *noisy),
    )
