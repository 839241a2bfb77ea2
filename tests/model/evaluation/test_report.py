"""The report's bytes and hash, and the page made of it."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import numpy as np
import pytest

from model.evaluation.report import VERSION, Report, metrics_hash, read_report, to_plain
from protocol.errors import EncodingError

_CONTENT: dict[str, Any] = {"version": VERSION, "synthetic": True, "b": [1, 0.5, None], "a": "ü"}


@pytest.mark.parametrize("version", [None, 0, VERSION + 1, "1"])
def test_report_of_an_unknown_version_is_refused(version: object) -> None:
    with pytest.raises(EncodingError, match="version"):
        Report({**_CONTENT, "version": version})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1}, b"x", np.int64(3)])
def test_report_with_a_value_that_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(EncodingError, match="JSON"):
        Report({**_CONTENT, "value": value})


def test_hash_is_sha256_of_the_file_and_nothing_else() -> None:
    report = Report(_CONTENT)
    assert metrics_hash(report) == hashlib.sha256(report.to_bytes()).digest()
    assert len(metrics_hash(report)) == 32


def test_file_does_not_depend_on_the_order_of_keys() -> None:
    assert Report(_CONTENT).to_bytes() == Report(dict(reversed(list(_CONTENT.items())))).to_bytes()


def test_report_is_read_back() -> None:
    data = Report(_CONTENT).to_bytes()
    assert read_report(data).content == _CONTENT


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"{", b"\xff\xfe"])
def test_file_that_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_report(data)


def test_file_in_another_form_is_refused() -> None:
    compact = json.dumps(_CONTENT).encode()
    with pytest.raises(EncodingError, match="canonical"):
        read_report(compact)


def test_plain_values_keep_six_digits_and_lose_what_is_no_number() -> None:
    found = to_plain({"x": np.float32(1 / 3), "n": np.int64(2), "no": float("nan"), "flag": np.True_, "list": (1, 2)})
    assert found == {"x": 0.333333, "n": 2, "no": None, "flag": True, "list": [1, 2]}
    assert [type(value) for value in found.values()] == [float, int, type(None), bool, list]


def test_repr_of_a_report_is_short() -> None:
    assert not re.search("synthetic|version", repr(Report(_CONTENT)))
