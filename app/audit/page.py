"""An audit's report as one HTML page: no script, no address, nothing but what is public."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from app.audit.pictures import accuracy_pictures, coverage_picture, enrolment_picture, model_timeline

__all__ = ["render_page"]

_STYLE = """
body{font:15px/1.45 sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:.6em 0 1.4em}td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left}
.holds{background:#e3f4e4;border:1px solid #2e7d32;padding:.6em 1em}.broken{background:#fde7e3;border:1px solid #b3261e;
padding:.6em 1em}td{overflow-wrap:anywhere}svg{max-width:100%;height:auto}small{color:#555}
"""
_SHOWN = 200
"""Rows of a table on the page; the JSON file has all."""


def render_page(content: dict[str, Any]) -> str:
    """The page of a report's content."""
    head = content["head"]
    title = "Audit" if head is None else f"Audit as of block {head['block']}"
    sections = [_verdict(content), _section("Broken links", _broken(content["broken"]))]
    if "records" in content:
        active = sum(record["status"] == "active" for record in content["records"])
        sections += [
            _section("Models", _models(content, head["time"])),
            _section("Coverage of the upgrade", _coverage(content, active)),
            _section("Members", enrolment_picture(content["records"]) + _records(content["records"])),
            _section("Stations", _stations(content["stations"])),
            _section("Polls", _polls(content["polls"])),
            _section("Timelock", _actions(content["timelock"])),
        ]
    sections.append(_section("Rules and their limits", _rules(content["rules"])))
    sections.append(_section("Distances", accuracy_pictures(content["accuracy"])))
    counts = [[name, f"{count:,}"] for name, count in content["checked"].items()]
    sections.append(_section("What was checked", _table(["check", "times"], counts)))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{''.join(sections)}</body></html>\n"
    )


def _verdict(content: dict[str, Any]) -> str:
    if content["holds"]:
        return '<p class="holds"><strong>Everything holds.</strong></p>'
    first = content["first_broken"]
    where = "" if first["block"] is None else f" in block {first['block']}, transaction {first['transaction']}"
    words = f"The first broken link is {first['check']}{where}: {first['reason']}"
    return f'<p class="broken"><strong>{escape(words)}</strong></p>'


def _section(name: str, body: str) -> str:
    return f"<h2>{escape(name)}</h2>{body}" if body else ""


def _table(names: list[str], rows: list[list[Any]]) -> str:
    if not rows:
        return ""
    top = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows[:_SHOWN])
    more = f"<p><small>{len(rows) - _SHOWN:,} more in audit.json</small></p>" if len(rows) > _SHOWN else ""
    return f"<table><tr>{top}</tr>{body}</table>{more}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds else "–"


def _broken(broken: list[dict[str, Any]]) -> str:
    rows = [[link["check"], link["reason"], link["block"] or "–", link["transaction"] or "–"] for link in broken]
    return _table(["check", "reason", "block", "transaction"], rows)


def _models(content: dict[str, Any], now: int) -> str:
    rows = [
        [
            model["model"],
            model["network"] or "unknown",
            _time(model["proposed_at"]),
            _time(model["active_at"]),
            _time(model["withdrawn_at"]),
            model["vk_sha256"][:16] + "…",
        ]
        for model in content["models"]
    ]
    head = ["model", "network", "proposed", "active from", "withdrawn", "verifying key"]
    legend = "<p><small>Grey: public delay. Blue: active. Orange: grace, beside a newer one.</small></p>"
    return model_timeline(content["models"], now) + legend + _table(head, rows)


def _coverage(content: dict[str, Any], active: int) -> str:
    coverage = content["coverage"]
    left_out = ", ".join(map(str, coverage["left_out"][:_SHOWN])) or "nobody"
    words = f"The group is the tree of model {coverage['group']}. Active members who are not in it: {left_out}."
    return coverage_picture(content["models"], active) + f"<p>{escape(words)}</p>"


def _records(records: list[dict[str, Any]]) -> str:
    rows = [
        [
            record["record"],
            record["status"] + (", overdue" if record["overdue"] else ""),
            ", ".join(map(str, record["models"])),
            record["station"],
            _time(record["enrolled_at"]),
            _time(record["rotated_at"]),
        ]
        for record in records
    ]
    return _table(["record", "status", "models", "station", "enrolled", "recovered"], rows)


def _stations(stations: list[dict[str, Any]]) -> str:
    rows = [
        [
            station["station"],
            station["curve"],
            _time(station["added_at"]),
            _time(station["revoked_at"]),
            len(station["members"]),
            _time(station["reattest_until"]),
        ]
        for station in stations
    ]
    return _table(["station", "curve", "listed", "revoked", "members", "members attest again until"], rows)


def _polls(polls: list[dict[str, Any]]) -> str:
    rows = []
    for poll in polls:
        votes = poll.get("votes")
        result = f"runoff: {poll['winner']}" if votes is None else ", ".join(map(str, votes))
        rows.append([poll["poll"], poll["kind"], poll["question"], poll["snapshot_size"], poll["voters"], result])
    return _table(["poll", "kind", "question", "snapshot", "voters", "votes per option"], rows)


def _actions(timelock: dict[str, Any]) -> str:
    rows = [
        [action["target"], action["data"][:10], _time(action["scheduled_at"]), _time(action["executed_at"])]
        for action in timelock["actions"]
    ]
    words = f"<p>Delay: {timelock['delay_s']:,} s.</p>"
    return words + _table(["target", "call", "scheduled", "executed"], rows)


def _rules(rules: dict[str, dict[str, Any]]) -> str:
    rows = [
        [
            name + (" (near)" if rule["is_near"] else ""),
            f"{rule['most']:,.0f} {rule['unit']}",
            f"{rule['limit']:,.0f} {rule['unit']}",
            f"{100 * rule['share']:.1f} %",
            rule["where"],
        ]
        for name, rule in rules.items()
    ]
    return _table(["rule", "most used", "limit", "share", "where"], rows)
