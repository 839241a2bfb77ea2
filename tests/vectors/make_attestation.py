"""Write `attestation.json`: one attestation and its ladder, which Python and Solidity must agree on.

Run: python -m tests.vectors.make_attestation
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_utils.crypto import keccak
from py_ecc.bn128 import G1, multiply

from protocol.types import EyeSide, G1Point, IdentityCommitment, PlaneCommitment, PlaneName
from registry_contract.attestation import Capture, sign_capture
from registry_contract.ladder import CaptureLadder, leaf_hash

PATH = Path(__file__).with_name("attestation.json")

STATION = Account.from_key(keccak(b"irisproof test vectors: a station"))
"""Nobody's key: it follows from the text."""


def ladder() -> CaptureLadder:
    """The shape of a real capture, 16 leaves; the points are small multiples of the generator."""
    places = [(plane, k) for plane in PlaneName for k in (13, 14, 15) if plane.cells < 1 << k]
    points = [multiply(G1, 1000 + index) for index in range(len(places))]
    return CaptureLadder(
        tuple(
            PlaneCommitment(plane, k, G1Point(int(x), int(y)))
            for (plane, k), (x, y) in zip(places, points, strict=True)
        )
    )


def vectors() -> dict[str, Any]:
    rungs = ladder()
    capture = Capture(
        registry="0x5B20A2F06046c2342eA523f0220E6DFCb3899d5E",
        chain_id=31337,
        commitments_root=rungs.root,
        eye_side=EyeSide.RIGHT,
        identity=IdentityCommitment(2**250 + 7),
        captured_at=1_800_000_000,
        nonce=keccak(b"irisproof test vectors: a nonce"),
    )
    attestation = sign_capture(capture, STATION)
    signed = capture.signable()
    return {
        "description": "one capture's ladder and attestation",
        "expected": "every path leads to the root, the digest and the station's address are these",
        "generator": "python -m tests.vectors.make_attestation",
        "ladder": {
            "root": _hex(rungs.root),
            "count": len(rungs.commitments),
            "commitments": [
                {
                    "plane": commitment.plane.value,
                    "k": commitment.k,
                    "x": _hex(commitment.point.x.to_bytes(32, "big")),
                    "y": _hex(commitment.point.y.to_bytes(32, "big")),
                    "leaf": _hex(leaf_hash(commitment)),
                    "path": [_hex(node) for node in rungs.path(commitment.plane, commitment.k)],
                }
                for commitment in rungs.commitments
            ],
        },
        "attestation": {
            "registry": capture.registry,
            "chain_id": capture.chain_id,
            "eye_side": capture.eye_side.value,
            "identity_commitment": _hex(capture.identity.value.to_bytes(32, "big")),
            "captured_at": capture.captured_at,
            "nonce": _hex(capture.nonce),
            "digest": _hex(keccak(b"\x19" + signed.version + signed.header + signed.body)),
            "station": STATION.address,
            "signature": _hex(attestation.signature),
            "encoded": attestation.to_bytes().decode(),
        },
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), indent=2) + "\n")
