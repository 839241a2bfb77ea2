"""The lists that a timelock governs: stations, models, committee. Proposals wait; revoking a station does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_account.signers.local import LocalAccount

from registry_contract.connection import Connection, Receipt
from registry_contract.contracts import load_contract
from registry_contract.deployment import ZERO_ADDRESS, Deployment

__all__ = ["GovernanceClient", "LiveModels", "ModelState", "Proposal"]

_NO_PREDECESSOR = bytes(32)


class ModelState(IntEnum):
    """Where a model stands, as the contract numbers it."""

    UNKNOWN = 0
    PROPOSED = 1
    ACTIVE = 2
    GRACE = 3
    RETIRED = 4
    WITHDRAWN = 5


@dataclass(frozen=True)
class LiveModels:
    """`group`: the model whose tree is the group. `upcoming`: the newer one in a grace period, else 0. Before
    `switched_at` (Unix seconds) the group was the tree of `previous`; both 0 where there was none."""

    group: int
    upcoming: int
    previous: int
    switched_at: int

    @property
    def models(self) -> tuple[int, ...]:
        """The models that an enrolment needs a code of, in order."""
        return (self.group, self.upcoming) if self.upcoming else (self.group,)


@dataclass(frozen=True)
class Proposal:
    """One call that waits in the timelock, or is ready, or done. `salt` tells equal calls apart."""

    target: str
    data: bytes
    salt: bytes

    def terms(self) -> tuple[str, int, bytes, bytes, bytes]:
        """As the timelock names it: target, value, data, predecessor, salt."""
        return self.target, 0, self.data, _NO_PREDECESSOR, self.salt


class GovernanceClient:
    """Propose and execute changes of the lists, revoke stations, read the lists.

    All methods raise `ChainUnreachable` where the node is gone; those that send raise `TransactionRefused` with the
    contract's own error.
    """

    def __init__(self, url: str, deployment: Deployment, account: LocalAccount | None = None) -> None:
        """Raises `ChainError` where the node serves another chain, or a contract is not there."""
        self.connection = Connection(url, deployment.chain_id, account)
        self.deployment = deployment
        self.timelock = self._contract("TimelockController", deployment.timelock)
        self.stations = self._contract("StationRegistry", deployment.stations)
        self.models = self._contract("ModelRegistry", deployment.models)

    # --- proposals

    def add_station(self, station: str, salt: bytes = bytes(32)) -> Proposal:
        """List a station by the address of its secp256k1 key."""
        return self._proposal(self.stations, "addStation", salt, station)

    def add_p256_station(self, x: int, y: int, salt: bytes = bytes(32)) -> Proposal:
        """List a station by its P-256 key."""
        point = (x.to_bytes(32, "big"), y.to_bytes(32, "big"))
        return self._proposal(self.stations, "addP256Station", salt, *point)

    def set_guardian(self, guardian: str, salt: bytes = bytes(32)) -> Proposal:
        """Name who may revoke stations at once."""
        return self._proposal(self.stations, "setGuardian", salt, guardian)

    def propose_model(self, model: dict[str, Any], salt: bytes = bytes(32)) -> Proposal:
        """Announce a model (`ModelDescription.to_abi`); its public delay begins when the proposal is executed."""
        return self._proposal(self.models, "proposeModel", salt, model)

    def withdraw_model(self, model_id: int, salt: bytes = bytes(32)) -> Proposal:
        """Take an announced model back before it is active."""
        return self._proposal(self.models, "withdrawModel", salt, model_id)

    def replace_committee(self, nodes: tuple[str, str, str], salt: bytes = bytes(32)) -> Proposal:
        """Name other nodes; verdicts of the old ones are worth nothing from then on."""
        committee = self._contract("Committee", self.deployment.committee)
        return self._proposal(committee, "replaceCommittee", salt, list(nodes))

    def schedule(self, proposal: Proposal) -> Receipt:
        """Begin the delay. For proposers."""
        return self._send(self.timelock, "schedule", *proposal.terms(), self.delay_s())

    def execute(self, proposal: Proposal) -> Receipt:
        """Carry it out after the delay. Anyone may."""
        return self._send(self.timelock, "execute", *proposal.terms())

    # --- at once

    def revoke_station(self, station: str) -> Receipt:
        """For the guardian; for good, and at once. A new key is a new station."""
        return self._send(self.stations, "revokeStation", station)

    # --- reading

    def delay_s(self) -> int:
        """The timelock's delay, seconds."""
        return int(self.connection.call(self.timelock.functions.getMinDelay()))

    def live_models(self) -> LiveModels:
        """The models that count now."""
        return LiveModels(*(int(value) for value in self._call(self.models, "live")))

    def model_state(self, model_id: int) -> ModelState:
        """Where a model stands now."""
        return ModelState(self._call(self.models, "stateOf", model_id))

    def vk_hash(self, model_id: int) -> bytes:
        """SHA-256 of a model's verifying key, 32 bytes. Raises `TransactionRefused` (Registry__ModelUnknown)."""
        names = [part["name"] for part in self.models.get_function_by_name("modelOf").abi["outputs"][0]["components"]]
        return bytes(dict(zip(names, self._call(self.models, "modelOf", model_id), strict=True))["vkHash"])

    def station_times(self, station: str) -> tuple[int, int]:
        """(added, revoked), Unix seconds; 0 for what has not happened."""
        added_at, revoked_at = self._call(self.stations, "stationOf", station)
        return int(added_at), int(revoked_at)

    def committee_nodes(self) -> tuple[str, ...]:
        """Addresses of the nodes, in the order of their signatures; empty where there is no committee."""
        if self.deployment.committee == ZERO_ADDRESS:
            return ()
        committee = self._contract("Committee", self.deployment.committee)
        return tuple(str(node) for node in self._call(committee, "nodesNow"))

    def _contract(self, name: str, address: str) -> Any:
        return self.connection.contract(address, load_contract(name).abi)

    def _proposal(self, contract: Any, name: str, salt: bytes, *arguments: object) -> Proposal:
        data = contract.encode_abi(name, args=list(arguments))
        return Proposal(str(contract.address), bytes.fromhex(data.removeprefix("0x")), salt)

    def _call(self, contract: Any, name: str, *arguments: object) -> Any:
        return self.connection.call(contract.functions[name](*arguments))

    def _send(self, contract: Any, name: str, *arguments: object) -> Receipt:
        return self.connection.send(contract.functions[name](*arguments))
