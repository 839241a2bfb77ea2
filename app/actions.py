"""One function a user action. The command line and, later, the window call the same ones."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
from eth_account.signers.local import LocalAccount

from app.membership import group_of
from app.station import SignedCapture, SoftwareStation
from circuits.artifacts import write_atomic
from circuits.iris.build import MAX_VERIFIER_BYTES, build_circuit, verifier_name
from circuits.iris.circuit import Circuit, CircuitFacts, load_circuit
from circuits.iris.download import download_srs
from circuits.iris.prove import CodeProofRun, prove_code
from circuits.semaphore.group import Group
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import nullifier_of, prove_membership
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
from model.pipeline.encoding import NETWORK_V1, encode_v1
from model.pipeline.image import EyeImage, load_image
from model.pipeline.pipeline import normalize_eye
from model.synthetic import capture as synthetic_capture
from model.synthetic import make_eye
from protocol.errors import ArtifactAbsent, ArtifactFailed, ChainError, InputError, QualityError
from protocol.pins import pin, read_pinned, root_dir
from protocol.types import EyeSide, IdentityCommitment, IrisCode, NormalizedIris, PlaneName
from registry_contract.client import RegistryClient
from registry_contract.connection import Receipt
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment, deploy
from registry_contract.enrollment import Enrollment, code_evidence, prepare_enrollment
from registry_contract.model import ModelDescription
from registry_contract.polls import Ballot, Poll, PollsClient, ballot_message

__all__ = [
    "ProvedCapture",
    "attest_capture",
    "build_iris_circuit",
    "cast_vote",
    "compute_code",
    "deploy_registry",
    "enroll",
    "enrollment_of",
    "model_description",
    "naming",
    "open_image",
    "prepare_ballot",
    "prove_capture",
    "ready_circuit",
    "snapshot_group",
    "unroll_eye",
    "verifier_size",
    "write_synthetic_eye",
]

Progress = Callable[[str], None]

_NO_METRICS = bytes(32)
"""No accuracy report is bound to a model yet: zero says so on chain."""


@dataclass(frozen=True)
class ProvedCapture:
    """A signed capture, the code computed from it and the proof of that. The code stays on the device."""

    capture: SignedCapture
    code: IrisCode = field(repr=False)
    run: CodeProofRun


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


def ready_circuit(progress: Progress = lambda _: None, network: str = NETWORK_V1) -> Circuit:
    """The built circuit; built first if it is not there, and again if it was changed."""
    try:
        return load_circuit(network)
    except (ArtifactAbsent, ArtifactFailed):
        return build_iris_circuit(progress=progress, network=network)


def model_description(circuit: Circuit, chain_id: int) -> ModelDescription:
    """What the registry is told of the circuit. Raises `InputError` for a development SRS on a chain that is not
    local, and `ArtifactFailed` where the committed verifier is not the pinned one."""
    facts = circuit.facts
    require_chain_allows(SrsSource(facts.srs_source), chain_id)
    read_pinned(f"verifier_{facts.network}")
    return ModelDescription(
        onnx_hash=bytes.fromhex(facts.onnx_sha256),
        settings_hash=bytes.fromhex(facts.settings_sha256),
        srs_hash=bytes.fromhex(facts.srs_sha256),
        vk_hash=bytes.fromhex(facts.vk_sha256),
        metrics_hash=_NO_METRICS,
        texture_plane=PlaneName(facts.texture_plane),
        mask_plane=PlaneName(facts.mask_plane),
        k=facts.k,
        blinding_constant=facts.blinding_point,
        proof_length=facts.proof_bytes,
        verifier=verifier_name(facts.network),
    )


def deploy_registry(url: str, owner: LocalAccount, model: ModelDescription, station: SoftwareStation) -> Deployment:
    """Put the contracts on a chain, with one model and one station."""
    return deploy(url, owner, model, [station.address])


def open_image(path: Path) -> EyeImage:
    """Read an eye image. Raises `InputError` or `QualityError`, naming the file, for one that cannot be used."""
    with naming(path.name):
        return load_image(path)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put a name before the message of a `QualityError`, which knows the picture and not where it came from."""
    try:
        yield
    except QualityError as error:
        raise QualityError(
            f"{what}: {error.message}", measure=error.measure, value=error.value, limit=error.limit, hint=error.hint
        ) from error


def unroll_eye(image: EyeImage, eye_side: EyeSide, captured_at: int | None = None) -> NormalizedIris:
    """Quality, segmentation, normalisation. `captured_at` in Unix seconds; now if not given. Raises `QualityError`."""
    return normalize_eye(image, eye_side=eye_side, captured_at=int(time.time()) if captured_at is None else captured_at)


def attest_capture(
    station: SoftwareStation, iris: NormalizedIris, identity: IdentityCommitment, deployment: Deployment
) -> SignedCapture:
    """Let the station commit to the capture and sign it for this identity and registry."""
    return station.attest(iris, identity, deployment.registry, deployment.chain_id)


def compute_code(capture: SignedCapture) -> IrisCode:
    """The iris code of a capture, by the exact integer reference of the network."""
    return encode_v1(capture.planes[PlaneName.TEXTURE_8X120].plane, capture.planes[PlaneName.MASK_8X120].plane)


def prove_capture(circuit: Circuit, capture: SignedCapture, code: IrisCode) -> ProvedCapture:
    """Prove that `code` is the capture's; the proof was verified when this returns. Raises `ProvingError`."""
    texture, mask = (PlaneName(name) for name in (circuit.facts.texture_plane, circuit.facts.mask_plane))
    run = prove_code(circuit, capture.planes[texture], capture.planes[mask], code)
    return ProvedCapture(capture, code, run)


def enrollment_of(model: ModelDescription, model_id: int, proved: ProvedCapture) -> Enrollment:
    """What goes to the registry: nothing private is in it."""
    capture = proved.capture
    code = code_evidence(model, model_id, capture.ladder, proved.run.proof)
    return prepare_enrollment(capture.ladder, capture.attestation, code)


def enroll(registry: RegistryClient, enrollment: Enrollment) -> Receipt:
    """Submit an enrolment. Anyone may; the member is the identity that the attestation names."""
    return registry.enroll(enrollment)


def prepare_ballot(registry: RegistryClient, polls: PollsClient, poll: Poll, voter: Identity, choice: int) -> Ballot:
    """Prove a ballot: membership in the poll's snapshot, for this choice, as the voter's next vote.

    Raises `ChainError` where the node's log does not give the poll's snapshot, `InputError` for one who was no member
    then or a choice that the poll does not have.
    """
    if not 0 <= choice < len(poll.options):
        raise InputError(f"poll {poll.poll_id} has no option {choice}", hint=f"choose 0..{len(poll.options) - 1}")
    sequence = polls.votes_cast_by(poll.poll_id, nullifier_of(voter, poll.scope))
    group = snapshot_group(registry, poll)
    return Ballot.from_proof(prove_membership(voter, group, ballot_message(choice, sequence), poll.scope))


def snapshot_group(registry: RegistryClient, poll: Poll) -> Group:
    """The members at the poll's making, checked against its root. Raises `ChainError` where the log gives others."""
    group = group_of(registry.members_before(poll.group_id, poll.block, poll.log_index))
    if group.root != poll.snapshot_root:
        raise ChainError(f"the members in the node's log do not give the snapshot of poll {poll.poll_id}")
    return group


def cast_vote(polls: PollsClient, poll: Poll, ballot: Ballot) -> Receipt:
    """Submit a ballot. Whoever submits it is seen; the voter is not in it."""
    return polls.cast_vote(poll.poll_id, ballot)


def write_synthetic_eye(path: Path, eye_seed: int, capture_seed: int) -> None:
    """Write a synthetic capture as PNG, whole or not at all: nobody's eye, the same bytes for the same seeds.

    Raises `ArtifactUnavailable` where it cannot be written.
    """
    picture = synthetic_capture(make_eye(eye_seed), capture_seed).image.pixels
    encoded, data = cv2.imencode(".png", picture)
    if not encoded:
        raise InputError(f"{path.name} cannot be encoded as png")
    write_atomic(path, data.tobytes())


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
