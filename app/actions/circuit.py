"""The built iris circuits that this device proves with."""

from __future__ import annotations

from collections.abc import Callable

from circuits.iris.circuit import Circuit, load_circuit, load_proving_circuit
from circuits.srs import SrsSource, require_chain_allows
from model.pipeline.encoding import ENCODERS, NETWORK_V1
from protocol.errors import ArtifactAbsent, ArtifactFailed, InputError
from protocol.pins import pin
from protocol.types import PlaneName
from registry_contract.model import ModelPlanes

__all__ = ["circuit_of_key", "planes_of", "ready_circuit"]

Progress = Callable[[str], None]


def ready_circuit(progress: Progress = lambda _: None, network: str = NETWORK_V1) -> Circuit:
    """The built circuit; built first if it is not there, and again if it was changed.

    A phone's package builds nothing: raises `ArtifactAbsent` or `ArtifactFailed` for what proving needs of it.
    """
    try:
        return load_circuit(network)
    except (ArtifactAbsent, ArtifactFailed):
        try:
            from app.actions.artifacts import build_iris_circuit  # noqa: PLC0415 - not in a phone's package
        except ImportError:
            return load_proving_circuit(network)
        return build_iris_circuit(progress=progress, network=network)


def circuit_of_key(vk_sha256: str) -> Circuit:
    """The circuit of a verifying key, named by its hash as a registry lists it; built first if it is not there.

    Raises `InputError` for one that this program does not have.
    """
    for network in ENCODERS:
        if pin(f"vk_{network}").sha256 == vk_sha256:
            return ready_circuit(network=network)
    raise InputError(f"this program has no circuit with the key {vk_sha256[:16]}…", hint="install a newer irisproof")


def planes_of(circuit: Circuit, chain_id: int) -> ModelPlanes:
    """What of a capture the circuit reads. Raises `InputError` for a development SRS on a chain that is not local."""
    facts = circuit.facts
    require_chain_allows(SrsSource(facts.srs_source), chain_id)
    return ModelPlanes(PlaneName(facts.texture_plane), PlaneName(facts.mask_plane), facts.k)
