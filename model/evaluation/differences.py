"""Whether two accuracy reports of the same pictures agree, within what processors and libraries may differ by."""

from __future__ import annotations

from typing import Any

from model.evaluation.report import Report

__all__ = ["COUNTS", "RELATIVE", "SHARES", "differences", "is_of_the_same_pictures"]

RELATIVE, COUNTS, SHARES = 0.05, 5, 0.005
"""By how much a figure may differ on another kind of processor (seen: d' 10.07 with AVX-512, and 10.08 in the report
that was made without; pictures are drawn and unrolled in floating point). On one machine it is the same to the byte."""

_FIGURES = ("both_eyes", "rotations", "threshold_rule")


def is_of_the_same_pictures(one: Report, other: Report) -> bool:
    """Whether both were measured on one set: synthetic sets by how they are drawn, folders by their pictures' hash."""
    sets = [report.content.get("data", {}).get("description") for report in (one, other)]
    kinds = [report.content.get("synthetic") for report in (one, other)]
    if kinds[0] != kinds[1] or not sets[0] or sets[0] != sets[1]:
        return False
    return kinds[0] is True or "pictures_sha256" in sets[0]


def differences(one: Report, other: Report) -> list[str]:
    """Places of the figures of the network itself that differ by more than the stated tolerance. What else a report may
    have, baselines and distortions, is not compared: one may have been asked for less."""
    return _differing(_figures(one), _figures(other))


def _figures(report: Report) -> dict[str, Any]:
    content = report.content
    name = content["network"]["name"]
    codes = [code for code in content.get("codes", []) if code.get("name") == name]
    counted = {key: content.get("data", {}).get(key) for key in ("persons", "eyes", "images", "enrolled")}
    rest = {key: content.get(key) for key in _FIGURES}
    return {"network": content["network"], "data": counted, "codes": codes, **rest}


def _differing(one: Any, other: Any, place: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [found for key in sorted(one) for found in _differing(one[key], other[key], f"{place}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for number, pair in pairs for found in _differing(*pair, f"{place}[{number}]")]
    if type(one) is int and type(other) is int:
        return [] if abs(one - other) <= COUNTS + RELATIVE * abs(other) else [place]
    if type(one) in (int, float) and type(other) in (int, float):
        return [] if abs(one - other) <= SHARES + RELATIVE * abs(other) else [place]
    return [] if one == other else [place]
