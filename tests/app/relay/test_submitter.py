"""The queue and the submitter against a stubbed chain: nothing lost, nothing twice, through every accident."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.relay.jobs import JobQueue, SlotTaken, State
from app.relay.submitter import Submitter, backoff_s
from protocol.errors import ArtifactUnavailable, ChainUnreachable, EncodingError
from tests.app.relay.stubs import Clock, StubNode, job


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> JobQueue:
    return JobQueue(tmp_path / "queue.db", clock)


def _state(queue: JobQueue, number: int) -> State:
    found = queue.find(f"id {number}")
    assert found is not None
    return found.state


def test_the_same_job_twice_is_one_job_and_one_transaction(queue: JobQueue, clock: Clock) -> None:
    node = StubNode()
    submitter = Submitter(queue, node, clock)
    assert queue.add(job(1)) == queue.add(job(1))
    submitter.step()
    submitter.step()
    queue.add(job(1))
    submitter.step()
    assert node.payloads() == [b"job 1"]
    assert _state(queue, 1) is State.MINED


def test_another_job_for_the_same_slot_is_refused_until_the_first_is(queue: JobQueue, clock: Clock) -> None:
    node = StubNode(reverts=True)
    submitter = Submitter(queue, node, clock)
    queue.add(job(1, "one slot"))
    with pytest.raises(SlotTaken):
        queue.add(job(2, "one slot"))
    submitter.step()
    submitter.step()
    assert _state(queue, 1) is State.REFUSED
    queue.add(job(2, "one slot"))
    with pytest.raises(SlotTaken):
        queue.add(job(1, "one slot"))


def test_a_refused_job_names_the_contracts_reason_and_is_not_sent_again(queue: JobQueue, clock: Clock) -> None:
    node = StubNode(reverts=True)
    submitter = Submitter(queue, node, clock)
    queue.add(job(1))
    for _ in range(5):
        submitter.step()
        clock.now_s += 100
    found = queue.find("id 1")
    assert found is not None
    assert "Polls__AlreadyClosed" in str(found.reason)
    assert len(node.broadcasts) == 1


def test_a_lost_broadcast_goes_out_again_as_it_was_signed(queue: JobQueue, clock: Clock) -> None:
    node = StubNode(lose=2)
    submitter = Submitter(queue, node, clock)
    queue.add(job(1))
    for _ in range(4):
        submitter.step()
        clock.now_s += 5
    assert len(set(node.broadcasts)) == 1
    assert node.payloads() == [b"job 1"]
    assert _state(queue, 1) is State.MINED


def test_a_transaction_that_waits_is_replaced_under_its_own_nonce_for_a_higher_fee(
    queue: JobQueue, clock: Clock
) -> None:
    node = StubNode(mining=False)
    submitter = Submitter(queue, node, clock)
    queue.add(job(1))
    submitter.step()
    clock.now_s += 61
    submitter.step()
    assert [raw.split(b"|")[1:] for raw in node.broadcasts] == [[b"0", b"100"], [b"0", b"126"]]
    node.mine()
    submitter.step()
    assert node.payloads() == [b"job 1"]
    assert _state(queue, 1) is State.MINED


def test_the_first_of_two_attempts_may_be_the_mined_one(queue: JobQueue, clock: Clock) -> None:
    node = StubNode(mining=False)
    submitter = Submitter(queue, node, clock)
    queue.add(job(1))
    submitter.step()
    first = dict(node.waiting)
    signed_first = first[0][0]
    clock.now_s += 61
    submitter.step()
    node.waiting = first
    node.mine()
    submitter.step()
    found = queue.find("id 1")
    assert found is not None
    assert found.state is State.MINED
    assert found.transaction == signed_first


def test_a_nonce_used_by_something_else_puts_the_job_back(queue: JobQueue, clock: Clock) -> None:
    node = StubNode(lose=1)
    submitter = Submitter(queue, node, clock)
    queue.add(job(1))
    submitter.step()
    node.chain.append(("0xother", b"somebody else|0|1"))
    for _ in range(10):
        submitter.step()
        clock.now_s += 5
    assert node.payloads() == [b"somebody else", b"job 1"]
    assert _state(queue, 1) is State.MINED


def test_a_chain_from_an_older_state_gets_what_it_forgot_once_more(queue: JobQueue, clock: Clock) -> None:
    node = StubNode()
    submitter = Submitter(queue, node, clock)
    for number in range(5):
        queue.add(job(number))
    submitter.step()
    submitter.step()
    assert queue.counts()["mined"] == 5
    del node.chain[2:]
    for _ in range(3):
        submitter.step()
        clock.now_s += 5
    assert node.payloads() == [b"job %d" % number for number in range(5)]
    assert queue.counts()["mined"] == 5


def test_a_node_without_an_answer_or_money_leaves_the_job_waiting(queue: JobQueue, clock: Clock) -> None:
    node = StubNode(gone=True)
    submitter = Submitter(queue, node, clock)
    queue.add(job(1))
    with pytest.raises(ChainUnreachable):
        submitter.step()
    assert _state(queue, 1) is State.QUEUED
    node.gone, node.complaint = False, "insufficient funds"
    submitter.step()
    assert submitter.trouble == "insufficient funds"
    assert _state(queue, 1) is State.SIGNED
    node.complaint = ""
    clock.now_s += 5
    submitter.step()
    submitter.step()
    assert submitter.trouble == ""
    assert node.payloads() == [b"job 1"]


def test_a_transaction_is_on_the_disk_before_the_node_sees_it(queue: JobQueue, clock: Clock) -> None:
    seen = []

    class Watching(StubNode):
        def broadcast(self, raw: bytes) -> None:
            seen.append([attempt.signed.raw for attempt in queue.attempts("id 1")] == [raw])
            super().broadcast(raw)

    queue.add(job(1))
    Submitter(queue, Watching(), clock).step()
    assert seen == [True]


def test_the_pauses_grow_to_a_minute() -> None:
    assert [backoff_s(n) for n in (0, 1, 2, 5, 6, 1000)] == [1, 2, 4, 32, 60, 60]


def test_a_queue_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path / "queue.db")
    queue._db.execute("PRAGMA user_version = 99")
    queue.close()
    with pytest.raises(EncodingError, match="version 99"):
        JobQueue(tmp_path / "queue.db")
    (tmp_path / "text.db").write_text("this is no database, but long enough to be read as one\n" * 30)
    with pytest.raises(ArtifactUnavailable):
        JobQueue(tmp_path / "text.db")


def test_the_queue_file_is_its_owners_alone(tmp_path: Path) -> None:
    JobQueue(tmp_path / "queue.db").close()
    assert (tmp_path / "queue.db").stat().st_mode & 0o777 == 0o600


def test_ten_thousand_jobs_through_restarts_and_rollbacks_are_mined_once_each(tmp_path: Path, clock: Clock) -> None:
    """Against the stubbed chain: the queue is real and on a disk, the transactions are not. Every few hundred jobs the
    relayer starts anew from its file in the middle of a step, broadcasts get lost, or the chain forgets its newest
    blocks. How a real chain and a real process fare stands in `test_relay.py`, with fewer ballots."""
    chance = random.Random(1)
    node = StubNode()
    path = tmp_path / "queue.db"
    queue = JobQueue(path, clock)
    queue._db.execute("PRAGMA synchronous = OFF")  # 10,000 waits for a disk say nothing here
    submitter, added = Submitter(queue, node, clock), 0
    while added < 10_000 or queue.waiting():
        for number in range(added, min(added + 50, 10_000)):
            queue.add(job(number))
            queue.add(job(chance.randrange(number + 1)))  # and an earlier one again
        added = min(added + 50, 10_000)
        accident = chance.random()
        if accident < 0.05:
            node.lose = 20
        elif accident < 0.07 and len(node.chain) > 10:
            del node.chain[-chance.randrange(1, 10) :]
            node.waiting.clear()
        elif accident < 0.10:
            node.gone = True
        try:
            submitter.step()
        except ChainUnreachable:
            node.gone = False
        if accident > 0.95:
            queue.close()  # whatever was in memory is gone
            queue = JobQueue(path, clock)
            queue._db.execute("PRAGMA synchronous = OFF")
            submitter = Submitter(queue, node, clock)
        clock.now_s += 2
    payloads = node.payloads()
    assert len(payloads) == len(set(payloads)) == 10_000
    assert queue.counts() == {"queued": 0, "signed": 0, "mined": 10_000, "refused": 0}


_TAKE = """
import sys
from pathlib import Path
from app.relay.jobs import JobQueue
from tests.app.relay.stubs import job
queue = JobQueue(Path(sys.argv[1]))
for number in range(100_000):
    queue.add(job(number))
    print(number, flush=True)
"""


def test_a_job_that_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    process = subprocess.Popen([sys.executable, "-c", _TAKE, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    lines += process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    queue = JobQueue(path)
    whole = [int(line) for line in lines if line.strip().isdigit()]
    assert all(queue.find(f"id {number}") for number in whole[:-1])
    assert queue.waiting() >= len(whole) - 1
