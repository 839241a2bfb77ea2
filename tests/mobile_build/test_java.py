"""The phone's Java: it compiles against stubs, and what Python does with it runs on a desktop's JVM."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from protocol.pins import root_dir
from registry_contract.attestation import (
    P256Attestation,
    p256_station_name,
    read_attestation,
    verify_p256_attestation,
)
from tests.mobile_build.conftest import OURS, compile_java

pytestmark = pytest.mark.xdist_group("java")

_EVERY_USE = [True, 0, 3, True]
"""User authentication required, for 0 seconds, by strong biometrics (2) or the screen lock (1); void when a new
fingerprint is enrolled."""


@pytest.fixture(scope="module")
def session(classes: Path) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__).parent / "jvm_session.py"), str(classes)]
    done = subprocess.run(command, cwd=root_dir(), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    found: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
    return found


def test_a_call_that_android_does_not_have_is_refused(classes: Path, tmp_path: Path) -> None:
    source = (OURS / "org/irisproof/app/Consent.java").read_text()
    assert "answered.await()" in source
    (tmp_path / "Consent.java").write_text(source.replace(".setDescription(", ".setDescriptionOf("))
    assert "setDescriptionOf" in compile_java(tmp_path, tmp_path, classpath=classes)


def test_key_store_signs_what_the_contract_s_rules_accept(session: dict[str, Any]) -> None:
    station = session["station"]
    attestation = read_attestation(station["attestation"].encode())
    assert isinstance(attestation, P256Attestation)
    point = (int(station["point"][0]), int(station["point"][1]))
    verify_p256_attestation(attestation, point)
    assert station["name"] == to_checksum_address(p256_station_name(point))
    assert station["same_key_again"]


def test_station_key_asks_for_every_use(session: dict[str, Any]) -> None:
    sign_only = 4
    assert session["station"]["spec"] == [sign_only, ["NONE"], *_EVERY_USE]


def test_vault_key_seals_opens_and_refuses_what_was_changed(session: dict[str, Any]) -> None:
    vault = session["vault"]
    assert vault["opened"] == "a secret of 32 bytes, or nearly so"
    assert vault["sealed_bytes"] == 12 + len(vault["opened"]) + 16
    assert vault["sealed_twice_differs"]
    assert vault["tampered"] == "the device's key store refused: AEADBadTagException"
    assert "refused" in vault["forgotten"]
    assert vault["spec"] == [1 | 2, 256, ["GCM"], ["NoPadding"], *_EVERY_USE]


def test_no_key_is_used_when_the_person_does_not_agree(session: dict[str, Any]) -> None:
    assert (
        session["refused"]
        == [
            "the use of this phone's key was not confirmed: Fingerprint operation cancelled",
        ]
        * 2
    )
    assert session["asked"][:2] == ["NONEwithECDSA", "AES/GCM/NoPadding"]
    assert session["authenticators"] == 0x000F | 1 << 15


def test_camera_gives_frames_of_the_common_contract(session: dict[str, Any]) -> None:
    camera = session["camera"]
    assert camera["taken"] == 1
    assert camera["shape"] == [240, 320]
    assert camera["corner_and_next"] == [0, round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]
    assert camera["colour_spread"] > 0
    assert camera["frames_given_back"] == 1  # or no further frame would come


def test_camera_that_cannot_be_used_says_why(session: dict[str, Any]) -> None:
    camera = session["camera"]
    assert camera["after_close"] == 0
    assert camera["no_such_camera"] == "the camera cannot be used: there is no camera 1; this phone has 1"
    assert camera["not_allowed"] == "the camera cannot be used: it is not allowed yet"
    assert camera["asked_for_permission"] == 1
