"""The verb `provers` and what is under it: the two packages that a bundle does without."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.output import ignore, json_option, print_json, print_result

__all__ = ["provers"]


@click.group()
def provers() -> None:
    """The two packages that make proofs: ezkl and groth16py. The desktop bundle does without them.

    ezkl names no licence and groth16py is GPL-3.0, so neither is handed on with irisproof. Whoever wants to enrol
    or vote fetches them from PyPI, where their makers published them.
    """


@provers.command("list")
@json_option
def show(as_json: bool) -> None:
    """List them: version, licence, whether they are installed."""
    from app.provers import provers as wanted

    found = [
        {"name": one.name, "version": one.version, "licence": one.licence, "installed": one.is_installed}
        for one in wanted()
    ]
    if as_json:
        print_json(found)
        return
    for one in found:
        state = "installed" if one["installed"] else "not installed"
        click.echo(f"{one['name']:<12} {one['version']:<8} licence: {one['licence']:<12} {state}")


@provers.command("install")
@click.argument("wheels", nargs=-1, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before downloading.")
@json_option
def install(wheels: tuple[Path, ...], yes: bool, as_json: bool) -> None:
    """Download what is missing from PyPI, or take WHEELS that you downloaded.

    Only the files whose SHA-256 irisproof pins are taken. pip's configuration says which index is asked.
    """
    from app.provers import download_provers, install_wheel, missing_provers

    if wheels:
        done = [install_wheel(path) for path in wheels]
    else:
        missing = missing_provers()
        for one in missing:
            click.echo(f"{one.name} {one.version} (licence: {one.licence}) comes from PyPI, not from us", err=True)
        if missing and not yes:
            click.confirm("Download and install?", abort=True, err=True)
        done = list(download_provers(ignore if as_json else click.echo))
    names = [f"{one.name} {one.version}" for one in done]
    print_result({"installed": names}, f"installed {' and '.join(names)}" if names else "nothing is missing", as_json)
