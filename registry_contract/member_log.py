"""The members of a group, rebuilt from the event log as they stood at any point of it."""

from __future__ import annotations

from typing import Any

from web3.contract import Contract

from protocol.errors import ChainError
from registry_contract.connection import Connection

__all__ = ["REMOVED", "read_members"]

REMOVED = 0
"""What stands in the place of a leaf that was removed."""

_KEEP_LOGS = "use a node that keeps all logs since the deployment"


def read_members(
    connection: Connection, contract: Contract, first_block: int, group_id: int, until: tuple[int, int] | None = None
) -> tuple[int, ...]:
    """All leaves of a group in order, `REMOVED` in removed places, from the events before `until` (block, log index).

    Raises `ChainError` where the log does not fit together. The caller owes: that the tree of these leaves has the root
    that the contract says.
    """
    events: list[Any] = []
    for name in ("MemberAdded", "MemberUpdated", "MemberRemoved"):
        events += connection.events(contract.events[name], first_block, groupId=group_id)
    events.sort(key=_position)
    leaves: list[int] = []
    for event in events:
        if until is not None and _position(event) >= until:
            break
        _apply(leaves, event)
    return tuple(leaves)


def _position(event: Any) -> tuple[int, int]:
    return int(event["blockNumber"]), int(event["logIndex"])


def _apply(leaves: list[int], event: Any) -> None:
    name, values = event["event"], event["args"]
    index, leaf = int(values["index"]), int(values["identityCommitment"])
    if name == "MemberAdded":
        if index != len(leaves):
            raise ChainError(f"the node's log has {len(leaves)} members before member {index}", hint=_KEEP_LOGS)
        leaves.append(leaf)
        return
    if index >= len(leaves) or leaves[index] != leaf:
        raise ChainError(f"the node's log changes member {index}, whom it did not add", hint=_KEEP_LOGS)
    leaves[index] = int(values["newIdentityCommitment"]) if name == "MemberUpdated" else REMOVED
