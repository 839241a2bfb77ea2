"""Several frames of one eye: does anything speak against a living one? Numbers to print, no picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.actions import open_image
from model.pipeline.liveness import LivenessFigures, liveness_gates, measure_liveness

__all__ = ["LivenessReport", "examine_frames", "liveness_lines"]


@dataclass(frozen=True)
class LivenessReport:
    """What was measured of `frames` pictures. Nothing in it shows an eye."""

    frames: int
    figures: LivenessFigures

    @property
    def accepted(self) -> bool:
        return all(gate.holds for gate in liveness_gates(self.figures))

    def to_json(self) -> dict[str, Any]:
        return {
            "frames": self.frames,
            "accepted": self.accepted,
            "gates": [
                {
                    "measure": gate.measure,
                    "value": gate.value if math.isfinite(gate.value) else None,
                    "limit": gate.limit,
                    "kind": "at most" if gate.at_most else "at least",
                    "holds": gate.holds,
                }
                for gate in liveness_gates(self.figures)
            ],
        }


def examine_frames(paths: tuple[Path, ...], interval_s: float) -> LivenessReport:
    """Measure frames in the order given, `interval_s` apart. Raises `InputError` for a file that is no image."""
    frames = [open_image(path) for path in paths]
    times_s = [number * interval_s for number in range(len(frames))]
    return LivenessReport(len(frames), measure_liveness(frames, times_s))


def liveness_lines(report: LivenessReport) -> list[str]:
    """For a terminal."""
    lines = [f"{report.frames} frames"]
    refused = None
    for gate in liveness_gates(report.figures):
        relation = "<=" if gate.at_most else ">="
        verdict = "" if gate.holds else "NO"
        lines.append(f"{gate.measure:<20} {gate.value:>8.3g}  {relation} {gate.limit:<6.3g} {verdict}".rstrip())
        refused = refused or (None if gate.holds else gate)
    lines.append("nothing speaks against a living eye" if refused is None else f"refused: {refused.message}")
    return lines
