"""A person at the window: from consent to a counted vote, an answered request and a backup that opens; by touch, and by
the keyboard alone. Then every screen, with what that person has, in every language."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import requests
from fontTools.ttLib import TTFont

from app import actions, provers
from app.actions import provers as actions_provers
from app.fonts import FAMILIES
from app.messages import LANGUAGES
from app.theme import PAIRS, TARGET_DP
from circuits.iris.circuit import Circuit
from protocol.pins import root_dir
from tests.app.clock import Clock
from tests.app.people import announce_second_model
from tests.app.program import Room, start
from tests.app.window.conftest import Scene, require_window
from tests.app.window.story import PASSPHRASE, QUESTION

require_window()

from tests.app.window import driver as _driver  # noqa: F401, I001 - first: it tells the toolkit how to come up
from kivy.uix.widget import Widget

from app.screens.page import focusable
from app.screens.widgets import Action, Card, Choice, Field, Row, Tabs, Text, Touchable
from tests.app.window import story
from tests.app.window.driver import PATIENCE_S, Driver

Image = npt.NDArray[np.uint8]

SAME_SHARE = 0.005
"""Of a screen's pixels; other screens differ in 2 % and more."""

VARYING_SHARES = {
    **dict.fromkeys(("about", "answered", "backup", "proving", "receipt", "request", "words"), 0.05),
    "capture": 0.2,
}
"""Of screens with addresses, paths, words, a bar that grows or the picture of an eye."""

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the story's backup is written."""
    return tmp_path_factory.mktemp("backup") / "backup.irisproof"


@pytest.fixture(scope="module")
def pictures() -> dict[str, Image]:
    """What the window looked like in the story, by the screens' names."""
    return {}


@pytest.fixture(scope="module")
def lived(scene: Scene, backup: Path, pictures: dict[str, Image]) -> Scene:
    """The whole story; its acts assert what a person would see."""

    def look(name: str) -> None:
        scene.driver.settle()
        pictures[name] = scene.driver.picture()

    story.agree_and_create(scene, look)
    story.enrol(scene, look)
    story.vote(scene, look)
    story.answer(scene, look)
    story.back_up(scene, backup, look)
    story.look_around(scene.driver, look)
    return scene


@pytest.fixture
def at_home(lived: Scene) -> Driver:
    """The first screen, unlocked: on a busy machine the vault may have locked itself meanwhile, as it should."""
    driver = lived.driver
    driver.pump()
    if driver.app.vault is None:
        driver.app.show("unlock")
        driver.on("unlock")
        driver.type("Passphrase", PASSPHRASE)
        driver.tap("Unlock")
    else:
        driver.app.show("home")
    driver.until(lambda: driver.app.root.current == "home" and driver.says("You are enrolled"), "the registry's answer")
    return driver


def test_what_the_window_said_is_so_on_the_chain(lived: Scene) -> None:
    session = lived.driver.app.session
    assert actions.membership(session).is_member
    (receipt,) = session.contents.receipts("vote")
    assert receipt.data["choice"] == ["on weekends"]
    assert actions.check_receipt(session, receipt) == "it counts"
    assert len(session.contents.receipts("personhood")) == 1
    assert session.contents.outbox() == ()


def test_screens_look_as_they_do_in_the_readme(lived: Scene, pictures: dict[str, Image]) -> None:
    """Each is compared with its file of `make screenshots`, and must be nearer to it than to any other."""
    del pictures["polls"]  # it lists what other tests opened
    shown = {name: cv2.imread(str(root_dir() / "docs" / "screens" / f"{name}.png")) for name in pictures}
    assert len(shown) >= 21
    for name, picture in pictures.items():
        differs = {other: _differing(picture, image) for other, image in shown.items()}
        assert differs[name] <= VARYING_SHARES.get(name, SAME_SHARE), (name, differs[name])
        assert min(differs, key=differs.__getitem__) == name, (name, differs)


def test_poll_that_was_voted_in_says_so_and_takes_another_vote(lived: Scene) -> None:
    driver = lived.driver
    driver.app.show("polls")
    driver.until(lambda: driver.says("You voted"), "the list")
    driver.tap(driver.first("PollCard"))
    driver.on("poll")
    assert driver.says("You already took part in this poll")
    assert driver.says(QUESTION)


def test_what_is_no_link_is_refused_with_what_to_do(lived: Scene) -> None:
    driver = lived.driver
    driver.app.show("requests")
    driver.on("requests")
    driver.type("irisproof://", "irisproof://pay?v=1")
    driver.tap("Look at it")
    driver.until(lambda: driver.says("That did not work"), "the refusal")
    assert driver.says("irisproof://prove")


def test_keyboard_alone_unlocks_and_goes_through_every_screen(lived: Scene) -> None:
    driver = lived.driver
    driver.app.lock()
    driver.on("unlock")
    for typed, then in (("wrong passphrase", "That did not work"), (PASSPHRASE, "You are enrolled")):
        _tab_to(driver, driver.field("Passphrase"))
        driver.write(typed)
        _tab_to(driver, driver.find("Unlock"))
        driver.key("enter")
        driver.until(lambda then=then: driver.says(then), then)
    driver.app.show("settings")
    driver.settle()
    seen = set()
    for _ in range(len(focusable(driver.screen))):
        driver.key("tab")
        focused = _focused(driver)
        seen.add(focused)
        _assert_in_sight(driver, focused)
    assert seen == set(focusable(driver.screen))
    driver.key("tab", "shift")
    driver.until(lambda: _focused(driver) is not None, "the way back through the screen")
    driver.find("About this proof").focus = True
    driver.key("space")
    driver.on("about")
    driver.key("escape")
    driver.on("settings")


def test_capture_can_be_left_and_the_camera_is_closed(lived: Scene) -> None:
    driver = lived.driver
    driver.app.screen("capture").open()
    driver.on("capture")
    camera = driver.screen.camera
    driver.tap("Use a film or pictures")
    assert driver.screen.camera is None
    driver.type("Path of the film", "eye.png")
    driver.tap("Use these pictures")
    driver.until(lambda: driver.says("cannot show that the eye is alive"), "the refusal")
    driver.key("escape")
    driver.on("home")
    assert camera.latest() is None


def test_vault_s_file_is_where_the_window_looks_for_it(lived: Scene) -> None:
    from app.main import VAULT_FILE

    assert actions.vault_path(lived.folder) == lived.folder / VAULT_FILE


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_screen_in_every_language(lived: Scene, code: str) -> None:
    driver = lived.driver
    try:
        driver.app.prefer(replace(driver.app.preferences, language=code, text_scale=1.3 if code == "de" else 1.0))
        for screen in _screens(lived):
            driver.lay_out()
            for widget in screen.walk(restrict=True):
                _assert_size(widget, screen)
                if isinstance(widget, Text) and widget.text_logical:
                    _assert_text(widget, screen.name)
                if isinstance(widget, Row | Choice | Tabs) and LANGUAGES[code].right_to_left:
                    _assert_mirrored(widget)
    finally:
        driver.app.prefer(replace(driver.app.preferences, language="en", text_scale=1.0))


def test_both_themes_are_drawn_and_words_stand_out(lived: Scene) -> None:
    driver, means = lived.driver, []
    driver.app.show("settings")
    for theme in ("light", "dark"):
        driver.app.prefer(replace(driver.app.preferences, theme=theme))
        driver.settle()
        picture = driver.picture()
        means.append(float(picture.mean()))
        assert float(np.ptp(picture)) > 200, "no text to be seen"
    driver.app.prefer(replace(driver.app.preferences, theme="light"))
    assert means[0] > 200
    assert means[1] < 60


def test_renewal_is_stopped_and_then_goes_through(
    lived: Scene, clock: Clock, circuit_v2: Circuit, at_home: Driver
) -> None:
    driver = at_home
    announce_second_model(lived.devnet.endpoints, clock, circuit_v2)
    driver.app.show("polls")
    driver.on("polls")
    driver.tap("You")
    driver.until(lambda: driver.says("A new model is out"), "the news")
    driver.tap("Renew now")
    driver.on("upgrade")
    driver.tap("Renew now")
    end_s = time.monotonic() + PATIENCE_S
    while driver.app.root.current != "proving":
        assert time.monotonic() < end_s
        driver.pump()
    session, job = driver.app.session, driver.app.job
    # no finger: on a busy machine the work is done before the frames of a touch are drawn
    driver.find("Stop").dispatch("on_release")
    driver.on("home")
    assert not job.folder.exists()
    assert session.contents.jobs("open") == ()
    assert actions.membership(session).missing_models == (2,)
    driver.tap("Renew now")
    driver.on("upgrade")
    driver.tap("Renew now")
    driver.until(lambda: driver.app.root.current == "proving", "the proof")
    driver.until(
        lambda: driver.app.root.current == "home" and not driver.says("A new model is out"),
        "the renewal",
    )
    assert actions.membership(session).missing_models == ()


def test_recovery_asks_for_the_record_and_says_why_it_cannot_be(at_home: Driver) -> None:
    """This registry has no committee, which alone could tell that it is the same person."""
    driver = at_home
    driver.app.show("recovery")
    driver.on("recovery")
    driver.tap("Capture my eye")
    driver.until(lambda: driver.says("the number of the record is missing"[1:]), "the number that is missing")
    driver.tap("That is not me")
    driver.until(lambda: driver.says("That did not work") and not driver.screen.busy, "nobody asks for the place")
    driver.type("Number of the record", "1")
    driver.tap("Capture my eye")
    driver.until(lambda: driver.app.root.current == "capture", "the camera")
    driver.until(lambda: driver.says("hands no record over"), "the refusal")
    driver.key("escape")
    driver.on("recovery")


def test_bundle_without_provers_asks_before_it_downloads_them(at_home: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here both are installed: only their absence is made up."""
    driver, asked = at_home, []
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(provers, "find_spec", lambda _: None)
    monkeypatch.setattr(actions_provers, "download_provers", lambda: asked.append("downloaded"))
    driver.app.opened(driver.app.vault)
    driver.on("provers")
    assert driver.says("GPL-3.0")
    assert driver.says("no licence named")
    driver.tap("Not now")
    driver.on("home")
    assert asked == []
    driver.app.opened(driver.app.vault)
    driver.on("provers")
    driver.tap("Download and install")
    driver.on("home")
    assert asked == ["downloaded"]


def test_everything_is_deleted_and_comes_back_from_the_backup(lived: Scene, backup: Path, at_home: Driver) -> None:
    driver, new = at_home, "another staple entirely"
    driver.app.show("delete")
    driver.on("delete")
    assert driver.find("Delete now").disabled
    driver.tap("I want all of it deleted")
    driver.tap("Delete now")
    driver.on("welcome")
    assert not [path for path in lived.folder.rglob("*") if path.is_file() and path.name != "window.json"]
    driver.tap("I have read this")
    driver.tap("I have a backup")
    driver.on("restore")
    driver.type("Path of the backup", str(backup))
    driver.tap("the 24 recovery words")
    driver.type("24 recovery words", "no such words")
    driver.type("New passphrase", new)
    driver.tap("Restore")
    driver.until(lambda: driver.says("That did not work") and not driver.screen.busy, "words that are none")
    driver.tap("its passphrase")
    driver.type("Passphrase of the backup", PASSPHRASE)
    driver.type("New passphrase", new)
    driver.tap("Restore")
    driver.until(lambda: driver.app.root.current == "home" and driver.says("You are enrolled"), "the restored vault")
    assert len(driver.app.session.contents.receipts("vote")) == 1


def _differing(one: Image, other: Image) -> float:
    """The share of pixels that a person would see differ; how a letter's edge is smoothed is the drawing library's."""
    return float((cv2.absdiff(cv2.blur(one, (3, 3)), cv2.blur(other, (3, 3))).max(axis=2) > 48).mean())


def _screens(scene: Scene) -> Iterator[Any]:
    """All screens, one after the other, with what the story left in them."""
    app = scene.driver.app
    view = actions.list_polls(app.session)[0]
    receipt = app.session.contents.receipts("vote")[0]
    dapp = app.session.contents.receipts("personhood")[0].data["dapp"]
    request = actions.view_request(app.session, scene.request_of(dapp))
    filled = {
        "poll": lambda: app.screen("poll").open(view),
        "review": lambda: app.screen("review").open(view, [0]),
        "receipt": lambda: app.screen("receipt").open(receipt),
        "request": lambda: app.screen("request").open(request),
        "answered": lambda: app.screen("answered").open(request.request, {"proof": {"nullifier": "1" * 77}}, None),
    }
    for screen in app.root.screens:
        if screen.name == "capture":
            continue  # it has a test of its own, and a camera
        filled.get(screen.name, lambda name=screen.name: app.show(name))()
        yield screen


def _assert_size(widget: Widget, screen: Any) -> None:
    """Whatever can be touched is large enough, and nothing sticks out of the window."""
    if isinstance(widget, Touchable | Field):
        assert widget.width >= TARGET_DP, (screen.name, widget)
        assert widget.height >= TARGET_DP, (screen.name, widget)
    left, right = widget.to_window(widget.x, widget.y)[0], widget.to_window(widget.right, widget.y)[0]
    assert left >= -1, (screen.name, widget)
    assert right <= screen.width + 1, (screen.name, widget)


def _assert_text(text: Text, name: str) -> None:
    """It fits, its font has the glyphs, and it stands out from what is behind it."""
    assert text.texture_size[0] <= text.width + 1, (name, text.text_logical)
    assert text.height >= text.texture_size[1] - 1, (name, text.text_logical)
    has = _glyphs(text.font_name)
    assert all(ord(letter) in has for letter in text.text if letter.isprintable() and letter != "\u200f"), text.text
    assert (text.ink, _ground(text)) in PAIRS, (name, text.text_logical, text.ink, _ground(text))


@cache
def _glyphs(family: str) -> frozenset[int]:
    path = next(one.path() for one in FAMILIES if one.name == family)
    return frozenset(TTFont(path).getBestCmap())


def _ground(text: Text) -> str:
    """What is behind a text, by its name in the palette."""
    widget = text.parent
    while widget is not None and widget is not widget.parent:
        if isinstance(widget, Choice):
            return "soft" if widget.chosen else "surface"
        if isinstance(widget, Card | Action):
            return str(widget.fill)
        if type(widget).__name__ == "Pill" and widget.chosen:
            return "soft"
        widget = widget.parent
    return "ground"


def _assert_mirrored(row: Widget) -> None:
    """The mark of a choice or the way back comes first to be read: it is at the right of its text."""
    marks = [part for part in row.children if type(part).__name__ in ("Step", "Mark", "Back", "Glyph")]
    texts = [part for part in row.children if isinstance(part, Text)]
    for mark in marks:
        for text in texts:
            assert mark.x >= text.x, text.text_logical


def _tab_to(driver: Any, wanted: Any) -> None:
    for _ in focusable(driver.screen):
        driver.key("tab")
        if wanted.focus:
            return
    raise AssertionError(f"Tab does not reach {wanted}")


def _focused(driver: Any) -> Any:
    return next((one for one in focusable(driver.screen) if one.focus), None)


def _assert_in_sight(driver: Any, widget: Any) -> None:
    bottom = widget.to_window(widget.x, widget.y)[1]
    top = widget.to_window(widget.x, widget.top)[1]
    assert bottom >= -1, widget
    assert top <= driver.screen.height + 1, widget


def test_an_approved_request_reaches_the_dapp_that_made_it(lived: Scene, room: Room) -> None:
    """The example dApp as it is started; its page is played by two requests."""
    driver, recipient = lived.driver, "0x" + "11" * 20
    with start(room, "dapp-example", "--registry", str(lived.devnet.file)) as process:
        assert process.stdout is not None
        url = process.stdout.readline().rsplit(" ", 1)[1].strip()
        made = requests.post(f"{url}/requests", json={"version": 1, "recipient": recipient}, timeout=60).json()
        driver.app.show("requests")
        driver.on("requests")
        driver.type("irisproof://", made["link"])
        driver.tap("Look at it")
        driver.on("request")
        driver.tap("Approve")
        driver.on("answered")
        assert driver.says(f"Your answer was delivered to {url.removeprefix('http://')}.")

        def state() -> str:
            return str(requests.get(f"{url}/requests/{made['id']}", timeout=60).json()["state"])

        driver.until(lambda: state() == "accepted", "the payment")
        driver.app.show("home")
        driver.on("home")
