"""What there is to tell: versions, hashes, contracts and chain for auditors; ways in; stages of work."""

from __future__ import annotations

from importlib.metadata import version
from urllib.parse import urlsplit

from app.actions.circuit import ready_circuit
from app.committee.client_files import client_files
from app.jobs import STAGES, Job
from app.session import Session
from app.vault import SlotKind, Vault
from protocol.types import EyeSide
from uniqueness.ports import Policy

__all__ = ["has_words", "proof_facts", "registry_eyes", "stages_of"]


def proof_facts(session: Session | None) -> tuple[tuple[str, str], ...]:
    """(name, value) of this program's circuit, and of the session's registry where there is one.

    Raises `ArtifactError` where the circuit is not the pinned one and cannot be built.
    """
    circuit = ready_circuit().facts
    facts = [
        ("version", version("irisproof")),
        ("network", circuit.network),
        ("onnx_sha256", circuit.onnx_sha256),
        ("settings_sha256", circuit.settings_sha256),
        ("vk_sha256", circuit.vk_sha256),
        ("srs_sha256", circuit.srs_sha256),
    ]
    if session is not None:
        endpoints = session.links.endpoints
        facts += [
            ("chain_id", str(endpoints.deployment.chain_id)),
            ("registry", endpoints.deployment.registry),
            ("polls", endpoints.deployment.polls),
            ("node", urlsplit(endpoints.rpc_url).netloc),
            ("relayer", "" if endpoints.relay_url is None else urlsplit(endpoints.relay_url).netloc),
        ]
    return tuple((name, value) for name, value in facts if value)


def registry_eyes(session: Session) -> tuple[EyeSide, ...]:
    """The one eye of everybody that the registry takes, asked of the chain, and the other one too where the committee
    compares both."""
    counted, config = session.links.registry.eye_side(), session.links.endpoints.committee_config
    if config is None or client_files(config.parent)[0].policy is Policy.ONE:
        return (counted,)
    return counted, (EyeSide.RIGHT if counted is EyeSide.LEFT else EyeSide.LEFT)


def has_words(vault: Vault) -> bool:
    """Whether recovery words open the vault."""
    return SlotKind.WORDS in vault.kinds


def stages_of(job: Job) -> tuple[str, ...]:
    """A job's stages in order. Raises `EncodingError` for a job whose request cannot be read."""
    return STAGES.get(str(job.request().get("kind")), ())
