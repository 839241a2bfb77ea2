"""Deploying a registry and enrolling in it."""

from __future__ import annotations

from eth_account.signers.local import LocalAccount

from app.actions.capture import ProvedCapture
from app.station import SoftwareStation
from registry_contract.client import RegistryClient
from registry_contract.connection import Receipt
from registry_contract.deployment import Deployment, Terms, deploy
from registry_contract.enrollment import Enrollment, code_evidence, prepare_enrollment
from registry_contract.model import ModelDescription

__all__ = ["deploy_registry", "enroll", "enrollment_of"]

_USUAL = Terms()


def deploy_registry(
    url: str, owner: LocalAccount, model: ModelDescription, station: SoftwareStation, terms: Terms = _USUAL
) -> Deployment:
    """Put the contracts on a chain, with one model and one station; `terms` name the committee and the eye."""
    return deploy(url, owner, model, [station.address], terms)


def enrollment_of(model: ModelDescription, model_id: int, proved: ProvedCapture) -> Enrollment:
    """What goes to the registry: nothing private is in it."""
    capture = proved.capture
    code = code_evidence(model, model_id, capture.ladder, proved.run.proof)
    return prepare_enrollment(capture.ladder, capture.attestation, code)


def enroll(registry: RegistryClient, enrollment: Enrollment) -> Receipt:
    """Submit an enrolment. Anyone may; the member is the identity that the attestation names."""
    return registry.enroll(enrollment)
