"""The poll page in a browser, against a real chain, real proofs and the real relayer."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from app import actions
from app.poll_page import PageConfig, write_page
from app.requests import PollLink, parse_link
from app.session import Session
from registry_contract.local_chain import LocalChain
from registry_contract.polls import PollDraft, PollKind
from registry_contract.runoff import count_runoff
from tests.app.clock import Clock
from tests.app.conftest import Devnet
from tests.app.page.chromium import Browser, static_host
from tests.app.page.hostile import create_hostile
from tests.app.page.wire import Wire

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]
REFRESH_S = 0.2


@dataclass(frozen=True)
class Scene:
    """A browser, the wire through which it reaches the chain, and the page's address."""

    browser: Browser
    wire: Wire
    url: str
    folder: Path

    def open(self, query: str = "") -> Browser:
        self.browser.complaints()  # of what was looked at before
        self.browser.dark(False)
        self.browser.driver.get(f"{self.url}/{query}")
        return self.browser


@pytest.fixture(scope="module")
def scene(devnet: Devnet, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder, wire = tmp_path_factory.mktemp("page"), Wire(devnet.endpoints.rpc_url)
    write_page(PageConfig(wire.url, devnet.endpoints.deployment, REFRESH_S), folder)
    with static_host(folder) as url:
        yield Scene(browser, wire, url, folder)
    wire.cut()


def facts(browser: Browser, card: str) -> dict[str, str]:
    script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
    return dict(zip(browser.run(script, f"{card} dt"), browser.run(script, f"{card} dd"), strict=True))


def rows(browser: Browser, card: str) -> list[list[str]]:
    script = "return [...document.querySelectorAll(arguments[0])].map(r => [...r.cells].map(c => c.textContent.trim()))"
    found: list[list[str]] = browser.run(script, f"{card} tbody tr")
    return found


def test_a_vote_through_the_relayer_appears_by_itself(scene: Scene, ada: Session) -> None:
    assert ada.links.endpoints.relay_url is not None
    options = ("yes", "no", "on weekends")
    poll = actions.open_poll(ada.links, "Shall the park stay open at night?", options, 2.0, quorum=1)
    browser, card = scene.open(), f"#poll-{poll.poll_id}"
    browser.one(card)
    before = facts(browser, card)
    expected = {"State": "open", "Kind": "one option", "Voted": "0", "Quorum": "1, not reached yet"}
    assert expected.items() <= before.items()
    assert before["Members who may vote"] == str(len(set(ada.links.registry.members()) - {0}))
    assert re.fullmatch(r"\d+ \w+ 20\d\d, \d\d:\d\d GMT\+5:30", before["Closes"]), before["Closes"]  # the reader's zone
    closes = browser.run("return document.querySelectorAll(arguments[0])[1].dateTime", f"{card} time")
    assert browser.run("return Date.parse(arguments[0]) / 1000", closes) == poll.closes_at
    assert browser.text(f"{card} h2") == "Shall the park stay open at night?"
    assert rows(browser, card) == [[option, "0"] for option in options]
    assert browser.text(f"{card} caption") == "Votes so far"

    actions.cast_ballot(ada, poll, [1])
    browser.wait(lambda: rows(browser, card)[1][1] != "0", "the vote did not appear")
    assert rows(browser, card) == [["yes", "0"], ["no", "1 most votes"], ["on weekends", "0"]]
    assert {"Voted": "1", "Quorum": "1, reached"}.items() <= facts(browser, card).items()
    assert [row[1].split()[0] for row in rows(browser, card)] == list(map(str, ada.links.polls.tally(poll.poll_id)))
    assert [line for line in browser.complaints() if "favicon" not in line] == []


def test_a_ranking_is_counted_as_the_app_counts_it(scene: Scene, ada: Session) -> None:
    poll = actions.open_poll(ada.links, "Where to?", ("sea", "hills", "home"), 2.0, kind=PollKind.RANKED)
    browser, card = scene.open(), f"#poll-{poll.poll_id}"
    browser.one(card)
    assert "Nobody has voted yet." in browser.text(f"{card} .result")
    actions.cast_ballot(ada, poll, [2, 0])
    browser.wait(lambda: len(rows(browser, card)[0]) == 2, "the round did not appear")
    runoff = count_runoff(ada.links.polls.rankings(poll), 3)
    counted = [[row[1] for row in rows(browser, card)]]
    assert counted == [[str(count) for count in entry.counts] for entry in runoff.rounds] == [["0", "0", "1"]]
    assert rows(browser, card)[2][0] == "home would win now"
    actions.cast_ballot(ada, poll, [1], replace=True)  # each voter's last ranking counts
    browser.wait(lambda: "would win" in rows(browser, card)[1][0], "the new ranking did not count")
    assert facts(browser, card)["Voted"] == "1"


def test_the_code_on_the_screen_is_the_link_that_the_app_takes(scene: Scene, ada: Session) -> None:
    poll = actions.open_poll(ada.links, "Dogs?", ("yes", "no"), 2.0)
    browser, card = scene.open(), f"#poll-{poll.poll_id}"
    browser.one(f"{card} summary").send_keys(Keys.ENTER)  # by the keyboard
    browser.one(f"{card} svg.qr")
    link = browser.read_qr(f"{card} svg.qr")
    deployment = ada.links.endpoints.deployment
    assert parse_link(link) == PollLink(deployment.chain_id, deployment.polls, poll.poll_id)
    parse_link(link).require_for(deployment)  # type: ignore[call-arg]
    assert browser.one(f"{card} a.button").get_attribute("href") == link
    assert f"irisproof vote {poll.poll_id}" in browser.text(f"{card} details")
    browser.dark(True)  # black on white there too
    assert browser.read_qr(f"{card} svg.qr") == link


def test_a_hostile_poll_is_text_and_goes_with_the_block_that_is_taken_back(scene: Scene, ada: Session) -> None:
    clock = Clock(ada.links.endpoints.rpc_url)
    mark, number = clock.call("evm_snapshot"), ada.links.polls.count() + 1
    create_hostile(ada)
    browser, card = scene.open(), f"#poll-{number}"
    browser.one(card)
    assert browser.run("return window.taken") is None
    assert browser.all(f"{card} img, {card} script, {card} b") == []
    title = browser.text(f"{card} h2")
    assert title.startswith("<img src=x onerror=window.taken=1><script>")
    assert "\u202e" not in title
    assert "\u0007" not in title
    assert len(title) == 2001
    options = [row[0] for row in rows(browser, card)]
    assert options == ["</th><b onclick=alert(1)>bold</b>", "not \ufffd text", "javascript:alert(1)"]
    assert facts(browser, card)["Closes"] == "beyond any calendar"
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
    assert [line for line in browser.complaints() if "favicon" not in line] == []
    clock.call("evm_revert", mark)
    clock.call("evm_mine")
    browser.wait(lambda: not browser.all(card), "the poll is on the page, and no longer on the chain")
    assert browser.one("#trouble").is_displayed() is False


def test_a_poll_that_is_over_says_what_counts(scene: Scene, ada: Session) -> None:
    clock = Clock(ada.links.endpoints.rpc_url)
    mark = clock.call("evm_snapshot")
    poll = actions.open_poll(ada.links, "Enough of us?", ("yes", "no"), 1.0, quorum=2)
    later, _ = ada.links.polls.create_poll(
        PollDraft("Later?", ("yes", "no"), poll.closes_at + 60, poll.closes_at + 120)
    )
    browser, card = scene.open(), f"#poll-{poll.poll_id}"
    browser.one(card)
    assert facts(browser, f"#poll-{later.poll_id}")["State"] == "not open yet"
    assert not browser.one(f"#poll-{later.poll_id} details").is_displayed()
    clock.advance(3601)
    browser.wait(lambda: facts(browser, card)["State"] == "closed", "the poll does not close")
    assert facts(browser, card)["Quorum"] == "2, not reached: the poll does not count"
    assert browser.text(f"{card} caption") == "Final result"
    assert not browser.one(f"{card} details").is_displayed()
    ada.links.polls.finalize(poll.poll_id)
    browser.wait(lambda: facts(browser, card)["State"] == "closed, result recorded", "not recorded")
    clock.call("evm_revert", mark)


def test_a_node_that_goes_comes_back_or_is_another_one_is_told(scene: Scene, ada: Session) -> None:
    poll = actions.open_poll(ada.links, "Still there?", ("yes", "no"), 2.0)
    browser, node = scene.open(), ada.links.endpoints.rpc_url
    browser.one(f"#poll-{poll.poll_id}")
    scene.wire.cut()
    browser.wait_text("#trouble", "The node does not answer.")
    browser.wait_text("#status", "Trying again by itself.")
    assert browser.one(f"#poll-{poll.poll_id}").is_displayed()  # what was read stays
    with LocalChain(chain_id=1337, pages_may_ask=True) as other:
        scene.wire.lay(other.url)
        browser.wait_text("#trouble", "The node serves chain 1337; this page is for chain 31337.")
    with LocalChain(pages_may_ask=True) as empty:
        scene.wire.lay(empty.url)
        browser.wait_text("#trouble", f"There is no poll contract at {ada.links.endpoints.deployment.polls}")
    with LocalChain() as deaf:  # it does not let pages ask
        scene.wire.lay(deaf.url)
        browser.wait_text("#trouble", "The node does not answer.")
    scene.wire.lay(node)
    browser.wait(lambda: not browser.one("#trouble").is_displayed(), "it does not see that the node is back")
    browser.wait_text("#status", "As of block")
    later = actions.open_poll(ada.links, "Back again?", ("yes", "no"), 2.0)
    browser.one(f"#poll-{later.poll_id}")  # it goes on


def test_everybody_can_read_it(scene: Scene, ada: Session) -> None:
    """Six looks: each language's texts, direction, contrast in both palettes, on a narrow screen."""
    poll = actions.open_poll(ada.links, "Dogs?", ("yes", "no"), 2.0, quorum=3)
    browser, card = scene.open(), f"#poll-{poll.poll_id}"
    browser.one(card)
    browser.driver.set_window_size(500, 900)
    try:
        said_in = json.loads((scene.folder / "words.json").read_text())
        for language, said in reversed(said_in.items()):  # it begins in English
            Select(browser.one("#language")).select_by_value(language)
            browser.wait_text(f"{card} dt", said["state"])
            browser.one(f"{card} summary").click()
            assert browser.run("return document.documentElement.lang") == language
            assert browser.run("return document.dir") == ("rtl" if language == "ar" else "ltr")
            assert browser.driver.current_url.endswith(f"?lang={language}")
            assert browser.driver.title == said["title"]
            assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth"), language
            assert browser.pale_texts() == []
    finally:
        browser.driver.set_window_size(1000, 1200)


def test_a_key_reaches_everything_and_shows_where_it_is(scene: Scene, ada: Session) -> None:
    poll = actions.open_poll(ada.links, "Cats?", ("yes", "no"), 2.0)
    browser = scene.open()
    browser.one(f"#poll-{poll.poll_id} summary")
    reached = []
    for _ in range(5):
        browser.one("body").send_keys(Keys.TAB) if not reached else browser.driver.switch_to.active_element.send_keys(
            Keys.TAB
        )
        focused = browser.driver.switch_to.active_element
        assert focused.value_of_css_property("outline-style") == "solid", focused.tag_name
        reached.append(focused.tag_name)
        if focused.tag_name == "summary" and len(reached) == 2:
            focused.send_keys(Keys.SPACE)
    assert reached == ["select", "summary", "a", "button", "summary"]


def test_older_polls_come_at_a_press_and_a_link_goes_to_the_clipboard(scene: Scene, ada: Session) -> None:
    clock = Clock(ada.links.endpoints.rpc_url)
    mark, before = clock.call("evm_snapshot"), ada.links.polls.count()
    polls = [actions.open_poll(ada.links, f"Question {number}?", ("yes", "no"), 2.0) for number in range(21)]
    browser, oldest = scene.open(), f"#poll-{polls[0].poll_id}"
    browser.one(f"#poll-{polls[-1].poll_id}")
    assert len(browser.all(".poll")) == 20
    assert browser.text("#count") == f"20 of {before + 21} polls"
    assert not browser.all(oldest)
    browser.one("#older").click()
    browser.one(oldest)
    ids = browser.run("return [...document.querySelectorAll('.poll')].map(card => Number(card.id.slice(5)))")
    assert ids == sorted(ids, reverse=True)
    browser.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    browser.one(f"{oldest} summary").click()
    browser.one(f"{oldest} .help button").click()
    browser.wait_text(f"{oldest} .help [role=status]", "Copied.")
    link = browser.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert link == browser.one(f"{oldest} a.button").get_attribute("href")
    clock.call("evm_revert", mark)


def test_a_page_without_its_settings_says_so(scene: Scene, tmp_path: Path) -> None:
    shutil.copytree(scene.folder, tmp_path / "page")
    (tmp_path / "page" / "config.json").write_text('{"version": 99}')
    with static_host(tmp_path / "page") as url:
        scene.browser.driver.get(url)
        scene.browser.wait_text("#trouble", "config.json or words.json cannot be read")
