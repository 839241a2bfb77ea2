"""Enrolment with real proofs: what the registry lets in, and every reason for which it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth_account import Account

from circuits.iris.circuit import Circuit
from circuits.semaphore import Group, Identity
from protocol.errors import EncodingError, InputError, TransactionRefused, VerificationError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import CodeProof, EyeSide, G1Point, IdentityCommitment, PlaneCommitment, PlaneName
from registry_contract.attestation import capture_digest, new_nonce, p256_attestation, sign_capture
from registry_contract.client import RecordStatus
from registry_contract.deployment import ZERO_ADDRESS, deploy
from registry_contract.enrollment import Enrollment, prepare_enrollment
from registry_contract.governance import GovernanceClient
from registry_contract.ladder import CaptureLadder
from registry_contract.local_chain import LocalChain
from registry_contract.verdict import VerdictKind, code_commitment
from tests.registry_contract.world import Person, World, describe, open_world, refused

People = tuple[Person, Person, Person]
P256_PRECOMPILE = "0x" + 37 * "0" + "100"
Arguments = dict[str, Any]

SAMPLES = 64
"""Words of the proof that are changed: the 6 of its head, and others evenly over the rest, whatever its length."""
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def sampled_position(proof: bytes, sample: int) -> int:
    """Index of a 32-byte word: the first six samples are the head, the last one is the proof's last word."""
    last = len(proof) // 32 - 1
    return sample if sample < 6 else 6 + (sample - 6) * (last - 6) // (SAMPLES - 7)


def with_word(proof: bytes, position: int, change: Callable[[int], int]) -> bytes:
    """`proof` with one 32-byte word changed."""
    start = 32 * position
    value = change(int.from_bytes(proof[start : start + 32], "big"))
    return proof[:start] + value.to_bytes(32, "big") + proof[start + 32 :]


def with_code(enrollment: Enrollment, **changes: Any) -> Enrollment:
    """The enrolment with its one code changed."""
    (code,) = enrollment.codes
    return replace(enrollment, codes=(replace(code, **changes),))


# --- let in


def test_enroll_by_anyone_makes_a_member_with_a_record(world: World, people: People) -> None:
    person, enrolled_at = people[0], world.registry.now()
    enrollment = world.enrollment(person)
    receipt = world.registry.enroll(enrollment)
    record = world.registry.record(person.identity.commitment)
    assert receipt.gas_used <= 850_000
    assert world.registry.has_member(person.identity.commitment)
    assert world.registry.members() == (person.identity.commitment.value,)
    assert record.commitments_root == person.ladder.root
    assert record.station == world.station.address
    assert record.enrolled_at >= enrolled_at
    assert (record.record_id, record.eye_side, record.status) == (1, EyeSide.LEFT, RecordStatus.ACTIVE)
    assert world.registry.code_owner(1, code_commitment(person.proof)) == 1


def test_enroll_of_three_builds_the_tree_that_provers_build(world: World, people: People) -> None:
    for count, person in enumerate(people, start=1):
        world.registry.enroll(world.enrollment(person))
        members = world.registry.members()
        assert len(members) == world.registry.size() == count
        assert Group(IdentityCommitment(leaf) for leaf in members).root == world.registry.root()


def test_enrolled_event_carries_all_evidence(world: World, people: People) -> None:
    enrollment = world.enrollment(people[0])
    receipt = world.registry.enroll(enrollment)
    events = world.registry.contract.events.Enrolled.get_logs(from_block=receipt.block)
    logged = events[0]["args"]
    assert logged["identityCommitment"] == people[0].identity.commitment.value
    assert logged["station"] == world.station.address
    assert logged["enrollment"]["codes"][0]["proof"] == people[0].proof.proof
    assert logged["enrollment"]["stationSignature"] == enrollment.attestation.signature
    assert logged["enrollment"]["capture"]["nonce"] == enrollment.attestation.capture.nonce


# --- the proof, word by word


@pytest.mark.parametrize("sample", range(SAMPLES))
def test_enroll_with_one_flipped_bit_in_a_proof_word_is_refused(world: World, people: People, sample: int) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    position = sampled_position(arguments["codes"][0]["proof"], sample)
    bit = (37 * position) % 250  # another place in every word, below the modulus in most
    arguments["codes"][0]["proof"] = with_word(arguments["codes"][0]["proof"], position, lambda word: word ^ (1 << bit))
    with pytest.raises(TransactionRefused) as caught:
        world.submit(arguments)
    head = {"Registry__PointNotOnCurve", "Registry__CoordinateNotCanonical"}
    assert caught.value.error in (head if position < 6 else {"Registry__CodeProofRejected"})


def test_the_samples_reach_from_the_first_word_to_the_last(people: People) -> None:
    positions = [sampled_position(people[0].proof.proof, sample) for sample in range(SAMPLES)]
    assert positions[:7] == list(range(7))
    assert positions[-1] == len(people[0].proof.proof) // 32 - 1


@pytest.mark.parametrize("position", range(6))
def test_enroll_with_a_coordinate_plus_q_is_refused(world: World, people: People, position: int) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["codes"][0]["proof"] = with_word(arguments["codes"][0]["proof"], position, lambda word: word + BASE_FIELD)
    with refused("Registry__CoordinateNotCanonical", position=position // 2):
        world.submit(arguments)


@pytest.mark.parametrize("sample", range(6, SAMPLES, 3))
def test_enroll_with_a_later_word_plus_its_modulus_is_refused(world: World, people: People, sample: int) -> None:
    """A point's coordinate or an evaluation: neither has a second name that the verifier would take."""
    arguments = world.enrollment(people[0]).to_abi()
    position = sampled_position(arguments["codes"][0]["proof"], sample)
    for modulus in (SCALAR_FIELD, BASE_FIELD):
        changed = with_word(people[0].proof.proof, position, lambda word, m=modulus: word + m)
        arguments["codes"][0]["proof"] = changed
        with refused("Registry__CodeProofRejected", verifier=world.deployment.code_verifier, modelId=1):
            world.submit(arguments)


@pytest.mark.parametrize(
    "change", [lambda proof: proof + bytes(32), lambda proof: proof + b"\0", lambda proof: proof[:-32]]
)
def test_enroll_with_a_proof_of_another_length_is_refused(
    world: World, people: People, change: Callable[[bytes], bytes]
) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["codes"][0]["proof"] = change(arguments["codes"][0]["proof"])
    with refused(
        "Registry__ProofLengthWrong", length=len(arguments["codes"][0]["proof"]), expected=len(people[0].proof.proof)
    ):
        world.submit(arguments)


@pytest.mark.parametrize("position", range(3))
def test_enroll_with_a_commitment_of_another_proof_is_refused(world: World, people: People, position: int) -> None:
    """Even where the station signed the foreign texture and mask: the proof is about its own."""
    mine, other = people[0], people[1]
    mixed = bytearray(mine.proof.proof)
    mixed[64 * position : 64 * position + 64] = other.proof.proof[64 * position : 64 * position + 64]
    planes = [PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120]
    commitments = [(other if index == position else mine).ladder.commitment(p, 13) for index, p in enumerate(planes)]
    person = Person(mine.identity, CaptureLadder(tuple(commitments)), CodeProof("iris_v1", bytes(mixed)))
    with refused("Registry__CodeProofRejected"):
        world.registry.enroll(world.enrollment(person))


def test_enroll_with_texture_and_mask_swapped_in_proof_and_ladder_is_refused(world: World, people: People) -> None:
    """A station that signs a mask as a texture gets no further: the circuit knows which input is which."""
    mine = people[0]
    head = mine.proof.proof
    swapped = head[64:128] + head[:64] + head[128:]
    texture, mask = (mine.ladder.commitment(p, 13) for p in (PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120))
    ladder = CaptureLadder((replace(texture, point=mask.point), replace(mask, point=texture.point)))
    with refused("Registry__CodeProofRejected"):
        world.registry.enroll(world.enrollment(Person(mine.identity, ladder, CodeProof("iris_v1", swapped))))


# --- the capture and its station


def test_enroll_with_a_capture_of_an_unknown_station_is_refused(world: World, people: People) -> None:
    stranger = Account.create()
    with refused("Registry__StationUnknown", station=stranger.address):
        world.registry.enroll(world.enrollment(people[0], station=stranger))


def test_enroll_after_the_station_was_revoked_is_refused(world: World, people: People) -> None:
    enrollment = world.enrollment(people[0])
    world.owner.revoke_station(world.station.address)
    with refused("Registry__StationRevoked", station=world.station.address, revokedAt=world.registry.now()):
        world.registry.enroll(enrollment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("commitmentsRoot", bytes(31) + b"\1"),
        ("identityCommitment", 12345),
        ("nonce", bytes(32)),
    ],
)
def test_enroll_with_a_field_that_was_not_signed_is_refused(
    world: World, people: People, name: str, value: object
) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["capture"][name] = value
    with refused("Registry__StationUnknown"):
        world.submit(arguments)


def test_enroll_with_a_capture_time_one_second_off_is_refused(world: World, people: People) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["capture"]["capturedAt"] -= 1
    with refused("Registry__StationUnknown"):
        world.submit(arguments)


def test_enroll_with_a_signature_for_another_chain_is_refused(world: World, people: People) -> None:
    with refused("Registry__StationUnknown"):
        world.registry.enroll(world.enrollment(people[0], chain_id=1))


def test_enroll_with_a_signature_for_another_registry_is_refused(world: World, people: People) -> None:
    with refused("Registry__StationUnknown"):
        world.registry.enroll(world.enrollment(people[0], registry=world.deployment.polls))


def test_enroll_with_the_malleable_twin_of_a_signature_is_refused(world: World, people: People) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    r, s, v = (arguments["stationSignature"][i:j] for i, j in ((0, 32), (32, 64), (64, 65)))
    twin = (SECP256K1_ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    arguments["stationSignature"] = r + twin + bytes([55 - v[0]])
    with refused("Registry__StationSignatureInvalid", reason=3, detail="0x" + twin.hex()):
        world.submit(arguments)


def test_enroll_with_a_capture_from_the_future_is_refused(world: World, people: People) -> None:
    with refused("Registry__CapturedInFuture"):
        world.registry.enroll(world.enrollment(people[0], captured_at=world.registry.now() + 3600))


def test_enroll_with_an_expired_attestation_is_refused(world: World, people: People) -> None:
    enrollment = world.enrollment(people[0])
    world.chain.advance_time(86_400 + 60)
    with refused("Registry__AttestationExpired", capturedAt=enrollment.attestation.capture.captured_at):
        world.registry.enroll(enrollment)


# --- the commitments' ladder


@pytest.mark.parametrize(
    ("plane", "k"),
    [(PlaneName.TEXTURE_8X120, 14), (PlaneName.TEXTURE_16X120, 13), (PlaneName.MASK_8X120, 13)],
)
def test_enroll_with_the_path_of_another_leaf_is_refused(
    world: World, people: People, plane: PlaneName, k: int
) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["codes"][0]["texturePath"] = people[0].ladder.path(plane, k)
    with refused("Registry__CommitmentNotAttested", k=13):
        world.submit(arguments)


def test_enroll_with_texture_and_mask_paths_swapped_is_refused(world: World, people: People) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["codes"][0]["texturePath"], arguments["codes"][0]["maskPath"] = (
        arguments["codes"][0]["maskPath"],
        arguments["codes"][0]["texturePath"],
    )
    with refused("Registry__CommitmentNotAttested"):
        world.submit(arguments)


@pytest.mark.parametrize("plane", [PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120])
def test_enroll_with_a_signed_commitment_other_than_the_proved_is_refused(
    world: World, people: People, plane: PlaneName
) -> None:
    mine = people[0].ladder
    foreign = people[1].ladder.commitment(plane, 13)
    ladder = CaptureLadder(tuple(foreign if (c.plane, c.k) == (plane, 13) else c for c in mine.commitments))
    with refused("Registry__CommitmentNotAttested"):
        world.registry.enroll(world.enrollment(replace(people[0], ladder=ladder)))


@pytest.mark.parametrize("plane", [PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120])
def test_enroll_with_the_blinded_commitment_signed_is_refused(world: World, people: People, plane: PlaneName) -> None:
    """What is signed is the raw commitment; the one in the proof has the model's constant on top."""
    in_proof = people[0].proof.texture if plane is PlaneName.TEXTURE_8X120 else people[0].proof.mask
    ladder = CaptureLadder(
        tuple(
            PlaneCommitment(plane, 13, in_proof) if (c.plane, c.k) == (plane, 13) else c
            for c in people[0].ladder.commitments
        )
    )
    with refused("Registry__CommitmentNotAttested"):
        world.registry.enroll(world.enrollment(replace(people[0], ladder=ladder)))


# --- replays


def test_enroll_of_the_same_enrollment_twice_is_refused(world: World, people: People) -> None:
    enrollment = world.enrollment(people[0])
    world.registry.enroll(enrollment)
    with refused("Registry__NonceUsed", station=world.station.address):
        world.registry.enroll(enrollment)


def test_enroll_of_another_person_with_the_same_nonce_is_refused(world: World, people: People) -> None:
    enrollment = world.enrollment(people[0])
    world.registry.enroll(enrollment)
    nonce = enrollment.attestation.capture.nonce
    with refused("Registry__NonceUsed", nonce="0x" + nonce.hex()):
        world.registry.enroll(world.enrollment(people[1], nonce=nonce))


def test_enroll_of_a_stolen_proof_for_another_identity_is_refused(world: World, people: People) -> None:
    """The thief has all that is public. What is missing is a station's word on the thief's identity."""
    arguments = world.enrollment(people[0]).to_abi()
    arguments["capture"]["identityCommitment"] = people[1].identity.commitment.value
    with refused("Registry__StationUnknown"):
        world.submit(arguments)


def test_enroll_of_a_stolen_proof_with_ones_own_attestation_is_refused(world: World, people: People) -> None:
    thief = world.enrollment(people[1])
    with refused("Registry__CommitmentNotAttested"):
        world.registry.enroll(with_code(thief, proof=people[0].proof))


def test_enroll_of_one_code_for_two_identities_is_refused(world: World, people: People) -> None:
    """Even where a station signs the same capture for a second identity."""
    world.registry.enroll(world.enrollment(people[0]))
    second = replace(people[0], identity=Identity(b"second"))
    with refused("Registry__CodeAlreadyEnrolled", recordId=1):
        world.registry.enroll(world.enrollment(second))


def test_enroll_of_one_identity_with_two_codes_is_refused(world: World, people: People) -> None:
    world.registry.enroll(world.enrollment(people[0]))
    other_eye = replace(people[1], identity=people[0].identity)
    with refused("Registry__IdentityAlreadyEnrolled", identityCommitment=people[0].identity.commitment.value):
        world.registry.enroll(world.enrollment(other_eye))


# --- the other arguments


def test_enroll_with_an_identity_plus_r_is_refused(world: World, people: People) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["capture"]["identityCommitment"] += SCALAR_FIELD
    with refused("Registry__IdentityNotCanonical"):
        world.submit(arguments)


@pytest.mark.parametrize("side", [0, 2, 3, 255])
def test_enroll_with_another_eye_than_the_registrys_is_refused(world: World, people: People, side: int) -> None:
    arguments = world.enrollment(people[0]).to_abi()
    arguments["capture"]["eyeSide"] = side
    with refused("Registry__EyeSideNotTaken", given=side, taken=1):
        world.submit(arguments)


@pytest.mark.parametrize("model_id", [0, 2])
def test_enroll_under_a_model_that_is_not_live_is_refused(world: World, people: People, model_id: int) -> None:
    with refused("Registry__ModelsWrong", given=(model_id,), group=1, upcoming=0):
        world.registry.enroll(with_code(world.enrollment(people[0]), model_id=model_id))


def test_a_refused_enrolment_leaves_nothing_behind(world: World, people: People) -> None:
    enrollment = world.enrollment(people[0])
    arguments = enrollment.to_abi()
    arguments["codes"][0]["proof"] = with_word(people[0].proof.proof, 40, lambda word: word ^ 1)
    with refused("Registry__CodeProofRejected"):
        world.submit(arguments)
    assert (world.registry.size(), world.registry.members()) == (0, ())
    world.registry.enroll(enrollment)  # the nonce is still good


# --- on the way there


def test_prepare_enrollment_with_an_attestation_of_other_commitments_is_refused(world: World, people: People) -> None:
    attestation = sign_capture(world.capture(people[0]), world.station)
    with pytest.raises(VerificationError, match="not about these commitments"):
        prepare_enrollment(people[1].ladder, attestation, world.evidence(people[1], 1))


def test_evidence_without_a_plane_that_the_model_reads_is_refused(world: World, people: People) -> None:
    ladder = CaptureLadder((PlaneCommitment(PlaneName.MASK_8X120, 13, G1Point(1, 2)),))
    with pytest.raises(EncodingError, match="texture_8x120 at k = 13"):
        world.evidence(replace(people[0], ladder=ladder), 1)


def test_an_enrolment_without_a_code_is_refused(world: World, people: People) -> None:
    with pytest.raises(EncodingError, match="at least one code"):
        Enrollment(world.enrollment(people[0]).attestation, ())


def test_lists_by_a_stranger_are_refused(world: World) -> None:
    stranger = GovernanceClient(world.chain.url, world.deployment, world.chain.funded_account())
    sender = stranger.connection.address
    with refused("Registry__NotGuardian", sender=sender):
        stranger.revoke_station(world.station.address)
    with refused("AccessControlUnauthorizedAccount", account=sender):
        stranger.schedule(stranger.add_station(sender))
    with refused("Registry__NotGovernor", sender=sender, governor=world.deployment.timelock):
        stranger.connection.send(stranger.stations.functions.addStation(sender))


def test_a_station_that_was_added_can_attest_after_the_delay(world: World, people: People) -> None:
    station = Account.create()
    proposal = world.owner.add_station(station.address)
    world.owner.schedule(proposal)
    with refused("TimelockUnexpectedOperationState"):
        world.owner.execute(proposal)
    world.chain.advance_time(world.owner.delay_s())
    with refused("Registry__StationUnknown", station=station.address):
        world.registry.enroll(world.enrollment(people[0], station=station))
    world.owner.execute(proposal)
    world.registry.enroll(world.enrollment(people[0], station=station))
    assert world.registry.record(people[0].identity.commitment).station == station.address


def test_a_p256_station_can_attest(world: World, people: People) -> None:
    """Through OpenZeppelin's code in Solidity and, where anvil has it, the precompile."""
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    world.govern(world.owner.add_p256_station(numbers.x, numbers.y))
    capture = world.capture(people[0])
    signed = decode_dss_signature(key.sign(capture_digest(capture), ec.ECDSA(Prehashed(SHA256()))))
    attestation = p256_attestation(capture, (numbers.x, numbers.y), signed)
    words = (*signed, numbers.x, numbers.y)
    question = capture_digest(capture) + b"".join(word.to_bytes(32, "big") for word in words)
    answer = world.registry.connection._web3.eth.call({"to": P256_PRECOMPILE, "data": question})
    assert (
        int.from_bytes(answer) == 1
    )  # this chain has the precompile; forge's machine, which has none, runs the fallback
    enrollment = prepare_enrollment(people[0].ladder, attestation, world.evidence(people[0], 1))
    other = replace(attestation, capture=replace(capture, nonce=new_nonce()))
    with refused("Registry__StationSignatureInvalid", reason=4):
        world.registry.enroll(replace(enrollment, attestation=other))
    world.registry.enroll(enrollment)
    record = world.registry.record(people[0].identity.commitment)
    assert record.station.lower() == "0x" + attestation.signature[64:].hex()
    assert world.registry.members_of(record.station) == 1


# --- the committee


def test_enroll_without_a_verdict_is_refused(world: World, people: People) -> None:
    with refused("Registry__VerdictLengthWrong", length=0, expected=451):
        world.registry.enroll(with_code(world.enrollment(people[0]), verdict=b""))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": VerdictKind.STORED}, "Registry__VerdictKindWrong"),
        ({"kind": VerdictKind.SAME_PERSON}, "Registry__VerdictKindWrong"),
        ({"code_commitment": bytes(32)}, "Registry__VerdictAboutAnother"),
        ({"identity": IdentityCommitment(5)}, "Registry__VerdictAboutAnother"),
        ({"model_id": 2}, "Registry__VerdictAboutAnother"),
        ({"record_id": 1}, "Registry__VerdictAboutAnother"),
        ({"expires_at": 1}, "Registry__VerdictExpired"),
        ({"expires_at": 2**63}, "Registry__VerdictLivesTooLong"),
        ({"chain_id": 1}, "Registry__CommitteeSignatureInvalid"),
        ({"registry": ZERO_ADDRESS}, "Registry__CommitteeSignatureInvalid"),
    ],
    ids=str,
)
def test_enroll_with_another_verdict_than_needed_is_refused(
    world: World, people: People, changes: dict[str, Any], error: str
) -> None:
    verdict = world.verdict(people[0], 1, **changes).to_bytes()
    with refused(error):
        world.registry.enroll(with_code(world.enrollment(people[0]), verdict=verdict))


@pytest.mark.parametrize("node", range(3))
def test_enroll_with_one_node_that_did_not_sign_is_refused(world: World, people: People, node: int) -> None:
    keys = list(world.nodes)
    keys[node] = Account.create()
    verdict = replace(world, nodes=tuple(keys)).verdict(people[0], 1).to_bytes()
    with refused("Registry__CommitteeSignatureInvalid", node=node, expected=world.nodes[node].address):
        world.registry.enroll(with_code(world.enrollment(people[0]), verdict=verdict))


def test_enroll_with_the_nodes_signatures_in_another_order_is_refused(world: World, people: People) -> None:
    verdict = replace(world, nodes=world.nodes[::-1]).verdict(people[0], 1).to_bytes()
    with refused("Registry__CommitteeSignatureInvalid", node=0):
        world.registry.enroll(with_code(world.enrollment(people[0]), verdict=verdict))


def test_enroll_with_a_verdict_of_a_committee_that_was_replaced_is_refused(world: World, people: People) -> None:
    one, two, three = (Account.create().address for _ in range(3))
    world.govern(world.owner.replace_committee((one, two, three)))
    assert world.owner.committee_nodes() == (one, two, three)
    with refused("Registry__CommitteeSignatureInvalid"):
        world.registry.enroll(world.enrollment(people[0]))


def test_a_registry_without_a_committee_takes_no_verdict(circuit: Circuit, people: People) -> None:
    with LocalChain() as chain:
        world = open_world(chain, describe(circuit), Account.create())
        assert world.owner.committee_nodes() == ()
        with refused("Registry__VerdictNotSupported", length=1):
            world.registry.enroll(with_code(world.enrollment(people[0]), verdict=b"\0"))
        world.registry.enroll(world.enrollment(people[0]))
        with refused("Registry__CommitteeAbsent"):
            world.registry.request_recovery(1, world.enrollment(people[1]))


def test_a_deployment_without_a_committee_on_a_chain_that_is_not_local_is_refused(circuit: Circuit) -> None:
    with LocalChain(chain_id=5) as chain, pytest.raises(InputError, match="chain 5 is not local"):
        deploy(chain.url, chain.funded_account(), describe(circuit))


def test_record_of_a_stranger_is_refused(world: World) -> None:
    with refused("Registry__IdentityNotEnrolled", identityCommitment=5):
        world.registry.record(IdentityCommitment(5))


def test_the_eye_that_the_registry_takes_can_be_asked(world: World) -> None:
    assert world.registry.eye_side() is EyeSide.LEFT
