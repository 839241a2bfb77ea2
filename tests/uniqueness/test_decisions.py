"""What a node refuses by its own log, before or after the secure computation; the computation is scripted here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from protocol.errors import RequestRefused
from tests.uniqueness.stored import NETWORK, code_rows, confirmed, entry_for, held_at, open_store
from uniqueness.decisions import Decisions
from uniqueness.refusals import Refusal
from uniqueness.store import Store


class _Scripted:
    """Finds what it is told to, and says which question it was asked."""

    def __init__(self, found: int | None) -> None:
        self._found, self.asked = found, ""

    def matches_any(self, *_: object) -> bool:
        self.asked = "any"
        return self._found is not None

    def find_match(self, *_: object) -> int | None:
        self.asked = "which"
        return self._found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Records 0 and 1, on the chain as 10 and 11; record 2 of identity 3 waits for the chain."""
    made = open_store(tmp_path, 0)
    for seed in range(3):
        rows = code_rows(seed)
        entry = entry_for(made.last, rows, seed)
        made.prepare(entry, held_at(rows, 0))
        made.commit(entry.hash)
    for number in (0, 1):
        entry = confirmed(made.last, number, 10 + number)
        made.prepare(entry)
        made.commit(entry.hash)
    yield made
    made.close()


def _decisions(store: Store) -> Decisions:
    return Decisions(store, None, None)  # type: ignore[arg-type]  # neither is asked here


def _accepted(identity: int, model_id: int = 1) -> Any:
    first = SimpleNamespace(identity=SimpleNamespace(value=identity), model_id=model_id)
    return SimpleNamespace(first=first, query=SimpleNamespace(network=NETWORK))


def test_an_identity_that_waits_for_the_chain_gets_no_second_verdict_under_the_model(store: Store) -> None:
    decisions = _decisions(store)
    with pytest.raises(RequestRefused) as refused:
        decisions._require_none_out(_accepted(3))
    assert refused.value.refusal is Refusal.PENDING
    decisions._require_none_out(_accepted(1))  # on the chain already
    decisions._require_none_out(_accepted(3, model_id=2))


@pytest.mark.parametrize(
    ("record_id", "found", "asked", "is_anothers"),
    [
        (12, None, "any", False),  # nobody has the eye under this model
        (12, 0, "any", True),  # somebody else does
        (11, None, "which", False),
        (11, 1, "which", False),  # the member's own rows
        (11, 0, "which", True),
        (11, 2, "which", True),  # somebody who is coming in
    ],
)
def test_a_renewal_must_match_nobody_but_the_member(
    store: Store, record_id: int, found: int | None, asked: str, is_anothers: bool
) -> None:
    comparison: Any = _Scripted(found)
    proposal: Any = SimpleNamespace(tag=lambda _: b"")
    assert _decisions(store)._is_anothers(comparison, proposal, _accepted(1), record_id) is is_anothers
    assert comparison.asked == asked
