"""The port to the uniqueness committee: what this side gives, and the verdict that comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.actions.capture import ProvedCapture
from app.actions.uniqueness import ask_committee, ask_erased
from app.committee.client_files import client_files
from app.session import Links
from circuits.iris.circuit import Circuit
from protocol.errors import InputError
from registry_contract.client import RegistryClient
from registry_contract.deployment import LOCAL_CHAINS, ZERO_ADDRESS
from registry_contract.model import ReadsPlanes
from registry_contract.verdict import SignedVerdict, VerdictKind
from uniqueness.client import CommitteeClient
from uniqueness.request import RequestKind

__all__ = ["Committee", "Model", "NoCommittee", "NodesCommittee", "committee_of", "erase_shares"]

Model = tuple[int, ReadsPlanes, Circuit]
"""A live model: its id, what of a capture it reads, and its circuit here."""

_REQUESTS = {
    VerdictKind.UNIQUE: RequestKind.UNIQUE,
    VerdictKind.SAME_PERSON: RequestKind.SAME_PERSON,
    VerdictKind.STORED: RequestKind.STORED,
}


class Committee(Protocol):
    """Asks the three nodes about a person's proved codes: one, or that of the counted eye and the other one's. Shares
    are made and sealed within `ask`; no code leaves."""

    def ask(self, kind: VerdictKind, model: Model, eyes: Sequence[ProvedCapture]) -> bytes:
        """The verdict, `SignedVerdict.to_bytes()`. Raises an `IrisproofError` where the nodes come to another one."""


class NoCommittee:
    """A registry on a local chain that asks for no verdict."""

    def ask(self, kind: VerdictKind, model: Model, eyes: Sequence[ProvedCapture]) -> bytes:  # noqa: ARG002 - nobody is asked
        return b""


class NodesCommittee:
    """The three nodes of a registry's committee, as `irisproof committee client` made this device known to them."""

    def __init__(self, registry: RegistryClient, client: CommitteeClient) -> None:
        self._registry = registry
        self._client = client

    def ask(self, kind: VerdictKind, model: Model, eyes: Sequence[ProvedCapture]) -> bytes:
        return ask_committee(self._client, self._registry, model, eyes, _REQUESTS[kind]).to_bytes()


def committee_of(links: Links) -> Committee:
    """The committee of a registry. Raises `InputError` where the registry has one and its nodes are not named."""
    return NodesCommittee(links.registry, _client(links)) if _has_committee(links) else NoCommittee()


def erase_shares(links: Links, record_id: int) -> SignedVerdict | None:
    """The nodes' word that the shares of one who left are overwritten; None in a registry without a committee.

    Raises as `committee_of` does, and `CommitteeUnavailable` where a node is gone.
    """
    return ask_erased(_client(links), links.registry, record_id) if _has_committee(links) else None


def _has_committee(links: Links) -> bool:
    deployment = links.endpoints.deployment
    return deployment.committee != ZERO_ADDRESS or deployment.chain_id not in LOCAL_CHAINS


def _client(links: Links) -> CommitteeClient:
    config = links.endpoints.committee_config
    if config is None:
        raise InputError(
            "the registry asks for a committee's verdict, and the registry file names no committee's nodes",
            hint="get the registry file from those who run it",
        )
    return CommitteeClient(*client_files(config.parent))
