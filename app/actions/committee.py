"""The port to the uniqueness committee: what this side gives, and the verdict that comes back."""

from __future__ import annotations

from typing import Protocol

from app.actions.capture import ProvedCapture
from app.actions.uniqueness import ask_committee, ask_erased
from app.committee.setup import client_files
from app.session import Links
from circuits.iris.circuit import Circuit
from protocol.errors import InputError
from registry_contract.client import RegistryClient
from registry_contract.deployment import LOCAL_CHAINS, ZERO_ADDRESS
from registry_contract.model import ModelDescription
from registry_contract.verdict import SignedVerdict, VerdictKind
from uniqueness.client import CommitteeClient
from uniqueness.request import RequestKind

__all__ = ["Committee", "Model", "NoCommittee", "NodesCommittee", "committee_of"]

Model = tuple[int, ModelDescription, Circuit]
"""A live model: its id, what the registry knows of it, and its circuit here."""

_REQUESTS = {
    VerdictKind.UNIQUE: RequestKind.UNIQUE,
    VerdictKind.SAME_PERSON: RequestKind.SAME_PERSON,
    VerdictKind.STORED: RequestKind.STORED,
}


class Committee(Protocol):
    """Asks the three nodes about one proved code. Shares are made and sealed within `ask`; the code does not leave."""

    def ask(self, kind: VerdictKind, model: Model, proved: ProvedCapture) -> bytes:
        """The verdict, `SignedVerdict.to_bytes()`. Raises an `IrisproofError` where the nodes come to another one."""

    def erase(self, record_id: int) -> SignedVerdict | None:
        """The nodes' word that the shares of one who left are overwritten; None where there are no nodes."""


class NoCommittee:
    """A registry on a local chain that asks for no verdict."""

    def ask(self, kind: VerdictKind, model: Model, proved: ProvedCapture) -> bytes:  # noqa: ARG002 - nobody is asked
        return b""

    def erase(self, record_id: int) -> SignedVerdict | None:  # noqa: ARG002
        return None


class NodesCommittee:
    """The three nodes of a registry's committee, as `irisproof committee client` made this device known to them."""

    def __init__(self, registry: RegistryClient, client: CommitteeClient) -> None:
        self._registry = registry
        self._client = client

    def ask(self, kind: VerdictKind, model: Model, proved: ProvedCapture) -> bytes:
        return ask_committee(self._client, self._registry, model, [proved], _REQUESTS[kind]).to_bytes()

    def erase(self, record_id: int) -> SignedVerdict | None:
        return ask_erased(self._client, self._registry, record_id)


def committee_of(links: Links) -> Committee:
    """The committee of a registry. Raises `InputError` where the registry has one and its nodes are not named."""
    endpoints = links.endpoints
    if endpoints.deployment.committee == ZERO_ADDRESS and endpoints.deployment.chain_id in LOCAL_CHAINS:
        return NoCommittee()
    if endpoints.committee_config is not None:
        return NodesCommittee(links.registry, CommitteeClient(*client_files(endpoints.committee_config.parent)))
    raise InputError(
        "the registry asks for a committee's verdict, and the registry file names no committee's nodes",
        hint="get the registry file from those who run it",
    )
