from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.page.chromium import Browser, open_browser, require_chromium
from tests.app.page.javascript import Node


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests of the session."""
    require_chromium()
    with open_browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    running = Node()
    yield running
    running.end()
