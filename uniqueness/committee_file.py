"""What everybody may know of a committee: its nodes' addresses and keys. One JSON file, `committee.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from protocol.errors import EncodingError
from uniqueness.constants import PARTIES
from uniqueness.engine_choice import EngineChoice
from uniqueness.ports import Policy
from uniqueness.wire import split_address

__all__ = ["COMMITTEE_VERSION", "CommitteeFile", "NodeEntry"]

COMMITTEE_VERSION = 1


@dataclass(frozen=True)
class NodeEntry:
    """One node. Addresses are host:port: for clients, for the other nodes, and of its engine."""

    signer: str
    """Checksummed address of the key that signs verdicts; the contract lists it."""
    box_key: str
    """X25519, hex: what shares are sealed to."""
    clients: str
    peers: str
    engine: str

    def __post_init__(self) -> None:
        for field in fields(self):
            if not isinstance(getattr(self, field.name), str):
                raise EncodingError(f"a node's {field.name} is no text")
        for address in (self.clients, self.peers, self.engine):
            split_address(address)
        try:
            key = bytes.fromhex(self.box_key)
        except ValueError as error:
            raise EncodingError("a node's box key is not hex") from error
        if len(key) != 32:
            raise EncodingError(f"a node's box key has {len(key)} bytes, not 32")


@dataclass(frozen=True)
class CommitteeFile:
    """The three nodes in order, the authority of their certificates (PEM), the policy and the engine of all three."""

    nodes: tuple[NodeEntry, ...]
    authority: str
    policy: Policy
    engine: EngineChoice

    def __post_init__(self) -> None:
        if len(self.nodes) != PARTIES:
            raise EncodingError(f"a committee has {PARTIES} nodes, not {len(self.nodes)}")
        if len({node.signer for node in self.nodes}) != PARTIES or len({n.box_key for n in self.nodes}) != PARTIES:
            raise EncodingError("two of the committee's nodes have one key")

    def to_json(self) -> str:
        value = {
            "version": COMMITTEE_VERSION,
            "nodes": [asdict(node) for node in self.nodes],
            "authority": self.authority,
            "policy": self.policy.value,
            "engine": self.engine.value,
        }
        return json.dumps(value, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> CommitteeFile:
        """Raises `EncodingError` for another version or what is no description of a committee."""
        try:
            value = json.loads(text)
            if value["version"] != COMMITTEE_VERSION:
                raise EncodingError(f"the committee's file is of version {value['version']!r}")
            return cls(
                tuple(NodeEntry(**node) for node in value["nodes"]),
                str(value["authority"]),
                Policy(value["policy"]),
                EngineChoice(value["engine"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise EncodingError("the committee's file cannot be read") from error
