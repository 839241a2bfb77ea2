"""Start of the app on Android: say what the phone has, then open the window as everywhere.

What speaks to Android is in this one module; it was compiled and type-checked, and never run on a phone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jnius import autoclass, cast

from app.device import Device, use_device
from app.phone.camera import CameraXSource
from app.phone.key_store import SealedStore
from app.phone.keys import KeystoreCipher, KeystoreSigner
from app.phone.launching import ServiceLauncher
from app.phone.station import P256Station
from protocol.errors import ArtifactUnavailable

__all__ = ["main"]

_STATION_ALIAS, _VAULT_ALIAS = "irisproof station v1", "irisproof vault v1"


def main() -> int:
    """Entry point of the package, called by its `main.py`."""
    activity = autoclass("org.kivy.android.PythonActivity").mActivity
    folder = Path(activity.getFilesDir().getAbsolutePath()) / "irisproof"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["IRISPROOF_DATA"] = str(folder)
    os.environ["TMPDIR"] = activity.getCacheDir().getAbsolutePath()
    use_device(
        Device(
            open_camera=lambda number: CameraXSource(_frames(activity, number)),
            key_store=lambda: SealedStore(folder, KeystoreCipher(_VAULT_ALIAS, lambda use: _confirm(activity, use))),
            station=lambda: P256Station(KeystoreSigner(_STATION_ALIAS, lambda use: _confirm(activity, use))),
            start_worker=ServiceLauncher(lambda text: _start_service(activity, text)),
        )
    )
    from app.main import main as open_window  # noqa: PLC0415 - the toolkit reads the environment when imported

    link = activity.getIntent().getDataString()  # an irisproof:// link that was touched; None without one
    return open_window([link] if link else [])


def _frames(activity: Any, number: int) -> Any:
    return autoclass("org.irisproof.app.Frames")(activity, number)


def _confirm(activity: Any, use: Any) -> None:
    """Blocks this thread, which is never the window's, until the person answered."""
    refusal = autoclass("org.irisproof.app.Consent").ask(activity, "irisproof", "Use this phone's key", use)
    if refusal is not None:
        raise ArtifactUnavailable(f"the use of this phone's key was not confirmed: {refusal}", hint="try again")


def _start_service(activity: Any, text: str) -> None:
    service = autoclass("org.irisproof.irisproof.ServiceProver")
    service.start(cast("android.content.Context", activity), text)
