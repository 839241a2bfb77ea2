"""People before a committee of three real node processes: synthetic eyes, real proofs, a real chain."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app import actions
from app.actions import ProvedCapture
from app.committee.local import LocalCommittee
from app.station import SignedCapture, SoftwareStation
from circuits.iris.circuit import Circuit
from circuits.semaphore.identity import Identity
from model.pipeline.pipeline import normalize_eye
from model.synthetic import capture as synthetic_capture
from model.synthetic import make_eye
from protocol.types import EyeSide
from registry_contract.attestation import new_nonce
from registry_contract.client import RegistryClient
from registry_contract.deployment import Terms
from registry_contract.enrollment import Enrollment
from registry_contract.local_chain import LocalChain
from registry_contract.model import ModelDescription
from registry_contract.verdict import SignedVerdict
from uniqueness.engine_slot import EngineChoice
from uniqueness.ports import Policy
from uniqueness.request import RequestKind

_PROVED: dict[tuple[int, int], ProvedCapture] = {}


@dataclass
class People:
    """A registry with a committee."""

    circuit: Circuit
    chain: LocalChain
    committee: LocalCommittee
    station: SoftwareStation
    model: ModelDescription
    registry: RegistryClient

    def proved(self, eye: int, capture: int, identity: Identity, side: EyeSide = EyeSide.LEFT) -> ProvedCapture:
        """A capture, signed for this registry and identity. Neither its proof nor its salts know of them or of the
        side, so each capture is proved once for all registries of the process."""
        if (eye, capture) not in _PROVED:
            image = synthetic_capture(make_eye(eye), capture).image
            iris = normalize_eye(image, eye_side=side, captured_at=self.chain.now())
            signed = actions.attest_capture(self.station, iris, identity.commitment, self.registry.deployment)
            _PROVED[eye, capture] = actions.prove_capture(self.circuit, signed, actions.compute_code(signed))
        known = _PROVED[eye, capture]
        words = dataclasses.replace(
            known.capture.attestation.capture,
            registry=self.registry.deployment.registry,
            chain_id=self.chain.chain_id,
            identity=identity.commitment,
            eye_side=side,
            captured_at=self.chain.now(),
            nonce=new_nonce(),
        )
        signed = SignedCapture(known.capture.planes, known.capture.ladder, self.station.sign(words))
        return ProvedCapture(signed, known.code, known.run)

    def ask(self, *eyes: ProvedCapture, kind: RequestKind = RequestKind.UNIQUE) -> SignedVerdict:
        return actions.ask_committee(
            self.committee.client, self.registry, (1, self.model, self.circuit), list(eyes), kind
        )

    def enrollment(self, proved: ProvedCapture, verdict: SignedVerdict) -> Enrollment:
        return actions.with_verdict(actions.enrollment_of(self.model, 1, proved), verdict)

    def enroll(self, proved: ProvedCapture) -> int:
        """Ask, enrol, and return the record's id."""
        self.registry.enroll(self.enrollment(proved, self.ask(proved)))
        return self.registry.record(proved.capture.attestation.capture.identity).record_id

    def roots(self) -> set[object]:
        return {status.get("log_root") for status in self.committee.client.status()}

    def size(self) -> int:
        records = self.committee.client.status()[0].get("records", {})
        return int(records.get("iris_v1", 0))


@contextmanager
def people_before(
    circuit: Circuit,
    policy: Policy = Policy.ONE,
    engine: EngineChoice = EngineChoice.CHECKED,
    before_start: Callable[[People], dict[str, object]] = lambda _: {},
) -> Iterator[People]:
    """The checked engine starts in no time; the others have tests of their own. `before_start` may fill the nodes'
    folders, and returns more of their settings."""
    with LocalChain() as chain, LocalCommittee(policy, engine) as committee:
        station = SoftwareStation()
        model = actions.model_description(circuit, chain.chain_id)
        deployment = actions.deploy_registry(
            chain.url, chain.funded_account(), model, station, Terms(committee=committee.signers)
        )
        registry = RegistryClient(chain.url, deployment, chain.funded_account())
        people = People(circuit, chain, committee, station, model, registry)
        committee.start(chain.url, deployment, **{"settle_s": 1, **before_start(people)})
        committee.wait_until_ready(engines_s=600)
        yield people
