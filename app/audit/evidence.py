"""Claims of the log that take time to verify: code proofs, stations' signatures, verdicts, membership proofs.

A claim holds all that it takes to verify it, so claims are verified in any order, in other processes, and never twice:
its digest names it for good, whichever node or deployment it was read from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from circuits.iris.circuit import Circuit
from circuits.iris.verify import find_false_proofs
from circuits.semaphore.verify import verify_membership
from protocol.errors import IrisproofError
from protocol.types import MembershipProof
from registry_contract.attestation import (
    Capture,
    CaptureAttestation,
    P256Attestation,
    verify_attestation,
    verify_p256_attestation,
)
from registry_contract.verdict import SignedVerdict

__all__ = ["Claim", "CodeClaim", "MembershipClaim", "StationClaim", "VerdictClaim", "digest_of", "false_claims"]

_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class CodeClaim:
    """`proof` holds under the verifying key of a network's circuit."""

    network: str
    vk_sha256: str
    proof: bytes


@dataclass(frozen=True)
class StationClaim:
    """`station` signed the capture; `point` is its P-256 key, None for one of secp256k1."""

    capture: Capture
    signature: bytes
    station: str
    point: tuple[int, int] | None


@dataclass(frozen=True)
class VerdictClaim:
    """The three nodes signed the verdict."""

    signed: SignedVerdict
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class MembershipClaim:
    """A member of the group with the proof's root made its nullifier in its scope, and signed its message."""

    proof: MembershipProof


Claim = CodeClaim | StationClaim | VerdictClaim | MembershipClaim

_CHECKS = {
    CodeClaim: "code proof",
    StationClaim: "station's signature",
    VerdictClaim: "verdict",
    MembershipClaim: "membership proof",
}


def check_of(claim: Claim) -> str:
    """What the check of such a claim is called in findings."""
    return _CHECKS[type(claim)]


def digest_of(claim: Claim) -> str:
    """SHA-256, hex, over the claim's name and all its values: equal for equal claims only."""
    return hashlib.sha256(f"irisproof audited claim v1 {_written_out(claim)}".encode()).hexdigest()


def _written_out(claim: Claim) -> str:
    """Every value, those that `repr` leaves out included."""
    return f"{type(claim).__name__} {[(name, repr(value)) for name, value in sorted(vars(claim).items())]}"


def false_claims(claims: Sequence[Claim], circuits: dict[str, Circuit]) -> dict[int, str]:
    """The places of those claims that do not hold, with the reason. `circuits` by network.

    Raises `ProvingError` where ezkl cannot run.
    """
    found = {}
    for place, claim in enumerate(claims):
        if not isinstance(claim, CodeClaim):
            try:
                _verify(claim)
            except IrisproofError as error:
                found[place] = error.message
    for network in {claim.network for claim in claims if isinstance(claim, CodeClaim)}:
        places = [n for n, claim in enumerate(claims) if isinstance(claim, CodeClaim) and claim.network == network]
        proofs = [claim.proof for claim in claims if isinstance(claim, CodeClaim) and claim.network == network]
        for false in find_false_proofs(circuits[network], proofs):
            found[places[false]] = f"the code proof does not hold under the verifying key of {network}"
    return found


def _verify(claim: StationClaim | VerdictClaim | MembershipClaim) -> None:
    if isinstance(claim, MembershipClaim):
        verify_membership(claim.proof)
    elif isinstance(claim, VerdictClaim):
        for number, signature in enumerate(claim.signed.signatures):
            if int.from_bytes(signature[32:64], "big") > _SECP256K1_ORDER // 2 or signature[64] not in (27, 28):
                raise IrisproofError(f"signature {number} of the verdict is not canonical")
        claim.signed.require_signed_by(claim.nodes)
    elif claim.point is None:
        verify_attestation(CaptureAttestation(claim.capture, claim.signature), claim.station)
    else:
        verify_p256_attestation(P256Attestation(claim.capture, claim.signature), claim.point)
