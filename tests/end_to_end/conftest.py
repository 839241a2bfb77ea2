from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.program import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room.make(tmp_path)
