"""Verbs about eyes: `inspect`, `liveness`, `synthetic-eye`, `evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from app.cli.output import FAILED, print_json

__all__ = ["evaluate", "inspect", "liveness", "synthetic_eye"]


@click.command("inspect")
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
        print_json(report.to_json())
    else:
        for line in report_lines(report):
            click.echo(line)
    if out is not None:
        write_report_picture(report, out)
    if report.refusal is not None:
        sys.exit(FAILED)


@click.command("liveness")
@click.argument("frames", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--interval", type=click.FloatRange(0.01, 5), default=0.2, show_default=True, help="Seconds between two frames."
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
def liveness(frames: tuple[Path, ...], interval: float, as_json: bool) -> None:
    """Look for a living eye in several frames.

    They are given in the order in which they were taken, all the same time apart.

    Exit status 1 where something speaks against it. No certified sensor: a good attack passes.
    """
    from app.liveness import examine_frames, liveness_lines

    report = examine_frames(frames, interval)
    if as_json:
        print_json(report.to_json())
    else:
        for line in liveness_lines(report):
            click.echo(line)
    if not report.accepted:
        sys.exit(FAILED)


@click.command("synthetic-eye")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--eye-seed", type=click.IntRange(0), default=1, show_default=True, help="Which synthetic eye.")
@click.option("--capture-seed", type=click.IntRange(0), default=1, show_default=True, help="Which picture of it.")
def synthetic_eye(file: Path, eye_seed: int, capture_seed: int) -> None:
    """Write a picture (PNG) of a synthetic eye: nobody's, for trying things out."""
    from app.actions import write_synthetic_eye

    write_synthetic_eye(file, eye_seed, capture_seed)
    click.echo(f"{file}: eye {eye_seed}, capture {capture_seed}")


@click.command()
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
