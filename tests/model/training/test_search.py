"""The search over integer kernels: its costs are the circuit's, its codes the network's, its learning repeatable."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.export.onnx_export import export_onnx, network_of
from model.pipeline.encoding import encode_v1, encode_v2
from model.training.__main__ import main
from model.training.candidates import MAX_CELLS, Candidate, box, circuit_cells, given_candidates
from model.training.kernel_bank import IRIS_V2, BankDesign
from model.training.learn import LearningSettings, learn_kernels, turned_round
from model.training.program import compile_kernels
from model.training.samples import Half
from model.training.search import Result, pareto_front, symbols_of
from protocol.types import Plane, PlaneName

_SETTINGS = LearningSettings(iterations=12, batch=8)


def _half(eyes: int = 8, captures: int = 3) -> Half:
    """Eyes of random blocks, seen through noise."""
    rng = np.random.default_rng(3)
    label = np.repeat(np.arange(eyes, dtype=np.int32), captures)
    textures, visible = {}, {}
    for rows in (8, 16):
        own = np.repeat(rng.integers(60, 200, (eyes, rows, 40)), 3, axis=2)[label]
        noisy = own + rng.normal(0, 20, own.shape)
        textures[rows] = np.clip(np.round(noisy), 1, 255).astype(np.float32)
        visible[rows] = np.ones(own.shape, np.float32)
    return Half(textures, visible, label, label // 2)


def _result(name: str, cells: int, d_prime: float) -> Result:
    return Result(name, (), 8, 0, cells, cells <= MAX_CELLS, d_prime, 0.0, 0.0)


@pytest.mark.parametrize(("design", "cells"), [(BankDesign(8, box(3)), 7_680), (IRIS_V2, 16_200)])
def test_cells_of_the_shipped_networks_are_the_rows_that_their_circuits_use(design: BankDesign, cells: int) -> None:
    assert circuit_cells(Candidate("shipped", design)) == cells


def test_votes_cost_three_cells_more_a_symbol() -> None:
    plain = Candidate("plain", BankDesign(8, box(3)))
    assert circuit_cells(replace(plain, votes=True)) - circuit_cells(plain) == 3 * 1920


def test_symbols_of_the_shipped_banks_are_those_of_their_integer_references() -> None:
    half = _half(2, 1)
    for rows, kernels, encode in ((8, BankDesign(8, box(3)), encode_v1), (16, IRIS_V2, encode_v2)):
        names = PlaneName(f"texture_{rows}x120"), PlaneName(f"mask_{rows}x120")
        ones = np.ones((rows, 120), np.uint8)
        if rows == 16:
            ones[-1] = 0
        texture = Plane(names[0], half.textures[rows][0].astype(np.uint8).tobytes())
        wanted = np.array(encode(texture, Plane(names[1], ones.tobytes())).symbols).reshape(2, rows, 120)
        ours = symbols_of(Candidate("any", kernels), half)[0].reshape(2, -1, 120)
        assert np.array_equal(ours, wanted[:, : ours.shape[1]])


def test_hidden_cells_cost_the_symbols_whose_support_they_fill() -> None:
    half = _half(2, 1)
    half.visible[8][:, :, 50:54] = 0
    symbols = symbols_of(Candidate("any", BankDesign(8, box(3))), half)[0, :8]
    assert not symbols[:, 48:50].any()
    assert symbols[:, 60:].any()


def test_learned_kernels_are_ternary_sum_to_zero_and_come_out_the_same_again() -> None:
    half = _half()
    kernels = learn_kernels(half, 8, _SETTINGS)
    taps = np.array(kernels)
    assert taps.shape == (2, 1, 9)
    assert set(np.unique(taps)) <= {-1, 0, 1}
    assert not taps.sum(axis=(1, 2)).any()
    assert np.abs(taps).sum(axis=(1, 2)).min() >= 2
    assert [taps[n, 0][taps[n, 0] != 0][0] for n in range(2)] == [-1, -1]
    assert learn_kernels(half, 8, _SETTINGS) == kernels


def test_kernels_that_are_each_others_negative_are_learned_as_one() -> None:
    """As negatives they would have no program without one more cell a symbol, and the search would end there."""
    taps = (0, 0, 0, 1, 1, 0, 0, -1, -1), (0, -1, -1, 0, 0, 1, 1, 0, 0)
    with pytest.raises(ValueError, match="their own signs"):
        compile_kernels(tuple((kernel,) for kernel in taps), 16, draws=20)
    turned = tuple((turned_round(kernel),) for kernel in taps)
    assert len(compile_kernels(turned, 16, draws=20).steps) == 2


def test_learning_again_gives_the_same_onnx_bytes_and_another_seed_starts_elsewhere() -> None:
    half = _half()
    files = [
        export_onnx(*network_of("learned", BankDesign(8, learn_kernels(half, 8, replace(_SETTINGS, seed=seed)))))
        for seed in (5, 5)
    ]
    assert files[0] == files[1]


def test_pareto_front_leaves_out_what_a_cheaper_bank_beats() -> None:
    results = (_result("a", 100, 3.0), _result("b", 200, 2.5), _result("c", 200, 3.5), _result("d", 300, 3.5))
    assert [result.name for result in pareto_front(results)] == ["a", "c"]


def test_given_candidates_have_names_of_their_own_and_hold_both_networks() -> None:
    names = [candidate.name for candidate in given_candidates()]
    assert len(names) == len(set(names))
    assert {"iris_v1", "iris_v2"} <= set(names)


@pytest.mark.slow
def test_command_writes_candidates_plot_and_networks(tmp_path: Path) -> None:
    wanted = ["--persons", "7", "--captures", "2", "--severity", "0.5", "--iterations", "3", "--out", str(tmp_path)]
    assert main(wanted) == 0
    report = json.loads((tmp_path / "candidates.json").read_text())
    assert report["synthetic"] is True
    found = {row["name"]: row for row in report["candidates"]}
    assert found["iris_v1"]["cells"] < found["iris_v2"]["cells"] <= MAX_CELLS
    assert found["16 rows, boxes of 3 and of 4"]["fits"] is False
    assert "iris_v2" in (tmp_path / "pareto.svg").read_text()
    assert len(list(tmp_path.glob("*.onnx"))) == 4


def test_command_refuses_a_folder_without_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err
    assert not (tmp_path / "out").exists()
