"""The committee as its clients meet it: one person once, whatever is killed meanwhile. Real processes, a real chain."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app import actions
from app.attacks import flipped
from app.committee.client_files import client_files
from app.committee.evidence import Evidence
from app.membership import siblings_of
from app.station import SignedCapture, SoftwareStation
from circuits.iris.circuit import Circuit
from circuits.semaphore.group import Group
from circuits.semaphore.identity import Identity
from circuits.semaphore.prove import prove_membership
from protocol.errors import CommitteeError, CommitteeUnavailable, EncodingError, IrisproofError, RequestRefused
from registry_contract.client import RecordStatus
from registry_contract.verdict import SignedVerdict, VerdictKind
from tests.app.committee.people import People, people_before
from uniqueness.client import CommitteeClient
from uniqueness.decisions import SETTLE_MARGIN_S, VERDICT_LIFE_S
from uniqueness.keys import Authority, certificate_request, write_tls_key
from uniqueness.refusals import Refusal
from uniqueness.request import RequestKind
from uniqueness.wire import Channel

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("committee")]


@pytest.fixture(scope="module")
def people(circuit: Circuit) -> Iterator[People]:
    with people_before(circuit) as made:
        yield made


@pytest.fixture(scope="module")
def anna(people: People) -> tuple[Identity, int]:
    """The first member: eye 1."""
    identity = Identity.create()
    return identity, people.enroll(people.proved(1, 1, identity))


def _refused(act: Callable[[], object]) -> Refusal:
    with pytest.raises(RequestRefused) as refusal:
        act()
    found = refusal.value.refusal
    assert isinstance(found, Refusal)
    return found


def _once_on_chain(ask: Callable[[], SignedVerdict]) -> SignedVerdict:
    """Each node looks at the chain in its own time; until then it says that the enrolment is pending."""
    deadline_s = time.monotonic() + 60
    while True:
        try:
            return ask()
        except RequestRefused as refusal:
            if refusal.refusal is not Refusal.PENDING or time.monotonic() > deadline_s:
                raise
        time.sleep(0.5)


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.2)


def test_another_capture_of_a_member_s_eye_is_refused_and_her_own_eye_is_not_lost(
    people: People, anna: tuple[Identity, int]
) -> None:
    assert _refused(lambda: people.ask(people.proved(1, 2, Identity.create()))) is Refusal.DUPLICATE
    assert people.registry.record(anna[0].commitment).status is RecordStatus.ACTIVE


def test_the_committee_finds_the_record_of_a_member_for_a_new_identity(
    people: People, anna: tuple[Identity, int]
) -> None:
    proved = people.proved(1, 2, Identity.create())
    verdict = _once_on_chain(lambda: people.ask(proved, kind=RequestKind.SAME_PERSON))
    assert (verdict.verdict.kind, verdict.verdict.record_id) == (VerdictKind.SAME_PERSON, anna[1])
    people.registry.request_recovery(anna[1], people.enrollment(proved, verdict))
    stranger = people.proved(2, 1, Identity.create())
    assert _refused(lambda: people.ask(stranger, kind=RequestKind.SAME_PERSON)) is Refusal.NOT_FOUND


def test_of_two_requests_for_one_eye_at_the_same_time_exactly_one_wins(people: People) -> None:
    identities = [Identity.create(), Identity.create()]
    both = [people.proved(3, capture, identity) for capture, identity in enumerate(identities, 1)]

    def ask(number: int) -> object:
        try:
            return people.ask(both[number])
        except RequestRefused as refused:
            return refused.refusal

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, range(2)))
    assert sum(isinstance(answer, SignedVerdict) for answer in answers) == 1
    assert Refusal.DUPLICATE in answers
    won = next(number for number, answer in enumerate(answers) if isinstance(answer, SignedVerdict))
    again = people.ask(both[won])  # asked again before enrolling: the verdict that is out, and no second record
    assert again == answers[won]
    assert _refused(lambda: people.ask(people.proved(2, 1, identities[won]))) is Refusal.PENDING
    assert _refused(lambda: people.ask(both[won], kind=RequestKind.SAME_PERSON)) is Refusal.PENDING


def test_a_reservation_that_nobody_used_expires_and_the_person_may_come_again(people: People) -> None:
    _until(lambda: all(people.committee.client.status()[n].get("trouble") == "" for n in range(3)), "no trouble")
    before = people.size()
    people.chain.advance_time(VERDICT_LIFE_S + SETTLE_MARGIN_S + 60)
    _until(lambda: people.size() < before, "the reservation is dropped")
    _until(lambda: len(people.roots()) == 1, "all nodes dropped it")
    assert people.ask(people.proved(3, 2, Identity.create())).verdict.kind is VerdictKind.UNIQUE


@pytest.mark.parametrize("killed", [0, 1])
def test_without_one_node_there_is_no_verdict_and_with_it_again_there_is(people: People, killed: int) -> None:
    """Node 0 is the sequencer, nodes 1 and 2 are alike; `test_shards` kills node 2."""
    identity = Identity.create()
    proved = people.proved(10 + killed, 1, identity)
    people.committee.kill(killed)
    with pytest.raises(CommitteeUnavailable, match=f"node {killed}"):
        people.ask(proved)
    people.committee.start_node(killed)
    people.committee.wait_until_ready((killed,))
    assert people.ask(proved).verdict.identity == identity.commitment
    assert len(people.roots()) == 1


@pytest.mark.parametrize("killed", [0, 1, 2])
def test_a_node_killed_in_the_middle_of_a_request_leaves_one_log(people: People, killed: int) -> None:
    """At a moment that differs from run to run: before, while or after the round."""
    identity = Identity.create()
    proved = people.proved(20 + killed, 1, identity)
    outcome: list[object] = []

    def ask() -> None:
        try:
            outcome.append(people.ask(proved))
        except IrisproofError as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.5 + time.monotonic() % 1.5)
    people.committee.kill(killed)
    thread.join(400)
    assert outcome
    assert isinstance(outcome[0], SignedVerdict | CommitteeError), outcome
    people.committee.start_node(killed)
    people.committee.wait_until_ready((killed,))
    _until(lambda: len(people.roots()) == 1, "one log")
    verdict = people.ask(proved)  # a new request, or the verdict that is out: the person is not locked out
    assert verdict.verdict.identity == identity.commitment
    assert _refused(lambda: people.ask(people.proved(20 + killed, 1, Identity.create()))) is Refusal.DUPLICATE


def test_a_damaged_node_says_so_and_is_rebuilt_from_the_other_two(people: People, anna: tuple[Identity, int]) -> None:
    folder = people.committee.folder / "node-1"
    people.committee.kill(1)
    rows = folder / "store" / "iris_v1.rows"
    with rows.open("r+b") as file:
        file.seek(4096 + 100)
        byte = file.read(1)
        file.seek(4096 + 100)
        file.write(bytes([byte[0] ^ 1]))
    people.committee.start_node(1)
    with pytest.raises(CommitteeUnavailable, match=r"record 0 of iris_v1 is not what node 1 stored.*rebuild"):
        people.committee.wait_until_ready((1,))
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "committee", "rebuild", "--config", str(folder / "node.toml")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "rebuilt" in done.stdout
    people.committee.start_node(1)
    people.committee.wait_until_ready((1,))
    _until(lambda: len(people.roots()) == 1, "one log")  # the nodes are asked one after the other, and go on meanwhile
    assert _refused(lambda: people.ask(people.proved(1, 3, Identity.create()))) is Refusal.DUPLICATE


def test_evidence_that_does_not_hold_is_refused(people: People) -> None:
    identity = Identity.create()
    good = people.proved(30, 1, identity)
    words = good.capture.attestation.capture

    def with_attestation(station: SoftwareStation, **changes: object) -> actions.ProvedCapture:
        capture = replace(words, **changes)  # type: ignore[arg-type]
        return replace(good, capture=SignedCapture(good.capture.planes, good.capture.ladder, station.sign(capture)))

    for bad in (
        with_attestation(SoftwareStation()),
        with_attestation(people.station, captured_at=people.chain.now() - 86_400 - 60),
        with_attestation(people.station, captured_at=people.chain.now() + 3600),
        with_attestation(people.station, commitments_root=bytes(32)),
    ):
        assert _refused(lambda bad=bad: people.ask(bad)) is Refusal.EVIDENCE_FAILS  # type: ignore[misc]
    broken = replace(good, run=replace(good.run, proof=flipped(good.run.proof, -1)))
    assert _refused(lambda: people.ask(broken)) is Refusal.PROOF_FAILS
    assert _refused(lambda: people.ask(good, kind=RequestKind.STORED)) is Refusal.EVIDENCE_FAILS
    assert _refused(lambda: people.ask(good, good)) is Refusal.WRONG_POLICY


def test_evidence_is_read_as_it_was_written_or_not_at_all() -> None:
    evidence = Evidence(bytes(32), 7, bytes(32), bytes(65), (bytes(32),), ())
    assert Evidence.from_bytes(evidence.to_bytes()) == evidence
    short = replace(evidence, mask_path=(bytes(31),))
    for bad in (b"", b"{}", evidence.to_bytes() + b" ", short.to_bytes()):
        with pytest.raises(EncodingError):
            Evidence.from_bytes(bad)


def test_a_submission_sent_twice_is_served_once(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[Channel, str, dict[str, object]]] = []
    call = Channel.call

    def recording(self: Channel, path: str, value: dict[str, object], timeout_s: float = 30.0) -> dict[str, object]:
        sent.append((self, path, value))
        return call(self, path, value, timeout_s)

    monkeypatch.setattr(Channel, "call", recording)
    people.enroll(people.proved(31, 1, Identity.create()))
    submissions = [one for one in sent if one[1] == "/v1/submissions"]
    assert len(submissions) == 3
    for channel, path, value in submissions:
        assert _refused(lambda c=channel, p=path, v=value: call(c, p, v)) is Refusal.REPLAYED  # type: ignore[misc]


def test_a_client_with_a_certificate_of_another_authority_is_not_served(people: People, tmp_path: Path) -> None:
    authority = Authority.create(tmp_path, "strangers")
    committee, tls = client_files(people.committee.folder / "client")
    key = write_tls_key(tmp_path / "client.key")
    (tmp_path / "client.crt").write_text(authority.certify(certificate_request(key, "demo"), "demo"))
    stranger = CommitteeClient(
        committee, replace(tls, certificate=tmp_path / "client.crt", key=tmp_path / "client.key")
    )
    assert all("sequence" not in status for status in stranger.status())
    deceived = CommitteeClient(committee, replace(tls, authority=tmp_path / "strangers.crt"))
    assert all("not the committee's" in str(status["trouble"]) for status in deceived.status())


def test_shares_of_one_who_left_are_erased_with_three_signatures_and_the_eye_is_free_again(people: People) -> None:
    identity = Identity.create()
    record_id = people.enroll(people.proved(40, 1, identity))
    client = people.committee.client
    assert _refused(lambda: actions.ask_erased(client, people.registry, record_id)) is Refusal.EVIDENCE_FAILS
    proof = prove_membership(identity, Group([identity.commitment]), 0, people.registry.leave_scope(record_id))
    people.registry.leave(record_id, proof, siblings_of(identity.commitment, people.registry.members()))
    before = people.size()
    verdict = actions.ask_erased(client, people.registry, record_id)
    assert (verdict.verdict.kind, verdict.verdict.record_id) == (VerdictKind.ERASED, record_id)
    people.registry.confirm_erased(record_id, verdict)
    assert people.registry.record_by_id(record_id).status is RecordStatus.ERASED
    assert people.size() == before - 1
    assert people.ask(people.proved(40, 2, Identity.create())).verdict.kind is VerdictKind.UNIQUE
    with pytest.raises(RequestRefused):
        actions.ask_erased(client, people.registry, 999)
