"""The accuracy reports that ship with the networks: what a registry lists as `metricsHash`."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.evaluation import read_report, shipped
from model.evaluation.report import SYNTHETIC_NOTE
from model.pipeline.encoding import ENCODERS
from protocol.pins import pin, read_pinned


@pytest.mark.parametrize("network", ENCODERS)
def test_a_shipped_report_is_of_the_shipped_network_and_says_that_its_eyes_are_synthetic(network: str) -> None:
    content = read_report(read_pinned(shipped.report_pin(network))).content
    assert content["network"] == {"name": network, "onnx_sha256": pin(f"onnx_{network}").sha256}
    assert content["synthetic"] is True
    assert content["note"] == SYNTHETIC_NOTE


@pytest.mark.slow
def test_measuring_again_gives_the_shipped_report_byte_for_byte() -> None:
    assert shipped.make_report("iris_v1").to_bytes() == read_pinned(shipped.report_pin("iris_v1"))


def test_a_new_report_gets_its_pin_and_no_other_pin_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = shipped._PINS.read_text()
    copy = tmp_path / "pins.toml"
    copy.write_text(pins)
    monkeypatch.setattr(shipped, "_PINS", copy)
    shipped._write_pin("accuracy_iris_v1", "ab" * 32)
    assert copy.read_text() == pins.replace(pin("accuracy_iris_v1").sha256, "ab" * 32)
