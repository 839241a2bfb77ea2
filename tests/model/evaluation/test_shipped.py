"""The accuracy reports that ship with the networks: what a registry lists as `metricsHash`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.evaluation import Report, differences, is_of_the_same_pictures, read_report, shipped
from model.evaluation.report import SYNTHETIC_NOTE, VERSION
from model.pipeline.encoding import ENCODERS
from protocol.pins import pin, read_pinned


@pytest.mark.parametrize("network", ENCODERS)
def test_a_shipped_report_is_of_the_shipped_network_and_says_that_its_eyes_are_synthetic(network: str) -> None:
    content = read_report(read_pinned(shipped.report_pin(network))).content
    assert content["network"] == {"name": network, "onnx_sha256": pin(f"onnx_{network}").sha256}
    assert content["synthetic"] is True
    assert content["note"] == SYNTHETIC_NOTE


@pytest.mark.slow
def test_measuring_again_gives_the_shipped_report_within_the_stated_tolerance() -> None:
    again = shipped.make_report("iris_v1")
    claimed = read_report(read_pinned(shipped.report_pin("iris_v1")))
    assert is_of_the_same_pictures(again, claimed)
    assert differences(again, claimed) == []
    assert shipped.make_report("iris_v1").to_bytes() == again.to_bytes()


def test_a_report_of_other_figures_is_not_within_the_tolerance() -> None:
    claimed = read_report(read_pinned(shipped.report_pin("iris_v1")))
    other = json.loads(json.dumps(claimed.content))
    other["codes"][0]["d_prime"] *= 1.2
    other["network"]["onnx_sha256"] = "00"
    other["data"]["enrolled"] -= 10
    assert differences(Report(other), claimed) == ["/codes[0]/d_prime", "/data/enrolled", "/network/onnx_sha256"]


def test_sets_are_told_apart() -> None:
    def report(synthetic: bool, **description: object) -> Report:
        return Report({"version": VERSION, "synthetic": synthetic, "data": {"description": description}})

    for one, other, same in (
        (report(True, seed=1), report(True, seed=1), True),
        (report(True, seed=1), report(True, seed=2), False),
        (report(False, half="a"), report(False, half="a"), False),  # older reports have no hash
        (report(False, pictures_sha256="1"), report(False, pictures_sha256="1"), True),
        (report(False, pictures_sha256="1"), report(False, pictures_sha256="2"), False),
        (report(False, pictures_sha256="1"), report(True, pictures_sha256="1"), False),
    ):
        assert is_of_the_same_pictures(one, other) is same


def test_a_new_report_gets_its_pin_and_no_other_pin_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = shipped._PINS.read_text()
    copy = tmp_path / "pins.toml"
    copy.write_text(pins)
    monkeypatch.setattr(shipped, "_PINS", copy)
    shipped._write_pin("accuracy_iris_v1", "ab" * 32)
    assert copy.read_text() == pins.replace(pin("accuracy_iris_v1").sha256, "ab" * 32)
