"""What is known of a built circuit, where its files are, and how they are checked before use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from circuits.artifacts import build_dir
from circuits.srs import SrsSource, srs_file
from protocol.errors import ArtifactAbsent, ArtifactFailed
from protocol.types import G1Point

__all__ = ["FACTS_FILE", "Circuit", "CircuitFacts", "circuit_dir", "load_circuit", "load_proving_circuit"]

FACTS_FILE = "circuit.json"
FACTS_VERSION = 1


@dataclass(frozen=True)
class CircuitFacts:
    """The build's results. Hashes are SHA-256, hex. `blinding_constant` is the commitment to the unusable rows,
    which hold 1: what a commitment in a proof has more than a raw one. `rows` is what the circuit uses of 2^k."""

    network: str
    srs_source: str
    k: int
    rows: int
    lookup_range: tuple[int, int]
    texture_plane: str
    mask_plane: str
    symbols: int
    salts: int
    proof_bytes: int
    blinding_constant: tuple[int, int]
    onnx_sha256: str
    settings_sha256: str
    srs_sha256: str
    vk_sha256: str
    pk_sha256: str
    compiled_sha256: str
    verifier_sha256: str

    @property
    def blinding_point(self) -> G1Point:
        return G1Point(*self.blinding_constant)

    def to_json(self) -> str:
        return json.dumps({"version": FACTS_VERSION, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> CircuitFacts:
        """Raises `ArtifactFailed` for another version or a missing field."""
        try:
            data = json.loads(text)
            if data.pop("version") != FACTS_VERSION:
                raise ArtifactFailed("the circuit's description is of an unknown version", hint=_BUILD)
            for name in ("lookup_range", "blinding_constant"):
                data[name] = tuple(data[name])
            return cls(**{field.name: data[field.name] for field in fields(cls)})
        except (ValueError, KeyError, TypeError) as error:
            raise ArtifactFailed("the circuit's description cannot be read", hint=_BUILD) from error


@dataclass(frozen=True)
class Circuit:
    """A built circuit: its facts and its files."""

    facts: CircuitFacts
    folder: Path
    srs: Path

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def compiled(self) -> Path:
        return self.folder / "circuit.ezkl"

    @property
    def vk(self) -> Path:
        return self.folder / "vk"

    @property
    def pk(self) -> Path:
        return self.folder / "pk"

    @property
    def verifier(self) -> Path:
        """The Solidity source of the generated verifier."""
        return self.folder / "verifier.sol"

    def paths(self) -> dict[str, str]:
        """The files as the prover's jobs name them."""
        files = {"settings": self.settings, "compiled": self.compiled, "vk": self.vk, "pk": self.pk, "srs": self.srs}
        return {name: str(path) for name, path in files.items()}


_BUILD = "run: irisproof circuit build"


def circuit_dir(network: str, source: SrsSource) -> Path:
    """Where the circuit of `network` under the SRS of `source` is built."""
    return build_dir("circuits") / f"{network}-{source.value}"


def load_circuit(network: str, source: SrsSource = SrsSource.DERIVED) -> Circuit:
    """A built circuit whose files are those that the build wrote.

    Raises `ArtifactAbsent` where nothing was built and `ArtifactFailed` where a file was changed since.
    """
    circuit = _described(network, source)
    _require_as_built(circuit, {circuit.verifier: circuit.facts.verifier_sha256})
    return load_proving_circuit(network, source)


def load_proving_circuit(network: str, source: SrsSource = SrsSource.DERIVED) -> Circuit:
    """As `load_circuit`, without the verifier's Solidity source, which a device that only proves does not have."""
    circuit = _described(network, source)
    facts = circuit.facts
    expected = {
        circuit.settings: facts.settings_sha256,
        circuit.compiled: facts.compiled_sha256,
        circuit.vk: facts.vk_sha256,
        circuit.pk: facts.pk_sha256,
    }
    _require_as_built(circuit, expected)
    return circuit


def _described(network: str, source: SrsSource) -> Circuit:
    folder, hint = circuit_dir(network, source), f"{_BUILD} --network {network}"
    try:
        facts = CircuitFacts.from_json((folder / FACTS_FILE).read_text())
    except FileNotFoundError:
        raise ArtifactAbsent(f"the circuit of {network} has not been built", hint=hint) from None
    return Circuit(facts, folder, srs_file(facts.k, source))


def _require_as_built(circuit: Circuit, expected: Mapping[Path, str]) -> None:
    network = circuit.facts.network
    hint = f"{_BUILD} --network {network}"
    for path, sha256 in expected.items():
        if not path.exists():
            raise ArtifactAbsent(f"{path.name} of the circuit of {network} is missing", hint=hint)
        if sha256_of(path) != sha256:
            raise ArtifactFailed(f"{path.name} of the circuit of {network} changed since it was built", hint=hint)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
