"""Make a committee: each operator's keys, then one file that all know, certificates for nodes and clients.

    operator        `init`      keys of one node, and `node-N.json`: what the others need to know of it
    one of them     `assemble`  three such files -> `committee.json`, a certificate for each node
    the same        `client`    a certificate for a client

No key leaves the folder that it was made in. Whoever assembles has the authorities' keys: with the nodes' one it could
put a node of its own in an operator's place, and with that learn one operator's shares of new requests at most.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.committee.settings import settings_text
from app.station import write_station_key
from protocol.errors import EncodingError, InputError
from uniqueness.committee_file import CommitteeFile, NodeEntry
from uniqueness.constants import PARTIES
from uniqueness.engine_choice import EngineChoice
from uniqueness.keys import Authority, certificate_request, node_name, write_box_key, write_tls_key
from uniqueness.ports import Policy

__all__ = ["ADMISSION_VERSION", "NodeAddresses", "assemble", "init_node", "make_client"]

ADMISSION_VERSION = 1


@dataclass(frozen=True)
class NodeAddresses:
    """host:port each: for clients, for the other nodes, of the engine."""

    clients: str
    peers: str
    engine: str


def init_node(folder: Path, node: int, addresses: NodeAddresses, rpc_url: str, deployment: str) -> str:
    """Make one node's keys and settings; returns the address of its signing key. Raises `InputError` where they exist.

    `node-N.json` is for whoever assembles the committee: it has no secret.
    """
    if not 0 <= node < PARTIES:
        raise InputError(f"there are nodes 0, 1 and 2, and no node {node}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = write_tls_key(folder / "node.key")
    box_key = write_box_key(folder / "box.key")
    signer = write_station_key(folder / "signing.key")
    entry = NodeEntry(signer, box_key.hex(), addresses.clients, addresses.peers, addresses.engine)
    admission = {
        "version": ADMISSION_VERSION,
        "node": node,
        "entry": asdict(entry),
        "request": certificate_request(key, node_name(node)),
    }
    (folder / f"{node_name(node)}.json").write_text(json.dumps(admission, indent=2) + "\n")
    (folder / "node.toml").write_text(settings_text(node, rpc_url, deployment))
    return signer


def assemble(folder: Path, admissions: Sequence[Path], policy: Policy, engine: EngineChoice) -> CommitteeFile:
    """Make the two authorities, `committee.json`, and `node-N.crt` for each node. Raises `InputError`."""
    entries: dict[int, tuple[NodeEntry, str]] = {}
    for path in admissions:
        try:
            value = json.loads(path.read_text())
            if value["version"] != ADMISSION_VERSION:
                raise InputError(f"{path} is of version {value['version']!r}")
            entries[value["node"]] = (NodeEntry(**value["entry"]), str(value["request"]))
        except (OSError, ValueError, KeyError, TypeError, EncodingError) as error:
            raise InputError(f"{path} is no admission of a node", hint="irisproof committee init writes it") from error
    if sorted(entries) != list(range(PARTIES)):
        raise InputError(f"one admission each of nodes 0, 1 and 2 is needed, not of {sorted(entries)}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    nodes, _ = Authority.create(folder, "nodes"), Authority.create(folder, "clients")
    committee = CommitteeFile(tuple(entries[node][0] for node in range(PARTIES)), nodes.pem, policy, engine)
    for node in range(PARTIES):
        certificate = nodes.certify(entries[node][1], node_name(node))
        (folder / f"{node_name(node)}.crt").write_text(certificate)
    (folder / "committee.json").write_text(committee.to_json())
    return committee


def make_client(folder: Path, name: str, out: Path) -> None:
    """A client's key and certificate in `out`, by the clients' authority in `folder`. Raises `InputError`."""
    if name in {node_name(node) for node in range(PARTIES)} or not name.isprintable() or not 0 < len(name) <= 60:
        raise InputError(f"{name!r} cannot be a client's name")
    authority = Authority.read(folder, "clients")
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = write_tls_key(out / "client.key")
    (out / "client.crt").write_text(authority.certify(certificate_request(key, name), name))
    for shared in ("committee.json", "nodes.crt"):
        (out / shared).write_text((folder / shared).read_text())
