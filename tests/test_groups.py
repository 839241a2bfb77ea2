"""Tests of one xdist_group run in one worker: they share a chain, a committee or a build that takes long to make."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("groups")
def test_groups_reach_the_scheduler(request: pytest.FixtureRequest) -> None:
    """pytest-xdist reads a test's group from its name, where it wrote it; with pytest 9.2 it is not there."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("there are no workers")
    assert request.node.nodeid.endswith("@groups")
