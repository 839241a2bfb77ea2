"""`make page-screenshots`: the poll page and the example dApp, for the documents. Members are synthetic."""

from __future__ import annotations

import tempfile
from base64 import b64decode
from pathlib import Path

from app import actions
from app.devnet import DevnetOptions, running_devnet
from app.poll_page import PageConfig, write_page
from app.session import Session
from protocol.pins import root_dir
from registry_contract.polls import PollKind
from tests.app.page.chromium import Browser, open_browser, static_host
from tests.app.people import enrolled
from tests.app.program import Room, start

SCREENS = root_dir() / "docs" / "screens"
RECIPIENT = "0x" + "11" * 20


def draw() -> None:
    """Three members, three polls, all voted in."""
    with tempfile.TemporaryDirectory(prefix="irisproof-screens-") as name:
        folder = Path(name)
        with running_devnet(DevnetOptions(folder / "devnet.json"), print) as endpoints:
            people = [enrolled(endpoints, folder / f"person{seed}", seed) for seed in (41, 42, 43)]
            _hold_polls(people)
            write_page(PageConfig(endpoints.rpc_url, endpoints.deployment), folder / "page")
            with static_host(folder / "page") as url, open_browser(folder / "chromium", "Europe/Berlin") as browser:
                _draw_page(browser, url)
                _draw_dapp(browser, folder / "devnet.json", Room.make(folder))
            for person in people:
                person.vault.lock()


def _hold_polls(people: list[Session]) -> None:
    links = people[0].links
    ranked = actions.open_poll(
        links, "Where shall the fountain stand?", ("market", "station", "river"), 48.0, kind=PollKind.RANKED
    )
    for person, order in zip(people, ([2, 0], [0, 2], [1, 2]), strict=True):
        actions.cast_ballot(person, ranked, order)
    park = actions.open_poll(links, "Shall the park stay open at night?", ("yes", "no", "on weekends"), 24.0, quorum=3)
    for person, choice in zip(people, (0, 2, 0), strict=True):
        actions.cast_ballot(person, park, [choice])


def _draw_page(browser: Browser, url: str) -> None:
    browser.driver.set_window_size(900, 1700)
    browser.driver.get(url)
    browser.one("#poll-2 summary").click()
    browser.one("#poll-2 svg.qr")
    _shoot(browser, SCREENS / "poll-page.png")
    for language, is_dark in (("ar", True), ("ja", False), ("de", True)):
        browser.dark(is_dark)
        browser.driver.get(f"{url}/?lang={language}")
        browser.one("#poll-2")
        _shoot(browser, root_dir() / "build" / "screens" / f"poll-page-{language}.png")
    browser.dark(False)


def _draw_dapp(browser: Browser, registry: Path, room: Room) -> None:
    with start(room, "dapp-example", "--registry", str(registry)) as process:
        assert process.stdout is not None
        browser.driver.get(process.stdout.readline().rsplit(" ", 1)[1].strip())
        browser.one("#recipient").send_keys(RECIPIENT)
        browser.one("button").click()
        browser.one("svg.qr")
        browser.wait_text("#status", "Waiting")
        _shoot(browser, SCREENS / "dapp-example.png")


def _shoot(browser: Browser, path: Path) -> None:
    """The whole page, and no more: in a window of its height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    browser.run("document.activeElement.blur()")
    height = browser.run("return Math.ceil(document.body.getBoundingClientRect().height)")
    clip = {"x": 0, "y": 0, "width": 900, "height": height, "scale": 1}
    options = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    path.write_bytes(b64decode(browser.driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"]))


if __name__ == "__main__":
    draw()
