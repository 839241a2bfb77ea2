"""Errors carry what happened and what to do."""

from __future__ import annotations

import pytest

from protocol import errors
from protocol.errors import IrisproofError, QualityError, TransactionRefused


def test_all_errors_descend_from_one() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) >= 13
    assert all(issubclass(kind, IrisproofError) for kind in kinds)


def test_every_error_is_drawn_in_the_tree() -> None:
    names = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert errors.__doc__ is not None
    assert all(name in errors.__doc__ for name in names)


def test_a_refusal_names_the_contracts_error_and_its_arguments() -> None:
    refusal = TransactionRefused("Polls__AlreadyVoted", {"pollId": 1, "votesCast": 2}, hint="wait")
    assert str(refusal) == "the contract refused: Polls__AlreadyVoted(pollId=1, votesCast=2)"
    assert (refusal.error, refusal.arguments, refusal.hint) == (
        "Polls__AlreadyVoted",
        {"pollId": 1, "votesCast": 2},
        "wait",
    )


def test_a_quality_error_carries_measure_value_and_limit() -> None:
    with pytest.raises(QualityError) as caught:
        raise QualityError("blurred", measure="focus", value=7.0, limit=12.0, hint="hold still")
    error = caught.value
    assert (error.message, error.measure, error.value, error.limit, error.hint) == (
        "blurred",
        "focus",
        7.0,
        12.0,
        "hold still",
    )
