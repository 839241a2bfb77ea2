"""The rate limit counts, forgets after a minute, and never holds an address; settings are held to their ranges."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.relay import limits
from app.relay.config import read_config
from app.relay.limits import RateLimit
from protocol.errors import InputError
from tests.app.relay.stubs import Clock

GOOD = 'rpc_url = "http://a"\ndeployment = "d"\nkey_file = "k"\nqueue = "q"\n'


def test_requests_up_to_the_limit_pass_and_the_next_waits_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    limit = RateLimit(2, clock)
    assert [limit.wait_s("a"), limit.wait_s("a"), limit.wait_s("b")] == [0, 0, 0]
    assert limit.wait_s("a") == 60
    clock.now_s += 59.5
    assert limit.wait_s("a") == 0.5
    clock.now_s += 0.5
    assert limit.wait_s("a") == 0


def test_an_address_is_forgotten_after_a_minute_and_never_held() -> None:
    clock = Clock()
    limit = RateLimit(2, clock)
    limit.wait_s("192.0.2.7")
    assert "192.0.2.7" not in repr(vars(limit))
    clock.now_s += 60
    limit.wait_s("other")
    assert len(limit) == 1


def test_more_addresses_than_there_is_room_for_are_refused_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAX_CLIENTS", 2)
    limit = RateLimit(1, Clock())
    assert [limit.wait_s(name) > 0 for name in "abca"] == [False, False, True, True]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "deployment, key_file, queue, rpc_url"),
        (GOOD + "secret = 1", "secret"),
        (GOOD + "port = 65536", "port is 65536"),
        (GOOD + "port = -1", "port is -1"),
        (GOOD + "checkers = true", "checkers"),
        (GOOD + "host = 1", "host"),
        ("=", "not TOML"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "relay.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_config(path)


def test_paths_are_relative_to_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text(GOOD + "port = 65535")
    config = read_config(path)
    assert (config.queue, config.port) == (tmp_path / "q", 65535)
