"""What a device has of its own: a camera, a key store, a capture station in hardware, a way to start a worker.

A desktop has none of these in this form and keeps the defaults: OpenCV's camera, `keyring`, the station's key file, a
process. A phone's start-up code (`app.phone`) says once what the phone has, before anything else is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.frames import FrameSource
    from app.station import Station
    from app.vault.device import DeviceStore

__all__ = ["Device", "this_device", "use_device"]


@dataclass(frozen=True)
class Device:
    """None: the desktop's way. `start_worker` gets a job's folder and its secrets, and returns when a worker has them;
    it raises `JobError` where none can be started."""

    open_camera: Callable[[int], FrameSource] | None = None
    key_store: Callable[[], DeviceStore] | None = None
    station: Callable[[], Station] | None = None
    start_worker: Callable[[Path, bytes], None] | None = None


class _Here:
    device = Device()


def this_device() -> Device:
    """What was said last; a desktop before that."""
    return _Here.device


def use_device(device: Device) -> None:
    """Say what this device has."""
    _Here.device = device
