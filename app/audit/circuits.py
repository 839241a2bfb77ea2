"""Models as the registry lists them, beside their circuits as they come out of the ONNX file here."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app import actions
from app.audit.findings import Findings, Stage
from app.audit.lists import ListedModel
from app.audit.mutations import refuse_mutations
from app.audit.resume import AuditState
from circuits.iris.build import verifier_name
from circuits.iris.circuit import Circuit, CircuitFacts
from circuits.iris.gates import pass_gates
from circuits.srs import SrsSource
from model.pipeline.encoding import ENCODERS
from protocol.errors import ArtifactError, ArtifactFailed
from protocol.pins import pin, read_pinned, root_dir
from protocol.types import PlaneName
from registry_contract.contracts import load_contract
from registry_contract.ladder import plane_hash
from registry_contract.public_log import LogEntry

__all__ = ["Circuits"]


class Circuits:
    """The circuits of this checkout's networks, by name; each is built (again) at most once."""

    def __init__(self, findings: Findings, state: AuditState, rebuild: bool, progress: Callable[[str], None]) -> None:
        """With `rebuild`, each circuit that a model uses is built anew from its ONNX file in an empty HOME, and all
        soundness gates are passed again."""
        self._findings, self._state, self._rebuild, self._progress = findings, state, rebuild, progress
        self.by_network: dict[str, Circuit] = {}
        self.rebuilt: list[str] = []

    def network_of(self, model: ListedModel, entry: LogEntry) -> tuple[str, str] | None:
        """The network whose ONNX file a model names and the hash of its verifying key here; compares all the rest of
        the listing. None, and a broken link, where no network of this checkout has that file."""
        listed = bytes(model.description["onnxHash"]).hex()
        network = next((name for name in ENCODERS if pin(f"onnx_{name}").sha256 == listed), None)
        if not self._findings.require(
            network is not None, "circuit", f"model {model.model_id} names an ONNX file that is none of ours", entry
        ):
            return None
        assert network is not None
        circuit = self._circuit(network)
        if circuit is None:
            return None
        for name, wanted in _listing(circuit.facts).items():
            found = _plain(model.description[name])
            reason = f"model {model.model_id} lists {name} {found}; the circuit of {network} has {wanted}"
            self._findings.require(found == wanted, "circuit", reason, entry)
        return network, circuit.facts.vk_sha256

    def _circuit(self, network: str) -> Circuit | None:
        if network in self.by_network:
            return self.by_network[network]
        try:
            circuit = actions.ready_circuit(lambda stage: self._progress(f"{network}: {stage}"), network)
            if self._rebuild:
                self._build_again(circuit)
        except ArtifactError as error:
            self._findings.say("circuit", f"{network}: {error.message}", stage=Stage.FOUNDATION)
            return None
        self.by_network[network] = circuit
        return circuit

    def _build_again(self, circuit: Circuit) -> None:
        """Once for these files and this ezkl: the state remembers it."""
        network, words = circuit.facts.network, f"{version('ezkl')} {circuit.facts.to_json()}"
        digest = hashlib.sha256(f"irisproof rebuilt circuit v1 {words}".encode()).hexdigest()
        if digest not in self._state.verified:
            self._progress(f"{network}: building it again")
            _require_same(circuit, rebuild(network))
            self._progress(f"{network}: soundness gates")
            pass_gates(circuit)
            refuse_mutations(circuit)
            self._state.add({digest})
        self.rebuilt.append(network)


def rebuild(network: str) -> tuple[CircuitFacts, dict[str, bytes]]:
    """Build a circuit in a process, a HOME and a build folder that hold nothing: its facts and public files.

    Raises `ArtifactFailed` where the build fails, with its own words.
    """
    with tempfile.TemporaryDirectory(prefix="irisproof-audit-") as folder:
        home, build, temporary = (Path(folder, name) for name in ("home", "build", "tmp"))
        for made in (home, temporary):
            made.mkdir()  # what a build that is stopped leaves in them goes with the folder
        environment = {"HOME": str(home), "IRISPROOF_HOME": str(build), "TMPDIR": str(temporary)}
        environment["PATH"] = os.environ.get("PATH", "")
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "circuit", "build", "--network", network, "--json"],
            cwd=root_dir(),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            words = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
            raise ArtifactFailed(f"building it from the ONNX file failed: {words[0]}")
        circuit = build / "circuits" / f"{network}-{SrsSource.DERIVED.value}"
        files = {name: (circuit / name).read_bytes() for name in ("settings.json", "vk", "verifier.sol")}
        return CircuitFacts.from_json(json.dumps(json.loads(done.stdout))), files


def _require_same(circuit: Circuit, again: tuple[CircuitFacts, dict[str, bytes]]) -> None:
    """The circuit that is used here, the one that was just built and the committed verifier are the same bytes."""
    facts, files = again
    if facts != circuit.facts:
        raise ArtifactFailed("building it again gave another circuit than the one here")
    for path in (circuit.settings, circuit.vk, circuit.verifier):
        if path.read_bytes() != files[path.name]:
            raise ArtifactFailed(f"building it again gave another {path.name}")
    if files["verifier.sol"] != read_pinned(f"verifier_{facts.network}"):
        raise ArtifactFailed("the committed verifier is not the one that the build writes")


def _listing(facts: CircuitFacts) -> dict[str, Any]:
    """What a model of this circuit has to list, as `_plain` shows it; the verifier's address is free."""
    texture, mask = PlaneName(facts.texture_plane), PlaneName(facts.mask_plane)
    return {
        "settingsHash": facts.settings_sha256,
        "srsHash": facts.srs_sha256,
        "vkHash": facts.vk_sha256,
        "texturePlane": plane_hash(texture).hex(),
        "maskPlane": plane_hash(mask).hex(),
        "verifierCodeHash": load_contract(verifier_name(facts.network)).runtime_hash.hex(),
        "blindingConstant": facts.blinding_constant,
        "proofLength": facts.proof_bytes,
        "k": facts.k,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return bytes(value).hex()
    return (int(value["x"]), int(value["y"])) if hasattr(value, "keys") else value
