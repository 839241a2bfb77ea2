"""Error rates of the test of liveness: counted the right way round, with an honest bound."""

from __future__ import annotations

import pytest

from model.evaluation import attacks
from model.evaluation.attacks import LIVING, ErrorRate, markdown, measure_attacks, upper_bound
from model.synthetic.attacks import ATTACKS, living_eye


def test_rates_of_a_few_sequences_count_refusals_of_the_living_and_acceptances_of_attacks() -> None:
    rows = {row.kind: row for row in measure_attacks(range(5_000, 5_003), processes=1)}
    assert set(rows) == {LIVING, *ATTACKS}
    assert (rows[LIVING].name, rows["print"].name) == ("BPCER", "APCER")
    for kind, row in rows.items():
        refused = sum(row.refused_by.values())
        assert row.wrong == (refused if kind == LIVING else 3 - refused)


def test_a_living_eye_passed_off_as_an_attack_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attacks, "ATTACKS", {"disguise": living_eye})
    rows = measure_attacks(range(5_001, 5_003), processes=1)
    assert [(row.kind, row.wrong) for row in rows] == [(LIVING, 0), ("disguise", 2)]


@pytest.mark.parametrize(
    ("wrong", "trials", "bound"), [(0, 15, 0.1810), (0, 60, 0.0487), (1, 60, 0.0766), (60, 60, 1.0)]
)
def test_bound_is_clopper_and_pearsons(wrong: int, trials: int, bound: float) -> None:
    assert upper_bound(wrong, trials) == pytest.approx(bound, abs=2e-4)


def test_table_says_synthetic_and_names_the_gates() -> None:
    table = markdown([ErrorRate("print", 60, 1, {"grid_peak": 59})])
    assert "SYNTHETIC" in table
    assert "| print | APCER | 1 of 60 | 7.7 % | `grid_peak` 59 |" in table
