"""What a worker does: prove codes of a signed capture, ask the committee, submit, and look whether it is on the chain.

Every step first asks whether it was done before: a proof that stands in the folder is not made again, and what is on
the chain is not sent again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.actions.capture import ProvedCapture, prove_capture
from app.actions.circuit import circuit_of_key, planes_of
from app.actions.committee import Committee, Model, committee_of
from app.actions.joining import parse_job_secrets, record_of, recovery_of
from app.actions.submission import submit_enrollment
from app.endpoints import Endpoints
from app.session import Links
from app.station import SignedCapture
from app.vault.captures import signed_capture
from circuits.artifacts import write_atomic
from circuits.iris.circuit import Circuit
from circuits.iris.prove import CodeProofRun
from model.pipeline.encoding import ENCODERS
from protocol.errors import ChainError, EncodingError, IrisproofError, VerificationError
from protocol.types import CodeProof, IdentityCommitment
from registry_contract.enrollment import CodeEvidence, Enrollment, code_evidence, prepare_enrollment
from registry_contract.verdict import VerdictKind

__all__ = ["do_work"]

Tell = Callable[[str], None]

_VERDICTS = {
    "enroll": VerdictKind.UNIQUE,
    "upgrade": VerdictKind.STORED,
    "recover": VerdictKind.SAME_PERSON,
}

_EXPIRY = slice(7 * 32, 8 * 32)
"""Where `SignedVerdict.to_bytes()` has the time of its end."""

_LEEWAY_S = 60
_SEEN_TIMEOUT_S = 30.0
_SEEN_POLL_S = 0.2


@dataclass(frozen=True)
class _Task:
    kind: str
    links: Links
    captures: tuple[SignedCapture, ...]
    """Of the eye that goes on chain, and of the other one where the committee compares both."""
    identity: IdentityCommitment
    folder: Path
    record_id: int
    model_id: int
    tell: Tell


def do_work(request: dict[str, Any], secrets: bytes, folder: Path, tell: Tell) -> dict[str, Any]:
    """Do one job; returns what a receipt keeps. Raises an `IrisproofError`, whose words hold no secret."""
    task = _task(request, secrets, folder, tell)
    tell("checking")
    if (found := _found_on_chain(task)) is not None:
        return found
    evidence = _evidence(task)
    tell("submitting")
    if (found := _found_on_chain(task)) is not None:
        return found
    try:
        _submit(task, evidence)
    except ChainError:
        if (found := _found_on_chain(task)) is None:  # an earlier run's transaction may have come through meanwhile
            raise
        return found
    return _seen(task)


def _seen(task: _Task) -> dict[str, Any]:
    """What was submitted, once the node shows it: one node may be behind another."""
    deadline = time.monotonic() + _SEEN_TIMEOUT_S
    while (found := _found_on_chain(task)) is None:
        if time.monotonic() > deadline:
            raise VerificationError("the node does not show what was submitted", hint="try again; ask another node")
        time.sleep(_SEEN_POLL_S)
    return found


def _task(request: dict[str, Any], secrets: bytes, folder: Path, tell: Tell) -> _Task:
    try:
        kind, identity = str(request["kind"]), IdentityCommitment(int(request["identity"]))
        endpoints = Endpoints.from_dict(request["endpoints"])
        _VERDICTS[kind]
    except (KeyError, ValueError, TypeError) as error:
        raise EncodingError("the job's request cannot be read") from error
    captures = tuple(signed_capture(*parts) for parts in parse_job_secrets(secrets))
    if any(capture.attestation.capture.identity != identity for capture in captures):
        raise VerificationError("the capture is of another identity than the job")
    links = Links(endpoints)
    record, model = int(request.get("record_id", 0)), int(request.get("model_id", 0))
    return _Task(kind, links, captures, identity, folder, record, model, tell)


def _evidence(task: _Task) -> tuple[CodeEvidence, ...]:
    committee, chain_id = committee_of(task.links), task.links.endpoints.deployment.chain_id
    evidence = []
    for model_id in _models(task):
        task.tell("circuit")
        circuit = circuit_of_key(task.links.governance.vk_hash(model_id).hex())
        planes = planes_of(circuit, chain_id)
        proved = [_proved(task, circuit, place) for place in range(len(task.captures))]
        task.tell("committee")
        verdict = _verdict(task, committee, (model_id, planes, circuit), proved)
        evidence.append(code_evidence(planes, model_id, task.captures[0].ladder, proved[0].run.proof, verdict))
    return tuple(evidence)


def _models(task: _Task) -> tuple[int, ...]:
    """The models to have codes of. Whoever lost a vault before renewing has no shares under the upcoming model, so that
    the committee could not find the same person there: the contract does without it, and the new identity renews."""
    if task.kind == "upgrade":
        return (task.model_id,)
    live = task.links.governance.live_models()
    if task.kind == "enroll" or not live.upcoming:
        return live.models
    registry = task.links.registry
    lost = registry.record_by_id(task.record_id).identity
    return live.models if registry.has_member(lost, live.upcoming) else (live.group,)


def _verdict(task: _Task, committee: Committee, model: Model, proved: Sequence[ProvedCapture]) -> bytes:
    """An earlier run's verdict while it lives, else a new one, on the disk before this returns: asked again, the
    committee would find this very request's own shares."""
    file = task.folder / f"verdict-{model[0]}.bin"
    kept = file.read_bytes() if file.exists() else b""
    if len(kept) > _EXPIRY.stop and int.from_bytes(kept[_EXPIRY], "big") > task.links.registry.now() + _LEEWAY_S:
        return kept
    verdict = committee.ask(_VERDICTS[task.kind], model, proved)
    if verdict:
        write_atomic(file, verdict, mode=0o600)
    return verdict


def _proved(task: _Task, circuit: Circuit, place: int) -> ProvedCapture:
    """The proof of an earlier run of this job, else a new one, on the disk before this returns."""
    network = circuit.facts.network
    task.tell("code")
    encoder, capture = ENCODERS[network], task.captures[place]
    code = encoder.encode(capture.planes[encoder.texture].plane, capture.planes[encoder.mask].plane)
    other = "-other" * place
    file = task.folder / f"evidence-{network}-{circuit.facts.vk_sha256[:16]}{other}.json"
    task.tell("proof")
    try:
        proof = CodeProof(network, bytes.fromhex(json.loads(file.read_text())["proof"]))
        return ProvedCapture(capture, code, CodeProofRun(proof, 0.0, 0.0))
    except (OSError, ValueError, KeyError, TypeError, IrisproofError):
        proved = prove_capture(circuit, capture, code)
    write_atomic(file, json.dumps({"proof": proved.run.proof.proof.hex()}).encode(), mode=0o600)
    return proved


def _submit(task: _Task, evidence: tuple[CodeEvidence, ...]) -> None:
    links = task.links
    if task.kind == "upgrade":
        links.registry.upgrade(task.identity, evidence[0])
        return
    enrollment: Enrollment = prepare_enrollment(task.captures[0].ladder, task.captures[0].attestation, *evidence)
    if task.kind == "recover":
        links.registry.request_recovery(task.record_id, enrollment)
        return
    submit_enrollment(links, enrollment)


def _found_on_chain(task: _Task) -> dict[str, Any] | None:
    """What a receipt keeps, once the registry shows what this job is for."""
    registry = task.links.registry
    base = {"registry": task.links.endpoints.deployment.registry, "identity": str(task.identity.value)}
    if task.kind == "recover":
        recovery = recovery_of(task.links, task.record_id)
        if recovery is None or recovery.identity != task.identity:
            return None
        return {**base, "record_id": task.record_id, "ready_at": recovery.ready_at}
    if task.kind == "upgrade":
        return {**base, "model_id": task.model_id} if registry.has_member(task.identity, task.model_id) else None
    record = record_of(task.links, task.identity)
    if record is None:
        return None
    return {
        **base,
        "record_id": record.record_id,
        "commitments_root": record.commitments_root.hex(),
        "station": record.station,
        "enrolled_at": record.enrolled_at,
    }
