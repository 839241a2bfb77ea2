"""Engines that tests of several files ask: three of a kind are started once, under the committee's own authority."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.uniqueness.committee import LinkedEngines, linked_engines, needs_spu
from uniqueness.engine import Engine, EngineKind

KINDS = [EngineKind.MPYC, pytest.param(EngineKind.SPU, marks=needs_spu)]


@pytest.fixture(scope="session", params=KINDS)
def linked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedEngines]:
    """Three engines that found each other over encrypted links. A test leaves them as they are."""
    with linked_engines(request.param, tmp_path_factory.mktemp("engines")) as started:
        yield started


@pytest.fixture
def engines(linked: LinkedEngines) -> list[Engine]:
    return linked.engines
