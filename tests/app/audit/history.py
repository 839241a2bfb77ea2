"""One honest history with a bit of everything, on a chain of its own: what auditors' tests read and lies change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from eth_account import Account
from eth_account.signers.local import LocalAccount

from app import actions
from app.membership import group_of, siblings_of
from circuits.iris.circuit import Circuit
from circuits.iris.commit import commit_planes, salt_plane
from circuits.iris.prove import prove_code
from circuits.semaphore import Group, Identity, prove_membership
from model.pipeline.encoding import ENCODERS
from protocol.types import CodeProof, EyeSide, IdentityCommitment, MembershipProof, PlaneName, SaltedPlane
from registry_contract.attestation import Capture, capture_digest, new_nonce, p256_attestation, sign_capture
from registry_contract.client import RegistryClient, Siblings
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment, Terms, deploy
from registry_contract.enrollment import CodeEvidence, Enrollment, code_evidence, prepare_enrollment
from registry_contract.governance import GovernanceClient, Proposal
from registry_contract.ladder import CaptureLadder
from registry_contract.local_chain import LocalChain
from registry_contract.model import ModelDescription
from registry_contract.polls import (
    Ballot,
    Poll,
    PollDraft,
    PollKind,
    PollsClient,
    RankedBallot,
    ballot_message,
    ranking_message,
)
from registry_contract.semaphore_abi import proof_to_abi
from registry_contract.verdict import Verdict, VerdictKind, code_commitment, sign_verdict
from tests.circuits.iris.planes import random_plane

DAY_S = 86_400
AGAIN = Identity(b"member 2 again")
NETWORKS = ("iris_v1", "iris_v2")


@dataclass(frozen=True)
class Taken:
    """One capture of random planes: nobody's eye."""

    planes: dict[PlaneName, SaltedPlane] = field(repr=False)
    ladder: CaptureLadder

    @classmethod
    def new(cls, seed: int) -> Taken:
        names = [plane for encoder in ENCODERS.values() for plane in (encoder.texture, encoder.mask)]
        planes = {name: salt_plane(random_plane(name, 100 * seed + n)) for n, name in enumerate(names)}
        return cls(planes, CaptureLadder(commit_planes(planes.values())))


@dataclass
class Story:
    """Who acts, and how. Models are numbered as the registry numbers them: 1 is v1, 2 is v2."""

    chain: LocalChain
    circuits: tuple[Circuit, ...]
    models: tuple[ModelDescription, ...]
    deployment: Deployment
    registry: RegistryClient
    polls: PollsClient
    owner: GovernanceClient
    nodes: tuple[LocalAccount, ...] = field(repr=False)
    stations: tuple[LocalAccount, LocalAccount] = field(repr=False)
    phone: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def begin(cls, chain: LocalChain, circuits: tuple[Circuit, ...]) -> Story:
        nodes = (Account.create(), Account.create(), Account.create())
        stations, owner = (Account.create(), Account.create()), chain.funded_account()
        models = tuple(actions.model_description(circuit, chain.chain_id) for circuit in circuits)
        one, two, three = (node.address for node in nodes)
        deployment = deploy(chain.url, owner, models[0], [stations[0].address], Terms(committee=(one, two, three)))
        anyone = chain.funded_account()
        return cls(
            chain,
            circuits,
            models,
            deployment,
            RegistryClient(chain.url, deployment, anyone),
            PollsClient(chain.url, deployment, anyone),
            GovernanceClient(chain.url, deployment, owner),
            nodes,
            stations,
            ec.generate_private_key(ec.SECP256R1()),
        )

    @property
    def phone_point(self) -> tuple[int, int]:
        numbers = self.phone.public_key().public_numbers()
        return numbers.x, numbers.y

    def govern(self, proposal: Proposal) -> None:
        self.owner.schedule(proposal)
        self.chain.advance_time(self.owner.delay_s())
        self.owner.execute(proposal)

    def prove(self, taken: Taken, model_id: int) -> CodeProof:
        encoder = ENCODERS[NETWORKS[model_id - 1]]
        texture, mask = taken.planes[encoder.texture], taken.planes[encoder.mask]
        code = encoder.encode(texture.plane, mask.plane)
        return prove_code(self.circuits[model_id - 1], texture, mask, code).proof

    def verdict(self, kind: VerdictKind, identity: IdentityCommitment, **about: object) -> bytes:
        verdict = Verdict(
            registry=self.deployment.registry,
            chain_id=self.deployment.chain_id,
            kind=kind,
            code_commitment=bytes(32),
            identity=identity,
            model_id=0,
            database_size=0,
            log_root=bytes(32),
            record_id=0,
            expires_at=self.registry.now() + 3600,
        )
        return sign_verdict(replace(verdict, **about), self.nodes).to_bytes()  # type: ignore[arg-type]

    def signed(
        self,
        taken: Taken,
        identity: Identity,
        station: LocalAccount | None,
        kind: VerdictKind = VerdictKind.UNIQUE,
        record_id: int = 0,
    ) -> Enrollment:
        """With `station` None, the phone's P-256 key signs."""
        capture = Capture(
            registry=self.deployment.registry,
            chain_id=self.deployment.chain_id,
            commitments_root=taken.ladder.root,
            eye_side=EyeSide.LEFT,
            identity=identity.commitment,
            captured_at=self.registry.now(),
            nonce=new_nonce(),
        )
        if station is None:
            made = self.phone.sign(capture_digest(capture), ec.ECDSA(Prehashed(hashes.SHA256())))
            attestation = p256_attestation(capture, self.phone_point, decode_dss_signature(made))
        else:
            attestation = sign_capture(capture, station)  # type: ignore[assignment]
        live = self.owner.live_models().models
        codes = (self.code(taken, model, identity.commitment, kind, record_id) for model in live)
        return prepare_enrollment(taken.ladder, attestation, *codes)

    def code(
        self, taken: Taken, model: int, identity: IdentityCommitment, kind: VerdictKind, record_id: int
    ) -> CodeEvidence:
        proof = self.prove(taken, model)
        named = code_commitment(proof)
        verdict = self.verdict(kind, identity, record_id=record_id, model_id=model, code_commitment=named)
        return code_evidence(self.models[model - 1], model, taken.ladder, proof, verdict)

    def siblings(self, identity: Identity) -> Siblings:
        live = self.owner.live_models()
        upcoming = self.registry.members(live.upcoming) if live.upcoming else ()
        return siblings_of(identity.commitment, self.registry.members(live.group), upcoming)

    def poll(self, kind: PollKind = PollKind.SINGLE) -> Poll:
        now = self.registry.now()
        return self.polls.create_poll(PollDraft(f"q {kind.name}", ("a", "b", "c"), now, now + 10 * DAY_S, kind))[0]

    def vote(self, poll: Poll, voter: Identity, choice: int | tuple[int, ...], sequence: int = 0) -> None:
        group = actions.snapshot_group(self.registry, poll)
        if isinstance(choice, tuple):
            proof = prove_membership(voter, group, ranking_message(choice, sequence), poll.scope)
            self.polls.cast_ranking(poll.poll_id, RankedBallot.from_proof(proof, choice, sequence))
        else:
            proof = prove_membership(voter, group, ballot_message(choice, sequence), poll.scope)
            self.polls.cast_vote(poll.poll_id, Ballot.from_proof(proof))


def of_itself(identity: Identity, scope: int) -> MembershipProof:
    return prove_membership(identity, Group([identity.commitment]), 0, scope)


def tell(story: Story) -> Story:
    """The history, in its order. Records: 1 stays and upgrades, 2 recovers, and once more in the grace period, and does
    not upgrade, 3 loses its station, 4 leaves, 5 enrols under both models from a phone's key."""
    who = [Identity(b"member %d" % n) for n in range(6)]
    one, two, three, four, five = who[1:]
    captures = [Taken.new(n) for n in range(10)]
    registry, owner = story.registry, story.owner
    story.govern(owner.add_station(story.stations[1].address))
    story.govern(owner.add_p256_station(*story.phone_point))
    for number, identity in ((1, one), (2, two), (3, three), (4, four)):
        station = story.stations[1] if number == 3 else story.stations[0]
        registry.enroll(story.signed(captures[number], identity, station))
    _early_votes(story, one, two)
    _recoveries(story, (one, two), captures)
    registry.leave(4, of_itself(four, registry.leave_scope(4)), story.siblings(four))
    erased = story.verdict(VerdictKind.ERASED, four.commitment, record_id=4)
    registry.connection.send(registry.contract.functions.confirmErased(4, erased))
    owner.revoke_station(story.stations[1].address)
    artifact = load_contract(story.models[1].verifier)
    verifier = owner.connection.deploy(artifact.linked_creation({}), artifact.abi).contract_address
    assert verifier is not None
    story.govern(owner.propose_model(story.models[1].to_abi(verifier, artifact)))
    story.chain.advance_time(30 * DAY_S)
    registry.suspend([(3, story.siblings(three))])
    registry.reattest(story.signed(captures[7], three, story.stations[0], VerdictKind.SAME_PERSON, 3))
    registry.upgrade(one.commitment, story.code(captures[1], 2, one.commitment, VerdictKind.STORED, 1))
    registry.enroll(story.signed(captures[5], five, None))
    ranked = story.poll(PollKind.RANKED)
    for voter, ranking, sequence in ((one, (2,), 0), (three, (0, 1), 0), (five, (1, 0), 0), (one, (1, 2), 1)):
        story.vote(ranked, voter, ranking, sequence)
    _recovery_in_grace(story, captures[6], captures[9])
    story.chain.advance_time(180 * DAY_S)
    late = story.poll()
    story.vote(late, five, 2)
    for number in (1, 2, 3):
        story.polls.finalize(number)
    return story


def _early_votes(story: Story, one: Identity, two: Identity) -> None:
    single, approval = story.poll(), story.poll(PollKind.APPROVAL)
    story.vote(single, one, 0)
    story.vote(single, two, 1)
    story.vote(single, two, 0, 1)
    story.vote(approval, one, 0b101)
    personhood = Connection(story.chain.url, story.deployment.chain_id, story.chain.funded_account())
    contract = personhood.contract(story.deployment.personhood, load_contract("Personhood").abi)
    action = b"airdrop".ljust(32, b"\0")
    personhood.send(contract.functions.openAction(action))
    scope, _ = personhood.call(contract.functions.actionOf(personhood.address, action))
    group = group_of(story.registry.members())
    proof = prove_membership(one, group, 7, scope)
    personhood.send(contract.functions.consume(action, (7).to_bytes(32, "big"), proof_to_abi(proof)))


def _recoveries(story: Story, members: tuple[Identity, Identity], captures: Sequence[Taken]) -> None:
    """Record 2 gets a new identity; somebody asks for record 1, which says no."""
    one, two = members
    registry = story.registry
    again, thief = AGAIN, Identity(b"a thief")
    registry.request_recovery(2, story.signed(captures[6], again, story.stations[0], VerdictKind.SAME_PERSON, 2))
    registry.request_recovery(1, story.signed(captures[8], thief, story.stations[0], VerdictKind.SAME_PERSON, 1))
    registry.cancel_recovery(1, of_itself(one, registry.cancel_scope(1)))
    story.chain.advance_time(14 * DAY_S)
    registry.complete_recovery(2, story.siblings(two))


def _recovery_in_grace(story: Story, before: Taken, taken: Taken) -> None:
    """Record 2 has not upgraded, so the code of model 2 is left out; that the lost identity upgrades after all
    meanwhile is of no use."""
    registry = story.registry
    third = Identity(b"member 2 for the third time")
    kind, lost = VerdictKind.SAME_PERSON, AGAIN.commitment
    both = story.signed(taken, third, story.stations[0], kind, 2)
    registry.request_recovery(2, replace(both, codes=both.codes[:1]))
    registry.upgrade(lost, story.code(before, 2, lost, VerdictKind.STORED, 2))
    story.chain.advance_time(14 * DAY_S)
    registry.complete_recovery(2, story.siblings(AGAIN))
