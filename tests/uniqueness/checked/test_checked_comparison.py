"""Three honest nodes get the reference's verdict; one node that tampers, wherever and whoever it is, gets none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from protocol.errors import EncodingError
from tests.uniqueness.world import codes_near_threshold
from uniqueness.checked import comparison as comparison_module
from uniqueness.checked import party as party_module
from uniqueness.checked import scores as scores_module
from uniqueness.checked.comparison import CheckedComparison
from uniqueness.checked.party import Party
from uniqueness.checked.peers import TamperingDetected
from uniqueness.comparison import Query
from uniqueness.constants import ROTATIONS, RULES
from uniqueness.engine import EngineFailed
from uniqueness.reference import matches, mirrored_vector, scores
from uniqueness.rehearsal import (
    MemoryRecords,
    at_nodes,
    queries_at_nodes,
    random_codes,
    records_at_nodes,
    ring_shares,
    three_peers,
)
from uniqueness.torch_products import TORCH

V1 = RULES["iris_v1"]
UPRIGHT = ROTATIONS.index(0)
Lie = Callable[[int, npt.NDArray[Any]], npt.NDArray[Any]]
"""(number of the message among those of its kind, what is due) -> what is sent, and kept, instead."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little to verify at a time: for what is found with certainty."""
    monkeypatch.setattr(party_module, "LEAST_WORDS", 512)
    monkeypatch.setattr(party_module, "OPENED_WORDS", 64)


def _answers(queries: list[Query], rows: list[MemoryRecords]) -> tuple[bool, int | None]:
    with three_peers() as peers:

        def ask(node: int) -> tuple[bool, int | None]:
            checked = CheckedComparison(peers[node], TORCH)
            return (
                checked.matches_any(b"any", queries[node], rows[node]),
                checked.find_match(b"find", queries[node], rows[node]),
            )

        found = at_nodes(ask)
    assert len(set(found)) == 1
    return found[0]


@pytest.mark.parametrize("count", [1, 64, 65])
def test_a_duplicate_is_found_and_a_stranger_is_not(small: None, count: int) -> None:
    rng = np.random.default_rng(count)
    codes = random_codes(V1, count, rng)
    rows = records_at_nodes(codes, rng)
    turned = np.roll(codes[-1].reshape(-1, 120), -8, axis=1).ravel()
    assert _answers(queries_at_nodes(V1, [turned], rng), rows) == (True, count - 1)
    assert _answers(queries_at_nodes(V1, [mirrored_vector(codes[0], V1)], rng), rows) == (True, 0)
    assert _answers(queries_at_nodes(V1, [random_codes(V1, 1, rng)[0]], rng), rows) == (False, None)


def test_both_eyes_match_only_together(small: None) -> None:
    rng = np.random.default_rng(1)
    codes = random_codes(V1, 140, rng)
    rows, stranger = records_at_nodes(codes, rng), random_codes(V1, 1, rng)[0]
    for pair, expected in (
        ([codes[138], codes[139]], 69),
        ([codes[0], codes[3]], None),
        ([codes[41], stranger], None),
    ):
        assert _answers(queries_at_nodes(V1, pair, rng), rows) == (expected is not None, expected)


def test_many_blocks_of_records_have_one_answer(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison_module, "BLOCK_RECORDS", 7)
    rng = np.random.default_rng(2)
    codes = random_codes(V1, 20, rng)
    for at in (6, 19):
        assert _answers(queries_at_nodes(V1, [codes[at]], rng), records_at_nodes(codes, rng)) == (True, at)
    assert _answers(queries_at_nodes(V1, [random_codes(V1, 1, rng)[0]], rng), records_at_nodes(codes, rng)) == (
        False,
        None,
    )


def test_codes_near_the_threshold_are_decided_as_the_reference_decides(small: None) -> None:
    rng = np.random.default_rng(3)
    query = random_codes(V1, 1, rng)[0]
    seen = set()
    for record in codes_near_threshold(V1, query, 8, rng):
        expected = matches(V1, query, record[None])
        assert _answers(queries_at_nodes(V1, [query], rng), records_at_nodes(record[None], rng))[0] is expected
        seen.add(expected)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0], False), ([1], True), ([-1], False), ([32767], True), ([-32767], False), ([-3] * 300 + [1], True)],
)
def test_a_few_scores_are_judged_by_their_sign(small: None, values: list[int], expected: bool) -> None:
    shares = ring_shares(np.array(values), np.random.default_rng(1))
    with three_peers() as peers:
        comparisons = at_nodes(lambda node: CheckedComparison(peers[node]))
        bits = at_nodes(lambda n: comparisons[n].any_positive(b"few", [shares[n]], len(values)))
        assert bits == [expected] * 3
        with pytest.raises(EncodingError, match="instead of"):
            comparisons[0].any_positive(b"few", [shares[0]], len(values) + 1)


def test_nodes_that_are_asked_different_things_get_no_verdict(small: None) -> None:
    def asked(tags: list[bytes]) -> list[str]:
        with three_peers() as peers:

            def ask(node: int) -> str:
                checked = CheckedComparison(peers[node])
                with pytest.raises(EngineFailed) as failure:
                    checked.any_positive(tags[node], [np.zeros(3, np.uint16)], 3)
                with pytest.raises(EngineFailed, match="failed before"):
                    checked.any_positive(b"again", [np.zeros(3, np.uint16)], 3)
                return failure.value.message

            return at_nodes(ask)

    assert all("different things" in reason for reason in asked([b"one", b"two", b"one"]))


# ----------------------------------------------------------------------------------------------- a node that lies


def _lying(party: Party, residues: Lie | None = None, bits: Lie | None = None) -> None:
    """Let this node lie in what it passes on, and stand by its lie."""
    honest, counts = party._passed, {"<u2": 0, "<u8": 0}

    def passed(own: npt.NDArray[Any]) -> Any:
        kind = own.dtype.str
        lie = residues if kind == "<u2" else bits
        number = counts[kind]
        counts[kind] += 1
        return honest(own if lie is None else lie(number, own.copy()))

    party._passed = passed  # type: ignore[assignment,method-assign]


def _outcomes(
    liar: int, arm: Callable[[Party], None], queries: list[Query], rows: list[MemoryRecords]
) -> dict[int, bool | EngineFailed]:
    """What the two honest nodes get."""
    with three_peers() as peers:
        comparisons = at_nodes(lambda node: CheckedComparison(peers[node], TORCH))
        arm(comparisons[liar]._party)

        def ask(node: int) -> bool | EngineFailed:
            try:
                return comparisons[node].matches_any(b"any", queries[node], rows[node])
            except EngineFailed as failure:
                peers[node].close()  # as a node does: whoever waits for it need not wait long
                return failure

        found = at_nodes(ask)
    return {node: found[node] for node in range(3) if node != liar}


def _require_detected(found: dict[int, bool | EngineFailed], check: str) -> None:
    assert not any(isinstance(outcome, bool) for outcome in found.values()), found
    reasons = [outcome.message for outcome in found.values() if isinstance(outcome, TamperingDetected)]
    assert reasons, found
    assert all(check in reason for reason in reasons), reasons


def _duplicate(count: int = 70, at: int = 44) -> tuple[list[Query], list[MemoryRecords]]:
    rng = np.random.default_rng(7)
    codes = random_codes(V1, count, rng)
    return queries_at_nodes(V1, [codes[at]], rng), records_at_nodes(codes, rng)


def _at_scores(change: Callable[[npt.NDArray[Any]], None]) -> Lie:
    def lie(number: int, own: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if number == 1:  # 0: the query times the keys; 1: the scores; 2: the subsets' keyed scores
            change(own)
        return own

    return lie


def _shift(own: npt.NDArray[Any]) -> None:
    own[44] -= np.uint16(20_000)  # the duplicate would be a stranger


def _wrap(own: npt.NDArray[Any]) -> None:
    own[44:45, 0, UPRIGHT] += np.uint16(1 << 15)  # one score of one record, by the number that is cancelled most easily


def _zero(own: npt.NDArray[Any]) -> None:
    own[...] = 0


def _frame(own: npt.NDArray[Any]) -> None:
    own[3:4, 0, 0] += np.uint16(15_000)  # a stranger would be a duplicate


@pytest.mark.parametrize("liar", [0, 1, 2])
@pytest.mark.parametrize("change", [_shift, _wrap, _zero, _frame])
def test_a_node_that_changes_scores_is_noticed(
    small: None, liar: int, change: Callable[[npt.NDArray[Any]], None]
) -> None:
    found = _outcomes(liar, lambda party: _lying(party, residues=_at_scores(change)), *_duplicate())
    _require_detected(found, "a score is not the product")


def test_the_same_lie_would_have_hidden_the_duplicate(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores_module.CheckedQuery, "verify", lambda _: None)
    for change in (_shift, _wrap):
        found = _outcomes(1, lambda party, by=change: _lying(party, residues=_at_scores(by)), *_duplicate())
        assert set(found.values()) == {False}


def test_a_lie_in_the_scores_passes_no_more_often_than_claimed(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one subset and one key: the subset misses the record with 1/2, and else the key is even with 1/2."""
    monkeypatch.setattr(scores_module, "SUBSETS", 1)
    monkeypatch.setattr(scores_module, "KEYS", 1)
    given = _duplicate(2, 1)
    passed = 0
    for _ in range(80):

        def lie(own: npt.NDArray[Any]) -> None:
            own[1:2, 0, UPRIGHT] += np.uint16(1 << 15)

        found = _outcomes(2, lambda party, by=lie: _lying(party, residues=_at_scores(by)), *given)
        passed += set(found.values()) == {False}
    assert 40 < passed < 76  # 60 expected, sd 3.9


PRODUCTS = 33
"""Messages about products of bits in a question of 70 records: the majority, 14 carries, 8 + 1 + 6 of the OR, and those
of the random ones."""


@pytest.mark.parametrize("number", range(PRODUCTS - 1))
def test_a_node_that_flips_a_bit_of_any_product_is_noticed(small: None, number: int) -> None:
    seen = []

    def lie(at: int, own: npt.NDArray[Any]) -> npt.NDArray[Any]:
        seen.append(at)
        if at == number:
            own.reshape(-1)[0] ^= np.uint64(1 << 5)
        return own

    found = _outcomes(number % 3, lambda party: _lying(party, bits=lie), *_duplicate())
    assert number in seen
    _require_detected(found, "product")


def test_a_node_that_lies_alike_in_a_product_and_the_random_ones_is_noticed() -> None:
    def lie(at: int, own: npt.NDArray[Any]) -> npt.NDArray[Any]:
        own.reshape(-1)[0] ^= np.uint64(1)
        return own

    for liar in range(3):
        found = _outcomes(liar, lambda party: _lying(party, bits=lie), *_duplicate())
        _require_detected(found, "product")


def test_a_lie_in_a_product_passes_no_more_often_than_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One word of eight wrong, of one random kind too, of which one word is opened: 8/9 times 1/8 pass."""
    for name, value in (("LEAST_WORDS", 8), ("OPENED_WORDS", 1), ("REPEATS", 1)):
        monkeypatch.setattr(party_module, name, value)

    def lie(at: int, own: npt.NDArray[Any]) -> npt.NDArray[Any]:
        own[3] ^= np.uint64(0xFF00)
        return own

    def passes() -> bool:
        with three_peers() as peers:
            parties = at_nodes(lambda node: Party(peers[node]))
            _lying(parties[1], bits=lie)

            def run(node: int) -> bool:
                one, two = (parties[node].random((8,), np.uint64) for _ in range(2))
                parties[node].conjunction(one, two)
                try:
                    parties[node].verify()
                except EngineFailed:
                    peers[node].close()
                    return False
                return True

            found = at_nodes(run)
            return found[0] and found[2]

    passed = sum(passes() for _ in range(300))
    assert 10 < passed < 60  # 33 expected, sd 5.4


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_a_node_that_lies_when_secrets_are_opened_is_noticed(small: None, liar: int) -> None:
    def arm(party: Party) -> None:
        honest = party._lacking

        def lacking(secret: Any) -> Any:
            if secret.shape == (1,):  # the answer
                secret = type(secret)(~secret.own, ~secret.second)
            return honest(secret)

        party._lacking = lacking  # type: ignore[method-assign]

    _require_detected(_outcomes(liar, arm, *_duplicate()), "different shares")


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_a_node_that_changes_its_coin_after_the_others_is_noticed(
    small: None, liar: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arm(party: Party) -> None:
        send = party.peers.send

        def changed(peer: int, data: bytes) -> None:
            party.coins = getattr(party, "coins", 0) + 1  # type: ignore[attr-defined]
            send(peer, bytes(32) if party.coins in (3 + 2 + 2, 3 + 2 + 3) else data)  # type: ignore[attr-defined]

        party.peers.send = changed  # type: ignore[method-assign]

    found = _outcomes(liar, arm, *_duplicate())
    assert not any(isinstance(outcome, bool) for outcome in found.values())
    assert any(isinstance(outcome, TamperingDetected) for outcome in found.values())


def test_a_silent_node_leaves_the_others_without_a_verdict(small: None) -> None:
    given = _duplicate()
    found = _outcomes(0, lambda party: party.peers.close(), *given)
    assert all(isinstance(outcome, EngineFailed) for outcome in found.values())


def test_what_a_node_sees_does_not_depend_on_the_codes(small: None) -> None:
    """The shares of scores that a node holds are uniform, for a match as for a stranger."""
    rng = np.random.default_rng(9)
    codes = random_codes(V1, 64, rng)
    assert scores(V1, codes[0], codes)[0, UPRIGHT] > 0
    for query in (codes[0], random_codes(V1, 1, rng)[0]):
        kept: list[npt.NDArray[np.uint16]] = []

        def arm(party: Party, keep: list[npt.NDArray[np.uint16]] = kept) -> None:
            _lying(party, residues=_at_scores(lambda own: keep.append(own.copy())))

        _outcomes(2, arm, queries_at_nodes(V1, [query], rng), records_at_nodes(codes, rng))
        counts = np.bincount(kept[0].ravel() >> 13, minlength=8)  # 15,360 values: 1,920 each, sd 41
        assert counts.min() > 1_727
        assert counts.max() < 2_113
