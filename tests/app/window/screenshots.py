"""`make screenshots`: every screen of the window as a person sees it, into docs/screens.

The story is the tests' own, against a local registry, with a synthetic eye: nobody's.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

from app.devnet import DevnetOptions, running_devnet
from model.synthetic.attacks import FrameSequence
from protocol.pins import root_dir
from tests.app.conftest import Devnet
from tests.app.eyes import living, write_stills
from tests.app.window import story
from tests.app.window.conftest import Scene
from tests.app.window.driver import Driver, WindowOptions, open_window


def main() -> None:
    out = root_dir() / "docs" / "screens"
    with tempfile.TemporaryDirectory() as home, chdir(home):  # so that no path of this machine is in a picture
        folder = Path(home)
        with running_devnet(DevnetOptions(folder / "devnet.json")) as endpoints:
            eye = write_stills(folder / "eye", _without_its_blink(living(300)))
            with open_window(WindowOptions(folder / "data", folder / "devnet.json", eye)) as driver:
                _shoot_all(Scene(driver, Devnet(endpoints, folder / "devnet.json"), folder / "data", eye), out)
    sys.stdout.write(f"{len(list(out.glob('*.png')))} screens in {out}\n")


def _without_its_blink(eye: FrameSequence) -> FrameSequence:
    """Whoever looks at a picture of a capture wants to see an eye; in the fifth frame it is closed."""
    kept = [number for number in range(len(eye.frames)) if number != 4]
    return replace(eye, frames=tuple(eye.frames[n] for n in kept), times_s=tuple(eye.times_s[n] for n in kept))


def _shoot_all(scene: Scene, out: Path) -> None:
    driver = scene.driver

    def look(name: str) -> None:
        driver.settle()
        driver.shoot(out / f"{name}.png")

    story.agree_and_create(scene, look)
    story.enrol(scene, look)
    story.vote(scene, look)
    story.answer(scene, look)
    story.back_up(scene, Path("backup.irisproof"), look)
    story.look_around(driver, look)
    _in(driver, "ar", "dark", ("home", "polls", "privacy"), out)
    _in(driver, "ja", "light", ("home", "polls", "settings"), out)
    _in(driver, "de", "dark", ("home", "settings", "backup"), out)
    _in(driver, "es", "light", ("home", "requests", "recovery"), out)
    driver.app.prefer(replace(driver.app.preferences, language="en", theme="light"))
    driver.app.lock()
    driver.on("unlock")
    look("unlock")
    driver.app.show("restore")
    driver.on("restore")
    look("restore")
    driver.app.show("provers")
    driver.on("provers")
    look("provers")


def _in(driver: Driver, language: str, theme: str, names: tuple[str, ...], out: Path) -> None:
    driver.app.prefer(replace(driver.app.preferences, language=language, theme=theme))
    for name in names:
        driver.app.show(name)
        driver.on(name)
        driver.shoot(out / f"{name}-{language}-{theme}.png")


if __name__ == "__main__":
    main()
