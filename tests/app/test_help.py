"""Every verb's help: on one screen, with `--json` where something is printed, and no way to give a secret itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from app.cli import cli

LINES = 24
SAYS_NO_RESULT = {
    "relay": "runs until it is stopped",
    "committee node": "runs until it is stopped",
    "committee shard": "runs until it is stopped",
    "committee rebuild": "tells its progress, and ends well or not",
    "page": "serves, or writes files",
    "dapp-example": "runs until it is stopped",
    "vault words": "shows words to a person, once",
    "synthetic-eye": "writes a picture, and prints nothing",
}


def _verbs(group: click.Group = cli, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, verb in group.commands.items():
        yield f"{path}{name}", verb
        if isinstance(verb, click.Group):
            yield from _verbs(verb, f"{path}{name} ")


ALL = dict(_verbs())
PRINTING = [name for name, verb in ALL.items() if not isinstance(verb, click.Group)]


@pytest.mark.parametrize("name", ALL)
def test_help_fits_one_screen(name: str) -> None:
    shown = CliRunner().invoke(cli, [*name.split(), "--help"], terminal_width=80)
    assert shown.exit_code == 0
    assert len(shown.output.splitlines()) <= LINES


@pytest.mark.parametrize("name", PRINTING)
def test_whatever_prints_a_result_prints_it_as_json_too(name: str) -> None:
    has_json = any("--json" in option.opts for option in ALL[name].params)
    assert has_json != (name in SAYS_NO_RESULT)


@pytest.mark.parametrize("name", PRINTING)
def test_secrets_are_read_from_files_and_terminals_only(name: str) -> None:
    """An argument is seen by everybody on the machine; a switch or the path of a file is no secret."""
    for option in ALL[name].params:
        said = (option.name or "").lower()
        if any(word in said for word in ("passphrase", "password", "secret", "key", "words", "mnemonic")):
            assert isinstance(option.type, click.Path) or getattr(option, "is_flag", False), option.name


def test_every_verb_is_listed_under_whom_it_is_for() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=100).output
    assert [line for line in shown.splitlines() if line.endswith(":")] == [
        "Options:",
        "A person:",
        "Trying things out:",
        "Operators:",
        "Auditors:",
    ]
    for name in cli.commands:
        assert f"\n  {name} " in shown


def test_shell_completes_verbs_and_options() -> None:
    completion = BashComplete(cli, {}, "irisproof", "_IRISPROOF_COMPLETE")
    assert [found.value for found in completion.get_completions([], "va")] == ["vault"]
    assert "rehearse" in [found.value for found in completion.get_completions(["vault"], "re")]
    assert "--json" in [found.value for found in completion.get_completions(["status"], "--")]


def test_a_station_s_address_is_printed_as_json_and_the_key_is_not(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["station-key", str(tmp_path / "key"), "--json"])
    told = json.loads(done.output)
    assert set(told) == {"file", "address"}
    assert len(told["address"]) == 42
