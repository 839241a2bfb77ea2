"""How long an audit takes: `python -m benchmarks.audit 60` enrols 60 people and audits them.

Enrolling is what takes long (a proof a person), so many enrolments are measured in two parts: the whole audit of the
real ones, and the verification of their proofs and signatures repeated up to 2,000 enrolments, by all processors.
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import sys
import time
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from app import actions
from app.actions import ProvedCapture
from app.audit import AuditRequest, run_audit
from app.audit.evidence import Claim, CodeClaim, digest_of
from app.audit.findings import Findings
from app.audit.lists import Constants
from app.audit.replay import Replay
from app.audit.verifying import verify_parts
from app.station import SoftwareStation
from circuits.semaphore.identity import Identity
from model.pipeline.encoding import NETWORK_V1
from model.synthetic import capture, make_eye
from protocol.types import EyeSide
from registry_contract.client import RegistryClient
from registry_contract.deployment import Deployment, Terms, deploy
from registry_contract.enrollment import code_evidence, prepare_enrollment
from registry_contract.local_chain import LocalChain
from registry_contract.public_log import PublicLog, http_rpc
from registry_contract.verdict import Verdict, VerdictKind, code_commitment, sign_verdict

ENROLMENTS = 2_000


class SigningKeys:
    """Three keys in this process in the committee's place: they sign whatever they are asked, and compare nobody. What
    is measured here is the audit, and an audit sees signatures."""

    def __init__(self) -> None:
        self._accounts: tuple[LocalAccount, ...] = tuple(Account.create() for _ in range(3))
        self._registry: RegistryClient | None = None

    @property
    def signers(self) -> tuple[str, str, str]:
        """Addresses for the contract, in the nodes' order."""
        one, two, three = (str(account.address) for account in self._accounts)
        return one, two, three

    def serve(self, registry: RegistryClient) -> None:
        """Sign for this registry from now on."""
        self._registry = registry

    def ask(self, model_id: int, proved: ProvedCapture) -> bytes:
        registry, capture = self._registry, proved.capture.attestation.capture
        assert registry is not None
        verdict = Verdict(
            registry=capture.registry,
            chain_id=capture.chain_id,
            kind=VerdictKind.UNIQUE,
            code_commitment=code_commitment(proved.run.proof),
            identity=capture.identity,
            model_id=model_id,
            database_size=0,
            log_root=bytes(32),
            record_id=0,
            expires_at=registry.now() + 3600,
        )
        return sign_verdict(verdict, self._accounts).to_bytes()


def main(persons: int) -> None:
    """Print the figures as JSON."""
    with LocalChain() as chain:
        deployment = _enroll(chain, persons)
        rpc = http_rpc(chain.url)
        started_s, cpu_s = time.monotonic(), _cpu_s()
        result = run_audit(AuditRequest(deployment, rebuild=False), rpc)
        whole_s, whole_cpu_s = time.monotonic() - started_s, _cpu_s() - cpu_s
        if not result.holds:
            sys.exit(result.broken[0].sentence())
        claims = _claims(deployment, PublicLog(rpc, deployment))
    circuit = actions.ready_circuit()
    repeated = (claims * (ENROLMENTS // persons + 1))[: ENROLMENTS * len(claims) // persons]
    again_s, again_cpu_s = time.monotonic(), _cpu_s()
    verified = sum(len(part) for part, _ in verify_parts(repeated, {NETWORK_V1: circuit}))
    figures = {
        "enrolments": persons,
        "whole_audit_s": round(whole_s, 2),
        "whole_audit_cpu_s": round(whole_cpu_s, 2),
        "claims_of_2000_enrolments": verified,
        "code_proofs_among_them": sum(isinstance(claim, CodeClaim) for claim in repeated),
        "their_verification_s": round(time.monotonic() - again_s, 2),
        "their_verification_cpu_s": round(_cpu_s() - again_cpu_s, 2),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


def _enroll(chain: LocalChain, persons: int) -> Deployment:
    """One synthetic eye, salted anew for each person: nobody compares them here."""
    circuit = actions.ready_circuit()
    station, committee = SoftwareStation(), SigningKeys()
    model = actions.model_description(circuit, chain.chain_id)
    terms = Terms(committee=committee.signers)
    deployment = deploy(chain.url, chain.funded_account(), model, [station.address], terms)
    registry = RegistryClient(chain.url, deployment, chain.funded_account())
    committee.serve(registry)
    eye = actions.unroll_eye(capture(make_eye(1), 1).image, EyeSide.LEFT)
    for _ in range(persons):
        iris = dataclasses.replace(eye, captured_at=chain.now())
        taken = actions.attest_capture(station, iris, Identity.create().commitment, deployment)
        proved = actions.prove_capture(circuit, taken, actions.compute_code(taken))
        verdict = committee.ask(1, proved)
        code = code_evidence(model, 1, taken.ladder, proved.run.proof, verdict)
        registry.enroll(prepare_enrollment(taken.ladder, taken.attestation, code))
    return deployment


def _claims(deployment: Deployment, log: PublicLog) -> list[Claim]:
    replay = Replay(deployment, Constants(1, 1, 1, 1, 1), Findings())
    vk_sha256 = actions.ready_circuit().facts.vk_sha256
    replay.run(log.entries(), lambda *_: (NETWORK_V1, vk_sha256), _ignore)
    return list({digest_of(claim): claim for claim, _ in replay.claims}.values())


def _cpu_s() -> float:
    """Of this process and those that it started and that ended."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def _ignore(_: Any) -> None:
    pass


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
