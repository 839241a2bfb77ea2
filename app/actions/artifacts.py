"""Making and checking pinned artifacts: the iris circuit, the SRS. No phone's package has this."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from circuits.iris.build import MAX_VERIFIER_BYTES, build_circuit, verifier_name
from circuits.iris.circuit import Circuit, CircuitFacts
from circuits.iris.download import download_srs
from circuits.srs import (
    LADDER,
    SrsFacts,
    SrsSource,
    check_srs,
    derive_file,
    derive_srs,
    fetch_published,
    read_srs,
    require_chain_allows,
    srs_file,
)
from model.pipeline.encoding import NETWORK_V1
from protocol.errors import ArtifactFailed
from protocol.pins import pin, read_pinned, root_dir
from protocol.types import PlaneName
from registry_contract.contracts import load_contract
from registry_contract.model import ModelDescription

__all__ = [
    "build_iris_circuit",
    "check_srs_files",
    "derive_srs_files",
    "fetch_srs_files",
    "model_description",
    "verifier_size",
]

Progress = Callable[[str], None]


def build_iris_circuit(
    source: SrsSource = SrsSource.DERIVED, progress: Progress = lambda _: None, network: str = NETWORK_V1
) -> Circuit:
    """Build the circuit of an iris network with all its gates, the verifier's size among them.

    Raises `ArtifactFailed` if a gate says no.
    """
    circuit = build_circuit(network, source, progress)
    if source is SrsSource.DERIVED:
        progress("verifier contract")
        size = verifier_size(circuit.facts)
        if size > MAX_VERIFIER_BYTES:
            raise ArtifactFailed(f"the verifier has {size:,} bytes; a contract may have {MAX_VERIFIER_BYTES:,}")
    return circuit


def verifier_size(facts: CircuitFacts) -> int:
    """Bytes of the compiled verifier. Raises `ArtifactFailed` unless its source is the one that the build wrote."""
    read_pinned(f"verifier_{facts.network}")
    return len(load_contract(verifier_name(facts.network)).runtime) // 2


def model_description(circuit: Circuit, chain_id: int) -> ModelDescription:
    """What the registry is told of the circuit, with the accuracy report that ships (synthetic eyes).

    Raises `InputError` for a development SRS on a chain that is not local, and an `ArtifactError` where the committed
    verifier or report is not the pinned one.
    """
    facts = circuit.facts
    require_chain_allows(SrsSource(facts.srs_source), chain_id)
    read_pinned(f"verifier_{facts.network}")
    return ModelDescription(
        onnx_hash=bytes.fromhex(facts.onnx_sha256),
        settings_hash=bytes.fromhex(facts.settings_sha256),
        srs_hash=bytes.fromhex(facts.srs_sha256),
        vk_hash=bytes.fromhex(facts.vk_sha256),
        metrics_hash=hashlib.sha256(read_pinned(f"accuracy_{facts.network}")).digest(),
        texture_plane=PlaneName(facts.texture_plane),
        mask_plane=PlaneName(facts.mask_plane),
        k=facts.k,
        blinding_constant=facts.blinding_point,
        proof_length=facts.proof_bytes,
        verifier=verifier_name(facts.network),
    )


def derive_srs_files(source: SrsSource, progress: Progress = lambda _: None) -> dict[int, str]:
    """Make a source's files again from pinned inputs; returns k -> SHA-256, which are those pinned.

    A committed file that is here stays as it is; one that is missing is written. Raises `ArtifactFailed` where the
    result is another, and `ArtifactUnavailable` for the published source, which cannot be made.
    """
    if source is SrsSource.DERIVED:
        progress("computing k = 15 from the published Groth16 key; about a minute")
        committed = root_dir() / pin(f"srs_derived_k{LADDER[-1]}").path
        if not committed.exists():
            derive_file(committed)
        elif derive_srs() != read_srs(LADDER[-1], source):
            raise ArtifactFailed("the derived srs is not the committed one")
    return {k: hashlib.sha256(srs_file(k, source).read_bytes()).hexdigest() for k in LADDER}


def check_srs_files(source: SrsSource, progress: Progress = lambda _: None) -> list[SrsFacts]:
    """Check every power and Lagrange point of a source's files by pairings. Raises `ArtifactFailed`."""
    found = []
    for k in LADDER:
        found.append(check_srs(read_srs(k, source)))
        progress(f"k = {k}: every power and every Lagrange point holds")
    return found


def fetch_srs_files(progress: Progress = lambda _: None) -> None:
    """Fetch the published files through ezkl, check and keep them. Raises `ArtifactUnavailable` without a network."""
    for k in LADDER:
        path = fetch_published(k, download_srs)
        progress(f"k = {k}: {path}")
