"""Once per person, for dApps: the scopes that people prove in, and what a dApp's contract is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from protocol.errors import ChainError
from protocol.types import Nullifier
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment

__all__ = ["Action", "PersonhoodClient", "personhood_scope", "world_id_scope"]

_PERSONHOOD_LABEL = keccak(b"irisproof personhood scope v1")
_WORLD_ID_LABEL = keccak(b"irisproof world id scope v1")


@dataclass(frozen=True)
class Action:
    """An action of a dApp. People prove membership in the group as it stood before this entry of the log."""

    dapp: str
    action_id: bytes
    scope: int
    snapshot_root: int
    group_id: int
    block: int
    log_index: int


def personhood_scope(chain_id: int, personhood: str, dapp: str, action_id: bytes) -> int:
    """The scope that the contract at `personhood` makes for an action (32 bytes) of the contract at `dapp`."""
    parts = [_PERSONHOOD_LABEL, chain_id, personhood, dapp, action_id]
    return int.from_bytes(keccak(encode(["bytes32", "uint256", "address", "address", "bytes32"], parts)), "big")


def world_id_scope(chain_id: int, facade: str, dapp: str, external_nullifier: int) -> int:
    """The scope in which the facade verifies for the contract at `dapp`; the message is the signal's hash.

    It is not the external nullifier itself, so that no dApp can ask for a proof that is good elsewhere.
    """
    parts = [_WORLD_ID_LABEL, chain_id, facade, dapp, external_nullifier]
    return int.from_bytes(keccak(encode(["bytes32", "uint256", "address", "address", "uint256"], parts)), "big")


class PersonhoodClient:
    """Reads the actions of dApps; sending is the dApps' own. `ChainUnreachable` where the node is gone."""

    def __init__(self, url: str, deployment: Deployment, account: LocalAccount | None = None) -> None:
        """Raises `ChainError` where the node serves another chain, or the contract is not there."""
        self.connection = Connection(url, deployment.chain_id, account)
        self.deployment = deployment
        self.contract = self.connection.contract(deployment.personhood, load_contract("Personhood").abi)

    def action(self, dapp: str, action_id: bytes) -> Action:
        """An action with its place in the log. Raises `TransactionRefused` (Personhood__ActionUnknown), `ChainError`
        where the log lacks it, or the scope is not the one that this action must have."""
        scope, root = self._call("actionOf", dapp, action_id)
        if scope != personhood_scope(self.deployment.chain_id, self.deployment.personhood, dapp, action_id):
            raise ChainError("the action has a scope that is not its own", hint="do not prove through this node")
        filters = {"dapp": dapp, "actionId": action_id}
        events = self.connection.events(self.contract.events.ActionOpened, self.deployment.block, **filters)
        if len(events) != 1 or int(events[0]["args"]["snapshotRoot"]) != root:
            raise ChainError("the node's log and the contract differ on the action")
        entry = events[0]
        group_id, place = int(entry["args"]["groupId"]), (int(entry["blockNumber"]), int(entry["logIndex"]))
        return Action(dapp, action_id, int(scope), int(root), group_id, *place)

    def is_used(self, scope: int, nullifier: Nullifier) -> bool:
        """Whether a person acted in the scope already."""
        return bool(self._call("isUsed", scope, nullifier.value))

    def _call(self, name: str, *arguments: object) -> Any:
        return self.connection.call(self.contract.functions[name](*arguments))
