"""Colours that can be read: every pair of text and background that the screens use."""

from __future__ import annotations

import pytest

from app.theme import DARK, LIGHT, MIN_CONTRAST, PAIRS, Palette, contrast


def test_contrast_is_that_of_the_web_s_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the best known grey that fails
    assert contrast("#123456", "#123456") == 1.0


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_background(palette: Palette) -> None:
    for ink, ground in PAIRS:
        assert contrast(getattr(palette, ink), getattr(palette, ground)) >= MIN_CONTRAST, (ink, ground)
