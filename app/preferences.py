"""How a person wants the window: language, theme, size of text, camera. Nothing secret; a file beside the vault."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.messages import LANGUAGES
from circuits.artifacts import write_atomic

__all__ = ["TEXT_SCALES", "THEMES", "Preferences", "read_preferences", "write_preferences"]

TEXT_SCALES = (1.0, 1.15, 1.3)
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Preferences:
    language: str = "en"
    theme: str = "light"
    text_scale: float = 1.0
    camera: str = "camera:0"


def read_preferences(folder: Path, default: Preferences) -> Preferences:
    """What was chosen; `default` for what was not, or cannot be chosen: the file is anybody's to change."""
    try:
        data: Any = json.loads((folder / "window.json").read_text())
    except (OSError, ValueError):
        return default
    if not isinstance(data, dict):
        return default
    found = default
    for name, allowed in (("language", tuple(LANGUAGES)), ("theme", THEMES), ("text_scale", TEXT_SCALES)):
        if data.get(name) in allowed:
            found = replace(found, **{name: data[name]})
    camera = data.get("camera")
    return replace(found, camera=camera) if isinstance(camera, str) else found


def write_preferences(folder: Path, chosen: Preferences) -> None:
    """Whole or not at all. Raises `ArtifactUnavailable` for a full disk."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(folder / "window.json", json.dumps(asdict(chosen)).encode())
