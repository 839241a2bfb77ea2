"""What is shown of an eye: figures with their limits, the stages that were reached, which eye it may be."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from model.pipeline._geometry import Contour
from model.pipeline.evidence import LimbusEvidence, PupilEvidence
from model.pipeline.examination import Examination, examine
from model.pipeline.geometry import MIN_SIDE_CONFIDENCE, guess_side, side_warning, visible_share
from model.pipeline.image import EyeImage
from model.pipeline.pipeline import normalize_eye
from model.pipeline.segmentation import Segmentation
from model.synthetic import CaptureConditions, Glints, capture, make_eye
from model.synthetic.refusals import REFUSALS, flat_grey
from protocol.errors import QualityError
from protocol.types import EyeSide

_RING = Segmentation(
    pupil=Contour(160.0, 120.0, (40.0,)),
    limbus=Contour(160.0, 120.0, (100.0,)),
    upper_lid=None,
    lower_lid=None,
    pupil_evidence=PupilEvidence(
        step=60, dark_share=1, ring_bright_share=1, edge_share=1, round_share=1, stretch=0.02, lid_gap=1
    ),
    limbus_evidence=LimbusEvidence(
        right_step=20, left_step=20, edge_share=1, rival=0.3, arc_deg=90, pupil_share=0.4, unevenness=0.1
    ),
    gain=1.0,
    another_eye_radii=0.0,
)


def _examine(image: EyeImage) -> Examination:
    return examine(image, eye_side=EyeSide.LEFT, captured_at=0)


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_examination_of_a_refused_picture_gives_the_pipelines_reason(kind: str) -> None:
    image = REFUSALS[kind](1)
    seen = _examine(image)
    with pytest.raises(QualityError) as caught:
        normalize_eye(image, eye_side=EyeSide.LEFT, captured_at=0)
    assert seen.refusal is not None
    assert seen.refusal.message == caught.value.message
    assert seen.iris is None
    refused_by = [gate for gate in seen.gates if not gate.holds]
    assert caught.value.measure in {gate.measure for gate in refused_by}


def test_examination_of_a_picture_without_anything_dark_has_no_stages() -> None:
    seen = _examine(flat_grey(2))
    assert (seen.sighting, seen.segmentation, seen.unrolled, seen.measured) == (None, None, None, None)


def test_examination_of_a_blurred_eye_reaches_the_figures() -> None:
    seen = _examine(capture(make_eye(3), 3, CaptureConditions(defocus_px=10)).image)
    assert seen.refusal is not None
    assert seen.refusal.measure == "focus"
    assert seen.measured is not None
    assert seen.unrolled is not None


def test_examination_of_a_good_eye_holds_every_stage_and_all_gates_hold() -> None:
    image = capture(make_eye(7), 0).image
    seen = _examine(image)
    assert seen.refusal is None
    assert seen.iris == normalize_eye(image, eye_side=EyeSide.LEFT, captured_at=0)
    assert len(seen.gates) >= 20
    assert all(gate.holds for gate in seen.gates)
    assert "array" not in repr(seen)
    assert "b'" not in repr(seen)


def test_visible_share_counts_area_within_the_angle_of_the_horizontal() -> None:
    valid = np.ones((64, 480), bool)
    assert visible_share(_RING, valid, 30.0) == visible_share(_RING, valid, 90.0) == 1.0
    valid[:, 300:420] = False  # 45 degrees either side of 12 o'clock
    assert visible_share(_RING, valid, 30.0) == 1.0
    assert visible_share(_RING, valid, 90.0) == pytest.approx(0.75)
    valid[:] = False
    valid[:32] = True  # the inner half of the radius: (70^2 - 40^2) / (100^2 - 40^2) of the area
    assert visible_share(_RING, valid, 90.0) == pytest.approx(3300 / 8400, abs=0.01)
    assert visible_share(_RING, valid, 30.0) == pytest.approx(3300 / 8400, abs=0.01)


@pytest.mark.parametrize("shift", [0.0, 0.01, -0.02])
def test_side_of_a_centred_pupil_is_unknown(shift: float) -> None:
    guess = guess_side(shift)
    assert guess.side is None
    assert 0.5 <= guess.confidence < MIN_SIDE_CONFIDENCE
    assert side_warning(EyeSide.LEFT, guess) is None


@pytest.mark.parametrize(("shift", "side"), [(0.06, EyeSide.RIGHT), (-0.06, EyeSide.LEFT)])
def test_side_of_a_pupil_near_the_nose_is_guessed_and_the_other_one_warned_of(shift: float, side: EyeSide) -> None:
    guess = guess_side(shift)
    other = EyeSide.LEFT if side is EyeSide.RIGHT else EyeSide.RIGHT
    assert guess.side is side
    assert side_warning(side, guess) is None
    warning = side_warning(other, guess)
    assert warning is not None
    assert other.name.lower() in warning
    assert side.name.lower() in warning


@cache
def _guesses() -> tuple[tuple[EyeSide, EyeSide | None], ...]:
    found = []
    for seed in range(40):
        side = EyeSide.LEFT if seed % 2 else EyeSide.RIGHT
        drawn = capture(make_eye(700 + seed), 0, CaptureConditions(side=side, glints=list(Glints)[seed % 4]))
        measured = _examine(drawn.image).measured
        assert measured is not None
        found.append((drawn.truth.side, measured.geometry.side.side))
    return tuple(found)


def test_side_guess_on_synthetic_eyes_is_seldom_wrong_and_often_unknown() -> None:
    known = [(truth, guess) for truth, guess in _guesses() if guess is not None]
    wrong = sum(truth is not guess for truth, guess in known)
    assert len(known) >= 8
    assert wrong <= 0.2 * len(known)
    assert len(known) < len(_guesses())
