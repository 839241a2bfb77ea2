"""What the verbs of a person share: where the vault is, how it is opened, which registry it is about."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from protocol.errors import InputError

if TYPE_CHECKING:
    from app.session import Session
    from app.vault import Passphrase, Vault

__all__ = [
    "ask_secret_line",
    "new_passphrase",
    "opened_session",
    "opened_vault",
    "passphrase_option",
    "person_options",
    "read_passphrase",
]

Verb = TypeVar("Verb", bound=Callable[..., Any])

_MAX_PASSPHRASE_BYTES = 4096

passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    help="Read the passphrase from this file's first line, or from /dev/fd/N.",
)

_registry_option = click.option(
    "--registry", type=click.Path(path_type=Path), help="Registry file; the vault remembers the last one."
)


def person_options(verb: Verb) -> Verb:
    """`--registry`, `--passphrase-file` and `--json` for a verb."""
    json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    return _registry_option(passphrase_option(json_option(verb)))


def read_passphrase(file: Path | None, prompt: str = "passphrase") -> Passphrase:
    """From the file, or asked for on the terminal without showing it. Never from an argument or the environment."""
    from app.vault import Passphrase

    return Passphrase(_from_file(file, prompt) if file is not None else _ask_hidden(prompt))


def new_passphrase(file: Path | None, prompt: str = "new passphrase") -> Passphrase:
    """As `read_passphrase`; on the terminal it is asked for twice. Raises `InputError` for one that is too short."""
    from app.vault import Passphrase

    if file is not None:
        chosen = Passphrase(_from_file(file, prompt))
    else:
        chosen = Passphrase(_ask_hidden(prompt))
        chosen.require_new()
        if _ask_hidden(f"{prompt} again") != chosen.text:
            raise InputError("the two passphrases differ", hint="try again")
    chosen.require_new()
    return chosen


def ask_secret_line(prompt: str) -> str:
    """A line from the terminal without showing it, or from standard input where that is no terminal."""
    if sys.stdin.isatty():
        return _ask_hidden(prompt)
    line = sys.stdin.readline(_MAX_PASSPHRASE_BYTES)
    if not line:
        raise InputError(f"no {prompt} was given", hint="type it on a terminal, or give it on standard input")
    return line.rstrip("\n")


@contextmanager
def opened_vault(passphrase_file: Path | None) -> Iterator[Vault]:
    """The vault of this person, open within the block."""
    from app.actions import unlock_vault, vault_path
    from app.session import data_folder

    folder = data_folder()
    if not vault_path(folder).exists():
        raise InputError(f"there is no vault in {folder}", hint="run: irisproof vault create")
    with unlock_vault(folder, read_passphrase(passphrase_file)) as vault:
        yield vault


@contextmanager
def opened_session(passphrase_file: Path | None, registry: Path | None) -> Iterator[Session]:
    """The vault, open, with the registry of the file, or the one that it remembers."""
    from app.endpoints import read_endpoints
    from app.session import data_folder, open_session

    endpoints = None if registry is None else read_endpoints(registry)
    with opened_vault(passphrase_file) as vault:
        yield open_session(vault, data_folder(), endpoints)


def _ask_hidden(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise InputError(f"there is no terminal to ask for the {prompt} on", hint="give --passphrase-file")
    answer: str = click.prompt(prompt, hide_input=True, err=True)
    return answer


def _from_file(file: Path, what: str) -> str:
    """The first line. Raises `InputError` for a file that is absent, empty, or open to others."""
    try:
        with file.open("rb") as handle:
            mode = os.fstat(handle.fileno()).st_mode
            line = handle.readline(_MAX_PASSPHRASE_BYTES)
    except OSError as error:
        raise InputError(f"the {what} file {file} cannot be read: {error.strerror}") from error
    if stat.S_ISREG(mode) and stat.S_IMODE(mode) & 0o077:
        raise InputError(f"the {what} file {file} is open to others", hint=f"run: chmod 600 {file}")
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise InputError(f"the {what} file {file} is not text") from None
    if not text:
        raise InputError(f"the {what} file {file} is empty")
    return text
