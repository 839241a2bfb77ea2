"""`irisproof evaluate`: run an evaluation, show how far it is, write both files of its report or none."""

from __future__ import annotations

import datetime
import json
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from app.meter import Meter
from model.evaluation import (
    EvaluationOptions,
    EyeSet,
    Report,
    evaluate,
    metrics_hash,
    read_folder,
    render_page,
    synthetic_set,
)
from protocol.errors import InputError

JSON_NAME, PAGE_NAME = "accuracy.json", "accuracy.html"

__all__ = [
    "JSON_NAME",
    "PAGE_NAME",
    "EvaluationRequest",
    "evaluation_request",
    "report_json",
    "run_evaluation",
    "summary_lines",
]


@dataclass(frozen=True)
class EvaluationRequest:
    """`data` is a folder of pictures; without one, `synthetic` persons with `captures` of each eye are drawn."""

    data: Path | None
    out: Path
    options: EvaluationOptions
    corrections: Path | None = None
    half: str | None = None
    synthetic: int = 20
    captures: int = 4
    severity: float = 1.0

    def eyes(self) -> EyeSet:
        if self.data is None:
            if self.corrections or self.half:
                raise InputError("label corrections and halves are for a folder of pictures", hint="give --data DIR")
            return synthetic_set(self.synthetic, self.captures, severity=self.severity)
        return read_folder(self.data, corrections=self.corrections, half=self.half)


def evaluation_request(
    *, network: str, against: tuple[str, ...], robustness: bool, same: Path | None, **rest: Any
) -> EvaluationRequest:
    """From the options of the command line; `rest` are fields of `EvaluationRequest` by name."""
    options = EvaluationOptions(network, against, robustness)
    return EvaluationRequest(options=options, corrections=same, **rest)


def run_evaluation(request: EvaluationRequest, stream: TextIO) -> Report:
    """Evaluate, and write accuracy.json and accuracy.html into `request.out`; progress goes to `stream`.

    Nothing is written before all of it is there; a run that is stopped leaves neither a file nor a folder behind.
    Raises `InputError` for data that cannot be used and a folder that cannot be written.
    """
    eyes = request.eyes()
    _require_writable(request.out)
    started_s = time.monotonic()
    report = evaluate(eyes, request.options, Meter(stream).show)
    circumstances = {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "seconds": f"{time.monotonic() - started_s:.0f}",
    }
    page = render_page(report, circumstances)
    _write_together(request.out, {PAGE_NAME: page.encode(), JSON_NAME: report.to_bytes()})
    return report


def _require_writable(out: Path) -> None:
    """Say now, not after minutes, that the result cannot be written."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file, not a folder", hint="give another folder as --out")
    above = next(folder for folder in (out, *out.absolute().parents) if folder.is_dir())
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{out} cannot be written: no permission", hint="give another folder as --out")


def _write_together(out: Path, files: dict[str, bytes]) -> None:
    """All files are written and synced under other names before the first is put in place; the page carries the hash
    of the JSON, so that two that do not belong together show."""
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    staged: list[tuple[Path, Path]] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            descriptor, temporary = tempfile.mkstemp(dir=out, prefix=f".{name}.")
            staged.append((Path(temporary), out / name))
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                os.fsync(file.fileno())
        while staged:
            temporary_path, final = staged[0]
            temporary_path.replace(final)
            staged.pop(0)
        made = []
    except OSError as error:
        raise InputError(f"the report cannot be written: {error.strerror}", hint="free some space") from error
    finally:
        for temporary_path, _ in staged:
            temporary_path.unlink(missing_ok=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def summary_lines(report: Report) -> list[str]:
    """What a terminal shows of a report."""
    content, data = report.content, report.content["data"]
    lines = [content["note"]] if report.is_synthetic else []
    lines.append(
        f"{data['name']}: {data['persons']} persons, {data['eyes']} eyes, {data['images']} pictures; "
        f"{100 * data['failed_to_enrol']:.2f} % failed to enrol"
    )
    lines += [f"    refused: {gate} {count}" for gate, count in sorted(data["refusals"].items())]
    mark = "SYNTHETIC " if report.is_synthetic else ""
    targets = [point["target_fmr"] for point in content["codes"][0]["operating_points"]]
    lines.append(
        f"{mark + 'code':<22}{'symbols':>8}{'EER':>9}{'with FTE':>10}"
        + "".join(f"{f'FNMR@{target:g}':>13}" for target in targets)
        + f"{'d prime':>10}"
    )
    lines += [_code_line(row) for row in content["codes"]]
    model = content["threshold_rule"]["model"]
    lines.append(
        f"strangers: {model['degrees_of_freedom']:.0f} degrees of freedom, "
        f"{model['effective_rotations']:.1f} effective rotations"
    )
    lines.append(f"metrics hash 0x{metrics_hash(report).hex()}")
    return lines


def _code_line(row: dict[str, Any]) -> str:
    points = "".join(f"{100 * p['fnmr']:>11.2f} %" for p in row["operating_points"])
    return (
        f"{row['name']:<22}{row['symbols']:>8,}{100 * row['eer']:>7.2f} %{100 * row['eer_with_fte']:>8.2f} %{points}"
        f"{row['d_prime']:>10.2f}"
    )


def report_json(report: Report) -> str:
    """The report with its hash beside it."""
    return json.dumps({"metrics_hash": "0x" + metrics_hash(report).hex(), "report": report.content}, indent=1)
