"""The main job, whole: eye images in, a tally read back from the contract out, and what cheats try, refused.

Everything is real but what the README names: the chain is a local one of its own, the committee's three nodes run on
this machine, the stations are software, and the default eyes are synthetic.
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
from app.committee.local import LocalCommittee
from app.narration import Narrator
from app.station import SoftwareStation
from circuits.artifacts import build_dir
from circuits.iris.circuit import Circuit
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import prove_membership
from protocol.errors import ChainError, RequestRefused, VerificationError
from protocol.types import EyeSide, NormalizedIris
from registry_contract.client import RegistryClient
from registry_contract.deployment import Deployment, Terms
from registry_contract.enrollment import Enrollment
from registry_contract.local_chain import LocalChain
from registry_contract.model import ModelDescription
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message
from uniqueness.client import CommitteeClient
from uniqueness.refusals import Refusal

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
    duplicate: str
    """The committee's reason for refusing a second capture of an enrolled eye."""


@dataclass
class _Person:
    name: str
    image: Path
    synthetic: bool = False
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
    committee: CommitteeClient
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
    with LocalChain(options.port) as chain, LocalCommittee() as committee:
        scene = _set_up(tell, circuit, chain, committee, options)
        for person, iris in zip(persons, irises, strict=True):
            _enroll_person(scene, person, iris)
        duplicate = _enroll_twice(scene, persons, irises, options.eye_side)
        poll = _vote(scene, persons)
        refusals = _attack(scene, persons, poll)
        tally = _close(scene, poll, len(persons))
    total_s = time.monotonic() - started_s
    _say_what_left(scene, total_s)
    return _figures(scene, _Outcome(poll, tally, refusals, duplicate), total_s)


def _persons(options: DemoOptions) -> list[_Person]:
    """The given images first; a synthetic eye each for the rest of three."""
    persons = [_Person(f"person {number}", path) for number, path in enumerate(options.images, 1)]
    for number in range(len(persons) + 1, PERSONS + 1):
        persons.append(_synthetic_person(f"person {number} (synthetic)", number, capture_seed=1))
    return persons


def _synthetic_person(name: str, eye_seed: int, capture_seed: int) -> _Person:
    again = "" if capture_seed == 1 else f"-capture-{capture_seed}"
    path = build_dir("demo") / f"synthetic-eye-{eye_seed}{again}.png"
    if not path.exists():
        actions.write_synthetic_eye(path, eye_seed, capture_seed)
    return _Person(name, path, synthetic=True)


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


def _set_up(
    tell: Narrator, circuit: Circuit, chain: LocalChain, committee: LocalCommittee, options: DemoOptions
) -> _Scene:
    station = options.station or SoftwareStation()
    with tell.step("contracts deployed") as step:
        owner = chain.funded_account()
        model = actions.model_description(circuit, chain.chain_id)
        terms = Terms(committee=committee.signers, eye=options.eye_side)
        deployment = actions.deploy_registry(chain.url, owner, model, station, terms)
        step.detail = f"chain {deployment.chain_id}, registry {deployment.registry}, {deployment.gas_used:,} gas"
    with tell.step("committee started") as step:
        committee.start(chain.url, deployment)
        committee.wait_until_ready()
        step.detail = f"three nodes on this machine, comparison on secret shares: {committee.engine.value}"
    relayer = chain.funded_account()  # submits for everybody: no person's address is seen
    registry = RegistryClient(chain.url, deployment, relayer)
    polls = PollsClient(chain.url, deployment, relayer)
    return _Scene(tell, circuit, chain, station, model, deployment, registry, polls, committee.client)


def _enroll_person(scene: _Scene, person: _Person, iris: NormalizedIris) -> None:
    scene.tell.title(f"{person.name}: enrols")
    proved = _prove_person(scene, person, iris)
    _ask_and_enroll(scene, person, proved)


def _prove_person(scene: _Scene, person: _Person, iris: NormalizedIris) -> ProvedCapture:
    tell = scene.tell
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
    return proved


def _ask_and_enroll(scene: _Scene, person: _Person, proved: ProvedCapture) -> None:
    tell, model_id = scene.tell, scene.deployment.model_id
    with tell.step("asked the committee") as step:
        model = (model_id, scene.model, scene.circuit)
        verdict = actions.ask_committee(scene.committee, scene.registry, model, [proved])
        step.detail = f"unique among {verdict.verdict.database_size}, signed by all three nodes"
        step.leaves = "to each node two of three random shares of the code, sealed to it"
    with tell.step("enrolled on chain") as step:
        enrollment = actions.with_verdict(actions.enrollment_of(scene.model, model_id, proved), verdict)
        receipt = actions.enroll(scene.registry, enrollment)
        step.detail = f"{receipt.gas_used:,} gas, {receipt.calldata_bytes:,} bytes"
        step.leaves = f"identity commitment {str(person.identity.commitment.value)[:10]}…"
    scene.runs.append(proved)
    scene.enrollments.append(enrollment)
    scene.enroll_gas.append(receipt.gas_used)
    scene.enroll_calldata_bytes.append(receipt.calldata_bytes)


def _enroll_twice(scene: _Scene, persons: list[_Person], irises: list[NormalizedIris], side: EyeSide) -> str:
    """Another capture of an enrolled eye is refused, an eye of somebody else is not. Returns the refusal."""
    tell = scene.tell
    tell.title("nobody enrols twice")
    last, iris = persons[-1], irises[-1]
    again = "the same picture"
    if last.synthetic:
        again = "another picture of the same eye"
        iris = _read_eye(tell, _synthetic_person(f"{last.name} again", PERSONS, capture_seed=2), side)
    cheat = _Person(f"{last.name} again", last.image)
    proved = _prove_person(scene, cheat, iris)
    with tell.step("refused") as step:
        refusal = _refused_by_committee(scene, proved)
        step.detail = f"{again}, under a new identity"
    tell.line(f"{'':<8}the committee refused: {refusal}")
    other = _synthetic_person("somebody else (synthetic)", PERSONS + 1, capture_seed=1)
    proved = _prove_person(scene, other, _read_eye(tell, other, side))
    _ask_and_enroll(scene, other, proved)
    return refusal


def _refused_by_committee(scene: _Scene, proved: ProvedCapture) -> str:
    model = (scene.deployment.model_id, scene.model, scene.circuit)
    try:
        actions.ask_committee(scene.committee, scene.registry, model, [proved])
    except RequestRefused as refusal:
        if refusal.refusal is Refusal.DUPLICATE:
            return refusal.message
        raise
    raise VerificationError("the committee let one person enrol twice")


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


def _close(scene: _Scene, poll: Poll, voters: int) -> tuple[int, ...]:
    tell = scene.tell
    tell.title("the tally")
    with tell.step("poll closed") as step:
        scene.chain.advance_time(max(0, poll.closes_at - scene.chain.now()) + 1)
        scene.polls.finalize(poll.poll_id)
        tally = scene.polls.tally(poll.poll_id)
        step.detail = "read back from the contract:"
    for option, votes in zip(poll.options, tally, strict=True):
        tell.line(f"{'':<8}{option:<12} {votes}")
    if sum(tally) != voters:
        raise ChainError(f"{voters} persons voted and the contract counts {sum(tally)} votes")
    return tally


def _say_what_left(scene: _Scene, total_s: float) -> None:
    tell = scene.tell
    proof_bytes = len(scene.runs[0].run.proof.proof)
    tell.title("what left a person's device, and what never did")
    tell.line(f"left:   commitments' root, station's signature, a proof ({proof_bytes:,} bytes), identity commitment")
    tell.line("        to each committee node two of three random shares of the code: two nodes together could read it")
    tell.line("        and for each vote the choice, a membership proof (256 bytes) and a nullifier")
    tell.line("never:  the eye image, the unrolled iris, the iris code, the salts, the identity's secret")
    tell.line("trusted here: the station (it is software); the three nodes (they all run on this machine)")
    tell.title(f"done in {total_s:.1f} s")


@dataclass(frozen=True)
class _Outcome:
    """What came out of the demo's acts."""

    poll: Poll
    tally: tuple[int, ...]
    refusals: dict[str, str]
    duplicate: str


def _figures(scene: _Scene, outcome: _Outcome, total_s: float) -> DemoFigures:
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
        options=outcome.poll.options,
        tally=outcome.tally,
        refusals=outcome.refusals,
        duplicate=outcome.duplicate,
    )
