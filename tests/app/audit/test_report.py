"""What a report says of accuracy, of limits that are near, and of links that are broken; no chain is needed for it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.audit import accuracy as accuracy_module
from app.audit.accuracy import check_accuracy
from app.audit.findings import Findings, Stage
from app.audit.lists import ListedModel
from app.audit.page import render_page
from app.audit.report import content_of, summary_lines
from model.evaluation import EvaluationOptions
from model.evaluation.report import VERSION, Report, metrics_hash
from protocol.errors import InputError
from protocol.pins import read_pinned
from registry_contract.public_log import LogEntry

CODE = {"name": "iris_v1", "histogram": {"step": 0.1, "genuine": [9, 1, 0], "impostor": [0, 2, 8]}}
REPORT = Report(
    {"version": VERSION, "network": {"name": "iris_v1"}, "data": {"name": "<nobody's eyes>"}, "codes": [CODE]}
)


PUBLISHED = Report(
    {
        "version": VERSION,
        "synthetic": False,
        "network": {"name": "iris_v1"},
        "data": {"name": "eyes", "description": {"pictures_sha256": "11"}},
        "codes": [{**CODE, "d_prime": 6.0}],
    }
)


def replayed(metrics: bytes) -> Any:
    models = {1: ListedModel(1, {"metricsHash": metrics}, 0, 0)}
    codes = SimpleNamespace(networks={1: ("iris_v1", "vk")})
    return SimpleNamespace(lists=SimpleNamespace(models=models), records=SimpleNamespace(codes=codes))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "accuracy.json"
    path.write_bytes(REPORT.to_bytes())
    return path


def accuracy(file: Path, metrics: bytes) -> tuple[Findings, list[dict[str, Any]]]:
    findings = Findings()
    return findings, check_accuracy(None, file, replayed(metrics), findings, lambda *_: None)


def test_a_report_whose_hash_the_model_lists_is_drawn(file: Path) -> None:
    findings, reports = accuracy(file, metrics_hash(REPORT))
    assert findings.broken == []
    assert findings.checked == {"accuracy": 1}
    page = render_page(content_of(findings, None, None, reports))
    assert "iris_v1 on &lt;nobody&#x27;s eyes&gt;" in page
    assert "genuine: 10 pairs" in page


def test_a_report_with_another_hash_is_a_broken_link(file: Path) -> None:
    findings, _ = accuracy(file, b"\1" * 32)
    assert [(broken.check, broken.stage) for broken in findings.broken] == [("accuracy", Stage.STATE)]


def test_a_model_that_lists_no_report_claims_nothing(file: Path) -> None:
    findings, reports = accuracy(file, bytes(32))
    assert (findings.broken, findings.checked, len(reports)) == ([], {}, 1)


def test_accuracy_is_measured_again_on_data_for_each_listed_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the pictures of the published report its figures must come out; other pictures contradict nothing."""
    measured: list[str] = []
    again = Report(json.loads(json.dumps(PUBLISHED.content)))

    def measure(eyes: Path, options: EvaluationOptions, _: object) -> Report:
        assert eyes == tmp_path
        measured.append(options.network)
        return again

    monkeypatch.setattr(accuracy_module, "read_folder", lambda folder: folder)
    monkeypatch.setattr(accuracy_module, "evaluate", measure)
    file = tmp_path / "accuracy.json"
    file.write_bytes(PUBLISHED.to_bytes())

    def audited() -> Findings:
        findings = Findings()
        reports = check_accuracy(tmp_path, file, replayed(metrics_hash(PUBLISHED)), findings, lambda *_: None)
        assert [report["codes"] for report in reports] == [PUBLISHED.content["codes"], again.content["codes"]]
        return findings

    found = audited()
    assert (measured, found.broken) == (["iris_v1"], [])
    assert found.checked == {"accuracy": 1, "accuracy measured again": 1}
    again.content["codes"][0]["d_prime"] = 5.0
    (broken,) = audited().broken
    assert broken.check == "accuracy"
    assert "differs in 1 figures: /codes[0]/d_prime" in broken.sentence()
    again.content["data"]["description"]["pictures_sha256"] = "22"
    found = audited()
    assert (found.broken, found.checked) == ([], {"accuracy": 1})


def test_without_another_report_the_one_that_ships_is_what_a_model_has_to_list() -> None:
    shipped = read_pinned("accuracy_iris_v1")
    for listed, broken in ((hashlib.sha256(shipped).digest(), []), (b"\3" * 32, ["accuracy"])):
        findings = Findings()
        reports = check_accuracy(None, None, replayed(listed), findings, lambda *_: None)
        assert [report["network"]["name"] for report in reports] == ["iris_v1"]
        assert [found.check for found in findings.broken] == broken


def test_a_report_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.json"
    with pytest.raises(InputError, match="cannot be read"):
        accuracy(path, bytes(32))
    path.write_text("{}")
    with pytest.raises(InputError, match=r"accuracy\.json"):
        accuracy(path, bytes(32))


def test_a_rule_is_near_its_limit_from_nine_tenths_on() -> None:
    findings = Findings()
    for used in (10, 89.9):
        findings.measure("far", used, (100, "s"), f"block {used}")
    for used in (90, 20, 95):
        findings.measure("near", used, (100, "s"), f"block {used}")
    rules = content_of(findings, None, None)["rules"]
    assert (rules["far"]["is_near"], rules["far"]["near"], rules["far"]["where"]) == (False, 0, "block 89.9")
    assert (rules["near"]["is_near"], rules["near"]["near"], rules["near"]["where"]) == (True, 2, "block 95")


def test_the_first_broken_link_is_the_first_in_the_chains_order() -> None:
    findings = Findings()
    findings.say("tally", "off by one")
    findings.say("verdict", "late", entry(9, 1))
    findings.say("verdict", "early <b>", entry(8, 7))
    findings.say("code", "another", stage=Stage.FOUNDATION)
    assert [broken.reason for broken in findings.in_order()] == ["another", "early <b>", "late", "off by one"]
    content = content_of(findings, None, None)
    assert content["first_broken"]["reason"] == "another"
    assert summary_lines(content)[-5:-3] == ["broken: 4 links; the first is code", "    code: another"]
    page = render_page(content)
    assert "early &lt;b&gt;" in page
    assert 'class="broken"' in page
    assert 'class="holds"' not in page


def entry(block: int, index: int) -> LogEntry:
    return LogEntry("registry", "Enrolled", {}, block, index, "0xaa", 0)
