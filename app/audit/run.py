"""The audit, whole, from public data alone: the order of its checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.audit.accuracy import check_accuracy
from app.audit.circuits import Circuits
from app.audit.code import check_code, check_pins, check_verifier_code, check_wiring
from app.audit.findings import Broken, Findings, Stage
from app.audit.lists import Constants
from app.audit.replay import Replay
from app.audit.report import content_of
from app.audit.resume import AuditState
from app.audit.state import check_state
from app.audit.verifying import verify_claims
from circuits.iris.build import verifier_name
from protocol.errors import ChainError, ChainUnreachable
from registry_contract.deployment import Deployment
from registry_contract.public_log import LogEntry, PublicLog, Rpc

__all__ = ["AuditRequest", "AuditResult", "run_audit"]

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class AuditRequest:
    """`block`: audit as of this one. `rebuild`: build every circuit again from its ONNX file. `data`: folder of
    pictures to measure accuracy on; `accuracy`: an accuracy.json to compare with what models list."""

    deployment: Deployment
    block: int | None = None
    state: Path | None = None
    rebuild: bool = True
    data: Path | None = None
    accuracy: Path | None = None


@dataclass(frozen=True)
class AuditResult:
    """`broken` in order: the first is the one to look at. `content` is the report as JSON has it."""

    broken: list[Broken]
    content: dict[str, Any] = field(repr=False)

    @property
    def holds(self) -> bool:
        return not self.broken


def run_audit(request: AuditRequest, rpc: Rpc, progress: Progress = lambda _stage, _share: None) -> AuditResult:
    """1. Pins here, code there, and how the contracts are wired. 2. The log, replayed; circuits rebuilt and compared
    with the models that the log lists. 3. Every proof, signature and verdict. 4. The contracts' counters, roots,
    records and tallies beside the log. 5. Accuracy, where the auditor has data.

    Raises `ChainUnreachable` where the node does not answer, `InputError` for a state file or data that cannot be used,
    `ArtifactError` and `ProvingError` where this machine cannot verify. All that does not hold is in the result.
    """
    findings, state = Findings(), AuditState(request.state, request.deployment)
    progress("chain, pins and code", 0)
    check_pins(findings)
    try:
        return _audit_chain(request, PublicLog(rpc, request.deployment, request.block), (findings, state), progress)
    except ChainUnreachable:
        raise
    except ChainError as error:
        findings.say("node", error.message, stage=Stage.FOUNDATION)
        return AuditResult(findings.in_order(), content_of(findings, None, None))


def _audit_chain(
    request: AuditRequest, log: PublicLog, books: tuple[Findings, AuditState], progress: Progress
) -> AuditResult:
    findings, state = books
    check_code(log, findings)
    check_wiring(log, findings)
    circuits = Circuits(findings, state, request.rebuild, lambda text: progress(text, 0))
    progress("reading the log", 0)
    entries = log.entries(lambda share: progress("reading the log", share))
    replay = Replay(request.deployment, _constants(log), findings)
    replay.run(entries, circuits.network_of, lambda share: progress("replaying the log", share))
    verify_claims(
        replay.claims, circuits.by_network, state, findings, lambda share: progress("proofs and signatures", share)
    )
    progress("verifiers and state", 0)
    _check_verifiers(log, replay, findings)
    check_state(log, replay, findings)
    check_genesis(request.deployment, replay, entries, findings)
    figures = check_accuracy(request.data, request.accuracy, replay, findings, progress)
    log.require_unmoved()
    progress("verifiers and state", 1)
    broken = findings.in_order()
    if not broken:
        state.finish(log.head)
    return AuditResult(broken, content_of(findings, replay, log.head, figures, circuits.rebuilt))


def _check_verifiers(log: PublicLog, replay: Replay, findings: Findings) -> None:
    for model in replay.lists.models.values():
        network = replay.records.codes.networks.get(model.model_id)
        if network is not None:
            address = str(model.description["verifier"])
            check_verifier_code(log, findings, model.model_id, address, verifier_name(network[0]))


def check_genesis(deployment: Deployment, replay: Replay, entries: list[LogEntry], findings: Findings) -> None:
    """The log begins where the deployment says, with the model and the verifier that the deployment names."""
    genesis = replay.lists.models.get(deployment.model_id)
    findings.require(genesis is not None, "log", f"the log does not have model {deployment.model_id}, the first")
    if genesis is not None:
        verifier = str(genesis.description["verifier"])
        findings.require(
            verifier.lower() == deployment.code_verifier.lower(), "wiring", f"model 1's verifier is {verifier}"
        )
    findings.require(bool(entries), "log", "the log is empty")


def _constants(log: PublicLog) -> Constants:
    return Constants(
        public_delay_s=int(log.call("models", "publicDelayS")),
        grace_s=int(log.call("models", "graceS")),
        reattest_s=int(log.call("registry", "reattestPeriodS")),
        recovery_wait_s=int(log.call("registry", "recoveryWaitS")),
        eye_side=int(log.call("registry", "eyeSide")),
    )
