"""Where the eye looks, what lids hide of it, and which eye it may be: figures about a segmented eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.pipeline._geometry import turn
from model.pipeline.measures import off_gaze
from model.pipeline.segmentation import Segmentation
from protocol.types import TEXTURE_COLS, TEXTURE_ROWS, EyeSide

MIN_SIDE_CONFIDENCE = 0.90
_NASAL_SHIFT = 0.04
_SHIFT_SPREAD = 0.04
"""Iris radii. That pupils lie nasally of the limbus' centre is published (Yang, Thompson, Burns 2002, "Pupil location
under mesopic, photopic, and pharmacologically dilated conditions"); both sizes here are assumptions, the spread a wide
one: eyes, gaze and the contours' errors all add to it."""

__all__ = ["MIN_SIDE_CONFIDENCE", "EyeGeometry", "SideGuess", "guess_side", "measure_geometry", "side_warning"]


@dataclass(frozen=True)
class SideGuess:
    """`side` is None (unknown) where the confidence is below 0.9."""

    side: EyeSide | None
    confidence: float
    """0.5..1: how probable the likelier side is, if the assumptions of this module hold. Not measured on real eyes."""


@dataclass(frozen=True)
class EyeGeometry:
    """Ratios; shifts in iris radii, x to the right and y down in the picture."""

    off_gaze: float
    """The sine of the angle away from the camera (`quality`)."""
    visible_share_30: float
    """Visible share of the iris within 30 degrees of the horizontal, at both sides together, by area."""
    visible_share_90: float
    """Visible share of the whole iris, by area: the whole turn lies within 90 degrees of the horizontal.

    open-iris 1.11 calls both "occlusion" (`OcclusionCalculator` with a quantile angle of 30 and 90): 1 is unhidden
    there too. It measures the angle from the eye's own horizontal, this from the picture's."""
    pupil_to_iris_ratio: float
    pupil_shift_x: float
    pupil_shift_y: float
    side: SideGuess


def measure_geometry(found: Segmentation, valid: npt.NDArray[np.bool_]) -> EyeGeometry:
    """`valid` is bool[64, 480] of the unrolled iris (`normalization`)."""
    radius_px = found.limbus.mean_radius_px
    shift_x = (found.pupil.x_px - found.limbus.x_px) / radius_px
    return EyeGeometry(
        off_gaze=off_gaze(found.pupil_evidence),
        visible_share_30=visible_share(found, valid, 30.0),
        visible_share_90=visible_share(found, valid, 90.0),
        pupil_to_iris_ratio=found.pupil.mean_radius_px / radius_px,
        pupil_shift_x=shift_x,
        pupil_shift_y=(found.pupil.y_px - found.limbus.y_px) / radius_px,
        side=guess_side(shift_x),
    )


def visible_share(found: Segmentation, valid: npt.NDArray[np.bool_], within_deg: float) -> float:
    """Share of the iris' area that is visible within an angle of the horizontal, at both sides together."""
    angles = turn(TEXTURE_COLS)
    inner, outer = found.pupil.radius_px(angles), found.limbus.radius_px(angles)
    share = ((np.arange(TEXTURE_ROWS) + 0.5) / TEXTURE_ROWS)[:, None]
    # A texel's area: its distance from the centre times its height, both in pixels.
    area = (inner + share * (outer - inner)) * np.maximum(outer - inner, 0.0)
    near = np.abs(np.sin(angles)) <= np.sin(np.deg2rad(within_deg)) + 1e-9
    return float((area * valid)[:, near].sum() / max(float(area[:, near].sum()), 1e-9))


def guess_side(pupil_shift_x: float) -> SideGuess:
    """From the horizontal shift of the pupil in the limbus, in iris radii; positive to the right of the picture.

    Pupils lie a little towards the nose, which is to the right of a right eye in a picture that is not mirrored. With
    the shift of either side normal around +-0.04 with spread 0.04, the odds are exp(2 * 0.04 * shift / 0.04^2).

    Weak evidence: a glance aside, or a limbus found some hundredths of its radius off, moves the pupil as much. The
    inner corner of the eye would say more, but pictures of one iris seldom show it; nothing here looks for it.
    """
    log_odds = 2 * _NASAL_SHIFT * abs(pupil_shift_x) / _SHIFT_SPREAD**2
    confidence = float(1 / (1 + np.exp(-log_odds)))
    side = EyeSide.RIGHT if pupil_shift_x > 0 else EyeSide.LEFT
    return SideGuess(side if confidence >= MIN_SIDE_CONFIDENCE else None, confidence)


def side_warning(stated: EyeSide, guess: SideGuess) -> str | None:
    """A line for the person where a guess that is not "unknown" is the other eye; None otherwise. Never a refusal."""
    if guess.side is None or guess.side is stated:
        return None
    return (
        f"said to be the {stated.name.lower()} eye, but the pupil's place suggests the {guess.side.name.lower()} one "
        f"({guess.confidence:.0%} if the usual anatomy holds): check the side, and that the picture is not mirrored"
    )
