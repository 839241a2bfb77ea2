"""A node takes what it missed from the other two: each share from its holder, under the log's seals, or not at all."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protocol.errors import CommitteeUnavailable, EncodingError, VerificationError
from tests.uniqueness.stored import NETWORK, code_rows, dropped, entry_for, held_at, open_store
from uniqueness.catch_up import catch_up, log_answer, rows_answer
from uniqueness.sequencer import _merged
from uniqueness.store import Store
from uniqueness.wire import decode, encode


class InProcess:
    """A channel to a store of this process, by the same questions and answers."""

    def __init__(self, store: Store, asker: int, spoil: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        self.node, self._store, self._asker, self._spoil = store.node, store, asker, spoil

    def call(self, path: str, value: dict[str, Any]) -> dict[str, Any]:
        answers = {
            "/log": lambda: log_answer(self._store, value["start"]),
            "/rows": lambda: rows_answer(self._store, value, self._asker),
        }
        answer = answers[path]()
        if path == "/rows":
            self._spoil(answer)
        return answer


class Gone:
    def __init__(self, node: int) -> None:
        self.node = node

    def call(self, *_: object) -> dict[str, Any]:
        raise CommitteeUnavailable(f"node {self.node} does not answer")


RECORDS = 70  # more than one answer carries


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    made = [open_store(tmp_path_factory.mktemp("node"), node) for node in range(3)]
    for store in made:
        for seed in range(RECORDS):
            rows = code_rows(seed)
            entry = entry_for(store.last, rows, seed)
            store.prepare(entry, held_at(rows, store.node))
            store.commit(entry.hash)
        for number in (3, 69):
            entry = dropped(store.last, number)
            store.prepare(entry)
            store.commit(entry.hash)
    yield made
    for store in made:
        store.close()


def _peers(stores: list[Store], node: int) -> list[InProcess]:
    return [InProcess(store, node) for store in stores if store.node != node]


@pytest.mark.parametrize("node", [0, 1, 2])
def test_an_empty_node_becomes_what_it_was(stores: list[Store], tmp_path: Path, node: int) -> None:
    new = open_store(tmp_path, node)
    assert catch_up(new, _peers(stores, node)) == RECORDS + 2  # type: ignore[arg-type]
    new.verify()
    assert new.last == stores[node].last
    limbs, expected = (store.view(NETWORK).block(0, RECORDS) for store in (new, stores[node]))
    assert (limbs.low == expected.low).all()
    assert (limbs.high == expected.high).all()
    assert new.entry_of(bytes([1]) * 32) is None  # it did not come to it itself, and signs it for nobody
    assert catch_up(new, _peers(stores, node)) == 0  # type: ignore[arg-type]
    new.close()


def test_a_node_that_missed_the_last_commit_alone_takes_it_as_prepared(stores: list[Store], tmp_path: Path) -> None:
    behind = open_store(tmp_path, 1)
    catch_up(behind, _peers(stores, 1))  # type: ignore[arg-type]
    ahead = [stores[0], stores[2]]
    rows = code_rows(200)
    entry = entry_for(behind.last, rows, 200)
    behind.prepare(entry, held_at(rows, 1))
    try:
        for store in ahead:
            store.prepare(entry, held_at(rows, store.node))
            store.commit(entry.hash)
        assert catch_up(behind, [InProcess(store, 1) for store in ahead]) == 1  # type: ignore[arg-type]
        assert behind.entry_of(bytes([200]) * 32) == entry  # its own work: it may sign it
    finally:
        stores[1].prepare(entry, held_at(rows, 1))
        stores[1].commit(entry.hash)
        behind.close()


def test_a_peer_gets_no_share_that_it_does_not_hold(stores: list[Store]) -> None:
    for holder in stores:
        for peer in {0, 1, 2} - {holder.node}:
            answer = rows_answer(holder, {"network": NETWORK, "start": 0, "count": 5}, peer)
            given = {share[0] for row in answer["rows"] for share in row}
            assert given == {peer, (peer + 1) % 3} & {holder.node, (holder.node + 1) % 3}
            assert len(given) == 1
            assert answer["rows"][3] == []  # dropped


def test_a_spoiled_share_is_not_taken(stores: list[Store], tmp_path: Path) -> None:
    def spoil(answer: dict[str, Any]) -> None:
        if answer["rows"]:
            residues = np.frombuffer(decode(answer["rows"][0][0][1]), np.uint16).copy()
            residues[9] ^= 1
            answer["rows"][0][0][1] = encode(residues.tobytes())

    new = open_store(tmp_path, 0)
    with pytest.raises(VerificationError, match=r"share [01] of entry 1"):
        catch_up(new, [InProcess(stores[1], 0, spoil), InProcess(stores[2], 0)])  # type: ignore[list-item]
    assert new.last.sequence == 0
    new.close()


def test_peers_with_two_logs_are_not_believed(stores: list[Store], tmp_path: Path) -> None:
    other = open_store(tmp_path / "other", 2)
    rows = code_rows(99)
    entry = entry_for(other.last, rows, 99)
    other.prepare(entry, held_at(rows, 2))
    other.commit(entry.hash)
    new = open_store(tmp_path / "new", 0)
    with pytest.raises(VerificationError, match="logs differ at entry 1"):
        catch_up(new, [InProcess(stores[1], 0), InProcess(other, 0)])  # type: ignore[list-item]
    other.close()
    new.close()


def test_without_a_peer_rows_are_not_to_be_had(stores: list[Store], tmp_path: Path) -> None:
    new = open_store(tmp_path, 0)
    for peers in ([Gone(1), Gone(2)], [InProcess(stores[1], 0), Gone(2)]):
        with pytest.raises(CommitteeUnavailable):
            catch_up(new, peers)  # type: ignore[arg-type]
    assert new.last.sequence == 0
    new.close()


@pytest.mark.parametrize(
    "value",
    [{}, {"network": NETWORK, "start": 0, "count": 1000}, {"network": NETWORK, "start": "0", "count": 1}],
)
def test_a_question_for_rows_that_is_none_is_refused(stores: list[Store], value: dict[str, Any]) -> None:
    with pytest.raises(EncodingError):
        rows_answer(stores[0], value, 1)
    for start in (None, -1, "0"):
        with pytest.raises(EncodingError):
            log_answer(stores[0], start)


def test_seals_are_merged_where_both_holders_name_the_same() -> None:
    seals = [[["a", "b", ""]], [["", "b", "c"]], [["a", "", "c"]]]
    assert _merged(seals) == [["a", "b", "c"]]
    for node, index in ((0, 0), (1, 1), (2, 2)):
        spoiled = [[list(eye) for eye in one] for one in seals]
        spoiled[node][0][index] = "x"
        with pytest.raises(CommitteeUnavailable, match="do not hold the same shares"):
            _merged(spoiled)


def test_bytes_in_json_are_base64_or_refused() -> None:
    assert decode(encode(b"\0\xff")) == b"\0\xff"
    for bad in (None, 1, "?", base64.b64encode(b"x").decode()[:-1]):
        with pytest.raises(EncodingError):
            decode(bad)
