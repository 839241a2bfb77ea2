"""Write `verdict.json`: one signed verdict, which Python and Solidity must agree on.

Run: python -m tests.vectors.make_verdict
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_utils.crypto import keccak

from protocol.types import IdentityCommitment
from registry_contract.verdict import Verdict, VerdictKind, sign_verdict

PATH = Path(__file__).with_name("verdict.json")

NODES = [Account.from_key(keccak(b"irisproof test vectors: node %d" % number)) for number in range(3)]
"""Nobody's keys: they follow from the text."""

VERDICT = Verdict(
    registry="0x5B20A2F06046c2342eA523f0220E6DFCb3899d5E",
    chain_id=31337,
    kind=VerdictKind.SAME_PERSON,
    code_commitment=keccak(b"irisproof test vectors: a code"),
    identity=IdentityCommitment(2**250 + 7),
    model_id=3,
    database_size=1_000_000,
    log_root=keccak(b"irisproof test vectors: a log"),
    record_id=2**40 + 1,
    expires_at=1_800_000_000,
)


def vectors() -> dict[str, Any]:
    signed, signable = sign_verdict(VERDICT, NODES), VERDICT.signable()
    return {
        "description": "one verdict, signed by three nodes",
        "expected": "the encoding, the digest and the nodes' addresses are these",
        "generator": "python -m tests.vectors.make_verdict",
        "verdict": {
            "registry": VERDICT.registry,
            "chain_id": VERDICT.chain_id,
            "kind": int(VERDICT.kind),
            "code_commitment": _hex(VERDICT.code_commitment),
            "identity_commitment": _hex(VERDICT.identity.value.to_bytes(32, "big")),
            "model_id": VERDICT.model_id,
            "database_size": VERDICT.database_size,
            "log_root": _hex(VERDICT.log_root),
            "record_id": VERDICT.record_id,
            "expires_at": VERDICT.expires_at,
            "digest": _hex(keccak(b"\x19" + signable.version + signable.header + signable.body)),
            "nodes": [node.address for node in NODES],
            "encoded": _hex(signed.to_bytes()),
        },
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), indent=2) + "\n")
