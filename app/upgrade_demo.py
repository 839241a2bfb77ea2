"""A model upgrade, whole: five members on v1, v2 proposed and let through, three upgrade in time, one enrols under
both, two are left out after the deadline, one of them comes back.

Everything is real but what `demo` names too, and the months, which a local chain's clock skips.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app import actions
from app.actions import ProvedCapture
from app.actions.committee import Committee, NodesCommittee
from app.audit import AuditRequest, run_audit
from app.audit.command import write_reports
from app.committee.local import LocalCommittee
from app.narration import Narrator
from app.station import SignedCapture, SoftwareStation
from circuits.artifacts import build_dir
from circuits.iris.circuit import Circuit
from circuits.semaphore.identity import Identity
from model.pipeline.encoding import ENCODERS, NETWORK_V1, NETWORK_V2
from protocol.errors import ChainError, VerificationError
from protocol.types import EyeSide, NormalizedIris
from registry_contract.client import RegistryClient
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment, Terms, deploy
from registry_contract.enrollment import CodeEvidence, code_evidence, prepare_enrollment
from registry_contract.governance import GovernanceClient
from registry_contract.local_chain import LocalChain
from registry_contract.model import ModelDescription
from registry_contract.polls import Poll, PollDraft, PollsClient
from registry_contract.public_log import http_rpc
from registry_contract.verdict import VerdictKind

__all__ = ["UpgradeFigures", "run_upgrade_demo"]

MEMBERS, IN_TIME = 5, 3
DAY_S = 86_400


@dataclass(frozen=True)
class UpgradeFigures:
    """Snapshot sizes at each turn: under v1, in grace, after the deadline, at the end; and what was measured."""

    snapshots: dict[str, int]
    left_out: list[int]
    upgrade_gas: list[int]
    upgrade_proof_cpu_s: list[float]
    total_s: float


@dataclass
class _Member:
    name: str
    iris: NormalizedIris = field(repr=False)
    identity: Identity = field(default_factory=Identity.create, repr=False)
    capture: SignedCapture | None = field(default=None, repr=False)
    """What a vault would keep: the signed capture, for every model to come."""
    record_id: int = 0


@dataclass
class _Scene:
    tell: Narrator
    chain: LocalChain
    circuits: dict[int, Circuit]
    models: dict[int, ModelDescription]
    station: SoftwareStation
    committee: Committee
    deployment: Deployment
    registry: RegistryClient
    polls: PollsClient
    governance: GovernanceClient
    terms: Terms
    snapshots: dict[str, int] = field(default_factory=dict)
    upgrade_gas: list[int] = field(default_factory=list)
    upgrade_cpu_s: list[float] = field(default_factory=list)


def run_upgrade_demo(port: int, out: Path | None, write: Callable[[str], None]) -> UpgradeFigures:
    """Run it, telling each step through `write`; the audit's report goes to the folder `out`, if given. Nothing it
    starts outlives it.

    Raises `InputError` for a port that cannot be used, `ArtifactError`, `ProvingError`, `ChainError`.
    """
    started_s = time.monotonic()
    tell = Narrator(write)
    tell.title("irisproof: from one iris network to the next")
    tell.line("local chain, software station, synthetic eyes: stand-ins for real ones")
    tell.title("getting ready")
    circuits = {1: _circuit(tell, NETWORK_V1), 2: _circuit(tell, NETWORK_V2)}
    members = [_member(tell, number) for number in range(1, MEMBERS + 2)]
    old, newcomer = members[:MEMBERS], members[MEMBERS]
    with LocalChain(port) as chain, LocalCommittee() as nodes:
        scene = _set_up(tell, circuits, chain, nodes)
        _enroll_all(scene, old)
        _propose(scene)
        for member in old[:IN_TIME]:
            _upgrade(scene, member)
        tell.title("somebody new, in the grace period")
        _enroll(scene, newcomer)
        _snapshot(scene, "in the grace period", expected=MEMBERS + 1)
        left_out = _pass_deadline(scene, members)
        tell.title(f"{old[-1].name} was on holiday")
        _upgrade(scene, old[-1])
        _snapshot(scene, "at the end", expected=IN_TIME + 2)
        _require_in(scene, old[-1], 2)
        _audit(scene, out)
    total_s = time.monotonic() - started_s
    tell.title(f"done in {total_s:.1f} s")
    return UpgradeFigures(scene.snapshots, left_out, scene.upgrade_gas, scene.upgrade_cpu_s, total_s)


def _circuit(tell: Narrator, network: str) -> Circuit:
    with tell.step("circuit") as step:
        circuit = actions.ready_circuit(lambda stage: tell.line(f"building {network}, once: {stage}"), network)
        facts = circuit.facts
        step.detail = f"{network}, 2^{facts.k} rows, {facts.symbols:,} symbols, vk {facts.vk_sha256[:16]}…"
    return circuit


def _member(tell: Narrator, number: int) -> _Member:
    path = build_dir("demo") / f"synthetic-eye-{number}.png"
    if not path.exists():
        actions.write_synthetic_eye(path, eye_seed=number, capture_seed=1)
    with tell.step("eye unrolled") as step, actions.naming(path.name):
        iris = actions.unroll_eye(actions.open_image(path), EyeSide.LEFT)
        step.detail = f"member {number}"
    return _Member(f"member {number}", iris)


def _set_up(tell: Narrator, circuits: dict[int, Circuit], chain: LocalChain, nodes: LocalCommittee) -> _Scene:
    with tell.step("contracts deployed") as step:
        owner, relayer, station = chain.funded_account(), chain.funded_account(), SoftwareStation()
        terms = Terms(committee=nodes.signers)
        models = {number: actions.model_description(circuit, chain.chain_id) for number, circuit in circuits.items()}
        deployment = deploy(chain.url, owner, models[1], [station.address], terms)
        registry = RegistryClient(chain.url, deployment, relayer)
        step.detail = f"registry {deployment.registry}, model 1 is {NETWORK_V1}"
    with tell.step("committee started") as step:
        nodes.start(chain.url, deployment)
        nodes.wait_until_ready()
        step.detail = f"three nodes on this machine, comparison on secret shares: {nodes.engine.value}"
    return _Scene(
        tell,
        chain,
        circuits,
        models,
        station,
        NodesCommittee(registry, nodes.client),
        deployment,
        registry,
        PollsClient(chain.url, deployment, relayer),
        GovernanceClient(chain.url, deployment, owner),
        terms,
    )


def _enroll_all(scene: _Scene, members: list[_Member]) -> None:
    scene.tell.title(f"{len(members)} people enrol under model 1")
    for member in members:
        _enroll(scene, member)
    _snapshot(scene, "under model 1", expected=len(members))


def _enroll(scene: _Scene, member: _Member) -> None:
    """Under every live model; the signed capture stays with the member."""
    iris = dataclasses.replace(member.iris, captured_at=scene.chain.now())
    with scene.tell.step("enrolled") as step:
        capture = actions.attest_capture(scene.station, iris, member.identity.commitment, scene.deployment)
        live = scene.governance.live_models().models
        codes = [_prove(scene, capture, model, VerdictKind.UNIQUE)[0] for model in live]
        scene.registry.enroll(prepare_enrollment(capture.ladder, capture.attestation, *codes))
        member.capture = capture
        member.record_id = scene.registry.record(member.identity.commitment).record_id
        step.detail = f"{member.name}: record {member.record_id}, under model {' and '.join(map(str, live))}"
        step.leaves = f"{len(codes)} proof{'s' if len(codes) > 1 else ''}, the station's signature, identity commitment"


def _prove(
    scene: _Scene, capture: SignedCapture, model_id: int, kind: VerdictKind
) -> tuple[CodeEvidence, ProvedCapture]:
    """The code of a capture under one model, with its proof and the committee's verdict."""
    circuit, model = scene.circuits[model_id], scene.models[model_id]
    encoder = ENCODERS[circuit.facts.network]
    code = encoder.encode(capture.planes[encoder.texture].plane, capture.planes[encoder.mask].plane)
    proved = actions.prove_capture(circuit, capture, code)
    verdict = scene.committee.ask(kind, (model_id, model, circuit), [proved])
    return code_evidence(model, model_id, capture.ladder, proved.run.proof, verdict), proved


def _propose(scene: _Scene) -> None:
    tell, governance = scene.tell, scene.governance
    tell.title("model 2 is proposed")
    artifact = load_contract(scene.models[2].verifier)
    with tell.step("verifier deployed") as step:
        address = governance.connection.deploy(artifact.linked_creation({}), artifact.abi).contract_address
        if address is None:
            raise ChainError("the node gave no address for the new verifier")
        step.detail = f"{scene.models[2].verifier} at {address}"
    proposal = governance.propose_model(scene.models[2].to_abi(address, artifact))
    with tell.step("proposed to the timelock") as step:
        governance.schedule(proposal)
        step.detail = f"{NETWORK_V2}; it waits {scene.terms.timelock_delay_s // DAY_S} days"
    scene.chain.advance_time(governance.delay_s())
    with tell.step("announced") as step:
        governance.execute(proposal)
        step.detail = (
            f"public delay of {scene.terms.model_delay_s // DAY_S} days begins: anyone may build it and object"
        )
    scene.chain.advance_time(scene.terms.model_delay_s)
    live = governance.live_models()
    tell.line(
        f"{'':<8}{scene.terms.model_delay_s // DAY_S} days pass: models {live.models} are live, the group is model 1's"
    )


def _upgrade(scene: _Scene, member: _Member) -> None:
    """From the capture that was signed at enrolment: no station is asked."""
    capture = member.capture
    assert capture is not None
    with scene.tell.step("upgraded") as step:
        code, proved = _prove(scene, capture, 2, VerdictKind.STORED)
        receipt = scene.registry.upgrade(member.identity.commitment, code)
        step.detail = f"{member.name}, from the stored capture: {receipt.gas_used:,} gas, {proved.run.cpu_s:.2f} CPU-s"
        step.leaves = f"a proof, {len(proved.run.proof.proof):,} bytes"
    scene.upgrade_gas.append(receipt.gas_used)
    scene.upgrade_cpu_s.append(proved.run.cpu_s)


def _snapshot(scene: _Scene, when: str, expected: int) -> Poll:
    """Open a poll, and say who may vote in it. Raises `ChainError` for another number than this demo is about."""
    with scene.tell.step("poll opened") as step:
        now = scene.chain.now()
        poll, _ = scene.polls.create_poll(PollDraft(f"A question {when}?", ("yes", "no"), now, now + DAY_S))
        members = sum(leaf != 0 for leaf in actions.snapshot_group(scene.registry, poll).leaves)
        step.detail = f"{when}: a snapshot of {members} members, the group of model {poll.group_id}"
    if members != expected:
        raise ChainError(f"the snapshot {when} has {members} members; {expected} were to be in it")
    scene.snapshots[when] = members
    return poll


def _pass_deadline(scene: _Scene, members: list[_Member]) -> list[int]:
    tell = scene.tell
    tell.title("the deadline passes")
    scene.chain.advance_time(scene.terms.grace_s)
    tell.line(f"{'':<8}{scene.terms.grace_s // DAY_S} days pass: the group is model {scene.registry.group_id()}'s")
    _snapshot(scene, "after the deadline", expected=IN_TIME + 1)
    out = [member for member in members if not scene.registry.has_member(member.identity.commitment)]
    for member in out:
        tell.line(f"{'':<8}left out: {member.name} (record {member.record_id}), until it upgrades")
    return [member.record_id for member in out]


def _require_in(scene: _Scene, member: _Member, model_id: int) -> None:
    if not scene.registry.has_member(member.identity.commitment, model_id):
        raise ChainError(f"{member.name} upgraded and is not in the group of model {model_id}")
    scene.tell.line(f"{'':<8}{member.name} is back in the group")


def _audit(scene: _Scene, out: Path | None) -> None:
    """Somebody who was not there reads the chain and believes nobody. The circuits were built here, so they are not
    built again; `irisproof audit` does that."""
    scene.tell.title("an auditor reads the chain")
    with scene.tell.step("audited") as step:
        result = run_audit(AuditRequest(scene.deployment, rebuild=False), http_rpc(scene.chain.url))
        proofs, signatures = result.content["checked"]["code proof"], result.content["checked"]["verdict"]
        step.detail = f"{proofs} code proofs, {signatures // 2} verdicts, every tree and snapshot: everything holds"
    if not result.holds:
        raise VerificationError(f"the audit found a broken link: {result.broken[0].sentence()}")
    if out is not None:
        for path in write_reports(out, result.content):
            scene.tell.line(f"{'':<8}written to {path}")
