"""The generator: repeatable, varied, and honest about what it drew."""

from __future__ import annotations

import numpy as np
import pytest

from model.synthetic import CaptureConditions, Glints, capture, make_eye
from model.synthetic.refusals import REFUSALS, tiny_pixels
from protocol.errors import QualityError


def test_eye_of_the_same_seed_is_the_same_eye() -> None:
    one, other = make_eye(3), make_eye(3)
    assert np.array_equal(one.texture, other.texture)
    assert (one.iris_level, one.pupil_ratio, one.lash_count) == (other.iris_level, other.pupil_ratio, other.lash_count)


def test_eyes_of_different_seeds_are_unrelated() -> None:
    textures = [make_eye(seed).texture.ravel() for seed in range(6)]
    correlations = np.corrcoef(textures)[np.triu_indices(6, 1)]
    assert np.abs(correlations).max() < 0.3  # what is left is the collarette, which all eyes have


def test_texture_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        make_eye(3).texture[0, 0] = 1


def test_capture_with_the_same_seed_is_the_same_picture() -> None:
    eye = make_eye(5)
    assert np.array_equal(capture(eye, 1).image.pixels, capture(eye, 1).image.pixels)


def test_captures_of_one_eye_differ() -> None:
    eye = make_eye(5)
    one, other = (capture(eye, seed).image.pixels.astype(int) for seed in (1, 2))
    assert np.abs(one - other).mean() > 3


@pytest.mark.parametrize("severity", [-0.1, -5.0])
def test_conditions_with_negative_severity_are_refused(severity: float) -> None:
    with pytest.raises(ValueError, match="severity"):
        CaptureConditions(severity=severity)


@pytest.mark.parametrize("opening", [-0.01, 1.01])
def test_conditions_with_an_impossible_opening_are_refused(opening: float) -> None:
    with pytest.raises(ValueError, match="opening"):
        CaptureConditions(opening=opening)


def test_capture_of_too_small_a_picture_is_refused() -> None:
    with pytest.raises(QualityError):
        capture(make_eye(1), 0, CaptureConditions(width_px=200, height_px=150))


@pytest.mark.parametrize("glints", list(Glints))
def test_truth_lies_where_the_picture_shows_it(glints: Glints) -> None:
    drawn = capture(make_eye(8), 0, CaptureConditions(severity=0, glints=glints))
    pixels, truth = drawn.image.pixels.astype(float), drawn.truth
    pupil, limbus = truth.pupil_contour_px, truth.limbus_contour_px
    centre = pupil.mean(axis=0)
    inside = centre + 0.8 * (pupil - centre)
    outside = centre + 1.3 * (pupil - centre)
    sample = lambda points: np.array([pixels[round(y), round(x)] for x, y in points])  # noqa: E731
    assert np.median(sample(outside) - sample(inside)) > 30
    sides = [0, 5, 10, 170, 175, 180, 185]  # degrees: where no lid is
    beyond = limbus.mean(axis=0) + 1.12 * (limbus[sides] - limbus.mean(axis=0))
    within = limbus.mean(axis=0) + 0.88 * (limbus[sides] - limbus.mean(axis=0))
    assert np.median(sample(beyond) - sample(within)) > 15


def test_truth_masks_are_nested_and_lids_hide_the_iris() -> None:
    wide, narrow = (capture(make_eye(8), 0, CaptureConditions(opening=opening)).truth for opening in (1.0, 0.6))
    assert not (wide.visible_iris & ~wide.unlidded_iris).any()
    assert narrow.unlidded_iris.sum() < 0.8 * wide.unlidded_iris.sum()


def test_closed_eye_shows_no_iris() -> None:
    assert capture(make_eye(8), 0, CaptureConditions(opening=0.0)).truth.visible_iris.sum() == 0


def test_rotation_in_the_truth_turns_the_texture_clockwise() -> None:
    eye = make_eye(11)
    turned = [capture(eye, seed, CaptureConditions(severity=1.0)).truth.rotation_rad for seed in range(30)]
    assert 0.03 < np.std(turned) < 0.12


def test_repr_of_a_capture_shows_no_pixels() -> None:
    drawn = capture(make_eye(2), 0)
    assert "[" not in repr(drawn.image)
    assert "array" not in repr(drawn)
    assert "array" not in repr(make_eye(2))


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_bad_picture_is_repeatable_and_not_constant(kind: str) -> None:
    one, again, other = REFUSALS[kind](1), REFUSALS[kind](1), REFUSALS[kind](2)
    assert np.array_equal(one.pixels, again.pixels)
    assert not np.array_equal(one.pixels, other.pixels)


def test_tiny_picture_is_a_quarter_of_the_least_size() -> None:
    assert tiny_pixels(0).shape == (120, 160)
