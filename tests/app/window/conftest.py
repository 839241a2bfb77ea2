"""A window that a person has used: opened off the screen, against the local registry that the tests share."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from eth_utils.address import to_checksum_address

from app import actions
from app.key_file import read_key
from app.requests import ProofRequest
from app.session import Links
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.polls import Poll
from tests.app.conftest import Devnet
from tests.app.eyes import living, write_stills
from tests.app.window.story import OPTIONS, QUESTION

if TYPE_CHECKING:
    from tests.app.window.driver import Driver


def require_window() -> None:
    """Skip the test where there is no OpenGL or no Kivy; fail it where the window must be there (.ci/run)."""
    reason = "" if find_spec("kivy") else "kivy is not installed"
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        reason = "no libEGL: run make window-system as root"
    if reason and os.environ.get("IRISPROOF_WINDOW_REQUIRED"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason, allow_module_level=True)


@dataclass(frozen=True)
class Scene:
    """The window, the registry, and what lies ready for a person: a vault's folder, an eye to show."""

    driver: Driver
    devnet: Devnet
    folder: Path
    eye: str

    def new_poll(self) -> Poll:
        return actions.open_poll(Links(self.devnet.endpoints), QUESTION, OPTIONS, 24.0)

    def new_dapp(self) -> str:
        """A dApp with an action for the members of now; its address."""
        endpoints = self.devnet.endpoints
        assert endpoints.account_key_file is not None
        account = read_key(endpoints.account_key_file)
        connection, artifact = (
            Connection(endpoints.rpc_url, endpoints.deployment.chain_id, account),
            load_contract("Airdrop"),
        )
        receipt = connection.deploy(artifact.creation, artifact.abi, endpoints.deployment.personhood, 0)
        assert receipt.contract_address is not None
        return receipt.contract_address

    def request_of(self, dapp: str) -> ProofRequest:
        deployment = self.devnet.endpoints.deployment
        recipient = to_checksum_address("0x00000000000000000000000000000000000a11ce")
        return ProofRequest(
            chain_id=deployment.chain_id,
            personhood=deployment.personhood,
            dapp=dapp,
            action_id=b"airdrop 1".ljust(32, b"\0"),
            signal=bytes.fromhex(recipient[2:]).rjust(32, b"\0"),
            expires_at=int(time.time()) + 3600,
            name="Airdrop",
        )


@pytest.fixture(scope="module")
def scene(devnet: Devnet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    require_window()
    from tests.app.window.driver import WindowOptions, open_window  # before any other part of the window

    home = tmp_path_factory.mktemp("window")
    eye = write_stills(home / "eye", living(300))
    with open_window(WindowOptions(home / "data", devnet.file, eye)) as driver:
        yield Scene(driver, devnet, home / "data", eye)
