"""Verbs of taking part: `polls`, `open-poll`, `vote`, `receipts`, `prove`."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.output import FAILED, print_json
from app.cli.person import opened_session, person_options

if TYPE_CHECKING:
    from app.actions import PollView

__all__ = ["open_poll", "polls", "prove", "receipts", "vote"]


@click.command()
@person_options
def polls(as_json: bool, **place: Any) -> None:
    """List all polls, newest first, with their options and how they stand."""
    from app.actions import list_polls

    with opened_session(**place) as session:
        views = list_polls(session)
    if as_json:
        print_json([_poll_facts(view) for view in views])
        return
    for view in views:
        until = datetime.datetime.fromtimestamp(view.poll.closes_at).astimezone().strftime("%Y-%m-%d %H:%M %Z")
        voted = ", you voted" if view.votes_cast else "" if view.may_vote else ", not for you"
        click.echo(f"{view.poll.poll_id}  {view.poll.question}")
        click.echo(f"   {view.state} until {until}, {view.poll.kind.name.lower()}, {view.voters} voted{voted}")
        for number, text in enumerate(view.poll.options):
            count = f"  {view.tally[number]}" if view.tally else ""
            click.echo(f"   [{number}] {text}{count}")
    if not views:
        click.echo("there are no polls")


@click.command("open-poll")
@click.argument("question")
@click.option("--option", "options", multiple=True, required=True, help="An option; repeatable, in order.")
@click.option(
    "--hours", type=click.FloatRange(0.01, 24 * 365), default=24.0, show_default=True, help="How long it runs."
)
@click.option("--kind", type=click.Choice(["single", "approval", "ranked"]), default="single", show_default=True)
@click.option("--quorum", type=click.IntRange(0), default=0, help="Fewest voters for it to count.")
@click.option("--registry", type=click.Path(path_type=Path), required=True, help="Registry file; its account pays.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def open_poll(question: str, registry: Path, as_json: bool, **terms: Any) -> None:
    """Open a poll, at once: the members of this moment may vote in it. Needs no vault."""
    from app.actions import open_poll as open_now
    from app.endpoints import read_endpoints
    from app.session import Links
    from registry_contract.polls import PollKind

    terms["kind"] = PollKind[terms["kind"].upper()]
    poll = open_now(Links(read_endpoints(registry)), question, **terms)
    if as_json:
        print_json({"poll_id": poll.poll_id, "snapshot_size": poll.snapshot_size, "closes_at": poll.closes_at})
    else:
        click.echo(f"poll {poll.poll_id} is open for {poll.snapshot_size} members")


@click.command()
@click.argument("poll", type=click.IntRange(1))
@click.argument("options", type=click.IntRange(0), nargs=-1)
@person_options
@click.option("--replace", is_flag=True, help="Put this vote in the place of your earlier one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def vote(poll: int, options: tuple[int, ...], replace: bool, as_json: bool, **rest: Any) -> None:
    """Vote in POLL for OPTIONS, by their numbers: one; any for approval; best first for a ranking.

    Nobody sees who voted. A vote can be replaced until the poll closes; the last one counts. One that was
    interrupted is kept, and never counted twice. The receipt stays in the vault: receipts --check looks it up.
    """
    from app.actions import cast_ballot, view_poll

    yes = rest.pop("yes")
    with opened_session(**rest) as session:
        view = view_poll(session, poll)
        if not yes and not as_json:
            texts = [view.poll.options[number] for number in options if number < len(view.poll.options)]
            click.confirm(f"{view.poll.question} {' > '.join(texts)}?", abort=True, err=True)
        receipt = cast_ballot(session, view.poll, options, replace=replace)
    if as_json:
        print_json(receipt.data)
    else:
        click.echo(f"counted: {', '.join(receipt.data['choice'])}, transaction {receipt.data['transaction']}")


@click.command()
@person_options
@click.option("--check", is_flag=True, help="Look each one up on the chain.")
def receipts(check: bool, as_json: bool, **place: Any) -> None:
    """List receipts; with --check, compare each with the chain. Exit status 1 if one does not hold.

    They say how you voted: show them to nobody who should not know.
    """
    from app.actions import check_receipt
    from protocol.errors import VerificationError

    rows, bad = [], 0
    with opened_session(**place) as session:
        for receipt in session.contents.receipts():
            row = {"kind": receipt.kind, "created_at": receipt.created_at, **receipt.data}
            if check:
                try:
                    row["checked"] = check_receipt(session, receipt)
                except VerificationError as error:
                    row["checked"], bad = f"false: {error.message}", bad + 1
            rows.append(row)
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            what = row.get("question") or row.get("name") or f"record {row.get('record_id', '')}"
            choice = f": {', '.join(row['choice'])}" if "choice" in row else ""
            click.echo(f"{row['kind']:<11} {what}{choice}" + (f"  ({row['checked']})" if check else ""))
    if bad:
        sys.exit(FAILED)


@click.command()
@click.argument("link", required=False)
@click.option("--qr", type=click.Path(path_type=Path), help="Read the link from a picture of a QR code.")
@person_options
@click.option("--send", is_flag=True, help="Send the answer to where the request wants it.")
@click.option("--yes", is_flag=True, help="Approve without being asked.")
def prove(link: str | None, qr: Path | None, send: bool, as_json: bool, **rest: Any) -> None:
    """Answer a dApp's request: an irisproof:// LINK, or a QR code.

    Shows who asks and what is disclosed, and asks you. Prints the answer as JSON: a proof that somebody of the members,
    once, agrees to the request's signal.
    """
    from app.actions import answer_request, deliver_answer, view_request
    from app.qr import read_qr_file
    from app.requests import ProofRequest, parse_link
    from protocol.errors import InputError

    if (link is None) == (qr is None):
        raise click.UsageError("give a link, or --qr with a picture")
    request = parse_link(link if link is not None else read_qr_file(qr))  # type: ignore[arg-type]
    if not isinstance(request, ProofRequest):
        raise InputError(f"this link is of poll {request.poll_id}", hint=f"run: irisproof vote {request.poll_id}")
    yes = rest.pop("yes")
    with opened_session(**rest) as session:
        view = view_request(session, request)
        if not as_json:
            click.echo(f"asks:       {request.name or 'somebody without a name'}, contract {request.dapp}", err=True)
            click.echo(f"agree to:   signal 0x{request.signal.hex()}", err=True)
            hidden = f"one of {view.group_size} members agrees; a number for this action alone"
            click.echo(f"disclosed:  {hidden}", err=True)
            click.echo(f"answer to:  {request.reply_host if send else 'nobody but you'}", err=True)
        if not yes:
            click.confirm("approve?", abort=True, err=True)
        answer = answer_request(session, request)
    print_json(answer)
    if send:
        deliver_answer(request, answer)


def _poll_facts(view: PollView) -> dict[str, Any]:
    poll = view.poll
    return {
        "poll_id": poll.poll_id,
        "question": poll.question,
        "options": list(poll.options),
        "kind": poll.kind.name.lower(),
        "state": view.state,
        "opens_at": poll.opens_at,
        "closes_at": poll.closes_at,
        "members": poll.snapshot_size,
        "voters": view.voters,
        "tally": list(view.tally),
        "may_vote": view.may_vote,
        "votes_cast": view.votes_cast,
        "on_its_way": view.pending,
    }
