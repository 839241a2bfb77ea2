"""The command line: `irisproof VERB`. Verbs parse, call `app.actions` or `app.demo`, and print."""

from __future__ import annotations

import dataclasses
import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from protocol.errors import IrisproofError

__all__ = ["main"]

FAILED = 1
INTERRUPTED = 130
TERMINATED = 143


_source_option = click.option(
    "--source",
    type=click.Choice(["derived", "published", "development"]),
    default="derived",
    show_default=True,
    help="Where the structured reference string comes from.",
)

_network_option = click.option(
    "--network",
    type=click.Choice(["iris_v1", "iris_v2"]),
    default="iris_v1",
    show_default=True,
    help="Which iris network.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="irisproof", prog_name="irisproof")
def cli() -> None:
    """Prove that you are one person, once, without giving your body to anyone."""


@cli.command()
@click.option("--image", "images", type=click.Path(path_type=Path), multiple=True, help="An eye image; repeatable.")
@click.option("--eye", type=click.Choice(["left", "right"]), default="left", show_default=True, help="Which eye.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The local chain's port; any free one if 0.")
@click.option("--station-key", type=click.Path(path_type=Path), help="Sign captures with the key in this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the measured figures as JSON instead of the steps.")
def demo(images: tuple[Path, ...], eye: str, port: int, station_key: Path | None, as_json: bool) -> None:
    """From eye images to a counted vote, on a local chain of its own.

    Three persons enrol and vote; synthetic eyes stand in for images that are not given. An image is a near-infrared
    picture of one eye, 320x240 pixels or more. Then four attacks are tried, and refused by the contracts.
    """
    from app.demo import DemoOptions, run_demo
    from app.station import read_station_key
    from protocol.types import EyeSide

    station = read_station_key(station_key) if station_key else None
    options = DemoOptions(images, EyeSide[eye.upper()], port, station)
    figures = run_demo(options, _ignore if as_json else click.echo)
    if as_json:
        _print_json(dataclasses.asdict(figures))


@cli.group()
def circuit() -> None:
    """The iris circuit: build it from its ONNX file, show what it is."""


@circuit.command("build")
@_network_option
@_source_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def circuit_build(network: str, source: str, as_json: bool) -> None:
    """Build settings, keys and verifier from the pinned ONNX file, with every gate.

    Fails if the circuit has einsum columns, if a pre-activation may leave the lookup range, if a cell is not wired as
    the network says, if the verifier is larger than a contract may be, or if the result is not the pinned one.
    """
    from app.actions import build_iris_circuit
    from circuits.srs import SrsSource

    built = build_iris_circuit(SrsSource(source), _ignore if as_json else click.echo, network)
    _print_facts(built.facts.to_json(), as_json)


@circuit.command("show")
@_network_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def circuit_show(network: str, as_json: bool) -> None:
    """Show the built circuit: sizes and hashes."""
    from circuits.iris.circuit import load_circuit

    _print_facts(load_circuit(network).facts.to_json(), as_json)


@cli.group()
def srs() -> None:
    """The structured reference string (SRS) of all proofs: three sources, each pinned and checked."""


@srs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def srs_list(as_json: bool) -> None:
    """List the sources, what each is worth, and which files are here."""
    from circuits.srs import list_sources

    sources = list_sources()
    if as_json:
        _print_json([dataclasses.asdict(facts) | {"source": facts.source.value} for facts in sources])
        return
    for facts in sources:
        click.echo(f"{facts.source.value}: {facts.worth}")
        for k, sha256 in facts.sha256_by_k.items():
            click.echo(f"    k = {k}  sha256 {sha256}  {'here' if k in facts.present else 'not here'}")


@srs.command("derive")
@_source_option
def srs_derive(source: str) -> None:
    """Make the files of a source again from pinned inputs, and compare them with the pins.

    The derived source takes about a minute: its k = 15 file is computed from a published Groth16 key.
    """
    from app.actions import derive_srs_files
    from circuits.srs import SrsSource

    for k, sha256 in derive_srs_files(SrsSource(source), click.echo).items():
        click.echo(f"k = {k}  sha256 {sha256}  as pinned")


@srs.command("check")
@_source_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def srs_check(source: str, as_json: bool) -> None:
    """Check every point of a source's files by pairings."""
    from app.actions import check_srs_files
    from circuits.srs import SrsSource

    facts = check_srs_files(SrsSource(source), _ignore if as_json else click.echo)
    if as_json:
        _print_json([dataclasses.asdict(entry) for entry in facts])


@srs.command("fetch")
def srs_fetch() -> None:
    """Fetch ezkl's published files; needs a network."""
    from app.actions import fetch_srs_files

    fetch_srs_files(click.echo)


@cli.command("station-key")
@click.argument("file", type=click.Path(path_type=Path))
def station_key(file: Path) -> None:
    """Make a key for a software station; prints its address, never the key."""
    from app.station import write_station_key

    click.echo(write_station_key(file))


@cli.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Draw every stage into this PNG file; none if not given.")
@click.option("--eye", type=click.Choice(["left", "right"]), default="left", show_default=True, help="Which eye it is.")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def inspect(file: Path, out: Path | None, eye: str, as_json: bool) -> None:
    """Show what the pipeline makes of one eye image, and why it refuses it.

    Prints every measure beside its limit, the geometry and a guess of the eye's side. Exit status 1 for an image that
    is refused; what was reached is shown nevertheless.

    The picture of --out holds the eye, the unrolled iris and the iris code: biometrics. Nobody else can read the file
    (mode 0600). Delete it when you have looked at it, and give it to no one.
    """
    from app.inspect import inspect_file, report_lines, write_report_picture
    from protocol.types import EyeSide

    report = inspect_file(file, EyeSide[eye.upper()])
    if as_json:
        _print_json(report.to_json())
    else:
        for line in report_lines(report):
            click.echo(line)
    if out is not None:
        write_report_picture(report, out)
    if report.refusal is not None:
        sys.exit(FAILED)


@cli.command("synthetic-eye")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--eye-seed", type=click.IntRange(0), default=1, show_default=True, help="Which synthetic eye.")
@click.option("--capture-seed", type=click.IntRange(0), default=1, show_default=True, help="Which picture of it.")
def synthetic_eye(file: Path, eye_seed: int, capture_seed: int) -> None:
    """Write a picture (PNG) of a synthetic eye: nobody's, for trying things out."""
    from app.actions import write_synthetic_eye

    write_synthetic_eye(file, eye_seed, capture_seed)
    click.echo(f"{file}: eye {eye_seed}, capture {capture_seed}")


@cli.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder of pictures: subject/eye/*.png.")
@click.option(
    "--synthetic", type=click.IntRange(2, 5000), default=20, show_default=True, help="Persons, without --data."
)
@click.option("--captures", type=click.IntRange(2, 50), default=4, show_default=True, help="Of each synthetic eye.")
@click.option("--severity", type=click.FloatRange(0, 4), default=1.0, show_default=True, help="Of their nuisances.")
@click.option("--network", default="iris_v1", show_default=True, help="The network to measure.")
@click.option("--against", multiple=True, help="masek, open-iris or another network; repeatable.")
@click.option("--half", type=click.Choice(["a", "b"]), help="Only this half of the persons.")
@click.option("--same", type=click.Path(path_type=Path), help="Label corrections: a line `A = B` each.")
@click.option("--quick", is_flag=True, help="No degraded pictures.")
@click.option(
    "--out", type=click.Path(path_type=Path), default="build/accuracy", show_default=True, help="Folder to write to."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def evaluate(quick: bool, as_json: bool, **wanted: Any) -> None:
    """Measure how well persons are told apart; write a report.

    Every pair of pictures is compared. Writes accuracy.json, whose SHA-256 is the model's metrics hash, and
    accuracy.html; no picture, code or path is in them. A subjects.csv in the folder adds figures of groups.
    """
    from app.evaluate import evaluation_request, report_json, run_evaluation, summary_lines

    request = evaluation_request(robustness=not quick, **wanted)
    report = run_evaluation(request, sys.stderr)
    click.echo(report_json(report) if as_json else "\n".join([*summary_lines(report), f"written to {request.out}"]))


@cli.command()
@click.option("--network", type=click.Path(path_type=Path), required=True, help="The network file (TOML).")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; deployments/<chain>.json if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the deployment as JSON.")
def deploy(network: Path, out: Path | None, as_json: bool) -> None:
    """Put the contracts on a chain, and compare their code with what was compiled.

    Each step is written down before it is sent: run again after a stop, it goes on, and deploys nothing
    twice. docs/deploying.md lists what the network file says.
    """
    from app.deploy import deploy_network

    deployment, path = deploy_network(network, out, _ignore if as_json else click.echo)
    click.echo(deployment.to_json() if as_json else f"written to {path}", nl=not as_json)


@cli.command()
@click.option("--config", type=click.Path(path_type=Path), required=True, help="The settings (TOML).")
def relay(config: Path) -> None:
    """Submit enrolments and ballots for people without an account, over HTTP.

    No address of theirs is seen on the chain. Every proof is checked before gas is paid; what was taken
    survives a crash, and is sent once. docs/relayer.md lists the settings.
    """
    from app.relay.config import read_config
    from app.relay.run import run_relay

    run_relay(read_config(config), click.echo)


def main() -> NoReturn:
    """Entry point. Exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 Ctrl-C, 143 terminated."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli.main(standalone_mode=False)
    except IrisproofError as error:
        _complain(error.message, error.hint)
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _complain("stopped", "")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output went away
        sys.stderr.close()
        sys.exit(FAILED)
    except OSError as error:
        _complain(f"the system refused: {error.strerror or type(error).__name__}", "is the disk full?")
        sys.exit(FAILED)
    sys.exit(0)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(TERMINATED)  # unwinds: every process that was started is ended


def _complain(message: str, hint: str) -> None:
    click.echo(f"irisproof: {message}" + (f" ({hint})" if hint else ""), err=True)


def _ignore(_: str) -> None:
    pass


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2))


def _print_facts(text: str, as_json: bool) -> None:
    if as_json:
        click.echo(text, nl=False)
        return
    for name, value in json.loads(text).items():
        click.echo(f"{name:<20} {value}")


if __name__ == "__main__":
    main()
