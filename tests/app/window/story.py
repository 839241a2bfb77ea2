"""What a person does at the window, act by act. The tests and the screenshots follow the same story."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.app.window.conftest import Scene
    from tests.app.window.driver import Driver

PASSPHRASE = "correct horse battery"
QUESTION = "Shall the park stay open at night?"
OPTIONS = ("yes", "no", "on weekends")

Look = Callable[[str], object]


def nobody_looks(_: str) -> None:
    """The tests need no picture."""


def agree_and_create(scene: Scene, look: Look = nobody_looks) -> None:
    driver = scene.driver
    driver.on("welcome")
    assert driver.find("Continue").disabled  # nothing before the consent
    look("welcome")
    driver.tap("I have read this")
    driver.tap("Continue")
    driver.on("create")
    driver.type("Passphrase", PASSPHRASE)
    driver.type("The same again", PASSPHRASE)
    look("create")
    driver.tap("Create my vault")
    driver.on("home")
    driver.until(lambda: driver.says("You are not enrolled yet"), "the registry's answer")
    look("home-new")


def enrol(scene: Scene, look: Look = nobody_looks) -> None:
    driver = scene.driver
    driver.tap("Enrol")
    driver.until(lambda: driver.app.root.current == "capture" and driver.screen.advised == "hold_still", "a good frame")
    look("capture")
    driver.until(lambda: driver.app.root.current == "proving" and driver.screen.bar_value > 0.2, "the proof")
    look("proving")
    driver.until(lambda: driver.app.root.current == "home" and driver.says("You are enrolled"), "the enrolment")
    look("home-enrolled")


def vote(scene: Scene, look: Look = nobody_looks) -> None:
    driver = scene.driver
    scene.new_poll()
    driver.tap("Polls")
    driver.until(lambda: driver.says(QUESTION), "the poll")
    look("polls")
    driver.tap(driver.first("PollCard"))
    driver.on("poll")
    assert driver.find("Review").disabled
    driver.tap(OPTIONS[2])
    look("poll")
    driver.tap("Review")
    driver.on("review")
    look("review")
    driver.tap("Cast my vote")
    driver.on("receipt")
    driver.tap("Check it on the chain")
    driver.until(lambda: driver.says("it counts"), "the chain's answer")
    look("receipt")


def answer(scene: Scene, look: Look = nobody_looks) -> None:
    driver = scene.driver
    request = scene.request_of(scene.new_dapp())
    driver.app.show("requests")
    driver.on("requests")
    look("requests")
    driver.type("irisproof://", request.to_link())
    driver.tap("Look at it")
    driver.on("request")
    look("request")
    driver.tap("Approve")
    driver.on("answered")
    look("answered")


def back_up(scene: Scene, path: Path, look: Look = nobody_looks) -> tuple[str, ...]:
    """Recovery words, then a backup that is opened with them."""
    driver = scene.driver
    driver.app.show("backup")
    driver.on("backup")
    driver.tap("Make recovery words")
    driver.on("words")
    words = driver.screen.words
    look("words")
    driver.tap("I have written them down")
    driver.type("24 recovery words", " ".join(words))
    driver.tap("Confirm")
    driver.on("backup")
    driver.type("Path of the new file", str(path))
    driver.tap("Write the backup")
    driver.until(path.exists, "the backup")
    driver.on("backup")
    driver.type("Its passphrase", " ".join(words))
    driver.tap("Try it")
    driver.until(lambda: driver.says("This backup works."), "the rehearsal")
    look("backup")
    return words


def look_around(driver: Driver, look: Look) -> None:
    """The screens that no act leads to."""
    for name in ("settings", "about", "privacy", "delete", "upgrade", "recovery", "passphrase"):
        driver.app.show(name)
        driver.on(name)
        look(name)
