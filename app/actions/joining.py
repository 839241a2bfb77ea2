"""Joining a registry from an open vault: enrol, renew under a new model, recover; and taking work up again.

The order that loses nothing: the vault knows of the work (identity, capture, job) before its folder exists, the folder
before a worker starts, and the worker looks on the chain before it sends.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.actions.facts import registry_eyes
from app.device import this_device
from app.jobs import Job, JobState
from app.session import Links, Session
from app.station import Station, read_station_key
from app.vault import Receipt, StoredJob
from app.vault.captures import capture_secrets
from circuits.iris.commit import forget_points
from circuits.semaphore.identity import Identity
from protocol.errors import EncodingError, InputError, TransactionRefused
from protocol.types import IdentityCommitment, NormalizedIris
from registry_contract.client import Record, RecordStatus, Recovery
from registry_contract.deployment import ZERO_ADDRESS

__all__ = [
    "Membership",
    "WaitingRecovery",
    "begin_enrollment",
    "begin_recovery",
    "begin_upgrades",
    "job_secrets",
    "membership",
    "parse_job_secrets",
    "record_of",
    "recovery_of",
    "resume_jobs",
    "retry_job",
    "settle_job",
]


_RECEIPT_KINDS = {"enroll": "enrollment", "upgrade": "upgrade", "recover": "recovery-request"}


@dataclass(frozen=True)
class WaitingRecovery:
    """A recovery in its waiting period. `is_mine`: this vault asked for it; else somebody asks for this vault's record,
    and its identity can cancel. `ready_at`: Unix seconds from which anybody can complete it."""

    record_id: int
    ready_at: int
    is_mine: bool


@dataclass(frozen=True)
class Membership:
    """Where a person stands with the registry. `missing_models`: live models without a code of theirs. `recovery`: what
    waits for their record or for one that they asked for."""

    identity: IdentityCommitment | None
    record: Record | None
    is_member: bool
    missing_models: tuple[int, ...]
    open_jobs: tuple[str, ...]
    recovery: WaitingRecovery | None = None


def begin_enrollment(session: Session, *eyes: NormalizedIris) -> Job:
    """Have the captures signed for the person's identity (made now, if there is none), keep all, start the worker.

    `eyes` are those of `registry_eyes`, in its order. The job may be waited for, watched or left; `settle_job` takes
    its outcome in. Raises `InputError` where the registry file names no station, the eyes are not those that are
    asked for, or the person is a member already.
    """
    _require_eyes(session, eyes)
    contents = session.contents
    if not contents.has_identity():
        contents.add_identity(Identity.create())
    identity = contents.identity()
    if record_of(session.links, identity.commitment) is not None:
        raise InputError("you are enrolled already", hint="see: irisproof status")
    if any(job.kind == "enroll" for job in contents.jobs("open")):
        raise InputError("an enrolment of yours is under way", hint="see: irisproof status")
    return _begin(session, "enroll", identity, eyes, {})


def begin_upgrades(session: Session) -> tuple[Job, ...]:
    """One job for each live model that the member has no code of, from the capture that was signed at enrolment, or
    from both where the committee compares both eyes."""
    found = membership(session)
    if found.record is None:
        raise InputError("you are not enrolled", hint="run: irisproof enroll")
    root = found.record.commitments_root.hex()
    jobs = []
    for model_id in found.missing_models:
        request = _request(session, "upgrade", found.record.identity, {"model_id": model_id})
        jobs.append(
            _start(session, StoredJob(f"upgrade-{model_id}-{root[:16]}", "upgrade", request, root, "open", _now()))
        )
    return tuple(jobs)


def begin_recovery(session: Session, record_id: int, *eyes: NormalizedIris) -> Job:
    """Ask the registry to hand a record to a fresh identity, on a new capture of the same eye, or of both.

    The committee must find the same person: `InputError` in a registry without one. The old identity can cancel it
    during the waiting period; then `complete_recovery` replaces the leaf. In a grace period, a record that was not
    renewed is to be renewed after that: `begin_upgrades`.
    """
    if session.links.endpoints.deployment.committee == ZERO_ADDRESS:
        raise InputError("this registry has no committee, and so hands no record over", hint="enrol again")
    _require_eyes(session, eyes)
    identity = Identity.create()
    session.contents.add_identity(identity, current=not session.contents.has_identity())
    return _begin(session, "recover", identity, eyes, {"record_id": record_id})


def resume_jobs(session: Session) -> tuple[Job, ...]:
    """Call after every unlock. Takes in what came to its end; starts again what was killed, with its secrets from the
    vault; returns the jobs that run now."""
    running = []
    for stored in session.contents.jobs("open"):
        job = Job(session.jobs_folder / stored.id)
        if not job.folder.exists():
            job = Job.prepare(job.folder, stored.request)
        if job.status().state is JobState.INTERRUPTED:
            job.start(job_secrets(session, stored))
        if job.status().state is JobState.RUNNING:
            running.append(job)
        else:
            settle_job(session, job)
    return tuple(running)


def settle_job(session: Session, job: Job) -> Receipt | None:
    """Take in what came of a job that has ended, then remove its folder; the receipt, if it is done.

    A failed job stays on the list as `failed`: `retry_job` starts it again.
    """
    state = job.status().state
    stored = {entry.id: entry for entry in session.contents.jobs()}.get(job.id)
    if stored is None or state in (JobState.RUNNING, JobState.INTERRUPTED):
        return None
    receipt = None
    if state is JobState.DONE:
        result = job.result()
        receipt = Receipt(_RECEIPT_KINDS[stored.kind], job.id, result, _now())
        session.contents.add_receipt(receipt)
        _drop_superseded(session, stored)
    if state is JobState.CANCELLED:
        session.contents.drop_job(job.id)
    else:
        done = "done" if state is JobState.DONE else "failed"
        session.contents.put_job(dataclasses.replace(stored, state=done))
    if state is not JobState.FAILED:
        job.remove()
    return receipt


def retry_job(session: Session, job_id: str) -> Job:
    """Start a failed job again, from the same capture, with the registry's addresses of now. Raises `InputError` where
    the vault has no such job, `JobError` where it runs."""
    stored = {entry.id: entry for entry in session.contents.jobs()}.get(job_id)
    if stored is None:
        raise InputError(f"there is no job {job_id}")
    job = Job(session.jobs_folder / job_id)
    request = stored.request | {"endpoints": session.links.endpoints.to_dict()}  # another relayer, perhaps
    if job.folder.exists():
        job.renew(request)  # what was proved stays
    return _start(session, dataclasses.replace(stored, request=request, state="open"))


def _drop_superseded(session: Session, done: StoredJob) -> None:
    """Earlier tries at the same thing that failed are of no use once one went through."""
    for earlier in session.contents.jobs("failed"):
        if all(earlier.request.get(name) == done.request.get(name) for name in ("kind", "identity", "model_id")):
            Job(session.jobs_folder / earlier.id).remove()
            session.contents.drop_job(earlier.id)


def job_secrets(session: Session, stored: StoredJob) -> bytes:
    """What a worker is given on its standard input: the signed captures, from the vault, each part with its length."""
    if stored.capture is None:
        return b""
    captures = session.contents.eyes_of(stored.capture)
    parts = [part for one in captures for part in (one.attestation.to_bytes(), capture_secrets(one))]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def membership(session: Session) -> Membership:
    """Asked of the chain now, except for the list of open jobs."""
    contents = session.contents
    jobs = tuple(job.id for job in contents.jobs("open"))
    if not contents.has_identity():
        return Membership(None, None, False, (), jobs)
    identity = contents.identity().commitment
    record = record_of(session.links, identity)
    if record is None:
        return Membership(identity, None, False, (), jobs, _asked_for(session))
    models = session.links.governance.live_models().models
    has = {model_id: session.links.registry.has_member(identity, model_id) for model_id in models}
    is_active = record.status is RecordStatus.ACTIVE
    missing = tuple(model_id for model_id in models if not has[model_id]) if is_active else ()
    return Membership(identity, record, has[models[0]], missing, jobs, _asked_of(session, record))


def record_of(links: Links, identity: IdentityCommitment) -> Record | None:
    """The registry's record of an identity; None where it has none."""
    try:
        return links.registry.record(identity)
    except TransactionRefused as refusal:
        if refusal.error == "Registry__IdentityNotEnrolled":
            return None
        raise


def recovery_of(links: Links, record_id: int) -> Recovery | None:
    """The recovery that waits for a record; None where none does."""
    try:
        return links.registry.recovery(record_id)
    except TransactionRefused as refusal:
        if refusal.error == "Registry__RecoveryAbsent":
            return None
        raise


def _asked_for(session: Session) -> WaitingRecovery | None:
    """The last record that this vault asked for, unless that was cancelled or is done."""
    for receipt in reversed(session.contents.receipts("recovery-request")):
        record_id = int(receipt.data["record_id"])
        found = recovery_of(session.links, record_id)
        if found is not None and found.identity.value == int(receipt.data["identity"]):
            return WaitingRecovery(record_id, found.ready_at, is_mine=True)
    return None


def _asked_of(session: Session, record: Record) -> WaitingRecovery | None:
    """What another identity asks for: this person's record."""
    found = recovery_of(session.links, record.record_id)
    return None if found is None else WaitingRecovery(record.record_id, found.ready_at, is_mine=False)


def _require_eyes(session: Session, eyes: Sequence[NormalizedIris]) -> None:
    wanted = registry_eyes(session)
    if len(eyes) == len(wanted) == 1:
        return  # which one it is, the contract says
    if [iris.eye_side for iris in eyes] != list(wanted):
        names = " and then the ".join(f"{side.name.lower()} one" for side in wanted)
        given = " and ".join(iris.eye_side.name.lower() for iris in eyes) or "none"
        raise InputError(f"the committee compares {len(wanted)} eye(s): the {names}; given: {given}")


def _begin(
    session: Session, kind: str, identity: Identity, eyes: Sequence[NormalizedIris], more: dict[str, int]
) -> Job:
    deployment, station, roots = session.links.endpoints.deployment, _station(session), []
    for iris in eyes:
        # the chain's clock and this machine's agree only nearly; the capture is timed by the one that judges it
        timed = dataclasses.replace(iris, captured_at=min(iris.captured_at, session.links.registry.now()))
        capture = station.attest(timed, identity.commitment, deployment.registry, deployment.chain_id)
        forget_points()  # a phone has no memory to spare for what a capture needs once
        roots.append(session.contents.add_capture(capture))
    root, *others = roots
    for other in others:
        session.contents.set_other_eye(root, other)
    request = _request(session, kind, identity.commitment, more)
    return _start(session, StoredJob(f"{kind}-{root[:16]}", kind, request, root, "open", _now()))


def _start(session: Session, stored: StoredJob) -> Job:
    secrets = job_secrets(session, stored)
    session.contents.put_job(stored)  # from here on it cannot be lost
    job = Job.prepare(session.jobs_folder / stored.id, stored.request)
    job.start(secrets)
    return job


def _request(session: Session, kind: str, identity: IdentityCommitment, more: dict[str, int]) -> dict[str, object]:
    return {"kind": kind, "identity": str(identity.value), "endpoints": session.links.endpoints.to_dict(), **more}


def _station(session: Session) -> Station:
    file, own = session.links.endpoints.station_key_file, this_device().station
    if file is None and own is not None:
        return own()
    if file is None:
        raise InputError("the registry file names no station that this device can use", hint="go to a capture station")
    return read_station_key(file)


def _now() -> int:
    return int(time.time())


def parse_job_secrets(data: bytes) -> list[tuple[bytes, bytes]]:
    """(attestation, capture) of each eye in what `job_secrets` made. Raises `EncodingError`."""
    parts: list[bytes] = []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < end:
            raise EncodingError("the job's secrets are cut off")
        parts.append(data[4:end])
        data = data[end:]
    if not parts or len(parts) % 2:
        raise EncodingError("the job's secrets cannot be read")
    return list(zip(parts[::2], parts[1::2], strict=True))
