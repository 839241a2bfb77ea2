"""Accuracy reports: the hash that a model lists is that of a report, and the report comes out of pictures again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.audit.findings import Findings, Stage
from app.audit.replay import Replay
from model.evaluation import EvaluationOptions, Report, evaluate, metrics_hash, read_folder
from model.evaluation.report import read_report
from protocol.errors import EncodingError, InputError
from protocol.pins import pin_names, read_pinned

__all__ = ["check_accuracy"]


def check_accuracy(
    data: Path | None,
    given: Path | None,
    replay: Replay,
    findings: Findings,
    progress: Callable[[str, float], None],
) -> list[dict[str, Any]]:
    """The accuracy reports at hand (contents), after comparing their hashes with those that models list.

    The reports are the one that is `given` and, with `data`, one measured again for each listed network; with neither,
    those that ship with the networks. A model that lists 0 claims nothing. Raises `InputError` for data that cannot be
    used.
    """
    networks = replay.records.codes.networks
    names = sorted({network for network, _ in networks.values()})
    reports = [] if given is None else [_read(given)]
    if data is not None:
        eyes = read_folder(data)
        reports += [evaluate(eyes, EvaluationOptions(network, ()), progress) for network in names]
    if given is None and data is None:
        pinned = (f"accuracy_{network}" for network in names)
        reports = [read_report(read_pinned(name)) for name in pinned if name in pin_names()]
    for model in replay.lists.models.values():
        listed = bytes(model.description["metricsHash"])
        network = networks.get(model.model_id, ("", ""))[0]
        own = [report for report in reports if report.content["network"]["name"] == network]
        if own and listed != bytes(32):
            findings.checked["accuracy"] = findings.checked.get("accuracy", 0) + 1
            if listed not in {metrics_hash(report) for report in own}:
                reason = f"model {model.model_id} lists metrics {listed.hex()}, the report of {network} has others"
                findings.say("accuracy", reason, stage=Stage.STATE)
    return [report.content for report in reports]


def _read(path: Path) -> Report:
    try:
        return read_report(path.read_bytes())
    except OSError as error:
        raise InputError(f"the accuracy report {path} cannot be read: {error.strerror}") from error
    except EncodingError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
