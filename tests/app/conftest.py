from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.devnet import DevnetOptions, running_devnet
from app.endpoints import Endpoints
from app.session import Session
from app.vault import slots
from tests.app.clock import Clock
from tests.app.people import enrolled
from tests.app.person import PASSPHRASE, Person, secret_file
from tests.app.program import Room
from uniqueness.ports import Policy


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room.make(tmp_path)


@pytest.fixture
def person(room: Room, tmp_path: Path) -> Person:
    return Person(room, tmp_path / "data", secret_file(tmp_path / "passphrase", PASSPHRASE))


@dataclass(frozen=True)
class Devnet:
    """`file` is the registry file, as people are given it."""

    endpoints: Endpoints
    file: Path


@pytest.fixture(scope="session")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """One local registry for all tests of the session. Its members and polls add up: tests look at their own."""
    file = tmp_path_factory.mktemp("devnet") / "devnet.json"
    with running_devnet(DevnetOptions(file)) as endpoints:
        yield Devnet(endpoints, file)


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """The same with the committee's three nodes. Tests in the group "judged" share it."""
    file = tmp_path_factory.mktemp("judged") / "devnet.json"
    with running_devnet(DevnetOptions(file, with_committee=True)) as endpoints:
        yield Devnet(endpoints, file)


@pytest.fixture(scope="session")
def two_eyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """The same, and the committee compares both eyes."""
    file = tmp_path_factory.mktemp("both") / "devnet.json"
    with running_devnet(DevnetOptions(file, with_committee=True, policy=Policy.BOTH)) as endpoints:
        yield Devnet(endpoints, file)


@pytest.fixture(scope="session")
def ada(devnet: Devnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A member of that registry, on the synthetic eye 41; her vault is open."""
    session = enrolled(devnet.endpoints, tmp_path_factory.mktemp("ada"), 41)
    yield session
    session.vault.lock()


@pytest.fixture
def clock(devnet: Devnet) -> Iterator[Clock]:
    """Of the registry that the tests share: whatever a test does to the chain is undone."""
    found = Clock(devnet.endpoints.rpc_url)
    mark = found.call("evm_snapshot")
    yield found
    assert found.call("evm_revert", mark)


@pytest.fixture
def cheap_argon(monkeypatch: pytest.MonkeyPatch) -> None:
    """New passphrase slots cost little; `test_vault.py` checks what they cost in earnest."""
    monkeypatch.setattr(slots, "_MEMORY_KIB", 64)
    monkeypatch.setattr(slots, "_PASSES", 1)
