"""The staged app as a phone would run it, driven by touches: `python app_process.py SETTINGS.json`.

Run with only the staged tree and the installed packages on the path. Only Android itself is missing: the service is
started as a process, the camera is a folder of pictures, and the window is off the screen. It enrols a person, and
writes down what it saw.
"""

from __future__ import annotations

import importlib.abc
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Blocked(importlib.abc.MetaPathFinder):
    """What no phone has is not found here either."""

    def __init__(self, names: list[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, *_: object) -> None:
        if name.split(".", maxsplit=1)[0] in self._names:
            raise ModuleNotFoundError(f"{name} is not on a phone", name=name)


def main(settings: dict[str, Any]) -> None:
    sys.meta_path.insert(0, Blocked(settings["blocked"]))
    sys.path.append(settings["tests"])
    from app.device import Device, use_device
    from app.phone.launching import ServiceLauncher
    from tests.app.window import story
    from tests.app.window.driver import WindowOptions, open_window

    def start_service(text: str) -> None:
        """As Android does: a process of its own, the text in its environment."""
        subprocess.Popen(
            [sys.executable, *settings["service"]],
            env={**settings["environment"], "PYTHON_SERVICE_ARGUMENT": text},
            cwd=settings["staged"],
            start_new_session=True,
        )

    use_device(Device(start_worker=ServiceLauncher(start_service)))
    options = WindowOptions(Path(settings["data"]), Path(settings["registry"]), settings["camera"])
    with open_window(options) as driver:
        scene: Any = SimpleNamespace(driver=driver)
        story.agree_and_create(scene)
        started_s = time.monotonic()
        story.enrol(scene)
        enrol_s = time.monotonic() - started_s
        Path(settings["done"]).touch()  # what a picture takes is the test's, and not looked at
        time.sleep(settings["settle_s"])
        driver.shoot(Path(settings["picture"]))
        from kivy.core.window import Window
        from kivy.metrics import Metrics

        report = {
            "enrol_s": enrol_s,
            "identity": str(driver.app.session.contents.identity().commitment.value),
            "window_px": list(Window.size),
            "density": Metrics.density,
            "texts": driver.texts(),
            "app_from": sys.modules["app"].__file__,
            "loaded": sorted({name.split(".")[0] for name in sys.modules}),
        }
    Path(settings["report"]).write_text(json.dumps(report))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
