"""The report: one JSON value, the same bytes for the same input, whose SHA-256 is a model's `metricsHash`.

No time, machine or path is in it; per-picture figures are in it as counts only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from protocol.errors import EncodingError

VERSION = 1
_DIGITS = 6
SYNTHETIC_NOTE = "SYNTHETIC EYES: these figures are about a generator of pictures and say nothing about people"

__all__ = ["SYNTHETIC_NOTE", "VERSION", "Report", "metrics_hash", "read_report", "to_plain"]


@dataclass(frozen=True)
class Report:
    """`content` is made of dicts with text keys, lists, texts, whole numbers, floats, booleans and None.

    Raises `EncodingError` for a content of another version or with a float that is no number.
    """

    content: dict[str, Any] = field(repr=False)

    def __post_init__(self) -> None:
        if self.content.get("version") != VERSION:
            raise EncodingError(
                f"an accuracy report of version {self.content.get('version')}: this program knows {VERSION}"
            )
        self.to_bytes()

    @property
    def is_synthetic(self) -> bool:
        return bool(self.content["synthetic"])

    def to_bytes(self) -> bytes:
        """The file: JSON with sorted keys, one space of indent, a line end."""
        try:
            text = json.dumps(self.content, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            raise EncodingError(f"the report holds a value that JSON does not have: {error}") from None
        return text.encode() + b"\n"


def metrics_hash(report: Report) -> bytes:
    """32 bytes: SHA-256 of the report's file."""
    return hashlib.sha256(report.to_bytes()).digest()


def read_report(data: bytes) -> Report:
    """The report in a file. Raises `EncodingError` for what is none, and for one that is not in the only form that
    `Report.to_bytes` writes: its hash would be another's."""
    try:
        report = Report(json.loads(data))
    except (ValueError, AttributeError):
        raise EncodingError("this is no accuracy report") from None
    if report.to_bytes() != data:
        raise EncodingError("the accuracy report is not in its canonical form", hint="use the file as it was written")
    return report


def to_plain(value: Any) -> Any:
    """Dataclasses, numpy values and containers of them as JSON values; floats with six significant digits."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [to_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return int(value) if isinstance(value, np.integer) else value
