"""A deployed registry on a chain of its own, and people with real proofs who are ready to enrol."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account import Account

from circuits.iris.circuit import Circuit
from registry_contract.local_chain import LocalChain
from tests.registry_contract.world import Person, World, describe, make_person, open_world


@pytest.fixture(scope="session")
def people(circuit: Circuit) -> tuple[Person, Person, Person]:
    """Three persons: planes of noise, real commitments, real code proofs."""
    return make_person(circuit, 1), make_person(circuit, 2), make_person(circuit, 3)


NODES = tuple(Account.create() for _ in range(3))
"""Stand-ins for the committee: what the contracts do with a verdict is tested with three keys of the tests' own."""


@pytest.fixture(scope="module")
def fresh_world(circuit: Circuit) -> Iterator[World]:
    """Contracts deployed, one station listed, nobody enrolled. One chain a module; use `world`, which cleans up."""
    with LocalChain() as chain:
        yield open_world(chain, describe(circuit), Account.create(), NODES)


@pytest.fixture
def world(fresh_world: World) -> Iterator[World]:
    """The fresh world; what a test does to it is undone."""
    mark = fresh_world.chain.snapshot()
    yield fresh_world
    fresh_world.chain.revert(mark)
