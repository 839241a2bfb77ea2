"""Verbs of those who run something: `deploy`, `relay`, `station-key`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.output import ignore, json_option, print_result

__all__ = ["deploy", "relay", "station_key"]


@click.command()
@click.option("--network", type=click.Path(path_type=Path), required=True, help="The network file (TOML).")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; deployments/<chain>.json if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the deployment as JSON.")
def deploy(network: Path, out: Path | None, as_json: bool) -> None:
    """Put the contracts on a chain, and compare their code with what was compiled.

    Each step is written down before it is sent: run again after a stop, it goes on, and deploys nothing
    twice. docs/deploying.md lists what the network file says.
    """
    from app.deploy import deploy_network

    deployment, path = deploy_network(network, out, ignore if as_json else click.echo)
    click.echo(deployment.to_json() if as_json else f"written to {path}", nl=not as_json)


@click.command()
@click.option("--config", type=click.Path(path_type=Path), required=True, help="The settings (TOML).")
def relay(config: Path) -> None:
    """Submit enrolments and ballots for people without an account, over HTTP.

    No address of theirs is seen on the chain. Every proof is checked before gas is paid; what was taken
    survives a crash, and is sent once. docs/relayer.md lists the settings.
    """
    from app.relay.config import read_config
    from app.relay.run import run_relay

    run_relay(read_config(config), click.echo)


@click.command("station-key")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def station_key(file: Path, as_json: bool) -> None:
    """Make a key for a software station; prints its address, never the key."""
    from app.station import write_station_key

    address = str(write_station_key(file))
    print_result({"file": str(file), "address": address}, address, as_json)
