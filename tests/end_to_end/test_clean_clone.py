"""From the committed files alone, in a clone of its own with an empty HOME, come the same artifacts, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from circuits.iris.build import verifier_name
from model.pipeline.encoding import ENCODERS
from protocol.pins import root_dir
from registry_contract.contracts import load_contract
from tests.conftest import built

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clone")]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone without anything that set-up or builds made, but for the npm packages, which their lock file pins."""
    if shutil.which("git") is None or not (root_dir() / ".git").exists():
        pytest.skip("the sources are no git checkout")
    folder = tmp_path_factory.mktemp("clean") / "clone"
    subprocess.run(["git", "clone", "-q", "--shared", str(root_dir()), str(folder)], check=True)
    (folder / "node_modules").symlink_to(root_dir() / "node_modules")
    return folder


@pytest.mark.parametrize("network", sorted(ENCODERS))
def test_a_clean_clone_builds_the_same_circuit_and_verifier(clone: Path, tmp_path: Path, network: str) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(clone)}
    command = [sys.executable, "-m", "app.cli", "circuit", "build", "--network", network, "--json"]
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ours, made = built(network), clone / "build" / "circuits" / f"{network}-derived"
    assert json.loads(done.stdout) == json.loads(ours.facts.to_json())
    for path in (ours.settings, ours.vk, ours.verifier):
        assert (made / path.name).read_bytes() == path.read_bytes(), path.name
    name = verifier_name(network)
    compiled = json.loads((clone / "registry_contract" / "out" / f"{name}.sol" / f"{name}.json").read_text())
    assert compiled["deployedBytecode"]["object"] == f"0x{load_contract(name).runtime}"
    assert list(tmp_path.iterdir()) == []
