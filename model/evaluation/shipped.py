"""The accuracy report that ships with each network: synthetic eyes, small, the same bytes on every run.

Its SHA-256 is the `metricsHash` that a registry lists with the network's model, so that auditors can measure again what
was claimed. It says nothing about people: an operator who measured real eyes lists the hash of that report.

Run `python -m model.evaluation.shipped` (a minute) to write model/networks/*.accuracy.json and their pins again.
"""

from __future__ import annotations

import hashlib
import re
import sys

from model.evaluation import EvaluationOptions, Report, evaluate, synthetic_set
from model.pipeline.encoding import ENCODERS
from protocol.pins import pin, root_dir

__all__ = ["make_report", "report_pin"]

PERSONS, CAPTURES = 10, 3
_PINS = root_dir() / "protocol" / "pins.toml"


def report_pin(network: str) -> str:
    """The name of the report's pin."""
    return f"accuracy_{network}"


def make_report(network: str) -> Report:
    """Measure a shipped network on synthetic eyes."""
    return evaluate(synthetic_set(PERSONS, CAPTURES), EvaluationOptions(network, (), robustness=False))


def main() -> None:
    """Write the reports and their pins."""
    for network in ENCODERS:
        data = make_report(network).to_bytes()
        (root_dir() / pin(report_pin(network)).path).write_bytes(data)
        _write_pin(report_pin(network), hashlib.sha256(data).hexdigest())
        sys.stdout.write(f"{pin(report_pin(network)).path}: {len(data):,} bytes\n")


def _write_pin(name: str, sha256: str) -> None:
    table = re.compile(rf'(?<=\[{name}\]\n)(path = .*\nsha256 = ")[0-9a-f]*')
    _PINS.write_text(table.sub(rf"\g<1>{sha256}", _PINS.read_text(), count=1))


if __name__ == "__main__":
    main()
