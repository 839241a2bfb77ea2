"""One image with every stage that was reached, and why it was refused if it was: for showing to a person."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.pipeline import quality
from model.pipeline.image import EyeImage
from model.pipeline.normalization import UnrolledIris, unroll
from model.pipeline.pipeline import Measured, inspect_eye, measure
from model.pipeline.quality import Gate
from model.pipeline.segmentation import Segmentation, Sighting, segment, sight
from protocol.errors import QualityError
from protocol.types import EyeSide, NormalizedIris

__all__ = ["Examination", "examine"]


@dataclass(frozen=True, eq=False)
class Examination:
    """What could be made of one image; None for stages that were not reached. Private like the image itself."""

    image: EyeImage
    refusal: QualityError | None
    gates: tuple[Gate, ...]
    """Every gate that had something to judge, in the pipeline's order; those behind the one that refused, too."""
    sighting: Sighting | None
    segmentation: Segmentation | None
    unrolled: UnrolledIris | None
    measured: Measured | None
    iris: NormalizedIris | None = field(repr=False)


def examine(image: EyeImage, *, eye_side: EyeSide, captured_at: int) -> Examination:
    """As `pipeline.inspect_eye`, but a refusal is a result: the stages are run as far as they go.

    Takes a few times as long for a refused image, which is searched again for what there is to show.
    """
    try:
        inspection = inspect_eye(image, eye_side=eye_side, captured_at=captured_at)
    except QualityError as error:
        return _examine_refused(image, error)
    found, unrolled = inspection.segmentation, inspection.unrolled
    gates = _gates(image, sight(image), found, inspection.measured)
    return Examination(image, None, gates, None, found, unrolled, inspection.measured, inspection.iris)


def _examine_refused(image: EyeImage, refusal: QualityError) -> Examination:
    sighting = sight(image)
    try:
        found = segment(image)
    except QualityError:
        return Examination(image, refusal, _gates(image, sighting, None, None), sighting, None, None, None, None)
    unrolled = unroll(image, found)
    measured = measure(image, found, unrolled)
    gates = _gates(image, sighting, found, measured)
    return Examination(image, refusal, gates, sighting, found, unrolled, measured, None)


def _gates(
    image: EyeImage, sighting: Sighting | None, found: Segmentation | None, measured: Measured | None
) -> tuple[Gate, ...]:
    gates = [*quality.image_gates(image), *quality.candidate_gates(sighting.pupil_score if sighting else 0.0)]
    if sighting is not None:
        gates += quality.pupil_gates(sighting.pupil_evidence) + quality.limbus_gates(sighting.limbus_evidence)
    if found is not None:
        gates += quality.shape_gates(found.pupil, found.limbus) + quality.one_eye_gates(found.another_eye_radii)
    if measured is not None:
        share = measured.geometry.visible_share_30
        gates += quality.figure_gates(measured.figures, measured.texture, share)
    return tuple(gates)
