"""What `app.phone` does on Android's Java, on a desktop's: `python jvm_session.py CLASSES`, results as JSON.

A process of its own, because a JVM cannot be ended within one. Keys are real ones of the JDK, by a provider of
Android's name; prompt, activity and camera are stubs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import jnius_config

jnius_config.set_classpath(sys.argv[1])

import numpy as np
from jnius import autoclass

from app.phone.camera import CameraXSource
from app.phone.keys import KeystoreCipher, KeystoreSigner
from app.phone.start import _confirm
from app.phone.station import P256Station
from protocol.errors import ArtifactUnavailable, InputError
from protocol.types import EyeSide, IdentityCommitment
from registry_contract.attestation import Capture

KEYSTORE = autoclass("org.irisproof.test.KeystoreProvider")
PROMPT = autoclass("android.hardware.biometrics.BiometricPrompt")


def main() -> dict[str, Any]:
    KEYSTORE.install()
    activity = autoclass("android.app.Activity")()
    asked: list[str] = []

    def confirm(use: Any) -> None:
        asked.append(use.use.getAlgorithm())
        _confirm(activity, use)

    return {
        "station": _station(confirm),
        "vault": _vault(confirm),
        "refused": _refused(confirm),
        "asked": asked,
        "authenticators": PROMPT.authenticators,
        "camera": _camera(activity),
    }


def _station(confirm: Any) -> dict[str, Any]:
    signer = KeystoreSigner("station", confirm)
    station = P256Station(signer)
    capture = Capture("0x" + "00" * 20, 31337, bytes(32), EyeSide.LEFT, IdentityCommitment(5), 1, bytes(32))
    attestation = station.sign(capture)
    spec = KEYSTORE.spec("station")
    again = KeystoreSigner("station", confirm)
    return {
        "attestation": attestation.to_bytes().decode(),
        "point": [str(number) for number in signer.point()],
        "same_key_again": again.point() == signer.point(),
        "name": station.name,
        "spec": [spec.purposes, list(spec.digests), *_authentication(spec)],
    }


def _vault(confirm: Any) -> dict[str, Any]:
    cipher = KeystoreCipher("vault", confirm)
    sealed = cipher.seal(b"a secret of 32 bytes, or nearly so")
    spec = KEYSTORE.spec("vault")
    found = {
        "sealed_bytes": len(sealed),
        "opened": cipher.open(sealed).decode(),
        "sealed_twice_differs": cipher.seal(b"x") != cipher.seal(b"x"),
        "tampered": _error(lambda: cipher.open(sealed[:-1] + bytes([sealed[-1] ^ 1]))),
        "spec": [spec.purposes, spec.keySize, list(spec.blockModes), list(spec.paddings), *_authentication(spec)],
    }
    cipher.forget()
    return found | {"forgotten": _error(lambda: cipher.open(sealed))}


def _refused(confirm: Any) -> list[str]:
    PROMPT.refusal = "Fingerprint operation cancelled"
    try:
        return [
            _error(lambda: KeystoreSigner("station", confirm).sign_digest(bytes(32))),
            _error(lambda: KeystoreCipher("other", confirm).seal(b"x")),
        ]
    finally:
        PROMPT.refusal = None


def _authentication(spec: Any) -> list[Any]:
    return [
        spec.authenticationRequired,
        spec.authenticationSeconds,
        spec.authenticationType,
        spec.invalidatedByEnrollment,
    ]


def _camera(activity: Any) -> dict[str, Any]:
    frames, pushed = autoclass("org.irisproof.app.Frames"), autoclass("org.irisproof.test.Pushed")
    width, height, stride = 320, 240, 4 * 320 + 64
    rows = np.full((height, stride), 7, np.uint8)
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[:, :, 0], rgba[:, :, 1], rgba[:, :, 2], rgba[:, :, 3] = 200, 100, 50, 255
    rgba[0, 0] = (0, 0, 0, 255)
    rgba[120:, :, :3] = (50, 100, 200)
    rows[:, : 4 * width] = rgba.reshape(height, -1)
    source = CameraXSource(frames(activity, 0))
    taken = pushed.push(width, height, stride, rows.tobytes())
    image = source.read()
    assert image is not None
    found = {
        "taken": taken,
        "shape": list(image.pixels.shape),
        "corner_and_next": [int(image.pixels[0, 0]), int(image.pixels[0, 1])],
        "colour_spread": float(image.colour_spread),
        "frames_given_back": pushed.closed,
    }
    source.close()
    found["after_close"] = pushed.push(width, height, stride, rows.tobytes())
    found["no_such_camera"] = _error(CameraXSource(frames(activity, 1)).read)
    activity.granted = -1
    found["not_allowed"] = _error(CameraXSource(frames(activity, 0)).read)
    found["asked_for_permission"] = activity.asked
    return found


def _error(act: Any) -> str:
    try:
        act()
    except (ArtifactUnavailable, InputError) as error:
        return error.message
    return "no error"


if __name__ == "__main__":
    sys.stdout.write("RESULT " + json.dumps(main()) + "\n")
