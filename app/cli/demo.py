"""The verb `demo`: the main job."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from app.cli.output import ignore, print_json

__all__ = ["demo", "demo_upgrade"]


@click.command()
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
    figures = run_demo(options, ignore if as_json else click.echo)
    if as_json:
        print_json(dataclasses.asdict(figures))


@click.command("demo-upgrade")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The local chain's port; any free one if 0.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the audit's report; none if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the measured figures as JSON instead of the steps.")
def demo_upgrade(port: int, out: Path | None, as_json: bool) -> None:
    """From one iris network to the next, on a local chain of its own.

    Five people enrol under v1; v2 is proposed and waits out its delays; three upgrade from their stored capture, one
    more enrols under both; after the deadline two are left out, and one of them comes back. The months are skipped.
    At the end the chain is audited.
    """
    from app.upgrade_demo import run_upgrade_demo

    figures = run_upgrade_demo(port, out, ignore if as_json else click.echo)
    if as_json:
        print_json(dataclasses.asdict(figures))
