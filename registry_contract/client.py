"""The registry from Python: enrol, list stations and models, read the members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from protocol.errors import ChainError, VerificationError
from protocol.types import CodeProof, EyeSide, IdentityCommitment
from registry_contract.attestation import CaptureAttestation
from registry_contract.connection import Connection, Receipt
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment
from registry_contract.ladder import CaptureLadder
from registry_contract.model import ModelDescription

__all__ = ["Enrollment", "Record", "RegistryClient", "prepare_enrollment"]


@dataclass(frozen=True)
class Enrollment:
    """All that `enroll` takes. The verdict's place stays empty until the committee exists."""

    model_id: int
    attestation: CaptureAttestation
    proof: CodeProof
    texture_path: tuple[bytes, ...]
    mask_path: tuple[bytes, ...]

    def to_abi(self) -> dict[str, Any]:
        """The Solidity struct `Enrollment`."""
        return {
            "modelId": self.model_id,
            "capture": self.attestation.capture.to_abi(),
            "stationSignature": self.attestation.signature,
            "proof": self.proof.proof,
            "texturePath": self.texture_path,
            "maskPath": self.mask_path,
            "verdict": b"",
        }


@dataclass(frozen=True)
class Record:
    """What the registry keeps of a member."""

    commitments_root: bytes
    code_commitment: bytes
    """keccak256 of the code's commitment as it stands in the proof."""
    station: str
    enrolled_at: int
    model_id: int
    eye_side: EyeSide


def prepare_enrollment(
    model: ModelDescription, model_id: int, ladder: CaptureLadder, attestation: CaptureAttestation, proof: CodeProof
) -> Enrollment:
    """Put an enrolment together: the Merkle paths are those of the planes and the k that the model's circuit reads.

    Raises `VerificationError` where the attestation is about other commitments, `EncodingError` where the capture has
    no commitment that the model needs.
    """
    if attestation.capture.commitments_root != ladder.root:
        raise VerificationError("the attestation is not about these commitments")
    return Enrollment(
        model_id,
        attestation,
        proof,
        ladder.path(model.texture_plane, model.k),
        ladder.path(model.mask_plane, model.k),
    )


class RegistryClient:
    """The registry of one deployment. Without an account it only reads.

    All methods raise `ChainUnreachable` where the node is gone; those that send raise `TransactionRefused` with the
    contract's own error.
    """

    def __init__(self, url: str, deployment: Deployment, account: LocalAccount | None = None) -> None:
        """Raises `ChainError` where the node serves another chain, or the contract is not there."""
        self.connection = Connection(url, deployment.chain_id, account)
        self.deployment = deployment
        self.contract = self.connection.contract(deployment.registry, load_contract("IrisRegistry").abi)

    def enroll(self, enrollment: Enrollment) -> Receipt:
        """Anyone may send it; the member is the identity that the attestation names."""
        return self._send("enroll", enrollment.to_abi())

    def add_station(self, station: str) -> Receipt:
        """Owner only."""
        return self._send("addStation", station)

    def revoke_station(self, station: str) -> Receipt:
        """Owner only. For good: a new key is a new station."""
        return self._send("revokeStation", station)

    def register_model(self, description: dict[str, Any]) -> Receipt:
        """Owner only; `description` as `ModelDescription.to_abi` gives it."""
        return self._send("registerModel", description)

    def retire_model(self, model_id: int) -> Receipt:
        """Owner only. Ends enrolment under the model; members stay."""
        return self._send("retireModel", model_id)

    def members(self) -> tuple[int, ...]:
        """All leaves in order, rebuilt from the event log and checked against the contract's count.

        Raises `ChainError` where the log is incomplete. The caller owes: that the group built from them has `root()`.
        """
        events = self.connection.events(self.contract.events.MemberAdded, self.deployment.block)
        leaves = {int(event["args"]["index"]): int(event["args"]["identityCommitment"]) for event in events}
        if sorted(leaves) != list(range(len(events))) or len(leaves) < self.size():
            raise ChainError(
                f"the node's log has {len(leaves)} members, the registry has {self.size()}",
                hint="use a node that keeps all logs since the deployment",
            )
        return tuple(leaves[index] for index in range(len(leaves)))

    def root(self) -> int:
        """Root of the members' tree now; 0 while there are none."""
        return int(self._call("root"))

    def size(self) -> int:
        return int(self._call("size"))

    def has_member(self, identity: IdentityCommitment) -> bool:
        return bool(self._call("hasMember", self._call("GROUP_ID"), identity.value))

    def record(self, identity: IdentityCommitment) -> Record:
        """Raises `TransactionRefused` (Registry__IdentityNotEnrolled) for one who is no member."""
        root, code, station, enrolled_at, model_id, side = self._call("recordOf", identity.value)
        return Record(bytes(root), bytes(code), str(station), int(enrolled_at), int(model_id), EyeSide(side))

    def now(self) -> int:
        """The chain's clock, Unix seconds: what freshness is measured by."""
        return self.connection.now()

    def _call(self, name: str, *arguments: object) -> Any:
        return self.connection.call(self.contract.functions[name](*arguments))

    def _send(self, name: str, *arguments: object) -> Receipt:
        return self.connection.send(self.contract.functions[name](*arguments))
