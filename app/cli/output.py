"""What all verbs print with."""

from __future__ import annotations

import json
from typing import Any

import click

__all__ = ["FAILED", "ignore", "json_option", "print_facts", "print_json", "print_result"]

FAILED = 1
"""Exit status of a verb that was refused or failed."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def ignore(_: str) -> None:
    """A progress callback that says nothing."""


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2))


def print_result(facts: Any, line: str, as_json: bool) -> None:
    """Print what came of it: as JSON, or in words."""
    if as_json:
        print_json(facts)
    else:
        click.echo(line)


def print_facts(text: str, as_json: bool) -> None:
    """Print a JSON object as it is, or a line an entry."""
    if as_json:
        click.echo(text, nl=False)
        return
    for name, value in json.loads(text).items():
        click.echo(f"{name:<20} {value}")
