"""The verb `vault` and what is under it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.output import json_option, print_json, print_result
from app.cli.person import ask_secret_line, new_passphrase, opened_vault, passphrase_option, read_passphrase

if TYPE_CHECKING:
    from app.vault import KeySource

__all__ = ["vault"]

_words_option = click.option("--words", "with_words", is_flag=True, help="Open it with the recovery words.")

_new_option = click.option(
    "--new-passphrase-file", type=click.Path(path_type=Path), help="Read the new passphrase from this file."
)


@click.group()
def vault() -> None:
    """What you must keep, encrypted on this device: identity, signed captures, receipts.

    It lies in ~/.local/share/irisproof, or in the folder that IRISPROOF_DATA names. docs/vault.md has its format.
    """


@vault.command("create")
@passphrase_option
@json_option
def create(passphrase_file: Path | None, as_json: bool) -> None:
    """Make a new vault. It asks for a passphrase twice; 10 characters or more."""
    from app.actions import create_vault
    from app.session import data_folder

    folder = data_folder()
    with create_vault(folder, new_passphrase(passphrase_file)) as made:
        line = f"made {made.path}\nnext: irisproof vault words, which make up for a lost passphrase"
        print_result({"file": str(made.path)}, line, as_json)


@vault.command("show")
@passphrase_option
@json_option
def show(passphrase_file: Path | None, as_json: bool) -> None:
    """Show what is in the vault: counts and public numbers, no secret."""
    from app.actions import needs_backup
    from app.vault import Contents

    with opened_vault(passphrase_file) as opened:
        contents = Contents(opened)
        facts = {
            "file": str(opened.path),
            "saves": opened.generation,
            "opens_with": sorted(kind.value for kind in opened.kinds),
            "identity_commitment": contents.commitment(),
            "receipts": len(contents.receipts()),
            "open_jobs": [job.id for job in contents.jobs("open")],
            "ballots_on_their_way": len(contents.outbox()),
            "needs_backup": needs_backup(opened),
        }
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<22} {_shown(value)}")


@vault.command("words")
@passphrase_option
def words(passphrase_file: Path | None) -> None:
    """Make 24 recovery words: they open the vault and its backups without the passphrase.

    They are shown once. Write them on paper, then type them again; only then do they count, in place of earlier ones.
    Words alone, without the vault's file or a backup of it, bring nothing back.
    """
    from app.actions import begin_words, confirm_words

    with opened_vault(passphrase_file) as opened:
        fresh = begin_words()
        for number, word in enumerate(fresh, 1):
            click.echo(f"{number:>2} {word:<10}", nl=number % 4 == 0)
        confirm_words(opened, fresh, ask_secret_line("all 24 words, in order"))
    click.echo("the words open this vault from now on; make a new backup")


@vault.command("passphrase")
@passphrase_option
@_new_option
@json_option
def passphrase(passphrase_file: Path | None, new_passphrase_file: Path | None, as_json: bool) -> None:
    """Change the passphrase. Backups that were made before still open with the old one."""
    with opened_vault(passphrase_file) as opened:
        opened.set_passphrase(new_passphrase(new_passphrase_file))
    print_result({"changed": "passphrase"}, "changed; make a new backup", as_json)


@vault.command("device")
@passphrase_option
@click.option("--forget", is_flag=True, help="Take it back.")
@json_option
def device(passphrase_file: Path | None, forget: bool, as_json: bool) -> None:
    """Let this device's own key store open the vault too, and notice an older file in its place."""
    from app.actions import forget_device, remember_on_device

    with opened_vault(passphrase_file) as opened:
        (forget_device if forget else remember_on_device)(opened)
    line = "this device's key store no longer opens it" if forget else "this device's key store opens it now"
    print_result({"opens_with_device": not forget}, line, as_json)


@vault.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_option
@json_option
def backup(file: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Write an encrypted backup to FILE, which the passphrase and the recovery words open."""
    from app.actions import back_up

    with opened_vault(passphrase_file) as opened:
        back_up(opened, file)
    print_result({"backup": str(file)}, f"{file}: try it with irisproof vault rehearse {file}", as_json)


@vault.command("rehearse")
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_option
@_words_option
@json_option
def rehearse(file: Path, passphrase_file: Path | None, with_words: bool, as_json: bool) -> None:
    """Open a backup in memory and tell what is in it, without restoring anything."""
    from app.actions import rehearse_backup

    facts = dataclasses.asdict(rehearse_backup(file, _source(passphrase_file, with_words)))
    if as_json:
        print_json(facts)
        return
    identity = "an identity" if facts["has_identity"] else "no identity"
    click.echo(f"the backup opens: {identity}, captures: {facts['captures']}, receipts: {facts['receipts']}")


@vault.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_option
@_new_option
@_words_option
@json_option
def restore(file: Path, new_passphrase_file: Path | None, as_json: bool, **opening: Any) -> None:
    """Put a backup in place on this machine, under a new passphrase for here."""
    from app.actions import restore_vault
    from app.session import data_folder

    source = _source(**opening)
    with restore_vault(file, data_folder(), source, new_passphrase(new_passphrase_file)) as restored:
        print_result({"file": str(restored.path)}, f"restored to {restored.path}", as_json)


@vault.command("delete")
@passphrase_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(passphrase_file: Path | None, yes: bool, as_json: bool) -> None:
    """Delete the vault and everything else of irisproof's on this device.

    Your record in the registry stays: leave it first, if you want to. Backups elsewhere stay too.
    """
    from app.actions import delete_everything
    from app.session import data_folder

    with opened_vault(passphrase_file) as opened:
        if not yes:
            click.confirm("delete identity, captures and receipts on this device for good?", abort=True, err=True)
        delete_everything(opened, data_folder())
    print_result({"deleted": True}, "deleted", as_json)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)


def _source(passphrase_file: Path | None, with_words: bool) -> KeySource:
    from app.vault import RecoveryWords

    return RecoveryWords(ask_secret_line("recovery words")) if with_words else read_passphrase(passphrase_file)
