"""What the registry's tests are made of: a world with contracts, and people in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from circuits.iris.circuit import Circuit
from circuits.iris.commit import commit_planes, salt_plane
from circuits.iris.prove import prove_code
from circuits.semaphore import Identity
from model.pipeline.encoding import encode_v1
from protocol.errors import TransactionRefused
from protocol.types import CodeProof, EyeSide, PlaneName
from registry_contract.attestation import Capture, new_nonce, sign_capture
from registry_contract.client import RegistryClient
from registry_contract.connection import Receipt
from registry_contract.deployment import Deployment, Terms, deploy
from registry_contract.enrollment import CodeEvidence, Enrollment, code_evidence, prepare_enrollment
from registry_contract.governance import GovernanceClient, Proposal
from registry_contract.ladder import CaptureLadder
from registry_contract.local_chain import LocalChain
from registry_contract.model import ModelDescription
from registry_contract.polls import PollsClient
from registry_contract.verdict import SignedVerdict, Verdict, VerdictKind, code_commitment, sign_verdict
from tests.circuits.iris.planes import random_plane

PLANES = (PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120, PlaneName.TEXTURE_16X120, PlaneName.MASK_16X120)


TERMS = Terms()
"""Those of a real deployment; the local chain's clock is moved."""


@dataclass(frozen=True)
class Person:
    identity: Identity
    ladder: CaptureLadder
    proof: CodeProof


@dataclass(frozen=True)
class World:
    chain: LocalChain
    model: ModelDescription
    station: LocalAccount
    deployment: Deployment
    registry: RegistryClient
    polls: PollsClient
    owner: GovernanceClient = field(repr=False)
    """Proposes to the timelock; its guardian too."""
    nodes: tuple[LocalAccount, ...] = field(repr=False)
    """The committee's keys; empty where there is none."""

    def capture(self, person: Person, **changes: Any) -> Capture:
        """What a station would sign of `person`, now."""
        capture = Capture(
            registry=self.deployment.registry,
            chain_id=self.deployment.chain_id,
            commitments_root=person.ladder.root,
            eye_side=EyeSide.LEFT,
            identity=person.identity.commitment,
            captured_at=self.registry.now(),
            nonce=new_nonce(),
        )
        return replace(capture, **changes)

    def enrollment(self, person: Person, station: LocalAccount | None = None, **changes: Any) -> Enrollment:
        """A good enrolment, but for `changes` to the capture before it is signed."""
        attestation = sign_capture(self.capture(person, **changes), station or self.station)
        codes = (self.evidence(person, model) for model in self.owner.live_models().models)
        return prepare_enrollment(person.ladder, attestation, *codes)

    def evidence(self, person: Person, model: int, identity_of: Identity | None = None, **changes: Any) -> CodeEvidence:
        """A good code under a model, with a verdict of the committee where there is one, but for its `changes`."""
        verdict = b""
        if self.nodes:
            verdict = self.verdict(person, model, identity_of, **changes).to_bytes()
        return code_evidence(self.model, model, person.ladder, person.proof, verdict)

    def verdict(self, person: Person, model: int, identity_of: Identity | None = None, **changes: Any) -> SignedVerdict:
        """`UNIQUE` about the person's code under a model, for their identity or another's, but for its `changes`."""
        verdict = Verdict(
            registry=self.deployment.registry,
            chain_id=self.deployment.chain_id,
            kind=VerdictKind.UNIQUE,
            code_commitment=code_commitment(person.proof),
            identity=(identity_of or person.identity).commitment,
            model_id=model,
            database_size=0,
            log_root=bytes(32),
            record_id=0,
            expires_at=self.registry.now() + 3600,
        )
        return sign_verdict(replace(verdict, **changes), self.nodes)

    def govern(self, proposal: Proposal) -> None:
        """Have the timelock do it, waiting the delay out."""
        self.owner.schedule(proposal)
        self.chain.advance_time(self.owner.delay_s())
        self.owner.execute(proposal)

    def submit(self, arguments: dict[str, Any]) -> Receipt:
        """Send `enroll` with arguments that no honest client would make."""
        return self.registry.connection.send(self.registry.contract.functions.enroll(arguments))


def describe(circuit: Circuit) -> ModelDescription:
    facts = circuit.facts
    hashes = (facts.onnx_sha256, facts.settings_sha256, facts.srs_sha256, facts.vk_sha256, facts.verifier_sha256)
    onnx, settings, srs, vk, metrics = (bytes.fromhex(sha256) for sha256 in hashes)
    return ModelDescription(
        onnx_hash=onnx,
        settings_hash=settings,
        srs_hash=srs,
        vk_hash=vk,
        metrics_hash=metrics,  # any 32 bytes: the tests have no accuracy report
        texture_plane=PlaneName(facts.texture_plane),
        mask_plane=PlaneName(facts.mask_plane),
        k=facts.k,
        blinding_constant=facts.blinding_point,
        proof_length=facts.proof_bytes,
        verifier="IrisVerifierV1",
    )


def make_person(circuit: Circuit, seed: int) -> Person:
    salted = {name: salt_plane(random_plane(name, 10 * seed + index)) for index, name in enumerate(PLANES)}
    texture, mask = salted[PlaneName.TEXTURE_8X120], salted[PlaneName.MASK_8X120]
    proof = prove_code(circuit, texture, mask, encode_v1(texture.plane, mask.plane)).proof
    return Person(Identity(b"person %d" % seed), CaptureLadder(commit_planes(salted.values())), proof)


def open_world(
    chain: LocalChain, model: ModelDescription, station: LocalAccount, nodes: tuple[LocalAccount, ...] = ()
) -> World:
    """Contracts deployed with one station; with a committee where keys of its nodes are given."""
    owner, anyone = chain.funded_account(), chain.funded_account()
    terms = TERMS
    if nodes:
        one, two, three = (node.address for node in nodes)
        terms = replace(TERMS, committee=(one, two, three))
    deployment = deploy(chain.url, owner, model, [station.address], terms)
    return World(
        chain=chain,
        model=model,
        station=station,
        deployment=deployment,
        registry=RegistryClient(chain.url, deployment, anyone),
        polls=PollsClient(chain.url, deployment, anyone),
        owner=GovernanceClient(chain.url, deployment, owner),
        nodes=nodes,
    )


class Refusal:
    """`with refused("Registry__X", argument=value):` the block is refused for exactly this reason."""

    def __init__(self, error: str, **arguments: object) -> None:
        self._error, self._arguments = error, arguments
        self._raises = pytest.raises(TransactionRefused)

    def __enter__(self) -> None:
        self._caught = self._raises.__enter__()

    def __exit__(self, *details: Any) -> bool:
        handled = bool(self._raises.__exit__(*details))
        if handled:
            refusal = self._caught.value
            assert refusal.error == self._error, refusal.message
            assert self._arguments.items() <= refusal.arguments.items(), refusal.message
        return handled


refused = Refusal
