"""The camera's contract, with the sources that need no device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.frames import Camera, Light, light_of, open_source
from model.pipeline.image import EyeImage
from protocol.errors import InputError, IrisproofError
from tests.app.eyes import in_colours, living, write_film, write_stills

PATIENCE_S = 60.0


@pytest.fixture(params=["stills", "film"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "stills":
        return write_stills(tmp_path / "eyes", living(300))
    return write_film(tmp_path / "eye.avi", living(300))


def test_camera_gives_every_source_s_frames_in_order_and_with_its_own_clock(url: str) -> None:
    camera = Camera(url)
    try:
        first = camera.wait_newer(0, PATIENCE_S)
        assert first is not None
        second = camera.wait_newer(first.number, PATIENCE_S)
        assert second is not None
        assert second.number > first.number
        assert second.time_s - first.time_s == pytest.approx(0.2 * (second.number - first.number))
        originals = [image.pixels for image in living(300).frames]
        assert np.array_equal(first.image.pixels, originals[(first.number - 1) % len(originals)])
    finally:
        camera.close()


def test_source_begins_again_at_its_end(url: str) -> None:
    source = open_source(url)
    frames = [source.read() for _ in range(len(living(300).frames) + 1)]
    source.close()
    assert frames[0] is not None
    assert frames[-1] is not None
    assert np.array_equal(frames[0].pixels, frames[-1].pixels)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("camera:front", "names no camera"),
        ("webcam", "names no camera"),
        ("video:", "names no camera"),
        ("video:/nowhere/eye.avi", "there is no film eye.avi"),
        ("stills:/nowhere", "cannot be read"),
        ("camera:97", "cannot be opened"),
    ],
)
def test_source_that_is_not_there_is_refused_with_what_to_do(wrong: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        open_source(wrong)
    assert caught.value.hint


def test_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(InputError, match="there is no picture"):
        open_source(f"stills:{tmp_path}")


def test_damaged_picture_ends_the_camera_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "eye.png").write_bytes(b"no picture")
    camera = Camera(f"stills:{tmp_path}")
    try:
        assert camera.wait_newer(0, PATIENCE_S) is None
        assert isinstance(camera.error, IrisproofError)
        assert "eye.png" in camera.error.message
    finally:
        camera.close()


def test_colours_tell_visible_light_from_near_infrared() -> None:
    assert light_of(living(300).frames[0]) is Light.NEAR_INFRARED
    assert light_of(EyeImage.from_colours(in_colours(living(300).frames[0]))) is Light.VISIBLE
    tinted = np.repeat(living(300).frames[0].pixels[:, :, None], 3, axis=2) // np.array([2, 1, 1], np.uint8)
    assert light_of(EyeImage.from_colours(tinted)) is Light.NEAR_INFRARED


def test_frame_that_is_no_colour_picture_is_refused() -> None:
    with pytest.raises(InputError, match="three a pixel"):
        EyeImage.from_colours(np.zeros((240, 320), np.uint8))
