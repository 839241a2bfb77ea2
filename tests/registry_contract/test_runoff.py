"""Instant-runoff: elections counted by hand, ties by the written rule, and rankings that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import EncodingError
from registry_contract.runoff import Round, count_runoff

RANKINGS = st.lists(st.permutations(range(4)).flatmap(lambda p: st.integers(1, 4).map(lambda n: tuple(p[:n]))))


def test_more_than_half_wins_at_once() -> None:
    result = count_runoff([(0,), (0, 1), (1,)], 2)
    assert (result.winner, result.rounds) == (0, (Round((2, 1), None),))


def test_exactly_half_is_not_enough() -> None:
    result = count_runoff([(0,), (0,), (1,), (2, 1)], 3)
    assert [(entry.counts, entry.out) for entry in result.rounds] == [
        ((2, 1, 1), 2),
        ((2, 2, None), 1),
        ((2, None, None), None),
    ]
    assert result.winner == 0


def test_the_votes_of_the_weakest_go_on_to_their_next_choice() -> None:
    rankings = [(0,)] * 4 + [(1, 2)] * 3 + [(2, 1)] * 2
    result = count_runoff(rankings, 3)
    assert result.rounds == (Round((4, 3, 2), 2), Round((4, 5, None), None))
    assert result.winner == 1


def test_an_exhausted_ballot_counts_for_nobody_and_not_in_the_majority() -> None:
    rankings = [(0,)] * 3 + [(1,)] * 2 + [(2,)] * 1
    result = count_runoff(rankings, 3)
    assert result.rounds == (Round((3, 2, 1), 2), Round((3, 2, None), None))
    assert result.winner == 0


def test_a_tie_for_the_last_place_goes_by_the_round_before() -> None:
    # after option 3 is out, 1 and 2 have three each; in the round before, 2 had fewer
    rankings = [(0,)] * 4 + [(1,)] * 3 + [(2,)] * 2 + [(3, 2)] * 1
    result = count_runoff(rankings, 4)
    assert [entry.out for entry in result.rounds] == [3, 2, None]
    assert result.winner == 0


def test_a_tie_in_every_round_takes_the_highest_number_out() -> None:
    result = count_runoff([(0,), (1,)], 2)
    assert (result.rounds[0].out, result.winner) == (1, 0)


def test_nobody_voted_and_nobody_wins() -> None:
    assert count_runoff([], 3).winner is None


@pytest.mark.parametrize("ranking", [(), (0, 0), (3,), (-1,)])
def test_a_ranking_that_is_none_is_refused(ranking: tuple[int, ...]) -> None:
    with pytest.raises(EncodingError):
        count_runoff([(0,), ranking], 3)


def test_a_poll_of_one_option_is_refused() -> None:
    with pytest.raises(EncodingError):
        count_runoff([(0,)], 1)


@given(RANKINGS)
def test_the_order_of_the_ballots_decides_nothing_and_a_majority_always_wins(rankings: list[tuple[int, ...]]) -> None:
    result = count_runoff(rankings, 4)
    assert count_runoff(rankings[::-1], 4) == result
    firsts = [ranking[0] for ranking in rankings]
    for option in range(4):
        if 2 * firsts.count(option) > len(firsts):
            assert result.winner == option
    outs = [entry.out for entry in result.rounds if entry.out is not None]
    assert len(set(outs)) == len(outs)
    assert result.winner not in outs
