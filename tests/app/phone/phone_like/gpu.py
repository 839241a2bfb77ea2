"""OpenGL in a process of its own, as a phone's GPU is none of the app's memory: Mesa's virgl over a socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SOCKET = Path("/tmp/.virgl_test")
"""Where Mesa of Debian 12 looks for it; later ones can be told another place."""

CLIENT = {"GALLIUM_DRIVER": "virpipe", "LIBGL_ALWAYS_SOFTWARE": "1", "VTEST_SOCKET_NAME": str(SOCKET)}
_PATIENCE_S = 20.0


def renderer_is_installed() -> bool:
    return shutil.which("virgl_test_server") is not None


@contextmanager
def renderer() -> Iterator[dict[str, str]]:
    """A renderer for the block; what its one client needs in its environment."""
    end_s = time.monotonic() + _PATIENCE_S
    while SOCKET.exists() and time.monotonic() < end_s:  # another run's, on the same machine
        time.sleep(0.2)
    SOCKET.unlink(missing_ok=True)
    process = subprocess.Popen(
        ["virgl_test_server", "--no-fork", "--use-egl-surfaceless"],
        env={**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not SOCKET.exists():
            assert process.poll() is None, "the renderer ended"
            time.sleep(0.02)
        yield dict(CLIENT)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()
        SOCKET.unlink(missing_ok=True)
