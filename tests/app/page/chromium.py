"""Debian's Chromium without a screen, driven by selenium, and the pages that it looks at."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from app.qr import Picture, read_qr
from app.theme import MIN_CONTRAST, contrast

__all__ = ["Browser", "open_browser", "require_chromium", "static_host"]

PATIENCE_S = 60.0

_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1000,1200"
)


def require_chromium() -> None:
    """Skip the test where Chromium is not installed; fail it where it must be there (.ci/run)."""
    missing = [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]
    if not missing:
        return
    reason = f"{', '.join(missing)} not installed: run make page-system as root"
    if os.environ.get("IRISPROOF_PAGE_REQUIRED"):
        pytest.fail(reason)
    pytest.skip(reason)


class Browser:
    """One tab."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def all(self, selector: str) -> list[WebElement]:
        found: list[WebElement] = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found

    def one(self, selector: str) -> WebElement:
        """The element, once it is there."""
        return self.wait(lambda: next(iter(self.all(selector)), None), selector)  # type: ignore[no-any-return]

    def text(self, selector: str) -> str:
        """All text of an element that is there, shown or not; empty where none is."""
        return str(self.run("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, holds: Callable[[], Any], what: str) -> Any:
        """What `holds` returns, once it is true."""
        end_s = time.monotonic() + PATIENCE_S
        while not (found := holds()):
            assert time.monotonic() < end_s, f"{what}; the page says: {self.text('body')[:2000]}; {self.complaints()}"
            time.sleep(0.05)
        return found

    def wait_text(self, selector: str, words: str) -> None:
        self.wait(lambda: words in self.text(selector), f"{selector} never said {words!r}")

    def complaints(self) -> list[str]:
        """What the browser itself wrote down: violations of the policy, errors of scripts, failed connections."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def picture(self) -> Picture:
        """The screenshot."""
        decoded = cv2.imdecode(np.frombuffer(self.driver.get_screenshot_as_png(), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert decoded is not None
        return decoded.astype(np.uint8)

    def read_qr(self, selector: str) -> str:
        """The QR code on the screen, read by the app's own reader."""
        self.run("arguments[0].scrollIntoView({block: 'center'})", self.one(selector))
        return read_qr(self.picture())

    def pale_texts(self) -> list[tuple[str, str, str]]:
        """Texts on the page with a contrast below 4.5, light or dark: text, its colour, the colour under it."""
        found = []
        for is_dark in (False, True):
            self.dark(is_dark)
            texts = self.run(_TEXTS)
            assert len(texts) > 5
            found += [(text, ink, ground) for text, ink, ground in texts if contrast(ink, ground) < MIN_CONTRAST]
        self.dark(False)
        return found

    def dark(self, is_dark: bool) -> None:
        feature = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


_TEXTS = r"""
// every text that is seen, with its own colour and that of the nearest ground under it, as #rrggbb
const channel = (n) => Number(n).toString(16).padStart(2, '0');
const hex = (colour) => '#' + colour.match(/[0-9.]+/g).slice(0, 3).map(channel).join('');
const isClear = (colour) => /, 0\)$/.test(colour);
const found = [];
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !element.checkVisibility() || element.closest('noscript')) continue;
  let ground = element;
  while (isClear(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  const [ink, under] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
  found.push([texts.currentNode.textContent, hex(ink), hex(under)]);
}
return found;
"""


@contextmanager
def open_browser(profile: Path, zone: str = "Asia/Kolkata") -> Iterator[Browser]:
    """`zone`: the time zone that the browser believes to be in."""
    options = Options()
    options.binary_location = str(shutil.which("chromium"))
    for flag in [*_FLAGS.split(), f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": "en-GB"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    try:
        driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": zone})
        yield Browser(driver)
    finally:
        driver.quit()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def static_host(folder: Path) -> Iterator[str]:
    """`python -m http.server` for a folder: a host that adds no header of ours."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
