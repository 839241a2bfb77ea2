"""The main job, whole: eye images in, a tally read back from the contract out, and four attacks refused.

Everything is real but what the README names: the chain is a local one of its own, the stations are software, and the
default eyes are synthetic.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app import actions
from app.actions import ProvedCapture
from app.attacks import Loot, attacks_with, signed_by
from app.narration import Narrator
from app.station import SoftwareStation
from circuits.artifacts import build_dir
from circuits.iris.circuit import Circuit
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import prove_membership
from protocol.errors import ChainError
from protocol.types import EyeSide, NormalizedIris
from registry_contract.client import RegistryClient
from registry_contract.deployment import Deployment
from registry_contract.enrollment import Enrollment
from registry_contract.local_chain import LocalChain
from registry_contract.model import ModelDescription
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message

__all__ = ["DemoFigures", "DemoOptions", "run_demo"]

PERSONS = 3
POLL_LIFE_S = 3600


@dataclass(frozen=True)
class DemoOptions:
    """`images`: the persons' eye images, in order; synthetic eyes stand in for those that are missing."""

    images: Sequence[Path] = ()
    eye_side: EyeSide = EyeSide.LEFT
    port: int = 0
    station: SoftwareStation | None = None


@dataclass(frozen=True)
class DemoFigures:
    """What was measured in one run. Lists have one entry a person or vote."""

    seconds: dict[str, list[float]]
    total_s: float
    code_proof_cpu_s: list[float]
    code_proof_peak_mib: list[float]
    code_proof_bytes: int
    enroll_gas: list[int]
    enroll_calldata_bytes: list[int]
    first_vote_gas: list[int]
    replaced_vote_gas: list[int]
    deploy_gas: int
    options: tuple[str, ...]
    tally: tuple[int, ...]
    refusals: dict[str, str]
    """Attack -> the contract's own reason."""


@dataclass
class _Person:
    name: str
    image: Path
    identity: Identity = field(default_factory=Identity.create, repr=False)


@dataclass
class _Scene:
    """What the demo's acts share."""

    tell: Narrator
    circuit: Circuit
    chain: LocalChain
    station: SoftwareStation
    model: ModelDescription
    deployment: Deployment
    registry: RegistryClient
    polls: PollsClient
    enrollments: list[Enrollment] = field(default_factory=list)
    runs: list[ProvedCapture] = field(default_factory=list)
    enroll_gas: list[int] = field(default_factory=list)
    enroll_calldata_bytes: list[int] = field(default_factory=list)
    vote_gas: list[int] = field(default_factory=list)


def run_demo(options: DemoOptions, write: Callable[[str], None]) -> DemoFigures:
    """Run the demo, telling each step through `write`. Nothing it starts outlives it.

    Raises what a step raises: `InputError` and `QualityError` for an image or port that cannot be used (before
    anything is started), `ArtifactError`, `ProvingError`, `ChainError`.
    """
    started_s = time.monotonic()
    tell = Narrator(write)
    persons = _persons(options)
    tell.title("irisproof: from an eye image to a counted vote")
    tell.line("local chain, software station" + ("" if options.images else ", synthetic eyes: stand-ins for real ones"))
    tell.title("getting ready")
    circuit = _get_circuit(tell)
    irises = [_read_eye(tell, person, options.eye_side) for person in persons]
    with LocalChain(options.port) as chain:
        scene = _set_up(tell, circuit, chain, options.station or SoftwareStation(), options.eye_side)
        for person, iris in zip(persons, irises, strict=True):
            _enroll_person(scene, person, iris)
        poll = _vote(scene, persons)
        refusals = _attack(scene, persons, poll)
        tally = _close(scene, poll)
    total_s = time.monotonic() - started_s
    _say_what_left(scene, total_s)
    return _figures(scene, poll, tally, refusals, total_s)


def _persons(options: DemoOptions) -> list[_Person]:
    """The given images first; a synthetic eye each for the rest of three."""
    persons = [_Person(f"person {number}", path) for number, path in enumerate(options.images, 1)]
    for number in range(len(persons) + 1, PERSONS + 1):
        path = build_dir("demo") / f"synthetic-eye-{number}.png"
        if not path.exists():
            actions.write_synthetic_eye(path, eye_seed=number, capture_seed=1)
        persons.append(_Person(f"person {number} (synthetic)", path))
    return persons


def _get_circuit(tell: Narrator) -> Circuit:
    with tell.step("circuit") as step:
        circuit = actions.ready_circuit(progress=lambda stage: tell.line(f"building the circuit, once: {stage}"))
        facts = circuit.facts
        step.detail = f"{facts.network}, 2^{facts.k} rows, {facts.rows:,} used, vk {facts.vk_sha256[:16]}…"
    return circuit


def _read_eye(tell: Narrator, person: _Person, eye_side: EyeSide) -> NormalizedIris:
    """Quality and segmentation of every image come first: a bad one stops the demo before anything is started."""
    with tell.step("image loaded") as step:
        image = actions.open_image(person.image)
        step.detail = f"{person.name}: {person.image.name}, {image.width_px}x{image.height_px}"
    with tell.step("checked, segmented, unrolled") as step, actions.naming(person.image.name):
        iris = actions.unroll_eye(image, eye_side)
        quality = iris.quality
        step.detail = (
            f"iris {quality.iris_diameter_px:.0f} px, pupil {quality.pupil_to_iris_ratio:.0%} of it, "
            f"{quality.visible_iris_share:.0%} visible, focus {quality.focus:.0f}"
        )
    return iris


def _set_up(tell: Narrator, circuit: Circuit, chain: LocalChain, station: SoftwareStation, eye: EyeSide) -> _Scene:
    with tell.step("contracts deployed") as step:
        owner = chain.funded_account()
        model = actions.model_description(circuit, chain.chain_id)
        deployment = actions.deploy_registry(chain.url, owner, model, station, eye)
        step.detail = f"chain {deployment.chain_id}, registry {deployment.registry}, {deployment.gas_used:,} gas"
    relayer = chain.funded_account()  # submits for everybody: no person's address is seen
    registry = RegistryClient(chain.url, deployment, relayer)
    polls = PollsClient(chain.url, deployment, relayer)
    return _Scene(tell, circuit, chain, station, model, deployment, registry, polls)


def _enroll_person(scene: _Scene, person: _Person, iris: NormalizedIris) -> None:
    tell = scene.tell
    tell.title(f"{person.name}: enrols")
    # the chain's clock and this machine's agree only nearly; the capture is timed by the one that judges it
    iris = dataclasses.replace(iris, captured_at=scene.chain.now())
    with tell.step("capture committed, signed") as step:
        capture = actions.attest_capture(scene.station, iris, person.identity.commitment, scene.deployment)
        step.detail = f"{len(capture.ladder.commitments)} commitments, station {scene.station.address}"
        step.leaves = "their root, the signature"
    with tell.step("code computed") as step:
        code = actions.compute_code(capture)
        step.detail = (
            f"{len(code.symbols):,} symbols, {sum(map(abs, code.symbols)) / len(code.symbols):.0%} of them valid"
        )
    with tell.step("code proved") as step:
        proved = actions.prove_capture(scene.circuit, capture, code)
        step.detail = f"{proved.run.cpu_s:.2f} CPU-s, {proved.run.peak_mib:.0f} MiB, verified"
        step.leaves = f"the proof, {len(proved.run.proof.proof):,} bytes"
    with tell.step("enrolled on chain") as step:
        enrollment = actions.enrollment_of(scene.model, scene.deployment.model_id, proved)
        receipt = actions.enroll(scene.registry, enrollment)
        step.detail = f"{receipt.gas_used:,} gas, {receipt.calldata_bytes:,} bytes"
        step.leaves = f"identity commitment {str(person.identity.commitment.value)[:10]}…"
    scene.runs.append(proved)
    scene.enrollments.append(enrollment)
    scene.enroll_gas.append(receipt.gas_used)
    scene.enroll_calldata_bytes.append(receipt.calldata_bytes)


def _vote(scene: _Scene, persons: list[_Person]) -> Poll:
    tell = scene.tell
    tell.title("the poll")
    with tell.step("poll opened") as step:
        now = scene.chain.now()
        draft = PollDraft("Shall the park stay open at night?", ("yes", "no", "on weekends"), now, now + POLL_LIFE_S)
        poll, _ = scene.polls.create_poll(draft)
        step.detail = f"{draft.question} snapshot of {poll.snapshot_size} members"
    choices = [(index, index % 2) for index in range(len(persons))]  # (person, option)
    choices.append((len(persons) - 1, 2))  # and the last one thinks again
    for index, choice in choices:
        with tell.step("ballot proved and cast") as step:
            ballot = actions.prepare_ballot(scene.registry, scene.polls, poll, persons[index].identity, choice)
            receipt = actions.cast_vote(scene.polls, poll, ballot)
            again = ", in place of the earlier vote" if ballot.sequence else ""
            step.detail = f"{poll.options[choice]!r}{again}: {receipt.gas_used:,} gas"
            step.leaves = f"ballot, proof, nullifier {str(ballot.nullifier.value)[:10]}…"
        scene.vote_gas.append(receipt.gas_used)
    return poll


def _attack(scene: _Scene, persons: list[_Person], poll: Poll) -> dict[str, str]:
    tell = scene.tell
    tell.title("four attacks")
    enrolled, stranger = scene.enrollments[0], Identity.create().commitment
    group = actions.snapshot_group(scene.registry, poll)
    second = prove_membership(persons[0].identity, group, ballot_message(choice=1, sequence=0), poll.scope)
    loot = Loot(enrolled, signed_by(enrolled, scene.station, stranger), stranger, Ballot.from_proof(second))
    refusals = {}
    for attack in attacks_with(scene.registry, scene.polls, poll, loot):
        with tell.step("refused") as step:
            refusals[attack.name] = attack.run()
            step.detail = attack.name
        tell.line(f"{'':<8}{refusals[attack.name]}")
    return refusals


def _close(scene: _Scene, poll: Poll) -> tuple[int, ...]:
    tell = scene.tell
    tell.title("the tally")
    with tell.step("poll closed") as step:
        scene.chain.advance_time(max(0, poll.closes_at - scene.chain.now()) + 1)
        scene.polls.finalize(poll.poll_id)
        tally = scene.polls.tally(poll.poll_id)
        step.detail = "read back from the contract:"
    for option, votes in zip(poll.options, tally, strict=True):
        tell.line(f"{'':<8}{option:<12} {votes}")
    if sum(tally) != poll.snapshot_size:
        raise ChainError(f"{poll.snapshot_size} persons voted and the contract counts {sum(tally)} votes")
    return tally


def _say_what_left(scene: _Scene, total_s: float) -> None:
    tell = scene.tell
    proof_bytes = len(scene.runs[0].run.proof.proof)
    tell.title("what left a person's device, and what never did")
    tell.line(f"left:   commitments' root, station's signature, a proof ({proof_bytes:,} bytes), identity commitment")
    tell.line("        and for each vote the choice, a membership proof (256 bytes) and a nullifier")
    tell.line("never:  the eye image, the unrolled iris, the iris code, the salts, the identity's secret")
    tell.line("trusted here: the station (it is software); that nobody enrolled twice (no committee yet)")
    tell.title(f"done in {total_s:.1f} s")


def _figures(
    scene: _Scene, poll: Poll, tally: tuple[int, ...], refusals: dict[str, str], total_s: float
) -> DemoFigures:
    runs = [proved.run for proved in scene.runs]
    return DemoFigures(
        seconds=scene.tell.seconds,
        total_s=total_s,
        code_proof_cpu_s=[run.cpu_s for run in runs],
        code_proof_peak_mib=[run.peak_mib for run in runs],
        code_proof_bytes=len(runs[0].proof.proof),
        enroll_gas=scene.enroll_gas,
        enroll_calldata_bytes=scene.enroll_calldata_bytes,
        first_vote_gas=scene.vote_gas[:-1],
        replaced_vote_gas=scene.vote_gas[-1:],
        deploy_gas=scene.deployment.gas_used,
        options=poll.options,
        tally=tally,
        refusals=refusals,
    )
