"""A lost vault at the window: its place is asked for, taken after the waiting period, kept from the next who asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import actions
from app.session import Session, open_session
from tests.app.clock import Clock
from tests.app.conftest import Devnet
from tests.app.eyes import living, write_stills
from tests.app.people import PASSPHRASE, done, enrolled, eye
from tests.app.window import story
from tests.app.window.conftest import Scene, require_window

require_window()

pytestmark = [pytest.mark.xdist_group("judged"), pytest.mark.slow]

EYE, WAIT_S = 300, 31


@pytest.fixture
def lost(judged: Devnet, tmp_path: Path, cheap_argon: None) -> Iterator[Session]:
    """Somebody enrolled on the eye that the window's camera sees; the window has no vault of theirs."""
    session = enrolled(judged.endpoints, tmp_path / "lost", EYE)
    yield session
    session.vault.lock()


@pytest.fixture
def fresh(judged: Devnet, tmp_path: Path) -> Iterator[Scene]:
    """A window that nobody has used, before the registry with a committee."""
    from tests.app.window.driver import WindowOptions, open_window

    camera = write_stills(tmp_path / "eye", living(EYE))
    with open_window(WindowOptions(tmp_path / "data", judged.file, camera)) as driver:
        yield Scene(driver, judged, tmp_path / "data", camera)


@pytest.fixture
def thief(judged: Devnet, tmp_path: Path, cheap_argon: None) -> Iterator[Session]:
    """Somebody with a picture of that eye and a vault of their own."""
    folder = tmp_path / "thief"
    session = open_session(actions.create_vault(folder, PASSPHRASE), folder, judged.endpoints)
    yield session
    session.vault.lock()


def test_a_place_is_taken_back_and_kept_from_the_next_who_asks(lost: Session, fresh: Scene, thief: Session) -> None:
    driver, clock = fresh.driver, Clock(fresh.devnet.endpoints.rpc_url)
    found = actions.membership(lost)
    assert found.record is not None
    record_id = found.record.record_id
    story.agree_and_create(fresh)

    driver.app.show("recovery")
    driver.on("recovery")
    driver.type("Number of the record", str(record_id))
    driver.tap("Capture my eye")
    driver.until(lambda: driver.app.root.current == "proving", "the capture")
    driver.until(
        lambda: driver.app.root.current == "home" and driver.says("You asked for your old place"), "what waits"
    )
    assert not driver.says("You are not enrolled yet")
    asked = actions.membership(lost).recovery
    assert asked is not None
    assert (asked.record_id, asked.is_mine) == (record_id, False)
    clock.advance(WAIT_S)
    driver.tap("Look at it")
    driver.on("recovery")
    driver.tap("Finish after the waiting period")
    driver.until(lambda: driver.says("The place is yours again."), "the place")
    driver.app.show("home")
    driver.until(lambda: driver.says("You are enrolled"), "the registry's answer")
    assert driver.says(str(record_id))
    assert not driver.says("You asked for your old place")
    assert not actions.membership(lost).is_member
    assert actions.membership(driver.app.session).is_member

    done(thief, actions.begin_recovery(thief, record_id, eye(EYE, 3)))
    driver.app.show("settings")
    driver.app.show("home")
    driver.until(lambda: driver.says("Somebody asks for your place"), "the warning")
    driver.tap("Look at it")
    driver.on("recovery")
    driver.tap("That is not me")
    driver.until(lambda: driver.says("The try was stopped."), "the refusal")
    driver.app.show("home")
    driver.until(lambda: driver.says("You are enrolled") and not driver.says("Somebody asks"), "the end of the warning")
    assert actions.membership(thief).recovery is None
    assert actions.membership(driver.app.session).is_member
