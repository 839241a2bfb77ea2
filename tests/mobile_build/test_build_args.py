"""The pins of the build image: each a digest, and no build with one missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from protocol.pins import root_dir

MOBILE_BUILD = root_dir() / "mobile_build"


def _build_args(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([folder / "build-args"], capture_output=True, text=True, check=False)


def test_every_pin_is_a_digest() -> None:
    done = _build_args(MOBILE_BUILD)
    assert done.returncode == 0, done.stderr
    pins = dict(re.findall(r"--build-arg (\w+)=(\S+)", done.stdout))
    assert pins.keys() == {"BASE_IMAGE", "NDK_SHA256", "SDK_TOOLS_SHA256", "RUSTUP_SHA256"}
    assert re.fullmatch(r"debian:bookworm-slim@sha256:[0-9a-f]{64}", pins.pop("BASE_IMAGE"))
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in pins.values())
    dockerfile = (MOBILE_BUILD / "Dockerfile").read_text()
    assert all(f'"${name}"' in dockerfile for name in pins)  # each is compared with what was downloaded


@pytest.mark.parametrize("name", ["BASE_IMAGE", "NDK_SHA256"])
def test_an_empty_pin_stops_the_build(tmp_path: Path, name: str) -> None:
    shutil.copy(MOBILE_BUILD / "build-args", tmp_path)
    pins = (MOBILE_BUILD / "pins.env").read_text()
    (tmp_path / "pins.env").write_text(re.sub(rf"(?m)^{name}=.*$", f"{name}=", pins))
    done = _build_args(tmp_path)
    assert done.returncode == 1
    assert f"{name} is empty" in done.stderr
