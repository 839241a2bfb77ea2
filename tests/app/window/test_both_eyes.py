"""Both eyes at the window: one before the camera, one from a folder of pictures, to one record."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import actions
from protocol.types import EyeSide
from tests.app.conftest import Devnet
from tests.app.eyes import living, write_stills
from tests.app.window import story
from tests.app.window.conftest import Scene, require_window

require_window()

pytestmark = [pytest.mark.xdist_group("judged"), pytest.mark.slow]


def test_both_eyes_are_shown_one_after_the_other(two_eyed: Devnet, tmp_path: Path) -> None:
    from tests.app.window.driver import WindowOptions, open_window

    camera = write_stills(tmp_path / "left", living(301))
    write_stills(tmp_path / "right", living(304))
    with open_window(WindowOptions(tmp_path / "data", two_eyed.file, camera)) as driver:
        story.agree_and_create(Scene(driver, two_eyed, tmp_path / "data", camera))
        driver.tap("Enrol")
        driver.until(lambda: driver.says("Show your left eye"), "the first eye")
        driver.until(lambda: driver.says("Show your right eye"), "the second eye")
        driver.tap("Use a film or pictures")
        driver.type("Path of the film", str(tmp_path / "right"))
        driver.tap("Use these pictures")
        driver.until(lambda: driver.app.root.current == "proving", "the capture of the second eye")
        driver.until(lambda: driver.app.root.current == "home" and driver.says("You are enrolled"), "the enrolment")
        session = driver.app.session
        assert actions.membership(session).is_member
        (job,) = session.contents.jobs()
        assert [eye.attestation.capture.eye_side for eye in session.contents.eyes_of(job.capture)] == [
            EyeSide.LEFT,
            EyeSide.RIGHT,
        ]
