"""Opens the window on an empty folder and says `up` after the first frame; `benchmarks.window` ends it."""

from __future__ import annotations

import sys
from pathlib import Path

from app.main import IrisproofApp, WindowOptions

__all__: list[str] = []


def main() -> None:
    from kivy.core.window import Window  # noqa: PLC0415 - after the app has configured it

    app = IrisproofApp(WindowOptions(Path(sys.argv[1])))

    def drawn(*_: object) -> None:
        if app.root is not None and app.root.current_screen.children:
            Window.unbind(on_flip=drawn)
            sys.stdout.write("up\n")
            sys.stdout.flush()

    Window.bind(on_flip=drawn)
    app.run()


if __name__ == "__main__":
    main()
