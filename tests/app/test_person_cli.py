"""Transcripts of a person's verbs: what they print, their exit status, and that no secret and no file is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.actions import write_synthetic_eye
from app.key_file import read_key
from app.qr import write_qr_file
from app.requests import PollLink, ProofRequest
from app.vault import Passphrase, RecoveryWords, Vault
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from tests.app.conftest import Devnet
from tests.app.person import PASSPHRASE, Person, secret_file
from tests.app.program import COMMAND, Room, run
from tests.app.secrets import require_clean, secrets_of, sources_under

NEW_PASSPHRASE = "another staple entirely"


def _make_words(person: Person) -> str:
    """`vault words`: read what is shown, type it again; returns the words."""
    command = [*COMMAND, "vault", "words", "--passphrase-file", str(person.passphrase_file)]
    with subprocess.Popen(
        command, env=person.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = "".join(process.stdout.readline() for _ in range(6))
        words = " ".join(part for part in shown.split() if not part.isdigit())
        said, _ = process.communicate(words + "\n", timeout=600)
        assert process.returncode == 0
        assert "open this vault from now on" in said
    return words


def _answer_a_dapp(devnet: Devnet, person: Person, folder: Path) -> None:
    """`prove`, by link and by QR code: refused by the person first, then approved."""
    endpoints, artifact = devnet.endpoints, load_contract("Airdrop")
    assert endpoints.account_key_file is not None
    account = Connection(endpoints.rpc_url, endpoints.deployment.chain_id, read_key(endpoints.account_key_file))
    dapp = account.deploy(artifact.creation, artifact.abi, endpoints.deployment.personhood, 0).contract_address
    assert dapp is not None
    here = (endpoints.deployment.chain_id, endpoints.deployment.personhood)
    expires_at = int(time.time()) + 3600
    request = ProofRequest(*here, dapp, b"airdrop 1".ljust(32, b"\0"), bytes(32), expires_at, "Airdrop")
    secret = ("--passphrase-file", str(person.passphrase_file))
    assert "stopped" in person.do("prove", request.to_link(), *secret, status=130, stdin="n\n")
    write_qr_file(folder / "qr.png", request.to_link())
    said = person.do("prove", "--qr", str(folder / "qr.png"), *secret, stdin="y\n")
    assert len(json.loads(said[said.index("{") :])["proof"]["points"]) == 8
    assert b"Airdrop, contract " + dapp.encode() in person.said[" ".join(("prove", request.to_link(), *secret))]
    poll = PollLink(endpoints.deployment.chain_id, endpoints.deployment.polls, 1).to_link()
    assert "irisproof vote 1" in person.ask("prove", poll, status=1)


@pytest.mark.slow
@pytest.mark.xdist_group("devnet")
def test_a_life_from_the_first_vault_to_a_restored_one(devnet: Devnet, person: Person, tmp_path: Path) -> None:
    image, backup = tmp_path / "eye.png", tmp_path / "backup"
    write_synthetic_eye(image, 61, 1)
    assert person.ask("vault", "create").startswith("made ")
    assert "not enrolled" in person.ask("status", "--registry", str(devnet.file))
    assert person.ask("enroll", str(image)).startswith("enrolled: record ")
    words = _make_words(person)
    opened = person.do(
        "open-poll", "Dogs?", "--option", "yes", "--option", "no", "--registry", str(devnet.file), "--json"
    )
    poll = str(json.loads(opened)["poll_id"])
    assert person.ask("vote", poll, "1", "--yes").startswith("counted: no, transaction 0x")
    assert f"already took part in poll {poll}" in person.ask("vote", poll, "0", "--yes", status=1)
    rows = json.loads(person.ask("receipts", "--check", "--json"))
    assert [row["kind"] for row in rows] == ["enrollment", "vote"]
    assert [row["checked"] for row in rows][1] == "it counts"
    _answer_a_dapp(devnet, person, tmp_path)
    assert "needs backup           yes" in person.ask("vault", "show")
    person.ask("vault", "backup", str(backup))
    assert "an identity, captures: 1, receipts: 3" in person.ask("vault", "rehearse", str(backup))
    with Vault.unlock(person.folder / "vault.irisproof", Passphrase(PASSPHRASE)) as vault:
        secrets = secrets_of(vault, PASSPHRASE, NEW_PASSPHRASE, words)
    person.ask("vault", "delete", "--yes")
    assert [path for path in person.folder.rglob("*") if path.is_file()] == []

    new = secret_file(tmp_path / "new", NEW_PASSPHRASE)
    restore = ("vault", "restore", str(backup), "--words", "--new-passphrase-file", str(new))
    person.do(*restore, stdin=words + "\n")
    person.passphrase_file = new
    status = json.loads(person.ask("status", "--json"))
    assert (status["is_member"], status["record_status"]) == (True, "active")
    (listed,) = [row for row in json.loads(person.ask("polls", "--json")) if str(row["poll_id"]) == poll]
    assert (listed["votes_cast"], listed["tally"], listed["may_vote"]) == (1, [0, 1], True)
    require_clean(secrets, person.said)
    require_clean(
        secrets, sources_under(person.folder, person.room.home, person.room.temporary) | {"b": backup.read_bytes()}
    )
    assert person.room.left_files() == []
    assert person.room.left_processes() == []


def test_what_goes_wrong_with_a_vault_is_told_apart_in_one_line(person: Person, tmp_path: Path) -> None:
    assert "irisproof vault create" in person.ask("vault", "show", status=1)
    person.ask("vault", "create")
    assert "already" in person.ask("vault", "create", status=1)
    wrong = secret_file(tmp_path / "wrong", NEW_PASSPHRASE)
    line = person.do("vault", "show", "--passphrase-file", str(wrong), status=1)
    assert "the passphrase does not open this vault" in line
    assert NEW_PASSPHRASE not in line
    file = person.folder / "vault.irisproof"
    good = file.read_bytes()
    file.write_bytes(good[:-1])
    assert "is damaged" in person.ask("vault", "show", status=1)
    file.write_bytes(good)
    with Vault.unlock(file, Passphrase(PASSPHRASE)):
        assert "another program has the vault open" in person.ask("vault", "show", status=1)
    assert all(said.count(b"\n") == 1 for said in list(person.said.values())[-1:])


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (None, 0o600, "cannot be read"),
        ("correct horse battery", 0o644, "chmod 600"),
        ("", 0o600, "is empty"),
        ("too short", 0o600, "9 characters"),
    ],
)
def test_a_passphrase_file_that_cannot_be_used_is_named(
    person: Person, tmp_path: Path, text: str | None, mode: int, words: str
) -> None:
    file = tmp_path / "given"
    if text is not None:
        secret_file(file, text).chmod(mode)
    assert words in person.do("vault", "create", "--passphrase-file", str(file), status=1)
    assert not (person.folder / "vault.irisproof").exists()


def test_a_passphrase_is_never_taken_from_a_pipe_unasked(person: Person) -> None:
    assert "no terminal" in person.do("vault", "create", status=1, stdin=PASSPHRASE + "\n")


def test_a_passphrase_may_come_by_a_descriptor(person: Person) -> None:
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE.encode() + b"\n")
    os.close(writer)
    command = [*COMMAND, "vault", "create", "--passphrase-file", f"/dev/fd/{reader}"]
    done = subprocess.run(
        command, env=person.environment(), pass_fds=[reader], capture_output=True, text=True, timeout=600, check=False
    )
    os.close(reader)
    assert done.returncode == 0, done.stderr
    Vault.unlock(person.folder / "vault.irisproof", Passphrase(PASSPHRASE)).lock()


def test_words_that_are_typed_wrong_change_nothing(person: Person) -> None:
    with Vault.create(person.folder / "vault.irisproof", Passphrase(PASSPHRASE)):
        pass
    wrong = person.do(
        "vault", "words", "--passphrase-file", str(person.passphrase_file), status=1, stdin="abandon " * 24 + "\n"
    )
    assert "not the words that were shown" in wrong
    assert "abandon" not in wrong
    with Vault.unlock(person.folder / "vault.irisproof", Passphrase(PASSPHRASE)) as vault:
        assert {kind.value for kind in vault.kinds} == {"passphrase"}
    with pytest.raises(Exception, match="no words slot"):
        Vault.unlock(person.folder / "vault.irisproof", RecoveryWords("abandon " * 23 + "art"))


def test_every_verb_of_the_vault_has_one_screen_of_help(room: Room) -> None:
    listing = run(room, "vault", "--help").stdout
    for verb in ("create", "show", "words", "passphrase", "device", "backup", "rehearse", "restore", "delete"):
        assert f"  {verb} " in listing


def test_the_shell_completes_verbs(room: Room) -> None:
    environment = room.environment() | {
        "_IRISPROOF_COMPLETE": "bash_complete",
        "COMP_WORDS": "irisproof vault re",
        "COMP_CWORD": "2",
    }
    program = Path(sys.executable).with_name("irisproof")
    done = subprocess.run([str(program)], env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.split() == ["plain,rehearse", "plain,restore"]
