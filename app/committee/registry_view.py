"""The registry's chain as a committee node sees it, through a node of the chain that its operator chose.

What the contract will ask at enrolment is asked of the contracts themselves, by calls: a node has no second opinion of
what a signature or a path is.
"""

from __future__ import annotations

import threading
from typing import Any

from app.actions.circuit import circuit_of_key
from app.committee.evidence import Evidence
from circuits.iris.circuit import Circuit
from circuits.iris.commit import raw_commitment, with_unusable_rows
from circuits.iris.verify import verify_code_proof
from protocol.errors import EncodingError, InputError, RequestRefused, TransactionRefused
from protocol.types import CodeProof, IdentityCommitment
from registry_contract.attestation import capture_digest
from registry_contract.client import Record, RecordStatus, RegistryClient
from registry_contract.contracts import load_contract
from registry_contract.enrollment import CodeEvidence
from registry_contract.verdict import code_commitment
from uniqueness.binding import ModelKeys
from uniqueness.refusals import Refusal
from uniqueness.request import RequestKind, UniquenessRequest

__all__ = ["RegistryView", "model_keys"]


def model_keys(circuit: Circuit, model_id: int) -> ModelKeys:
    """A model as a node checks shares and proofs with it."""
    facts = circuit.facts
    return ModelKeys(
        model_id=model_id,
        network=facts.network,
        salts=facts.salts,
        blinding=facts.blinding_point,
        commit=lambda vector: raw_commitment(tuple(vector), facts.k),
        add=with_unusable_rows,
        verify=lambda proof: verify_code_proof(circuit, proof),
    )


class RegistryView:
    """`uniqueness.ports.RegistryPort` over one registry. Used by many threads."""

    def __init__(self, registry: RegistryClient) -> None:
        self._registry = registry
        deployment, connection = registry.deployment, registry.connection
        self._models = connection.contract(deployment.models, load_contract("ModelRegistry").abi)
        self._stations = connection.contract(deployment.stations, load_contract("StationRegistry").abi)
        self._lock = threading.RLock()
        self._keys: dict[int, ModelKeys] = {}
        constants = registry.contract.functions
        self._max_age_s = int(self._call(constants.MAX_ATTESTATION_AGE_S()))
        self._max_skew_s = int(self._call(constants.MAX_CLOCK_SKEW_S()))

    def require_models(self) -> None:
        """Get the keys of all live models. Raises `InputError` where this program does not have one's circuit."""
        for model_id in self._live():
            self.model(model_id)

    def model(self, model_id: int) -> ModelKeys | None:
        """A live model, with the circuit that has its verifying key; None for a model that is not live.

        One that became live while the node runs is found here too. Raises `InputError` for one whose circuit this
        program does not have.
        """
        with self._lock:
            if model_id not in self._live():
                return None
            if model_id not in self._keys:
                self._keys[model_id] = model_keys(circuit_of_key(self._vk_of(model_id)), model_id)
            return self._keys[model_id]

    def require_listed(self, nodes: list[str]) -> None:
        """Raises `InputError` unless the registry's committee is these nodes, in this order."""
        listed = list(self._registry.committee())
        if listed != nodes:
            raise InputError(f"the registry's committee is {', '.join(listed)}, not these nodes")

    def now(self) -> int:
        with self._lock:
            return self._registry.now()

    def code_commitment(self, proof: CodeProof) -> bytes:
        return code_commitment(proof)

    def require_evidence(
        self, request: UniquenessRequest, proof: CodeProof, evidence: bytes, under: bytes | None = None
    ) -> bytes:
        """1. The model is live. 2. For `Stored`: the identity is a member without a code under this model, and the root
        is the record's, or `under` for the eye that the chain does not count. Else the capture is fresh and signed by
        an active station for this request's identity, eye, registry and chain. 3. The proof holds by the model's
        contract, from commitments under that root. 4. The code is nobody's yet. 5. For `Unique`: the identity has no
        record."""
        given = Evidence.from_bytes(evidence)
        if request.model_id not in self._live():  # 1
            raise _refused(f"model {request.model_id} is not live")
        if request.kind is RequestKind.STORED:  # 2
            record = self._member_without(request.identity, request.model_id)
            root = under or record.commitments_root
        else:
            self._require_signed(request, given)
            root = given.commitments_root
        code = CodeEvidence(request.model_id, proof, given.texture_path, given.mask_path)
        try:
            self._call(self._models.functions.requireProved(code.to_abi(), root))  # 3
        except TransactionRefused as refusal:
            raise _refused(f"the registry would not take the code: {refusal.error}") from refusal
        if self.owner_of_code(request.model_id, code_commitment(proof)):  # 4
            raise _refused("this code is in the registry already")
        if request.kind is RequestKind.UNIQUE and self.record_of(request.identity.value):  # 5
            raise _refused("this identity is in the registry already")
        return root

    def record_of(self, identity: int) -> int:
        try:
            return int(self._call(self._registry.contract.functions.recordIdOf(identity)))
        except TransactionRefused:
            return 0

    def owner_of_code(self, model_id: int, code_commitment: bytes) -> int:
        with self._lock:
            return self._registry.code_owner(model_id, code_commitment)

    def identity_that_left(self, record_id: int) -> int:
        try:
            with self._lock:
                record = self._registry.record_by_id(record_id)
        except TransactionRefused:
            return 0
        return record.identity.value if record.status in (RecordStatus.LEFT, RecordStatus.ERASED) else 0

    def _require_signed(self, request: UniquenessRequest, given: Evidence) -> None:
        now = self.now()
        if given.captured_at > now + self._max_skew_s or given.captured_at + self._max_age_s < now:
            raise _refused("the capture is not of the last day", hint="take the picture again")
        try:
            digest = capture_digest(given.capture(request))
            self._call(self._stations.functions.requireSigned(digest, given.signature))
        except EncodingError as error:
            raise _refused(error.message) from error
        except TransactionRefused as refusal:
            raise _refused(f"no active station signed this capture for this request: {refusal.error}") from refusal

    def _member_without(self, identity: IdentityCommitment, model_id: int) -> Record:
        try:
            with self._lock:
                record = self._registry.record(identity)
                if self._registry.has_member(identity, model_id):
                    raise _refused(f"the member has a code under model {model_id} already")
        except TransactionRefused as refusal:
            raise _refused("this identity has no record") from refusal
        if record.status is not RecordStatus.ACTIVE:
            raise _refused("the record is not active")
        return record

    def _live(self) -> tuple[int, ...]:
        live = self._call(self._models.functions.live())
        return tuple(int(model) for model in (live[0], live[1]) if model)

    def _vk_of(self, model_id: int) -> str:
        model = self._call(self._models.functions.modelOf(model_id))
        outputs: Any = next(entry for entry in self._models.abi if entry.get("name") == "modelOf")
        names = [part["name"] for part in outputs["outputs"][0]["components"]]
        return bytes(dict(zip(names, model, strict=True))["vkHash"]).hex()

    def _call(self, function: Any) -> Any:
        with self._lock:
            return self._registry.connection.call(function)


def _refused(message: str, hint: str = "") -> RequestRefused:
    return RequestRefused(Refusal.EVIDENCE_FAILS, message, hint=hint)
