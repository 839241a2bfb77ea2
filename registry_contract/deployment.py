"""Put the contracts on a chain, and remember where they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address

from protocol.errors import ChainError, EncodingError
from registry_contract._rpc import connect, rpc_errors
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.model import ModelDescription

__all__ = ["DEPLOYMENT_VERSION", "Deployment", "deploy"]

DEPLOYMENT_VERSION = 1

_ADDRESSES = ("registry", "polls", "semaphore_verifier", "code_verifier", "poseidon")


@dataclass(frozen=True)
class Deployment:
    """Where the contracts are. Addresses are checksummed; `block` is the first that can hold an event of them."""

    chain_id: int
    block: int
    registry: str
    polls: str
    semaphore_verifier: str
    code_verifier: str
    poseidon: str
    model_id: int
    gas_used: int
    """By all transactions of the deployment."""

    def __post_init__(self) -> None:
        for name in _ADDRESSES:
            if not is_checksum_address(getattr(self, name)):
                raise EncodingError(f"the deployment's {name} is not a checksummed address")
        for name in ("chain_id", "block", "model_id", "gas_used"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise EncodingError(f"the deployment's {name} is not a natural number")

    def to_json(self) -> str:
        return json.dumps({"version": DEPLOYMENT_VERSION, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Deployment:
        """Raises `EncodingError` for another version, and for missing or unknown fields."""
        try:
            data = json.loads(text)
            version = data.pop("version")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise EncodingError("the deployment cannot be read") from error
        if version != DEPLOYMENT_VERSION:
            raise EncodingError(f"the deployment is of version {version!r}; this program reads {DEPLOYMENT_VERSION}")
        if set(data) != {field.name for field in fields(cls)}:
            raise EncodingError("the deployment has other fields than it should")
        return cls(**data)


def deploy(url: str, owner: LocalAccount, model: ModelDescription, stations: Sequence[str] = ()) -> Deployment:
    """Deploy everything, register `model` and list `stations` (addresses); `owner` pays, and owns the registry.

    Raises `ChainUnreachable`, `ChainError`, `TransactionRefused`, and `ArtifactError` for contracts that do not build.
    """
    with rpc_errors(url):
        chain_id = connect(url).eth.chain_id
    return _Deployer(Connection(url, chain_id, owner)).run(model, stations)


class _Deployer:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._gas_used = 0
        self._block: int | None = None

    def run(self, model: ModelDescription, stations: Sequence[str]) -> Deployment:
        connection = self._connection
        poseidon = self._put("PoseidonT3", {})
        semaphore_verifier = self._put("SemaphoreVerifier", {})
        code_verifier = self._put(model.verifier, {})
        registry = self._put("IrisRegistry", {"PoseidonT3": poseidon}, connection.address)
        polls = self._put("IrisPolls", {}, registry, semaphore_verifier)
        functions = connection.contract(registry, load_contract("IrisRegistry").abi).functions
        self._send(functions.registerModel(model.to_abi(code_verifier, load_contract(model.verifier))))
        for station in stations:
            self._send(functions.addStation(station))
        return Deployment(
            chain_id=connection.chain_id,
            block=self._block or 0,
            registry=registry,
            polls=polls,
            semaphore_verifier=semaphore_verifier,
            code_verifier=code_verifier,
            poseidon=poseidon,
            model_id=int(connection.call(functions.activeModelId())),
            gas_used=self._gas_used,
        )

    def _put(self, name: str, libraries: dict[str, str], *arguments: object) -> str:
        artifact = load_contract(name)
        receipt = self._connection.deploy(artifact.linked_creation(libraries), artifact.abi, *arguments)
        self._gas_used += receipt.gas_used
        if self._block is None:
            self._block = receipt.block
        if receipt.contract_address is None:
            raise ChainError(f"the node gave no address for the new {name}")
        return receipt.contract_address

    def _send(self, function: Any) -> None:
        self._gas_used += self._connection.send(function).gas_used
