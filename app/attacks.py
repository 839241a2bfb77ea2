"""What a cheat would send, and the contract's own reason for refusing it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from app.station import SoftwareStation
from protocol.errors import TransactionRefused, VerificationError
from protocol.types import CodeProof, IdentityCommitment
from registry_contract.attestation import CaptureAttestation, new_nonce
from registry_contract.client import RegistryClient
from registry_contract.enrollment import Enrollment
from registry_contract.polls import Ballot, Poll, PollsClient

__all__ = ["Attack", "Loot", "attacks_with", "flipped", "signed_by", "with_capture"]


@dataclass(frozen=True)
class Attack:
    """`run` tries it and returns the refusal; it raises `VerificationError` if the contract lets it pass, or refuses
    for another reason than `expected`."""

    name: str
    expected: str
    attempt: Callable[[], object]

    def run(self) -> str:
        try:
            self.attempt()
        except TransactionRefused as refusal:
            if refusal.error != self.expected:
                raise VerificationError(f"{self.name}: refused with {refusal.error}, not {self.expected}") from refusal
            return refusal.message
        raise VerificationError(f"{self.name}: the contract let it pass")


@dataclass(frozen=True)
class Loot:
    """What the cheats have: an enrolment that went through, as all can see it; the same capture signed by the station
    once more, for an identity that is not enrolled; that identity; and a voter's own second ballot, properly proved
    as if it were the first."""

    enrolled: Enrollment
    attested_again: Enrollment
    stranger: IdentityCommitment
    second_ballot: Ballot


def attacks_with(registry: RegistryClient, polls: PollsClient, poll: Poll, loot: Loot) -> tuple[Attack, ...]:
    """The four attacks of the demo."""
    return (
        Attack(
            "a second vote by the same person",
            "Polls__AlreadyVoted",
            lambda: polls.cast_vote(poll.poll_id, loot.second_ballot),
        ),
        Attack(
            "a proof replayed for another identity",
            "Registry__StationUnknown",  # the station signed another identity: the signature recovers to nobody listed
            lambda: registry.enroll(with_capture(loot.enrolled, identity=loot.stranger)),
        ),
        Attack(
            "a proof with one flipped byte",
            "Registry__CodeProofRejected",
            lambda: registry.enroll(with_flipped_proof(loot.attested_again)),
        ),
        Attack(
            "a capture signed by an unknown station",
            "Registry__StationUnknown",
            lambda: registry.enroll(signed_by(loot.enrolled, SoftwareStation(), loot.stranger)),
        ),
    )


def with_capture(enrollment: Enrollment, **changes: object) -> Enrollment:
    """The enrolment with other words in its capture, under the old signature."""
    attestation = enrollment.attestation
    capture = dataclasses.replace(attestation.capture, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(enrollment, attestation=CaptureAttestation(capture, attestation.signature))


def with_flipped_proof(enrollment: Enrollment) -> Enrollment:
    """The enrolment with the last byte of its first proof flipped."""
    code, *others = enrollment.codes
    return dataclasses.replace(enrollment, codes=(dataclasses.replace(code, proof=flipped(code.proof, -1)), *others))


def flipped(proof: CodeProof, position: int) -> CodeProof:
    """The proof with the lowest bit of one byte flipped."""
    data = bytearray(proof.proof)
    data[position] ^= 1
    return CodeProof(proof.network, bytes(data))


def signed_by(enrollment: Enrollment, station: SoftwareStation, identity: IdentityCommitment) -> Enrollment:
    """The same commitments, signed for `identity` by another station."""
    capture = dataclasses.replace(enrollment.attestation.capture, identity=identity, nonce=new_nonce())
    return dataclasses.replace(enrollment, attestation=station.sign(capture))
