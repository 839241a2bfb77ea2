"""What the documents say is so: commands exist, help is as shown, figures are those of the last benchmark."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks.report import readme_row
from protocol.pins import root_dir

ROOT = root_dir()
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "protocol" / "decisions").glob("*.md"),
    ROOT / "mobile_build" / "README.md",
]


def test_readme_shows_the_help_as_it_is() -> None:
    shown = re.search(r"```\n\$ irisproof --help\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    environment = os.environ | {"COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "--help"], env=environment, capture_output=True, text=True, check=True
    )
    assert shown[1].strip() == done.stdout.replace("python -m app.cli", "irisproof").strip()


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        for target in re.findall(r"\bmake ([a-z]+)\b(?=[`\n ]*[`#\n])", document.read_text()):
            assert target in targets, f"{document.name} names make {target}"


def test_every_verb_that_a_document_or_message_names_exists() -> None:
    sources = [
        *DOCUMENTS,
        *(ROOT / "app").rglob("*.py"),
        *(ROOT / "circuits").rglob("*.py"),
        *(ROOT / "protocol").glob("*"),
    ]
    named = {verb for source in sources if source.is_file() for verb in _VERB.findall(source.read_text())}
    assert {"demo", "circuit build", "srs derive"} <= named
    for verb in named:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *verb.split(), "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"irisproof {verb}: {done.stderr}"


# in documents and docstrings a command stands in backticks, in hints behind a colon, in pins in quotes
_VERB = re.compile(
    r'(?:`|run: |with: |made_by = ")irisproof ([a-z-]+(?: (?:audit|build|show|list|derive|check|fetch)\b)?)'
)


def test_readme_quotes_the_last_benchmark() -> None:
    rows = json.loads((ROOT / "benchmarks" / "latest.json").read_text())
    assert len(rows) >= 11
    for row in rows:
        assert readme_row(row["name"], row["value"], row["unit"]) in README, row["name"]


def test_the_benchmark_measures_what_was_asked_for() -> None:
    rows = {row["name"]: row for row in json.loads((ROOT / "benchmarks" / "latest.json").read_text())}
    asked = (
        "code_proof_cpu_s code_proof_rss_mb code_proof_bytes code_verify_gas code_verifier_bytes naive_circuit_ratio "
        "membership_proof_s enroll_gas vote_gas image_to_code_ms demo_warm_s"
    )
    assert set(asked.split()) <= set(rows)
    assert all(set(row) == {"name", "value", "unit", "machine", "versions"} for row in rows.values())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_of_the_repository_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_screen_is_shown() -> None:
    pages = (ROOT / "README.md", ROOT / "docs" / "poll-page.md")
    shown = {name for page in pages for name in re.findall(r"screens/([a-z-]+\.png)", page.read_text())}
    assert shown == {path.name for path in (ROOT / "docs" / "screens").iterdir()}
    assert len(shown) >= 39
    for screen in re.findall(r'super\(\).__init__\("([a-z]+)"\)', "".join(_screens_source())):
        assert any(name.split(".")[0].split("-")[0] == screen for name in shown), screen


def _screens_source() -> list[str]:
    return [path.read_text() for path in (ROOT / "app" / "screens").glob("*.py")]


def test_every_direct_dependency_stands_in_the_notice() -> None:
    notice = (ROOT / "NOTICE.md").read_text()
    pinned = "".join((ROOT / "requirements" / f"{name}.in").read_text() for name in ("runtime", "window", "dev"))
    direct = re.findall(r"^([a-z][a-z0-9_-]*)(?:[=<>]+\S+)\s", pinned, re.MULTILINE)
    npm = json.loads((ROOT / "package.json").read_text())
    for name in [*direct, *npm["dependencies"], *npm["optionalDependencies"], *npm["devDependencies"]]:
        assert name in notice, f"{name} is missing from NOTICE.md"


def test_the_window_s_packages_are_the_same_for_make_and_for_pip() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = re.findall(r"^([a-z][a-z0-9_-]*==\S+)", (ROOT / "requirements" / "window.in").read_text(), re.MULTILINE)
    assert pinned == project["optional-dependencies"]["window"]
