"""One code of a capture: from which commitments, by which model, with which verdict, and of nobody before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.audit.evidence import Claim, CodeClaim, VerdictClaim
from app.audit.findings import Findings
from app.audit.lists import ListedModel, Lists
from circuits.iris.commit import with_unusable_rows
from protocol.errors import VerificationError
from protocol.field import BASE_FIELD
from protocol.types import CodeProof, G1Point, PlaneCommitment, PlaneName
from registry_contract.attestation import CaptureAttestation, recover_station
from registry_contract.deployment import Deployment
from registry_contract.ladder import plane_hash, verify_ladder_path
from registry_contract.public_log import LogEntry
from registry_contract.verdict import SignedVerdict, VerdictKind, code_commitment

__all__ = ["CodeReader", "ExpectedVerdict"]

MAX_VERDICT_LIFE_S = 7 * 86_400
PUBLISHED_OPENINGS = 31
"""Proofs of one capture that its salts hide; see `circuits.iris.commit`."""

_PLANES = {plane_hash(plane): plane for plane in PlaneName}


@dataclass(frozen=True)
class ExpectedVerdict:
    """What a verdict has to say, but for the code and its model."""

    kind: VerdictKind
    identity: int
    record_id: int


class CodeReader:
    """Checks codes as the contract does, and keeps whose they are. Proofs and signatures become claims."""

    def __init__(
        self, deployment: Deployment, lists: Lists, findings: Findings, claims: list[tuple[Claim, LogEntry]]
    ) -> None:
        self._deployment, self._lists, self._findings, self._claims = deployment, lists, findings, claims
        self.owners: dict[tuple[int, bytes], int] = {}
        self.networks: dict[int, tuple[str, str]] = {}
        """Model id -> (network, SHA-256 of its verifying key); set by whoever knows which network a model is."""
        self._openings: dict[bytes, int] = {}

    def accept(self, code: Any, root: bytes, expected: ExpectedVerdict, owner: int, entry: LogEntry) -> None:
        """1. The model exists and the proof has its length. 2. Texture and mask of the proof lie under the signed root.
        3. The code is of nobody before. 4. The verdict is about it. The proof itself is a claim."""
        model_id, data = int(code["modelId"]), bytes(code["proof"])
        model = self._lists.models.get(model_id)
        if not self._findings.require(model is not None, "models", f"there is no model {model_id}", entry):
            return
        assert model is not None
        network, vk_sha256 = self.networks.get(model_id, ("", ""))
        with self._findings.reporting("Merkle path", entry):
            proof = CodeProof(network, data)
            if len(data) != int(model.description["proofLength"]):
                raise VerificationError(f"the code proof has {len(data)} bytes")
            self._require_attested(proof, model, code, root)
            if network:
                self._claims.append((CodeClaim(network, vk_sha256, data), entry))
            named = code_commitment(proof)
            before = self.owners.get((model_id, named), 0)
            self._findings.require(not before, "codes", f"the code was record {before}'s already", entry)
            self.owners[model_id, named] = owner
            self.accept_verdict(bytes(code["verdict"]), expected, entry, (model_id, named))
        self._openings[root] = self._openings.get(root, 0) + 1
        self._findings.measure(
            "proofs of one capture", self._openings[root], (PUBLISHED_OPENINGS, "proofs"), f"block {entry.block}"
        )

    def accept_verdict(
        self, data: bytes, expected: ExpectedVerdict, entry: LogEntry, code: tuple[int, bytes] = (0, bytes(32))
    ) -> None:
        """It says what is expected about `code` (model, commitment), is fresh, and is signed (a claim)."""
        if not self._lists.nodes:
            self._findings.require(not data, "verdict", "there is no committee, and here is a verdict", entry)
            return
        with self._findings.reporting("verdict", entry):
            signed = SignedVerdict.from_bytes(data, self._deployment.registry, self._deployment.chain_id)
            verdict = signed.verdict
            said = (verdict.kind, verdict.identity.value, verdict.record_id, verdict.model_id, verdict.code_commitment)
            if said != (expected.kind, expected.identity, expected.record_id, *code):
                raise VerificationError(f"the verdict is about another code, record or question: {verdict.kind.name}")
            life_s = verdict.expires_at - entry.time
            if not 0 <= life_s <= MAX_VERDICT_LIFE_S:
                raise VerificationError(f"the verdict had {life_s} s to live; allowed are 0 to {MAX_VERDICT_LIFE_S}")
            self._findings.measure("life of a verdict", life_s, (MAX_VERDICT_LIFE_S, "s"), f"block {entry.block}")
            self._claims.append((VerdictClaim(signed, self._lists.nodes), entry))

    def recovered(self, attestation: CaptureAttestation) -> str:
        """Whoever signed a capture."""
        return recover_station(attestation)

    def _require_attested(self, proof: CodeProof, model: ListedModel, code: Any, root: bytes) -> None:
        described = model.description
        constant = described["blindingConstant"]
        # adding the constant's negative takes it off
        negative = G1Point(int(constant["x"]), BASE_FIELD - int(constant["y"]))
        for head, plane, path in (
            (proof.texture, described["texturePlane"], code["texturePath"]),
            (proof.mask, described["maskPlane"], code["maskPath"]),
        ):
            name = _PLANES.get(bytes(plane))
            if name is None:
                raise VerificationError(f"model {model.model_id} reads a plane that nobody knows")
            raw = PlaneCommitment(name, int(described["k"]), with_unusable_rows(head, negative))
            verify_ladder_path(raw, tuple(bytes(node) for node in path), root)
