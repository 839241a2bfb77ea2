"""Verbs of the committee's operators: `committee init`, `assemble`, `client`, `node`, `shard`, `rebuild`,
`recheck`, `status`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from app.cli.output import FAILED, json_option, print_json, print_result

__all__ = ["committee"]

_folder = click.Path(path_type=Path, file_okay=False)
_file = click.Path(path_type=Path)
_config = click.option("--config", type=_file, required=True, help="The node's settings (TOML).")


@click.group()
def committee() -> None:
    """The uniqueness committee: make keys, run a node, rebuild it, see its state.

    docs/committee.md tells the three operators what to do, step by step.
    """


@committee.command()
@click.option("--node", type=click.IntRange(0, 2), required=True, help="Which of the three nodes.")
@click.option("--clients", required=True, help="host:port where clients reach it.")
@click.option("--peers", required=True, help="host:port where the other two nodes reach it.")
@click.option("--engine", required=True, help="host:port of its engine, for the other two.")
@click.option("--rpc-url", required=True, help="A node of the registry's chain that you trust.")
@click.option("--deployment", default="deployment.json", show_default=True, help="What `irisproof deploy` writes.")
@click.option("--out", type=_folder, required=True, help="Folder for the keys and the settings.")
@json_option
def init(node: int, out: Path, rpc_url: str, deployment: str, as_json: bool, **addresses: str) -> None:
    """Make one node's keys, its settings, and the file for whoever assembles the committee."""
    from app.committee.setup import NodeAddresses, init_node

    signer = init_node(out, node, NodeAddresses(**addresses), rpc_url, deployment)
    line = f"signs as {signer}; give {out}/node-{node}.json to whoever assembles the committee"
    print_result({"signer": str(signer), "admission": f"{out}/node-{node}.json"}, line, as_json)


@committee.command()
@click.argument("admissions", type=_file, nargs=3)
@click.option("--policy", type=click.Choice(["one", "both"]), default="one", show_default=True, help="Eyes to compare.")
@click.option(
    "--engine",
    type=click.Choice(["checked", "spu", "mpyc"]),
    default="checked",
    show_default=True,
    help="What all nodes compare with; only `checked` notices a node that tampers.",
)
@click.option("--out", type=_folder, required=True, help="Folder for the authorities and certificates.")
@json_option
def assemble(admissions: tuple[Path, ...], policy: str, engine: str, out: Path, as_json: bool) -> None:
    """Make the committee's file and the nodes' certificates from three operators' files."""
    from app.committee.setup import assemble as put_together
    from uniqueness.engine_slot import EngineChoice
    from uniqueness.ports import Policy

    made = put_together(out, admissions, Policy(policy), EngineChoice(engine))
    signers = [str(node.signer) for node in made.nodes]
    told = f"give each operator committee.json, nodes.crt, clients.crt and node-N.crt (as node.crt) from {out}"
    listed = ", ".join(f'"{signer}"' for signer in signers)
    print_result({"committee": signers, "folder": str(out)}, f"committee = [{listed}]\n{told}", as_json)


@committee.command()
@click.argument("name")
@click.option("--authority", type=_folder, required=True, help="The folder that `assemble` made.")
@click.option("--out", type=_folder, required=True, help="Folder for the client's key and certificate.")
@json_option
def client(name: str, authority: Path, out: Path, as_json: bool) -> None:
    """Make a client's certificate: nodes serve nobody without one."""
    from app.committee.setup import make_client

    make_client(authority, name, out)
    files = ["client.key", "client.crt", "committee.json", "nodes.crt"]
    print_result({"folder": str(out), "files": files}, f"{out}: {', '.join(files)}", as_json)


@committee.command()
@_config
def node(config: Path) -> None:
    """Run a node until it is stopped. It takes first what it missed from the other two."""
    _calm_products()
    from app.committee.node import run_node
    from app.committee.settings import read_settings

    run_node(read_settings(config), click.echo)


def _calm_products() -> None:
    """One thread for numpy's products, where the operator's environment does not say otherwise, before numpy is loaded.
    They are small, and threads that wait for each other between them take more CPU time than they save."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@committee.command()
@click.option("--config", type=_file, required=True, help="The plan of the shards (TOML).")
@click.option("--shard", type=click.IntRange(0), required=True, help="Which of them this machine holds.")
def shard(config: Path, shard: int) -> None:
    """Lend this machine to an operator's node for one shard, until it is stopped.

    docs/scaling.md says when a committee needs shards, and what the plan has.
    """
    from app.committee.shards import run_shard

    run_shard(config, shard, click.echo)


@committee.command()
@_config
def rebuild(config: Path) -> None:
    """Put a node's store aside and take everything from the other two nodes."""
    from app.committee.node import rebuild_node
    from app.committee.settings import read_settings

    rebuild_node(read_settings(config), click.echo)


@committee.command()
@_config
@click.option(
    "--last", type=click.IntRange(1), help="Only the newest ones; all of them take time in proportion to n^2."
)
@json_option
def recheck(config: Path, last: int | None, as_json: bool) -> None:
    """Compute old verdicts again, with other roles, together with the other two operators.

    All three stop their nodes and run this at the same time.
    """
    _calm_products()
    from app.committee.node import recheck_node
    from app.committee.settings import read_settings

    hold = recheck_node(read_settings(config), last, lambda line: click.echo(line, err=True))
    print_result({"verdicts_that_hold": hold}, f"{hold} verdicts hold", as_json)


@committee.command()
@click.option("--client", "folder", type=_folder, required=True, help="A client's folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def status(folder: Path, as_json: bool) -> None:
    """What each node says of itself. Exit status 1 where one is in trouble, or their logs differ."""
    from app.committee.client_files import client_files
    from app.committee.node import status_line
    from uniqueness.client import CommitteeClient

    found = CommitteeClient(*client_files(folder)).status()
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(status_line(one) for one in found))
    if any(one.get("trouble") for one in found) or len({one.get("log_root") for one in found}) != 1:
        raise SystemExit(FAILED)
