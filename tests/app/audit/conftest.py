"""The honest history, once a session, and the node's answers about it by heart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from circuits.iris.circuit import Circuit
from registry_contract.deployment import Deployment
from registry_contract.local_chain import LocalChain
from registry_contract.public_log import http_rpc
from tests.app.audit.history import Story, tell
from tests.app.audit.lies import Recorded


@pytest.fixture(scope="session")
def story(circuit: Circuit, circuit_v2: Circuit) -> Iterator[Story]:
    with LocalChain() as chain:
        yield tell(Story.begin(chain, (circuit, circuit_v2)))


@pytest.fixture(scope="session")
def deployment(story: Story) -> Deployment:
    return story.deployment


@pytest.fixture(scope="session")
def honest(story: Story) -> Recorded:
    return Recorded(http_rpc(story.chain.url))
