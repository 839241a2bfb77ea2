"""Asking the committee: is this person new, is it the person of a record, are the shares gone."""

from __future__ import annotations

from collections.abc import Sequence

from app.actions.capture import ProvedCapture
from app.committee.evidence import Evidence
from app.committee.verdicts import verdict_of
from circuits.iris.circuit import Circuit
from circuits.iris.commit import raw_commitment
from protocol.errors import VerificationError
from protocol.types import PlaneName
from registry_contract.client import RegistryClient
from registry_contract.enrollment import Enrollment, code_evidence
from registry_contract.model import ReadsPlanes
from registry_contract.verdict import SignedVerdict, code_commitment
from uniqueness.client import Answer, CommitteeClient, EyeToAsk, Purpose
from uniqueness.request import RequestKind

__all__ = ["ask_committee", "ask_erased", "with_verdict"]

REQUEST_LIFE_S = 900


def ask_committee(
    committee: CommitteeClient,
    registry: RegistryClient,
    model: tuple[int, ReadsPlanes, Circuit],
    eyes: Sequence[ProvedCapture],
    kind: RequestKind = RequestKind.UNIQUE,
) -> SignedVerdict:
    """The three nodes' verdict about one person; `eyes` are one, or left and right. The first one's goes on chain.

    Raises `RequestRefused` with the nodes' reason, `CommitteeUnavailable`, and `VerificationError` where a signature is
    not of the registry's committee or the verdict is about something else.
    """
    model_id, planes, circuit = model
    first = eyes[0].capture.attestation.capture
    deployment = registry.deployment
    purpose = Purpose(
        kind, deployment.chain_id, deployment.registry, first.identity, model_id, registry.now() + REQUEST_LIFE_S
    )
    answer = committee.ask(purpose, [_eye(model_id, planes, circuit, proved) for proved in eyes])
    signed = _signed(registry, answer)
    verdict = signed.verdict
    wanted = (code_commitment(eyes[0].run.proof), first.identity, model_id)
    if (verdict.code_commitment, verdict.identity, verdict.model_id) != wanted:
        raise VerificationError("the committee's verdict is about another code, identity or model")
    return signed


def ask_erased(committee: CommitteeClient, registry: RegistryClient, record_id: int) -> SignedVerdict:
    """The committee's word that the shares of one who left are overwritten. Raises as `ask_committee` does."""
    signed = _signed(registry, committee.erase(record_id))
    if signed.verdict.record_id != record_id:
        raise VerificationError("the committee's verdict is about another record")
    return signed


def with_verdict(enrollment: Enrollment, verdict: SignedVerdict) -> Enrollment:
    """The enrolment with the committee's verdict about its first code."""
    code, *others = enrollment.codes
    return Enrollment(enrollment.attestation, (code.with_verdict(verdict.to_bytes()), *others))


def _signed(registry: RegistryClient, answer: Answer) -> SignedVerdict:
    deployment = registry.deployment
    signed = SignedVerdict(verdict_of(answer.words, deployment.registry, deployment.chain_id), answer.signatures)
    signed.require_signed_by(registry.committee())
    return signed


def _eye(model_id: int, planes: ReadsPlanes, circuit: Circuit, proved: ProvedCapture) -> EyeToAsk:
    capture, k = proved.capture, circuit.facts.k
    texture, mask = PlaneName(circuit.facts.texture_plane), PlaneName(circuit.facts.mask_plane)
    code = code_evidence(planes, model_id, capture.ladder, proved.run.proof)
    attested = capture.attestation
    return EyeToAsk(
        code=proved.code,
        code_salts=capture.planes[texture].salts,
        mask=capture.planes[mask],
        side=attested.capture.eye_side,
        proof=proved.run.proof,
        evidence=Evidence.of(attested.capture, attested.signature, code).to_bytes(),
        commit=lambda vector: raw_commitment(tuple(vector), k),
    )
