"""Verbs of joining and staying: `enroll`, `status`, `upgrade`, `recover`, `leave`."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.output import print_result
from app.cli.person import opened_session, person_options

if TYPE_CHECKING:
    from app.jobs import Job
    from app.session import Session
    from protocol.types import NormalizedIris

__all__ = ["enroll", "leave", "recover", "status", "upgrade"]

_POLL_S = 0.1

_eye_option = click.option(
    "--eye", type=click.Choice(["left", "right"]), default="left", show_default=True, help="Which eye it is."
)


_other_option = click.option(
    "--other-eye",
    "other",
    type=click.Path(path_type=Path),
    metavar="IMAGE",
    help="The other eye, for a committee that compares both.",
)


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@_eye_option
@_other_option
@person_options
@click.option("--detach", is_flag=True, help="Do not wait: the work goes on, and status tells of it.")
def enroll(image: Path, eye: str, other: Path | None, detach: bool, as_json: bool, **place: Any) -> None:
    """Become a member, by a near-infrared picture of one eye.

    The picture is read, never copied or sent. Proving goes on in a process of its own: Ctrl-C stops it and leaves
    nothing; a machine that went off takes it up again at the next status.
    """
    from app.actions import begin_enrollment

    eyes = _eyes(image, other, eye)
    with opened_session(**place) as session:
        job = begin_enrollment(session, *eyes)
        if detach:
            print_result({"job": job.id}, f"begun: {job.id}", as_json)
            return
        result = _see_through(session, job)
    print_result(result, f"enrolled: record {result['record_id']}", as_json)


@click.command()
@person_options
@click.option("--retry", is_flag=True, help="Try failed jobs again, without a new picture.")
def status(retry: bool, as_json: bool, **place: Any) -> None:
    """Where you stand with the registry; takes up again what was interrupted."""
    from app.actions import membership, resume_jobs, retry_job, settle_outbox

    with opened_session(**place) as session:
        for failed in session.contents.jobs("failed") if retry else ():
            retry_job(session, failed.id)
        running = resume_jobs(session)
        sent = settle_outbox(session)
        found = membership(session)
        record = found.record
        facts = {
            "identity_commitment": None if found.identity is None else str(found.identity.value),
            "record_id": None if record is None else record.record_id,
            "record_status": None if record is None else record.status.name.lower(),
            "is_member": found.is_member,
            "models_to_renew": list(found.missing_models),
            "recovery": None if found.recovery is None else dataclasses.asdict(found.recovery),
            "running_jobs": {job.id: job.status().to_json() for job in running},
            "failed_jobs": {job.id: _why(session, job.id) for job in session.contents.jobs("failed")},
            "ballots_settled": len(sent),
            "ballots_on_their_way": len(session.contents.outbox()),
        }
    print_result(facts, "\n".join(_status_lines(facts)), as_json)


@click.command()
@person_options
def upgrade(as_json: bool, **place: Any) -> None:
    """Renew your record under a new model, from the capture that you enrolled with. No new picture is needed."""
    from app.actions import begin_upgrades

    with opened_session(**place) as session:
        jobs = begin_upgrades(session)
        done = [_see_through(session, job) for job in jobs]
    models = ", ".join(str(result["model_id"]) for result in done)
    print_result({"upgraded": done}, f"renewed under model {models}" if done else "nothing to renew", as_json)


@click.command()
@click.argument("record", type=click.IntRange(1))
@click.argument("image", type=click.Path(path_type=Path), required=False)
@_eye_option
@_other_option
@person_options
@click.option("--complete", is_flag=True, help="The waiting period is over: take the record.")
@click.option("--cancel", is_flag=True, help="I have the old identity: say no to somebody's recovery.")
def recover(record: int, image: Path | None, eye: str, other: Path | None, as_json: bool, **options: Any) -> None:
    """Take your RECORD back after a lost vault, by a new picture of the same eye.

    The committee must find the same person. During the waiting period whoever has the old identity can cancel it.
    """
    from app.actions import begin_recovery, cancel_recovery, complete_recovery

    complete, cancel = options.pop("complete"), options.pop("cancel")
    if (image is None) != (complete or cancel) or (complete and cancel):
        raise click.UsageError("give an image, or --complete, or --cancel")
    eyes = [] if image is None else _eyes(image, other, eye)
    with opened_session(**options) as session:
        if cancel:
            cancel_recovery(session)
            print_result({"cancelled": record}, "the recovery is cancelled", as_json)
        elif complete:
            result = complete_recovery(session, record).data
            print_result(result, f"record {record} is yours again", as_json)
        else:
            result = _see_through(session, begin_recovery(session, record, *eyes))
            wait = max(0, int(result["ready_at"]) - session.links.registry.now())
            print_result(result, f"requested: irisproof recover {record} --complete in {wait:,} s", as_json)


@click.command()
@person_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def leave(yes: bool, as_json: bool, **place: Any) -> None:
    """Leave the registry for good. The votes that you cast stay."""
    from app.actions import leave_registry

    with opened_session(**place) as session:
        if not yes:
            click.confirm("leave the registry for good?", abort=True, err=True)
        receipt = leave_registry(session)
    shares = "; the committee overwrote its shares" if receipt.data["erased"] else ""
    print_result(receipt.data, f"record {receipt.data['record_id']} has left{shares}", as_json)


def _see_through(session: Session, job: Job) -> dict[str, Any]:
    """Show how far a job is until it ends; its result. Ctrl-C cancels it."""
    from app.actions import settle_job
    from app.jobs import JobState
    from app.meter import Meter
    from protocol.errors import JobError

    meter = Meter(sys.stderr)
    try:
        while (now := job.status()).state is JobState.RUNNING:
            meter.show(now.stage, now.fraction)
            time.sleep(_POLL_S)
    except BaseException:
        job.cancel()
        settle_job(session, job)
        raise
    if now.state is JobState.INTERRUPTED:
        raise JobError("the worker was ended in the middle", hint="irisproof status takes the work up again")
    meter.show(now.stage, 1.0)
    result = job.result() if now.state is JobState.DONE else {}
    settle_job(session, job)
    if now.state is not JobState.DONE:
        raise JobError(now.message or f"the job was {now.state.value}", hint=now.hint)
    return result


def _why(session: Session, job_id: str) -> str:
    from app.jobs import Job

    return Job(session.jobs_folder / job_id).status().message


def _eyes(image: Path, other: Path | None, eye: str) -> list[NormalizedIris]:
    """Of the picture of `eye`, and of the other eye's where there is one."""
    from app.actions import naming, open_image, unroll_eye
    from protocol.types import EyeSide

    opposite = EyeSide.RIGHT if EyeSide[eye.upper()] is EyeSide.LEFT else EyeSide.LEFT
    eyes = []
    for path, side in ((image, EyeSide[eye.upper()]), (other, opposite)):
        if path is not None:
            picture = open_image(path)
            with naming(path.name):
                eyes.append(unroll_eye(picture, side))
    return eyes


def _recovery_line(record_id: int, ready_at: int, is_mine: bool) -> str:
    when = f"{datetime.fromtimestamp(ready_at, UTC):%Y-%m-%d %H:%M} UTC"
    if is_mine:
        return f"record {record_id} is asked for: irisproof recover {record_id} --complete, from {when} on"
    return f"somebody asks for your record: irisproof recover {record_id} --cancel, before {when}, if it is not you"


def _status_lines(facts: dict[str, Any]) -> Iterable[str]:
    if facts["record_id"] is None:
        yield "not enrolled"
    else:
        yield f"record {facts['record_id']}: {facts['record_status']}, {'a' if facts['is_member'] else 'no'} member"
    if facts["recovery"] is not None:
        yield _recovery_line(**facts["recovery"])
    if facts["models_to_renew"]:
        yield "a new model is out: renew with irisproof upgrade"
    for job, state in facts["running_jobs"].items():
        yield f"{job}: {state['stage']}, {state['fraction']:.0%}, about {state['remaining_s']:.0f} s to go"
    for job, message in facts["failed_jobs"].items():
        yield f"{job} failed: {message} (irisproof status --retry)"
    if facts["ballots_settled"]:
        yield f"{facts['ballots_settled']} interrupted votes are counted now"
