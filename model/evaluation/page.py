"""A report as one HTML page: no script, no address, no picture of an eye, no path."""

from __future__ import annotations

from html import escape
from typing import Any

from model.evaluation.plots import det_plot, histogram_plot
from model.evaluation.report import Report, metrics_hash

__all__ = ["render_page"]

_STYLE = """
body{font:15px/1.45 sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:.6em 0 1.4em}td,th{border:1px solid #ccc;padding:.2em .6em;text-align:right}
td:first-child,th:first-child{text-align:left}.note{background:#fff3cd;border:1px solid #e0b000;padding:.6em 1em}
code{overflow-wrap:anywhere}svg{max-width:100%;height:auto}small{color:#555}
"""


def render_page(report: Report, circumstances: dict[str, str]) -> str:
    """The page; `circumstances` (date, machine) are printed and are not part of the hash."""
    content = report.content
    data = content["data"]
    title = f"Accuracy of {content['network']['name']} on {data['name']}"
    sections = [
        f'<p class="note"><strong>{escape(content["note"])}</strong></p>',
        _facts(report, circumstances),
        _section("Pictures", _data(data)),
        _section("Error rates", _rates(content["codes"])),
        _section(
            "Detection error trade-off",
            det_plot(content["codes"]) + "<p><small>Dashed: with failures to enrol.</small></p>",
        ),
        _section("Distances", "".join(f"<h3>{escape(r['name'])}</h3>{histogram_plot(r)}" for r in content["codes"])),
        _section("Strangers", _strangers(content["codes"])),
        _section("Threshold rule", _rule(content["threshold_rule"])),
        _section("Rotations searched", _rotations(content["rotations"])),
        _section("Both eyes", _both(content["both_eyes"])),
        _section("Degraded pictures", _robustness(content.get("robustness"))),
        _section("Groups", _groups(content["groups"])),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(sections)}</body></html>\n"
    )


def _section(name: str, body: str) -> str:
    return f"<h2>{escape(name)}</h2>{body}" if body else ""


def _table(head: list[str], rows: list[list[Any]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _facts(report: Report, circumstances: dict[str, str]) -> str:
    content = report.content
    rows = [["metrics hash (SHA-256 of the JSON file)", "0x" + metrics_hash(report).hex()]]
    rows += [["network", content["network"]["name"]], ["ONNX SHA-256", content["network"]["onnx_sha256"]]]
    rows += [[name, value] for name, value in content["software"].items()]
    rows += [[f"{name} (not hashed)", value] for name, value in circumstances.items()]
    return _table(["", ""], rows)


def _data(data: dict[str, Any]) -> str:
    counts = [[name.replace("_", " "), f"{data[name]:,}"] for name in ("persons", "eyes", "images", "enrolled")]
    counts.append(["failed to enrol", _percent(data["failed_to_enrol"])])
    counts += [[name.replace("_", " "), value] for name, value in data["description"].items()]
    refused = [[gate, count] for gate, count in sorted(data["refusals"].items(), key=lambda item: -item[1])]
    quality = [[name, *(f"{row[p]:.3g}" for p in ("p5", "p50", "p95"))] for name, row in data["quality"].items()]
    tables = _table(["", ""], counts)
    if refused:
        tables += "<h3>Refused, by gate</h3>" + _table(["gate", "pictures"], refused)
    return tables + "<h3>Quality of the rest</h3>" + _table(["figure", "5 %", "median", "95 %"], quality)


def _rates(codes: list[dict[str, Any]]) -> str:
    targets = [point["target_fmr"] for point in codes[0]["operating_points"]]
    head = ["code", "symbols", "EER", "EER with FTE", *(f"FNMR at {target:g} (with FTE)" for target in targets), "d'"]
    rows = []
    for row in codes:
        of = row["intervals"]["of"]
        rows.append(
            [
                row["name"],
                f"{row['symbols']:,}",
                _with_interval(row["eer"], of.get("eer")),
                _with_interval(row["eer_with_fte"], of.get("eer_with_fte")),
                *(_point(point, of) for point in row["operating_points"]),
                _number(row["d_prime"], 2),
            ]
        )
    pairs = codes[0]
    note = (
        f"<p><small>{pairs['genuine_pairs']:,} genuine pairs, {pairs['genuine_pairs_lost_to_refusals']:,} more lost to "
        f"refused pictures; {pairs['impostor_pairs']:,} impostor pairs. In brackets: 95 % bootstrap intervals over "
        "persons. *: fewer than ten impostor pairs are expected below the threshold.</small></p>"
    )
    return _table(head, rows) + note


def _with_interval(share: float, interval: list[float] | None) -> str:
    edges = f" [{100 * interval[0]:.2f}, {100 * interval[1]:.2f}]" if interval else ""
    return _percent(share) + edges


def _point(point: dict[str, Any], intervals: dict[str, list[float]]) -> str:
    star = "" if point["has_enough_pairs"] else "*"
    shown = _with_interval(point["fnmr"], intervals.get(f"fnmr@{point['target_fmr']:g}"))
    return f"{shown} ({_percent(point['fnmr_with_fte'])}){star}"


def _strangers(codes: list[dict[str, Any]]) -> str:
    head = [
        "code",
        "mean",
        "deviation",
        "least",
        "degrees of freedom",
        "same, unscaled",
        "effective rotations",
        "+1 symbols",
    ]
    rows = []
    for row in codes:
        of, bias = row["impostors"], row["bias"]
        figures = (of["mean"], of["deviation"], of["least"])
        model = of["model"]
        counted = (model["degrees_of_freedom"], of["raw_degrees_of_freedom"], model["effective_rotations"])
        share = f"{100 * bias['mean']:.1f} ± {100 * bias['deviation']:.1f} %" if bias else "–"
        rows.append([row["name"], *(_number(f) for f in figures), *(_number(c, 1) for c in counted), share])
    return _table(head, rows)


def _rule(rule: dict[str, Any]) -> str:
    checks = [
        [
            f"{c['target_fmr']:g}",
            _number(c["threshold"]),
            f"{c['measured_fmr']:.2g}" + ("" if c["has_enough_pairs"] else "*"),
        ]
        for c in rule["checks"]
    ]
    bases = [
        [f"{d['target_false_match']:g}", f"{d['records']:,}", _number(d["one_eye"]), _number(d["mean_of_both_eyes"])]
        for d in rule["databases"]
    ]
    return (
        _table(["target FMR", "threshold of the rule", "measured FMR"], checks)
        + "<p>Thresholds for one person against a database:</p>"
        + _table(["false match of one person", "records", "one eye", "mean of both eyes"], bases)
    )


def _points(row: dict[str, Any]) -> list[str]:
    return [_percent(row["eer"]), *(_percent(point["fnmr"]) for point in row["operating_points"])]


def _targets(row: dict[str, Any]) -> list[str]:
    return ["EER", *(f"FNMR at {point['target_fmr']:g}" for point in row["operating_points"])]


def _rotations(rows: list[dict[str, Any]]) -> str:
    lines = [
        [f"±{row['max_rotation_columns']}", row["rotations"], *_points(row), _number(row["d_prime"], 2)] for row in rows
    ]
    return _table(["columns of 120", "rotations", *_targets(rows[0]), "d'"], lines)


def _both(both: dict[str, Any] | None) -> str:
    if both is None:
        return ""
    names = {"mean": "mean of both distances", "both_must_match": "both must match"}
    lines = [[words, *_points(both[key]), _number(both[key]["d_prime"], 2)] for key, words in names.items()]
    return (
        _table(["rule", *_targets(both["mean"]), "d'"], lines)
        + f"<p>{both['captures_of_both']:,} captures of both eyes.</p>"
    )


def _robustness(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    lines = [
        [
            row["kind"],
            f"{row['level']:g} {row['unit']}",
            row["images"],
            row["refused"],
            _percent(row["fnmr"]),
            _number(row["mean_distance"]),
            _number(row["largest_distance"]),
        ]
        for row in found["conditions"]
    ]
    at = f"FMR {found['target_fmr']:.2g} ({found['threshold']:.3f})"
    note = f"<p>At the threshold of {at}; refused counts as not matched.</p>"
    head = ["condition", "level", "pictures", "refused", "FNMR with refusals", "mean distance", "largest"]
    return note + _table(head, lines)


def _groups(groups: list[dict[str, Any]]) -> str:
    if not groups:
        return ""
    lines = [
        [
            f"{g['column']}: {g['value']}",
            g["persons"],
            g["images"],
            _percent(g["failed_to_enrol"]),
            _percent(g["fnmr"]),
            _percent(g["fnmr_with_fte"]),
            f"{g['fmr']:.2g}",
        ]
        for g in groups
    ]
    head = ["group", "persons", "pictures", "failed to enrol", "FNMR", "FNMR with FTE", "FMR within the group"]
    return (
        _table(head, lines)
        + "<p><small>At the whole set's threshold of FMR 0.001; groups of ten persons or more.</small></p>"
    )
