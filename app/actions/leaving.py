"""Leave the registry, finish a recovery, cancel somebody else's."""

from __future__ import annotations

import time

from app.actions.committee import erase_shares
from app.actions.joining import record_of
from app.membership import siblings_of
from app.session import Session
from app.vault import Receipt
from circuits.semaphore.group import Group
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import prove_membership
from protocol.errors import InputError
from protocol.types import IdentityCommitment, MembershipProof
from registry_contract.client import Record, RecordStatus, Siblings

__all__ = ["cancel_recovery", "complete_recovery", "leave_registry"]


_GONE = (RecordStatus.LEFT, RecordStatus.ERASED)


def leave_registry(session: Session) -> Receipt:
    """Take the person's leaf out; have the committee overwrite the shares, and the registry note that it signed so.

    Polls made before still take their vote. Raises `InputError` for one who is no member, `TransactionRefused` in the
    contract's words, `CommitteeUnavailable` where a node is gone: call it again then, the leaf is out already.
    """
    identity = session.contents.identity()
    record = _record(session, identity.commitment)
    registry = session.links.registry
    if record.status not in _GONE:  # an interrupted earlier try may have gone through
        proof = _of_itself(identity, registry.leave_scope(record.record_id))
        registry.leave(record.record_id, proof, _siblings(session, identity.commitment))
    receipt = _left(session, record, erased=record.status is RecordStatus.ERASED)
    if receipt.data["erased"]:
        return receipt
    word = erase_shares(session.links, record.record_id)
    if word is None:
        return receipt
    registry.confirm_erased(record.record_id, word)
    return _left(session, record, erased=True)


def _left(session: Session, record: Record, *, erased: bool) -> Receipt:
    data = {"identity": str(record.identity.value), "record_id": record.record_id, "erased": erased}
    receipt = Receipt("leaving", str(record.record_id), data, int(time.time()))
    session.contents.add_receipt(receipt)
    return receipt


def complete_recovery(session: Session, record_id: int) -> Receipt:
    """Replace the old leaf after the waiting period; the new identity is the person's from then on."""
    registry = session.links.registry
    record = registry.record_by_id(record_id)
    mine = {identity.commitment for identity in session.contents.identities()}
    if record.identity not in mine or not record.rotated_at:
        recovery = registry.recovery(record_id)
        if recovery.identity not in mine:
            raise InputError(f"the recovery of record {record_id} is to an identity that this vault does not have")
        registry.complete_recovery(record_id, _siblings(session, record.identity))
        record = registry.record_by_id(record_id)
    session.contents.make_current(record.identity)
    data = {"identity": str(record.identity.value), "record_id": record_id, "rotated_at": record.rotated_at}
    receipt = Receipt("recovery", str(record_id), data, int(time.time()))
    session.contents.add_receipt(receipt)
    return receipt


def cancel_recovery(session: Session) -> None:
    """The person still has the old identity, and says no to a recovery of their record."""
    identity = session.contents.identity()
    record = _record(session, identity.commitment)
    registry = session.links.registry
    registry.cancel_recovery(record.record_id, _of_itself(identity, registry.cancel_scope(record.record_id)))


def _record(session: Session, identity: IdentityCommitment) -> Record:
    record = record_of(session.links, identity)
    if record is None:
        raise InputError("you are not enrolled", hint="run: irisproof enroll")
    return record


def _of_itself(identity: Identity, scope: int) -> MembershipProof:
    """The proof that the holder of an identity is at work: membership in the group that is it alone, message 0."""
    return prove_membership(identity, Group([identity.commitment]), 0, scope)


def _siblings(session: Session, identity: IdentityCommitment) -> Siblings:
    live, registry = session.links.governance.live_models(), session.links.registry
    upcoming = registry.members(live.upcoming) if live.upcoming else ()
    return siblings_of(identity, registry.members(live.group), upcoming)
