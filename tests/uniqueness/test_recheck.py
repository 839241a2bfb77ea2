"""Old verdicts are computed again from what nodes keep: those that hold are found to hold, the others are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from protocol.errors import EngineFailed
from tests.uniqueness.stored import NETWORK, confirmed, dropped, entry_for, held_at, open_store, rows_of
from uniqueness.checked.comparison import CheckedComparison
from uniqueness.constants import RULES
from uniqueness.recheck import Rechecked, in_next_role, recheck
from uniqueness.rehearsal import at_nodes, random_codes, ring_shares, three_peers
from uniqueness.store import Store

V1 = RULES[NETWORK]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[Store]]:
    """Eight records: 1 is 0's eye and was dropped, 5 is 2's eye and stands; all had a `Unique` verdict."""
    rng = np.random.default_rng(1)
    codes = random_codes(V1, 8, rng)
    for copy, original in ((1, 0), (5, 2)):
        codes[copy] = np.roll(codes[original].reshape(-1, 120), 4, axis=1).ravel()
    rows = [rows_of(ring_shares(code, rng), rng) for code in codes]
    made = [open_store(tmp_path / str(node), node) for node in range(3)]
    for store in made:
        for number, row in enumerate(rows):
            _write(store, lambda last, n=number, r=row: entry_for(last, r, n), held_at(row, store.node))  # type: ignore[misc]
        _write(store, lambda last: dropped(last, 1))
        _write(store, lambda last: confirmed(last, 5, 6))
    yield made
    for store in made:
        store.close()


def _write(store: Store, make: Callable[..., object], held: object = ()) -> None:
    entry = make(store.last)
    store.prepare(entry, held)  # type: ignore[arg-type]
    store.commit(entry.hash)  # type: ignore[attr-defined]


def _rechecked(stores: list[Store], last: int | None = None) -> list[Rechecked]:
    with three_peers() as peers:
        roles = [in_next_role(node, {})[0] for node in range(3)]
        comparisons = at_nodes(lambda role: CheckedComparison(peers[role]))
        found = at_nodes(lambda node: list(recheck(stores[node], comparisons[roles[node]], roles[node], last)))
    assert found[0] == found[1] == found[2]
    return found[0]


def test_a_verdict_that_does_not_hold_is_named_and_the_others_hold(stores: list[Store]) -> None:
    found = _rechecked(stores)
    assert [one.number for one in found] == [0, 2, 3, 4, 5, 6, 7]  # 1 has no shares any more
    assert [one.number for one in found if not one.holds] == [5]
    assert [one.number for one in _rechecked(stores, last=2)] == [6, 7]


def test_roles_move_on_by_one_with_the_links() -> None:
    assert in_next_role(2, {0: "a", 1: "b"}) == (0, {1: "a", 2: "b"})


def test_nodes_with_different_logs_get_no_answer(stores: list[Store]) -> None:
    _write(stores[1], lambda last: confirmed(last, 6, 7))
    with three_peers() as peers:

        def failed(role: int) -> bool:
            node = (role + 2) % 3
            with pytest.raises(EngineFailed, match="different things"):
                list(recheck(stores[node], CheckedComparison(peers[role]), role))
            return True

        assert at_nodes(failed) == [True] * 3
