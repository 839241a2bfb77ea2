"""A person's acts against a registry that runs: enrol, vote, prove, and what happens when they are interrupted."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from app import actions
from app.actions import balloting
from app.jobs import Job, JobState
from app.key_file import read_key
from app.requests import ProofRequest
from app.session import Session, open_session
from app.vault import Receipt, Vault
from protocol.errors import ChainError, ChainUnreachable, InputError, VerificationError
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.polls import Poll, PollKind
from tests.app.conftest import Devnet
from tests.app.people import PASSPHRASE, WAIT_S, eye, wait_for
from tests.app.program import Room, start
from tests.app.secrets import require_clean, secrets_of, sources_of_process, sources_under

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]


def new_poll(session: Session, kind: PollKind = PollKind.SINGLE) -> Poll:
    return actions.open_poll(session.links, "Shall the park stay open?", ("yes", "no", "later"), 1.0, kind=kind)


def test_a_member_is_known_by_the_receipt_and_by_the_chain(ada: Session) -> None:
    found = actions.membership(ada)
    assert found.is_member
    assert found.record is not None
    assert found.open_jobs == ()
    (receipt,) = ada.contents.receipts("enrollment")
    assert receipt.data["record_id"] == found.record.record_id
    assert actions.check_receipt(ada, receipt).endswith("active")
    assert not list(ada.jobs_folder.glob("*/"))
    with pytest.raises(InputError, match="enrolled already"):
        actions.begin_enrollment(ada, eye(41))


def test_a_vote_counts_once_and_its_receipt_can_be_checked(ada: Session) -> None:
    poll = new_poll(ada)
    assert actions.view_poll(ada, poll.poll_id).may_vote
    first = actions.cast_ballot(ada, poll, [1])
    assert first.data["choice"] == ["no"]
    with pytest.raises(InputError, match="already took part"):
        actions.cast_ballot(ada, poll, [0])
    second = actions.cast_ballot(ada, poll, [2], replace=True)
    view = actions.view_poll(ada, poll.poll_id)
    assert (view.voters, view.tally, view.votes_cast, view.pending) == (1, (0, 0, 1), 2, False)
    assert "replaced" in actions.check_receipt(ada, first)
    assert actions.check_receipt(ada, second) == "it counts"
    for change in ({"ballot": "0"}, {"transaction": "0x00"}, {"sequence": 7}, {"nullifier": "5"}, {"polls": "0x"}):
        forged = Receipt("vote", "x", second.data | change, 0)
        with pytest.raises(VerificationError):
            actions.check_receipt(ada, forged)


def test_a_ranking_and_an_approval_are_cast_as_they_are_meant(ada: Session) -> None:
    ranked, approval = new_poll(ada, PollKind.RANKED), new_poll(ada, PollKind.APPROVAL)
    receipt = actions.cast_ballot(ada, ranked, [2, 0])
    assert receipt.data["choice"] == ["later", "yes"]
    assert actions.check_receipt(ada, receipt) == "it counts"
    assert ada.links.polls.rankings(ranked) == ((2, 0),)
    assert actions.cast_ballot(ada, approval, [0, 2]).data["choice"] == ["yes", "later"]
    assert ada.links.polls.tally(approval.poll_id) == (1, 0, 1)
    for poll, options in ((ranked, [0, 0]), (ranked, [3]), (ranked, []), (approval, [-1])):
        with pytest.raises(InputError):
            actions.cast_ballot(ada, poll, options, replace=True)


@pytest.mark.parametrize("is_sent", [False, True], ids=["before it was sent", "after it was sent"])
def test_a_vote_that_is_interrupted_is_counted_once(
    ada: Session, monkeypatch: pytest.MonkeyPatch, is_sent: bool
) -> None:
    poll, submit = new_poll(ada), balloting.submit_ballot

    def cut(*arguments: object) -> None:
        if is_sent:
            submit(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(balloting, "submit_ballot", cut)
    with pytest.raises(KeyboardInterrupt):
        actions.cast_ballot(ada, poll, [1])
    monkeypatch.setattr(balloting, "submit_ballot", submit)
    assert actions.view_poll(ada, poll.poll_id).pending
    (receipt,) = actions.settle_outbox(ada)
    assert receipt.data["choice"] == ["no"]
    assert actions.settle_outbox(ada) == ()
    assert ada.links.polls.tally(poll.poll_id) == (0, 1, 0)
    with pytest.raises(InputError, match="already took part"):
        actions.cast_ballot(ada, poll, [0])


def test_a_vote_waits_while_nobody_answers_and_is_dropped_where_the_contract_says_no(
    ada: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, submit = new_poll(ada), balloting.submit_ballot

    def silent(*_: object) -> None:
        raise ChainUnreachable("nobody answers")

    monkeypatch.setattr(balloting, "submit_ballot", silent)
    for _ in range(2):
        with pytest.raises(ChainUnreachable):
            actions.cast_ballot(ada, poll, [1])
    assert len(ada.contents.outbox()) == 1  # the second try sent the first one's ballot

    def refused(*_: object) -> None:
        raise ChainError("the relayer said no")

    monkeypatch.setattr(balloting, "submit_ballot", refused)
    with pytest.raises(ChainError, match="said no"):
        actions.settle_outbox(ada)
    assert ada.contents.outbox() == ()
    monkeypatch.setattr(balloting, "submit_ballot", submit)
    assert actions.cast_ballot(ada, poll, [0]).data["choice"] == ["yes"]


@pytest.fixture(scope="module")
def airdrop(ada: Session) -> str:
    """A dApp of the guide's, opened for the members of now."""
    connection, artifact = _paying(ada), load_contract("Airdrop")
    receipt = connection.deploy(artifact.creation, artifact.abi, ada.links.endpoints.deployment.personhood, 0)
    assert receipt.contract_address is not None
    return receipt.contract_address


def _paying(session: Session) -> Connection:
    endpoints = session.links.endpoints
    assert endpoints.account_key_file is not None
    account: LocalAccount = read_key(endpoints.account_key_file)
    return Connection(endpoints.rpc_url, endpoints.deployment.chain_id, account)


def _request(session: Session, dapp: str, recipient: str, **changes: object) -> ProofRequest:
    deployment = session.links.endpoints.deployment
    values = {
        "chain_id": deployment.chain_id,
        "personhood": deployment.personhood,
        "dapp": dapp,
        "action_id": b"airdrop 1".ljust(32, b"\0"),
        "signal": bytes.fromhex(recipient.removeprefix("0x")).rjust(32, b"\0"),
        "expires_at": int(time.time()) + 600,
        "name": "Airdrop",
    }
    return ProofRequest(**(values | changes))  # type: ignore[arg-type]


def test_a_dapp_takes_the_answer_to_its_request_once(ada: Session, airdrop: str) -> None:
    recipient = to_checksum_address("0x00000000000000000000000000000000000a11ce")
    request = _request(ada, airdrop, recipient)
    view = actions.view_request(ada, request)
    assert (view.may_answer, view.already_used) == (True, False)
    earlier = ada.contents.receipts("personhood")
    answer = actions.answer_request(ada, request)
    proof = {"nullifier": int(answer["proof"]["nullifier"]), "points": [int(x) for x in answer["proof"]["points"]]}
    connection = _paying(ada)
    contract = connection.contract(airdrop, load_contract("Airdrop").abi)
    (receipt,) = (one for one in ada.contents.receipts("personhood") if one not in earlier)
    assert actions.check_receipt(ada, receipt) == "the dApp has not used it yet"
    connection.send(contract.functions.claim(recipient, proof))
    assert actions.check_receipt(ada, receipt) == "the dApp has used it"
    with pytest.raises(InputError, match="already took part"):
        actions.answer_request(ada, request)


class _Dapp(BaseHTTPRequestHandler):
    """A dApp's server: takes one answer at /take, and is of another mind elsewhere."""

    taken: ClassVar[list[object]] = []
    said: ClassVar[dict[str, bytes]] = {
        "/late": b'{"error": "too late"}',
        "/odd": b'{"error": "\\u001b[2Jgone"}',  # would clear a terminal
        "/long": json.dumps({"error": "x" * 3000}).encode(),
        "/endless": json.dumps({"error": "x" * 9000}).encode(),
    }

    def do_POST(self) -> None:
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/take":
            self.taken.append(data)
        self.send_response({"/take": 204, "/away": 302}.get(self.path, 403))
        self.send_header("Location", "/take")
        self.end_headers()
        self.wfile.write(self.said.get(self.path, b""))

    def log_message(self, *_: object) -> None:
        pass


def test_an_answer_goes_where_the_request_says_and_nowhere_else(ada: Session) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Dapp)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        place, answer = f"http://127.0.0.1:{server.server_port}", {"version": 1}
        made = _request(ada, "0x" + "22" * 20, "0x" + "00" * 20)
        actions.deliver_answer(dataclasses.replace(made, reply_url=f"{place}/take"), answer)
        assert _Dapp.taken == [answer]
        for path, words in {
            "/away": "status 302",
            "/no": "status 403",
            "/late": "too late",
            "/odd": "status 403",
            "/long": "x" * 200,
            "/endless": "status 403",
        }.items():
            with pytest.raises(ChainError, match=f"said no: {words}$"):
                actions.deliver_answer(dataclasses.replace(made, reply_url=place + path), answer)
        assert _Dapp.taken == [answer]
        with pytest.raises(InputError, match="names no place"):
            actions.deliver_answer(made, answer)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    with pytest.raises(ChainUnreachable, match="does not answer"):
        actions.deliver_answer(dataclasses.replace(made, reply_url=f"{place}/take"), answer)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chain_id": 1}, "chain 1"),
        ({"personhood": "0x" + "11" * 20}, "another registry"),
        ({"expires_at": 1}, "expired"),
    ],
)
def test_a_request_that_is_not_for_here_and_now_is_refused(
    ada: Session, airdrop: str, change: dict[str, object], words: str
) -> None:
    with pytest.raises(VerificationError, match=words):
        actions.answer_request(ada, _request(ada, airdrop, "0x" + "00" * 20, **change))


def test_a_killed_window_and_a_killed_worker_lose_nothing_and_double_nothing(
    devnet: Devnet, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, image, words = tmp_path / "data", tmp_path / "eye.png", tmp_path / "words"
    monkeypatch.setenv("IRISPROOF_DATA", str(folder))
    actions.create_vault(folder, PASSPHRASE).lock()
    actions.write_synthetic_eye(image, 42, 1)
    words.touch(0o600)
    words.write_text(PASSPHRASE.text + "\n")
    place = ("--registry", str(devnet.file), "--passphrase-file", str(words))
    with start(room, "enroll", str(image), *place) as window:
        wait_for(lambda: list(folder.glob("jobs/*/lock")) or window.poll() is not None, "the worker")
        (job_folder,) = folder.glob("jobs/enroll-*")
        job = Job(job_folder)
        wait_for(lambda: job.status().stage in ("code", "proof", "submitting"), "the proof")
        window.kill()
        window.wait()
    worker = int((job_folder / "lock").read_bytes())
    open_files = sources_of_process(worker) if job.is_running() else {}
    assert job.status().state in (JobState.RUNNING, JobState.DONE)  # the window's end changed nothing
    if job.is_running():
        os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not job.is_running(), "the worker's end")
    before_size = _members(devnet)
    with Vault.unlock(actions.vault_path(folder), PASSPHRASE) as vault:
        session = open_session(vault, folder)
        assert vault.is_open
        for again in actions.resume_jobs(session):
            assert again.wait(WAIT_S).state is JobState.DONE, again.status()
        on_disk = sources_under(folder, room.home, room.temporary)
        require_clean(secrets_of(vault, PASSPHRASE.text), on_disk | open_files)
        # a power cut after the transaction and before anything was written down: found on the chain, not sent again
        if job_folder.exists():
            (job_folder / "result.json").unlink()
            lines = (job_folder / "events.jsonl").read_text().rstrip().split("\n")
            (job_folder / "events.jsonl").write_text("\n".join(lines[:-1]) + '\n{"kind": "do')
            assert job.status().state is JobState.INTERRUPTED
        for again in actions.resume_jobs(session):
            assert again.wait(WAIT_S).state is JobState.DONE, again.status()
        actions.resume_jobs(session)
        assert session.contents.jobs("open") == ()
        (receipt,) = session.contents.receipts("enrollment")
        assert actions.check_receipt(session, receipt)
    assert _members(devnet) <= before_size + 1
    wait_for(lambda: room.left_processes() == [], "the prover's end")
    assert not list(folder.glob("jobs/*/"))


def _members(devnet: Devnet) -> int:
    from registry_contract.client import RegistryClient

    return RegistryClient(devnet.endpoints.rpc_url, devnet.endpoints.deployment).size()


def test_cancelling_leaves_no_process_no_folder_and_no_member(
    devnet: Devnet, tmp_path: Path, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in room.environment().items():
        monkeypatch.setenv(name, value)
    with actions.create_vault(tmp_path / "data", PASSPHRASE) as vault:
        session = open_session(vault, tmp_path / "data", devnet.endpoints)
        job = actions.begin_enrollment(session, eye(43))
        wait_for(lambda: job.status().stage != "starting", "the worker to begin")
        assert job.cancel().state is JobState.CANCELLED
        assert actions.settle_job(session, job) is None
        assert not job.folder.exists()
        assert session.contents.jobs() == ()
        assert actions.resume_jobs(session) == ()
        assert actions.membership(session).record is None
    wait_for(lambda: room.left_processes() == [], "the prover's end")
    assert room.left_files() == []


def test_a_job_that_fails_says_why_and_goes_through_when_tried_again(
    devnet: Devnet, tmp_path: Path, cheap_argon: None
) -> None:
    nowhere = dataclasses.replace(devnet.endpoints, relay_url="http://127.0.0.1:9")
    with actions.create_vault(tmp_path, PASSPHRASE) as vault:
        session = open_session(vault, tmp_path, nowhere)
        job = actions.begin_enrollment(session, eye(44))
        with pytest.raises(InputError, match="under way"):
            actions.begin_enrollment(session, eye(44))
        status = job.wait(WAIT_S)
        assert status.state is JobState.FAILED
        assert "127.0.0.1:9 does not answer" in status.message
        actions.settle_job(session, job)
        (failed,) = session.contents.jobs("failed")
        session = open_session(vault, tmp_path, devnet.endpoints)
        (proof,) = job.folder.glob("evidence-*")
        proved_at = proof.stat().st_mtime_ns
        again = actions.retry_job(session, failed.id)
        assert proof.stat().st_mtime_ns == proved_at  # not proved a second time
        assert again.wait(WAIT_S).state is JobState.DONE, again.status()
        assert actions.settle_job(session, again) is not None
        assert session.contents.jobs("failed") == ()
