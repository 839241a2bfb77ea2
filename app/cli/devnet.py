"""The verb `devnet`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.output import ignore

__all__ = ["devnet"]


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default="devnet.json", show_default=True, help="Registry file to write."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The chain's port; any free one if 0.")
@click.option("--committee", is_flag=True, help="Run the committee's three nodes too: one eye enrols once.")
@click.option("--both-eyes", is_flag=True, help="The same, and it compares both eyes of everybody.")
@click.option("--json", "as_json", is_flag=True, help="Print the registry file as JSON and nothing else.")
def devnet(out: Path, port: int, committee: bool, both_eyes: bool, as_json: bool) -> None:
    """A local chain, contracts, station and relayer to try things out with.

    Runs until Ctrl-C, which leaves nothing behind. Other commands, the window and the poll page find it by the file
    that it writes: give it to them with --registry. Without --committee one eye can enrol many times, and no record can
    be recovered.
    """
    from app.devnet import DevnetOptions, running_devnet, wait_until_stopped
    from uniqueness.ports import Policy

    tell = ignore if as_json else click.echo
    policy = Policy.BOTH if both_eyes else Policy.ONE
    options = DevnetOptions(out.absolute(), port, committee or both_eyes, policy)
    with running_devnet(options, tell) as endpoints:
        click.echo(endpoints.to_json() if as_json else f"ready: {out}; Ctrl-C ends it", nl=not as_json)
        try:
            wait_until_stopped()
        except KeyboardInterrupt:
            tell("ended, nothing is left")
