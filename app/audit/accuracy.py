"""Accuracy reports: the hash that a model lists is that of a report, and the report comes out of pictures again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from app.audit.findings import Findings, Stage
from app.audit.replay import Replay
from model.evaluation import (
    EvaluationOptions,
    Report,
    differences,
    evaluate,
    is_of_the_same_pictures,
    metrics_hash,
    read_folder,
)
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
    """The accuracy reports at hand (contents): published ones, whose hashes must be those that models list, then those
    measured on `data`.

    Published are the one that is `given`, or those that ship with the networks. Figures measured on the very pictures
    of a published report must be its own, within the tolerance of `model.evaluation.differences`; those of other
    pictures stand beside it. A model that lists 0 claims nothing. Raises `InputError` for data that cannot be used.
    """
    networks = replay.records.codes.networks
    names = sorted({network for network, _ in networks.values()})
    published = [_read(given)] if given is not None else _shipped(names)
    measured = []
    if data is not None:
        eyes = read_folder(data)
        measured = [evaluate(eyes, EvaluationOptions(network, ()), progress) for network in names]
    for model in replay.lists.models.values():
        listed = bytes(model.description["metricsHash"])
        network = networks.get(model.model_id, ("", ""))[0]
        own = _of(network, published)
        if own and listed != bytes(32):
            findings.checked["accuracy"] = findings.checked.get("accuracy", 0) + 1
            if listed not in {metrics_hash(report) for report in own}:
                reason = f"model {model.model_id} lists metrics {listed.hex()}, the report of {network} has others"
                findings.say("accuracy", reason, stage=Stage.STATE)
    for name in names:
        for again, claimed in product(_of(name, measured), _of(name, published)):
            if is_of_the_same_pictures(again, claimed):
                findings.checked["accuracy measured again"] = findings.checked.get("accuracy measured again", 0) + 1
                if places := differences(again, claimed):
                    reason = f"{name} measured again on the same pictures differs in {len(places)} figures: {places[0]}"
                    findings.say("accuracy", reason, stage=Stage.STATE)
    return [report.content for report in (*published, *measured)]


def _of(network: str, reports: list[Report]) -> list[Report]:
    return [report for report in reports if report.content["network"]["name"] == network]


def _shipped(names: list[str]) -> list[Report]:
    pinned = (f"accuracy_{network}" for network in names)
    return [read_report(read_pinned(name)) for name in pinned if name in pin_names()]


def _read(path: Path) -> Report:
    try:
        return read_report(path.read_bytes())
    except OSError as error:
        raise InputError(f"the accuracy report {path} cannot be read: {error.strerror}") from error
    except EncodingError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
