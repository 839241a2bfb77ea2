"""Three operators' node services with two shards each: the verdicts of one shard, wherever the record lies, over
links that ask for the committee's certificates, and none with an operator gone."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.actions import ProvedCapture
from circuits.iris.circuit import Circuit
from circuits.semaphore.identity import Identity
from protocol.errors import CommitteeUnavailable, RequestRefused
from registry_contract.verdict import VerdictKind
from tests.app.committee.people import People, people_before
from tests.uniqueness.committee import answer_of
from tests.uniqueness.stored import NETWORK, confirmed, entry_for, held_at, rows_of
from uniqueness.checked.comparison import CheckedComparison
from uniqueness.constants import RULES
from uniqueness.decisions import SETTLE_MARGIN_S, VERDICT_LIFE_S
from uniqueness.engine import TlsFiles
from uniqueness.engine_slot import EngineChoice
from uniqueness.keys import Authority, certificate_request, node_name, write_tls_key
from uniqueness.ordered_log import genesis
from uniqueness.ports import Policy
from uniqueness.reference import mirrored_vector
from uniqueness.refusals import Refusal
from uniqueness.rehearsal import (
    Integers,
    at_nodes,
    queries_at_nodes,
    random_codes,
    records_at_nodes,
    ring_shares,
    three_peers,
)
from uniqueness.request import RequestKind
from uniqueness.sharded import ShardPlan, sharding_available
from uniqueness.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("committee"),
    pytest.mark.skipif(not sharding_available(), reason="Ray is not set up: make committee-venv"),
]

V1 = RULES[NETWORK]
BLOCK, RECORDS = 3, 11  # blocks 0 and 2 are shard 0's: records 0-2 and 6-8; shard 1 has 3-5 and 9-10
KNOWN = {1: 2, 2: 3, 3: 8, 4: 10}
"""Eyes of which the store has a turned or mirrored code, and its record: the edges of both shards' blocks."""


@dataclass(frozen=True)
class Sharded:
    people: People
    codes: Integers
    plan: ShardPlan


@pytest.fixture(scope="module")
def sharded(circuit: Circuit) -> Iterator[Sharded]:
    found: list[Sharded] = []

    def before_start(people: People) -> dict[str, object]:
        codes = random_codes(V1, RECORDS, np.random.default_rng(1))
        for eye, record in KNOWN.items():
            own = _vector(people.proved(eye, 1, Identity.create()))
            turned = np.roll(own.reshape(-1, 120), 6, axis=1).ravel()
            codes[record] = mirrored_vector(own, V1) if eye == 2 else turned
        _fill_stores(people, codes)
        addresses = _quiet_addresses(9)
        links = [addresses[at : at + 3] for at in (0, 3, 6)]
        for node in range(3):
            (people.committee.folder / f"node-{node}" / "shards.toml").write_text(
                f"combiner = {links[0]}\nshards = {links[1:]}\nblock_records = {BLOCK}\n"
            )
        plan = ShardPlan(tuple(map(tuple, links[1:])), tuple(links[0]), block_records=BLOCK)
        found.append(Sharded(people, codes, plan))
        return {"shards": "shards.toml"}

    with people_before(circuit, Policy.ONE, EngineChoice.SPU, before_start):
        yield found[0]


def _vector(proved: ProvedCapture) -> Integers:
    return np.array([*proved.code.symbols, *proved.code.mask.cells], np.int64)


def _fill_stores(people: People, codes: Integers) -> None:
    """Members of long ago, at all three nodes: record n of the committee is record n + 1 on chain."""
    deployment, rng = people.registry.deployment, np.random.default_rng(2)
    first = genesis(deployment.chain_id, deployment.registry, Policy.ONE.value, list(people.committee.signers))
    rows = [rows_of(ring_shares(code, rng), rng) for code in codes]
    for node in range(3):
        store = Store(people.committee.folder / f"node-{node}" / "store", node, first, 1)
        for number, row in enumerate(rows):
            entry = entry_for(store.last, row, number)
            store.prepare(entry, held_at(row, node))
            store.commit(entry.hash)
            entry = confirmed(store.last, number, number + 1)
            store.prepare(entry)
            store.commit(entry.hash)
        store.close()


def _quiet_addresses(count: int) -> list[str]:
    """Below the ports that the system hands out, and above those of Ray's workers: three clusters take many of both."""
    found: list[str] = []
    for port in random.SystemRandom().sample(range(20_000, 32_000), 12_000):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(f"127.0.0.1:{port}")
        if len(found) == count:
            break
    return found


def _refused(people: People, proved: ProvedCapture, kind: RequestKind = RequestKind.UNIQUE) -> object:
    with pytest.raises(RequestRefused) as refusal:
        people.ask(proved, kind=kind)
    return refusal.value.refusal


def _of_one_shard(codes: Integers, query: Integers) -> int | None:
    """What three nodes that hold all rows on one machine find."""
    rng = np.random.default_rng(3)
    rows, queries = records_at_nodes(codes, rng), queries_at_nodes(V1, [query], rng)
    with three_peers() as peers:
        found = at_nodes(lambda node: CheckedComparison(peers[node]).find_match(b"one", queries[node], rows[node]))
    assert len(set(found)) == 1
    return found[0]


def test_two_shards_give_the_verdicts_of_one(sharded: Sharded) -> None:
    people = sharded.people
    for eye, record in KNOWN.items():
        proved = people.proved(eye, 1, Identity.create())
        assert _of_one_shard(sharded.codes, _vector(proved)) == record
        verdict = people.ask(proved, kind=RequestKind.SAME_PERSON).verdict
        assert (verdict.kind, verdict.record_id) == (VerdictKind.SAME_PERSON, record + 1)
    assert _refused(people, people.proved(4, 1, Identity.create())) is Refusal.DUPLICATE
    stranger = people.proved(5, 1, Identity.create())
    assert _of_one_shard(sharded.codes, _vector(stranger)) is None
    assert _refused(people, stranger, RequestKind.SAME_PERSON) is Refusal.NOT_FOUND


def test_a_new_record_is_seen_by_its_shard_and_so_is_that_it_was_dropped(sharded: Sharded) -> None:
    people, before = sharded.people, sharded.people.size()
    assert people.ask(people.proved(5, 1, Identity.create())).verdict.kind is VerdictKind.UNIQUE
    assert _refused(people, people.proved(5, 1, Identity.create())) is Refusal.DUPLICATE
    people.chain.advance_time(VERDICT_LIFE_S + SETTLE_MARGIN_S + 60)
    deadline_s = time.monotonic() + 120
    while people.size() != before or len(people.roots()) != 1:
        assert time.monotonic() < deadline_s, "the reservation is dropped"
        time.sleep(0.2)
    assert people.ask(people.proved(5, 1, Identity.create())).verdict.kind is VerdictKind.UNIQUE


def test_links_of_shards_answer_nobody_without_a_certificate_of_the_committee(sharded: Sharded, tmp_path: Path) -> None:
    folder = sharded.people.committee.folder / "node-1"
    member = TlsFiles(folder / "node.crt", folder / "node.key", folder / "nodes.crt")
    authority, key = Authority.create(tmp_path, "strangers"), write_tls_key(tmp_path / "node.key")
    (tmp_path / "node.crt").write_text(authority.certify(certificate_request(key, node_name(1)), node_name(1)))
    stranger = TlsFiles(tmp_path / "node.crt", tmp_path / "node.key", folder / "nodes.crt")
    for link in (*sharded.plan.shards, sharded.plan.combiner):
        assert answer_of(link[0], member) == b"HTTP"
        assert answer_of(link[0], stranger) == b""
        assert answer_of(link[0], None) == b""


def test_a_dead_operator_leaves_no_verdict_and_no_process(sharded: Sharded) -> None:
    people = sharded.people
    tree = _processes_below(people.committee.process_id(2))
    assert len(tree) > 3
    people.committee.kill(2)
    with pytest.raises(CommitteeUnavailable, match="node 2"):
        people.ask(people.proved(3, 1, Identity.create()))
    deadline_s = time.monotonic() + 90
    while any(_is_running(process) for process in tree):
        assert time.monotonic() < deadline_s, "a process outlived its operator"
        time.sleep(0.2)


def _processes_below(process_id: int) -> list[int]:
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found, waiting = [], [process_id]
    while waiting:
        parent = waiting.pop()
        children = [child for child, of in parents.items() if of == parent]
        found += children
        waiting += children
    return found


def _is_running(process_id: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_old_verdicts_hold_when_the_operators_compute_them_again(sharded: Sharded) -> None:
    """All nodes are stopped; each operator runs the command. The comparison is the checked one, without shards."""
    committee = sharded.people.committee
    for node in (0, 1):
        committee.kill(node)
    command = [sys.executable, "-m", "app.cli", "committee", "recheck", "--config"]
    running = [
        subprocess.Popen(
            [*command, str(committee.folder / f"node-{node}" / "node.toml")], stdout=subprocess.PIPE, text=True
        )
        for node in range(3)
    ]
    said = [one.communicate(timeout=300)[0] for one in running]
    assert [one.returncode for one in running] == [0, 0, 0], said
    verdicts = RECORDS + 1  # a stranger: the first verdict on her was dropped
    assert all(f"{verdicts} verdicts hold" in text for text in said), said
