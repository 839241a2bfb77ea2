"""What a person's actions work with: an open vault, a registry, and the folder of this device's files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from eth_account.signers.local import LocalAccount

from app.endpoints import Endpoints
from app.key_file import read_key
from app.vault import Contents, Vault
from protocol.errors import InputError
from registry_contract.client import RegistryClient
from registry_contract.governance import GovernanceClient
from registry_contract.personhood import PersonhoodClient
from registry_contract.polls import PollsClient

__all__ = ["Links", "Session", "data_folder", "open_session"]

_REGISTRY_SETTING = "registry"


def data_folder() -> Path:
    """Where this person's vault and jobs are: what IRISPROOF_DATA names, or `irisproof` in the XDG data folder."""
    named = os.environ.get("IRISPROOF_DATA")
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "irisproof"


@dataclass(frozen=True)
class Links:
    """The clients of one registry; each connects when it is first used.

    They raise `ChainUnreachable` where the node is gone, `ChainError` where it serves another chain.
    """

    endpoints: Endpoints

    @cached_property
    def account(self) -> LocalAccount | None:
        """Who pays for what no relayer takes; None where the registry file names nobody."""
        file = self.endpoints.account_key_file
        return None if file is None else read_key(file, "account's key")

    @cached_property
    def registry(self) -> RegistryClient:
        return RegistryClient(self.endpoints.rpc_url, self.endpoints.deployment, self.account)

    @cached_property
    def polls(self) -> PollsClient:
        return PollsClient(self.endpoints.rpc_url, self.endpoints.deployment, self.account)

    @cached_property
    def personhood(self) -> PersonhoodClient:
        return PersonhoodClient(self.endpoints.rpc_url, self.endpoints.deployment)

    @cached_property
    def governance(self) -> GovernanceClient:
        return GovernanceClient(self.endpoints.rpc_url, self.endpoints.deployment)


@dataclass(frozen=True)
class Session:
    """One person's open vault, one registry, and `folder`: where the vault and the jobs are."""

    vault: Vault
    links: Links
    folder: Path

    @property
    def contents(self) -> Contents:
        return Contents(self.vault)

    @property
    def jobs_folder(self) -> Path:
        return self.folder / "jobs"


def open_session(vault: Vault, folder: Path, endpoints: Endpoints | None = None) -> Session:
    """A session with the registry that is given, which the vault then remembers, or with the one that it remembers.

    Raises `InputError` where there is neither.
    """
    contents = Contents(vault)
    known = contents.setting(_REGISTRY_SETTING)
    if endpoints is None:
        if known is None:
            raise InputError("this vault knows no registry yet", hint="give the registry file: --registry FILE")
        return Session(vault, Links(Endpoints.from_dict(known)), folder)
    if known != endpoints.to_dict():
        contents.set_setting(_REGISTRY_SETTING, endpoints.to_dict())
    return Session(vault, Links(endpoints), folder)
