"""What `irisproof page` writes and serves: everything the page needs, nothing that is nobody's business."""

from __future__ import annotations

import json
import re
import signal
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests
from eth_utils.crypto import keccak

from app.endpoints import Endpoints
from app.poll_page import PageConfig, dapp_files, page_files, read_page_config, write_page
from app.theme import DARK, LIGHT
from protocol.errors import EncodingError, InputError
from protocol.pins import root_dir
from tests.app.program import Room, start
from tests.app.test_requests import _deployment

RPC = "http://127.0.0.1:8545"
HERE = _deployment(polls="0x" + "22" * 20)


def test_the_settings_are_what_the_contract_says_and_nothing_private(tmp_path: Path) -> None:
    endpoints = Endpoints(RPC, HERE, "http://127.0.0.1:1", Path("/keys/station"), Path("/keys/account"), None)
    file = tmp_path / "net.json"
    file.write_text(endpoints.to_json())
    files = page_files(read_page_config(file, None, 4.0))
    config = json.loads(files["config.json"])
    assert set(config) == {
        *("version", "rpc_url", "refresh_s", "chain_id", "block", "polls", "registry", "functions", "events"),
    }
    assert (config["rpc_url"], config["polls"], config["chain_id"]) == (RPC, HERE.polls, 31337)
    assert config["functions"]["tally"]["selector"] == "0x" + keccak(b"tally(uint256)")[:4].hex()
    draft = "(uint8,string,string[],uint64,uint64,uint32)"
    created = keccak(f"PollCreated(uint256,address,uint32,uint256,uint256,uint256,{draft})".encode())
    assert config["events"]["PollCreated"]["topic"] == "0x" + created.hex()
    assert not any(word in content for content in files.values() for word in (b"/keys/", b"relay_url"))


def test_the_page_comes_from_its_own_host_alone() -> None:
    files = page_files(PageConfig("https://node.example:8443/v3/key", HERE))
    html = files["index.html"].decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert "default-src 'none'; script-src 'self'; style-src 'self'; " in policy[1]
    assert "connect-src 'self' https://node.example:8443;" in policy[1]
    assert "unsafe" not in policy[1]
    for name, content in (files | dapp_files()).items():
        if name.endswith((".html", ".css", ".js")):
            places = set(re.findall(rb"https?://[^\s\"';]+", content)) - {b"http://www.w3.org/2000/svg"}
            assert name == "index.html" or not places, f"{name} names {places}"
    tags = _Tags()
    tags.feed(html)
    assert tags.inline == []
    assert {name for name in tags.files if name not in files} == set()
    for name, content in files.items():
        for imported in re.findall(rb'from "\./(\w+\.js)"', content):
            assert f"js/{imported.decode()}" in files, name


class _Tags(HTMLParser):
    """Files that a page asks for, and what of script or style stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.files += [value for name, value in attrs if name in ("src", "href") and value]
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


def test_no_text_is_parsed_at_run_time() -> None:
    sources = {path: path.read_text() for path in (root_dir() / "poll_page").rglob("*.js")}
    assert len(sources) > 8
    for path, source in sources.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", source), (
            path
        )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://node.example", "no http or https address"),
        ("node.example", "no http or https address"),
        ("https://", "no http or https address"),
        ("https://node.example/;script-src *", "no http or https address"),
        ('https://node.example/"><script>', "no http or https address"),
        ("https://node.example:99999", "no address"),
        ("https://user:secret@node.example", "name or password"),
    ],
)
def test_a_node_that_cannot_stand_in_a_page_is_refused(url: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        PageConfig(url, HERE)
    assert "secret" not in caught.value.message


def test_what_deploy_wrote_names_no_node_and_is_given_one(tmp_path: Path) -> None:
    file = tmp_path / "11155111.json"
    file.write_text(HERE.to_json())
    with pytest.raises(InputError, match="names no node") as caught:
        read_page_config(file, None, 4.0)
    assert "--rpc-url" in caught.value.hint
    assert read_page_config(file, RPC, 4.0) == PageConfig(RPC, HERE, 4.0)
    for seconds in (0.1, 3601):
        with pytest.raises(InputError, match="every"):
            read_page_config(file, RPC, seconds)
    for text in ("{", "[]", '{"version": 9}', '{"deployment": 1}'):
        file.write_text(text)
        with pytest.raises(EncodingError):
            read_page_config(file, RPC, 4.0)
    with pytest.raises(InputError, match="cannot be read"):
        read_page_config(tmp_path / "nothing", RPC, 4.0)


def test_a_page_is_written_again_over_itself_and_leaves_other_files(tmp_path: Path) -> None:
    (tmp_path / "CNAME").write_text("polls.example")
    first = write_page(PageConfig(RPC, HERE), tmp_path)
    assert write_page(PageConfig(RPC, HERE, 9.0), tmp_path) == first
    assert json.loads((tmp_path / "config.json").read_text())["refresh_s"] == 9.0
    assert (tmp_path / "CNAME").read_text() == "polls.example"
    with pytest.raises(InputError, match="cannot be made"):
        write_page(PageConfig(RPC, HERE), tmp_path / "CNAME")


@pytest.mark.slow
def test_the_command_writes_and_serves_it_until_it_is_stopped(room: Room, tmp_path: Path) -> None:
    file, out = tmp_path / "31337.json", tmp_path / "page"
    file.write_text(HERE.to_json())
    with start(room, "page", "--registry", str(file), "--rpc-url", RPC, "--out", str(out), "--serve", "0") as process:
        assert process.stdout is not None
        assert re.fullmatch(r"\d+ files written to .*\n", process.stdout.readline())
        url = process.stdout.readline().removeprefix("polls at ").strip()
        for path in out.rglob("*.*"):
            name = path.relative_to(out).as_posix()
            answer = requests.get(f"{url}/{name}", timeout=60)
            assert answer.content == path.read_bytes()
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
        for name, kind in (("js/main.js", ".js"), ("style.css", ".css"), ("", ".html")):
            assert requests.get(f"{url}/{name}", timeout=60).headers["Content-Type"].startswith(kinds[kind])
        for name in ("js", "../pyproject.toml", "%2e%2e/pyproject.toml", "config.json/"):
            assert requests.get(f"{url}/{name}", timeout=60).status_code == 404
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert room.left_files() == []


def test_the_page_has_the_colours_of_the_window() -> None:
    style = (root_dir() / "poll_page" / "style.css").read_text()
    palettes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    for palette, block in zip((LIGHT, DARK), palettes, strict=True):
        colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
        assert len(colours) >= 9
        for name, colour in colours.items():
            assert getattr(palette, name.replace("-", "_")).lower() == colour, name
