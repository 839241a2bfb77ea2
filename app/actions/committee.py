"""The port to the uniqueness committee: what this side gives, and the verdict that comes back."""

from __future__ import annotations

from typing import Protocol

from app.actions.artifacts import model_description, ready_circuit
from app.actions.capture import ProvedCapture
from app.actions.uniqueness import ask_committee
from app.committee.setup import client_files
from app.endpoints import Endpoints
from protocol.errors import InputError, VerificationError
from registry_contract.client import RegistryClient
from registry_contract.deployment import LOCAL_CHAINS, ZERO_ADDRESS
from registry_contract.verdict import VerdictKind
from uniqueness.client import CommitteeClient
from uniqueness.committee_file import CommitteeFile
from uniqueness.engine import TlsFiles
from uniqueness.request import RequestKind

__all__ = ["Committee", "NoCommittee", "NodesCommittee", "committee_of"]


class Committee(Protocol):
    """Asks the three nodes about one proved code. Shares are made and sealed within `ask`; the code does not leave."""

    def ask(self, kind: VerdictKind, model_id: int, proved: ProvedCapture, record_id: int = 0) -> bytes:
        """The verdict, `SignedVerdict.to_bytes()`. Raises an `IrisproofError` where the nodes come to another one."""


class NoCommittee:
    """A registry on a local chain that asks for no verdict."""

    def ask(self, kind: VerdictKind, model_id: int, proved: ProvedCapture, record_id: int = 0) -> bytes:  # noqa: ARG002
        return b""


_REQUESTS = {
    VerdictKind.UNIQUE: RequestKind.UNIQUE,
    VerdictKind.SAME_PERSON: RequestKind.SAME_PERSON,
    VerdictKind.STORED: RequestKind.STORED,
}


class NodesCommittee:
    """The three nodes of a registry's committee, as `irisproof committee client` made this device known to them."""

    def __init__(self, endpoints: Endpoints, committee: CommitteeFile, tls: TlsFiles) -> None:
        self._endpoints = endpoints
        self._client = CommitteeClient(committee, tls)

    def ask(self, kind: VerdictKind, model_id: int, proved: ProvedCapture, record_id: int = 0) -> bytes:
        deployment = self._endpoints.deployment
        circuit = ready_circuit(network=proved.run.proof.network)
        registry = RegistryClient(self._endpoints.rpc_url, deployment)
        model = (model_id, model_description(circuit, deployment.chain_id), circuit)
        signed = ask_committee(self._client, registry, model, [proved], _REQUESTS[kind])
        if record_id and signed.verdict.record_id != record_id:
            raise VerificationError(f"the committee finds record {signed.verdict.record_id}, not record {record_id}")
        return signed.to_bytes()


def committee_of(endpoints: Endpoints) -> Committee:
    """The committee of a registry. Raises `InputError` where the registry has one and its nodes are not named."""
    deployment = endpoints.deployment
    if deployment.committee == ZERO_ADDRESS and deployment.chain_id in LOCAL_CHAINS:
        return NoCommittee()
    if endpoints.committee_config is not None:
        return NodesCommittee(endpoints, *client_files(endpoints.committee_config.parent))
    raise InputError(
        "the registry asks for a committee's verdict, and the registry file names no committee's nodes",
        hint="get the registry file from those who run it",
    )
