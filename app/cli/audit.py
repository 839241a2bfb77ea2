"""The verb of auditors: `audit`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.cli.output import FAILED, print_json

__all__ = ["audit"]


@click.command()
@click.argument("deployment", type=click.Path(path_type=Path))
@click.option("--rpc-url", help="A node with all logs; the registry file's if not given.")
@click.option("--block", type=click.IntRange(0), help="As of this block, not the newest.")
@click.option("--state", type=click.Path(path_type=Path), help="Keep what was verified here; go on from it.")
@click.option("--rebuild/--no-rebuild", default=True, help="Build circuits from ONNX (default), or not.")
@click.option("--data", type=click.Path(path_type=Path), help="Measure accuracy again: subject/eye/*.png.")
@click.option("--accuracy", type=click.Path(path_type=Path), help="accuracy.json to hold models' lists to.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for audit.json and audit.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def audit(deployment: Path, rpc_url: str | None, out: Path | None, as_json: bool, **options: object) -> None:
    """Check everything about a deployment from public data, and believe nobody.

    DEPLOYMENT is the file that `irisproof deploy` wrote, or a registry file. Checked are pins and code at every
    address, circuits built again, every proof, signature and verdict in the log, every tree, snapshot and tally, and
    the contracts' own counters beside the log. Exit status 0 only if all of it holds; else the first broken link is
    named, with its block and transaction: docs/audit-guide.md.
    """
    from app.audit.command import audit_deployment, write_reports
    from app.audit.report import summary_lines
    from app.meter import Meter

    result = audit_deployment(deployment, rpc_url, options, Meter(sys.stderr).show)
    if as_json:
        print_json(result.content)
    else:
        click.echo("\n".join(summary_lines(result.content)))
    if out is not None:
        for path in write_reports(out, result.content):
            click.echo(f"written to {path}", err=as_json)
    if not result.holds:
        sys.exit(FAILED)
