"""What tests of several folders share: the built circuit, and planes that are nobody's eye."""

from __future__ import annotations

import pytest

from circuits.iris.build import build_circuit
from circuits.iris.circuit import Circuit, load_circuit
from protocol.errors import ArtifactError


@pytest.fixture(scope="session")
def circuit() -> Circuit:
    """The circuit of iris_v1 under the derived SRS, built if it is not there."""
    try:
        return load_circuit("iris_v1")
    except ArtifactError:
        return build_circuit("iris_v1")
