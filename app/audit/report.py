"""What an audit found, as JSON has it, and in a few lines for a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.audit.findings import NEAR, Findings
from app.audit.replay import Replay
from protocol.types import EyeSide
from registry_contract.client import RecordStatus
from registry_contract.polls import PollKind
from registry_contract.public_log import Head

__all__ = ["REPORT_VERSION", "content_of", "summary_lines"]

REPORT_VERSION = 1
_SHOWN = 12


def content_of(
    findings: Findings,
    replay: Replay | None,
    head: Head | None,
    accuracy: list[dict[str, Any]] | None = None,
    rebuilt: list[str] | None = None,
) -> dict[str, Any]:
    """The report; `replay` and `head` are None where the audit did not get as far as the log."""
    broken = [link.to_json() for link in findings.in_order()]
    content: dict[str, Any] = {
        "version": REPORT_VERSION,
        "holds": not broken,
        "first_broken": broken[0] if broken else None,
        "broken": broken,
        "checked": dict(sorted(findings.checked.items())),
        "rules": {
            name: asdict(margin) | {"share": round(margin.share, 4), "is_near": margin.share >= NEAR}
            for name, margin in sorted(findings.margins.items())
        },
        "rebuilt_circuits": rebuilt or [],
        "accuracy": accuracy or [],
        "head": None if head is None else asdict(head),
    }
    return content | ({} if replay is None or head is None else _members(replay, head) | _lists(replay))


def _members(replay: Replay, head: Head) -> dict[str, Any]:
    records = replay.records.by_id.values()
    live = replay.lists.live(head.time)
    overdue = replay.lists.overdue_station(head.time)
    return {
        "records": [
            {
                "record": record.record_id,
                "block": record.block,
                "enrolled_at": record.enrolled_at,
                "rotated_at": record.rotated_at,
                "eye": EyeSide(record.eye_side).name.lower(),
                "station": record.station,
                "models": record.models,
                "status": record.status.name.lower(),
                "recovery_waits": record.recovery is not None,
                "in_group": replay.trees.has(live.group, record.identity),
                "overdue": record.station in overdue and record.status is RecordStatus.ACTIVE,
            }
            for record in records
        ],
        "coverage": {
            "group": live.group,
            "upcoming": live.upcoming,
            "in_group": replay.trees.members(live.group),
            "upgraded": replay.trees.members(live.upcoming) if live.upcoming else None,
            "left_out": [
                record.record_id
                for record in records
                if record.status is RecordStatus.ACTIVE and not replay.trees.has(live.group, record.identity)
            ],
        },
        "polls": [_poll(replay, poll_id) for poll_id in replay.polls.by_id],
        "actions": len(replay.actions.actions),
    }


def _poll(replay: Replay, poll_id: int) -> dict[str, Any]:
    poll = replay.polls.by_id[poll_id]
    counted: dict[str, Any] = {"votes": poll.tally()}
    if poll.kind is PollKind.RANKED:
        runoff = poll.runoff()
        counted = {"rounds": [asdict(one) for one in runoff.rounds], "winner": runoff.winner}
    return {
        "poll": poll_id,
        "kind": poll.kind.name.lower(),
        "question": poll.question,
        "options": list(poll.options),
        "group": poll.group_id,
        "block": poll.block,
        "snapshot_size": poll.size,
        "voters": len(poll.ballots),
        "ballots": sum(cast for cast, _ in poll.ballots.values()),
        "finalized_at": poll.finalized_at,
        **counted,
    }


def _lists(replay: Replay) -> dict[str, Any]:
    lists = replay.lists
    return {
        "stations": [
            {
                "station": station.address,
                "curve": "p256" if station.point else "secp256k1",
                "added_at": station.added_at,
                "revoked_at": station.revoked_at,
                "members": replay.records.active_of(station.address),
                "reattest_until": station.revoked_at + lists.constants.reattest_s if station.revoked_at else 0,
            }
            for station in lists.stations.values()
        ],
        "models": [
            {
                "model": model.model_id,
                "network": replay.records.codes.networks.get(model.model_id, (None, None))[0],
                "vk_sha256": bytes(model.description["vkHash"]).hex(),
                "metrics_hash": bytes(model.description["metricsHash"]).hex(),
                "proposed_at": model.proposed_at,
                "active_at": model.active_at,
                "grace_ends_at": model.active_at + lists.constants.grace_s,
                "withdrawn_at": model.withdrawn_at,
                "members": replay.trees.members(model.model_id),
            }
            for model in lists.models.values()
        ],
        "committee": list(lists.nodes),
        "guardian": lists.guardian,
        "timelock": {
            "delay_s": replay.timelock.min_delay_s,
            "actions": replay.timelock.actions,
            "roles": replay.timelock.roles,
        },
    }


def summary_lines(content: dict[str, Any]) -> list[str]:
    """For a terminal: what was checked, who is where, what is near a limit, what is broken."""
    lines = []
    if content["head"] is not None:
        lines.append(f"as of block {content['head']['block']}, {content['head']['hash']}")
    checked = ", ".join(f"{count:,} {name}" for name, count in content["checked"].items())
    lines.append(f"checked: {checked}")
    if "records" in content:
        lines += _state_lines(content)
    near = [name for name, rule in content["rules"].items() if rule["is_near"]]
    lines.append("near their limits: " + (", ".join(near) if near else "no rule"))
    if content["holds"]:
        return [*lines, "everything holds"]
    first, count = content["first_broken"], len(content["broken"])
    where = "" if first["block"] is None else f" in block {first['block']}, transaction {first['transaction']}"
    lines.append(f"broken: {count:,} link{'s' if count > 1 else ''}; the first is {first['check']}{where}")
    lines += [f"    {link['check']}: {link['reason']}" for link in content["broken"][:_SHOWN]]
    return lines


def _state_lines(content: dict[str, Any]) -> list[str]:
    statuses: dict[str, int] = {}
    for record in content["records"]:
        statuses[record["status"]] = statuses.get(record["status"], 0) + 1
    lines = ["members: " + (", ".join(f"{count:,} {name}" for name, count in statuses.items()) or "none")]
    coverage = content["coverage"]
    if coverage["left_out"]:
        lines.append(f"    not in the group: records {', '.join(map(str, coverage['left_out'][:_SHOWN]))}")
    overdue = [record["record"] for record in content["records"] if record["overdue"]]
    if overdue:
        lines.append(f"    overdue: records {', '.join(map(str, overdue[:_SHOWN]))}")
    for model in content["models"]:
        lines.append(f"model {model['model']} ({model['network'] or 'unknown'}): {model['members']:,} members")
    for station in content["stations"]:
        revoked = f", revoked at {station['revoked_at']}" if station["revoked_at"] else ""
        lines.append(f"station {station['station']}: {len(station['members']):,} members{revoked}")
    done = [action for action in content["timelock"]["actions"] if action["executed_at"]]
    lines.append(f"timelock: {len(content['timelock']['actions'])} scheduled, {len(done)} executed")
    return lines
