"""ONNX file -> settings, keys and Solidity verifier, with every gate that a sound circuit must pass.

The same ONNX file and SRS give the same bytes on any machine: ezkl starts from an empty HOME, and the one field that
would differ (the time stamp in the settings) is set to zero.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from circuits.iris._felts import felt_to_int, to_felts
from circuits.iris._worker import require_prover, run_job
from circuits.iris.bounds import sign_input_bounds
from circuits.iris.circuit import FACTS_FILE, Circuit, CircuitFacts, circuit_dir, sha256_of
from circuits.iris.commit import unusable_rows_constant
from circuits.iris.network import Network, evaluate, load_network
from circuits.iris.wiring import audit_wiring, read_wiring
from circuits.srs import SrsSource, srs_file
from protocol.errors import ArtifactFailed
from protocol.pins import pin, read_pinned
from protocol.types import G1Point

__all__ = [
    "CIRCUIT_K",
    "MAX_VERIFIER_BYTES",
    "Progress",
    "build_circuit",
    "check_bounds",
    "check_pins",
    "check_settings",
    "verifier_name",
]

CIRCUIT_K = {"iris_v1": 13, "iris_v2": 14}
"""log2 of the rows of each network's circuit: the fewest that hold it in one block with one inner column, which is
the cheapest proof on chain."""

MAX_VERIFIER_BYTES = 24_576
"""EIP-170: the largest contract."""

# Rows at the end of every column that halo2 keeps for blinding: ezkl's circuit has 5 blinding factors.
UNUSABLE_ROWS = 6

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Workplace:
    """The folder of a build in progress, and what every job of it needs."""

    folder: Path
    network: Network
    k: int
    source: SrsSource
    srs: Path

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def files(self) -> dict[str, str]:
        names = {
            "onnx": "network.onnx",
            "settings": "settings.json",
            "compiled": "circuit.ezkl",
            "vk": "vk",
            "pk": "pk",
        }
        return {job_name: self.path(file) for job_name, file in names.items()} | {"srs": str(self.srs)}


def build_circuit(
    network_name: str, source: SrsSource = SrsSource.DERIVED, progress: Progress = lambda _: None
) -> Circuit:
    """Build the circuit of a pinned network into the build folder; a finished one is replaced in one step.

    Raises `ArtifactFailed` if a gate says no: einsum columns, a pre-activation outside the lookup range or other than
    the network's metadata says, wiring that is not the network's, a witness other than the integer reference, or
    other hashes than the pinned ones (for the derived SRS). The verifier's size is checked where it is compiled.
    Raises `ArtifactAbsent` without ezkl.
    """
    require_prover()
    data = read_pinned(f"onnx_{network_name}")
    network = load_network(data)
    k = CIRCUIT_K[network_name]
    target = circuit_dir(network_name, source)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as folder:
        work = _Workplace(Path(folder), network, k, source, srs_file(k, source))
        (work.folder / "network.onnx").write_bytes(data)
        progress("settings and gates")
        lookup_range = check_bounds(network)
        _write_settings(work, lookup_range)
        progress("keys")
        rows = _trim_rows(work)
        progress("wiring audit")
        audit_wiring(network, read_wiring((work.folder / "pk").read_bytes(), k))
        progress("verifier")
        _write_verifier(work)
        progress("trial proof")
        proof_bytes, constant = _try_out(work)
        facts = _facts(work, lookup_range, (rows, proof_bytes, constant))
        if source is SrsSource.DERIVED:
            check_pins(facts)
        (work.folder / FACTS_FILE).write_text(facts.to_json())
        _move_into_place(work.folder, target)
    return Circuit(facts, target, work.srs)


def check_pins(facts: CircuitFacts) -> None:
    """Raise `ArtifactFailed` unless settings, verifying key and verifier are the pinned ones."""
    found = {"settings": facts.settings_sha256, "vk": facts.vk_sha256, "verifier": facts.verifier_sha256}
    for kind, sha256 in found.items():
        pinned = pin(f"{kind}_{facts.network}").sha256
        if sha256 != pinned:
            raise ArtifactFailed(
                f"the {kind} of {facts.network} came out with sha256 {sha256}, pinned is {pinned}",
                hint="is it the pinned ezkl? a changed circuit is a new model: pin it under a new name",
            )


def check_bounds(network: Network) -> tuple[int, int]:
    """The lookup range that the network needs. Raises `ArtifactFailed` where its file says another."""
    bounds = sign_input_bounds(network)
    if bounds != network.pre_activation_bounds:
        raise ArtifactFailed(f"pre-activations reach {bounds}; the network's file says {network.pre_activation_bounds}")
    return -max(bounds), max(bounds)


def _write_settings(work: _Workplace, lookup_range: tuple[int, int]) -> None:
    """Integers only (scales 0), a commitment on every input and output, and no Freivalds, whose einsum is unsound."""
    run_args = {
        "input_scale": 0,
        "param_scale": 0,
        "input_visibility": "polycommit",
        "output_visibility": "polycommit",
        "param_visibility": "fixed",
        "disable_freivalds": True,
        "ignore_range_check_inputs_outputs": True,
        "num_inner_cols": 1,
        "logrows": work.k,
        "lookup_range": list(lookup_range),
    }
    run_job("settings", {"run_args": run_args, **work.files()})
    settings = _read_settings(work)
    check_settings(settings, lookup_range)
    # ezkl's planner also counts slices and concatenations, which cost nothing: start from one whole block
    _set_rows(work, settings, (1 << work.k) - UNUSABLE_ROWS)


def check_settings(settings: dict[str, object], lookup_range: tuple[int, int]) -> None:
    """Raise `ArtifactFailed` for einsum columns and for settings other than were asked for."""
    run_args = settings["run_args"]
    assert isinstance(run_args, dict)
    einsum = settings["einsum_params"]
    assert isinstance(einsum, dict)
    if einsum["total_einsum_col_size"] != 0:
        raise ArtifactFailed(f"the circuit has {einsum['total_einsum_col_size']} einsum cells, which prove nothing")
    demanded = {
        "disable_freivalds": True,
        "input_scale": 0,
        "param_scale": 0,
        "input_visibility": "KZGCommit",
        "output_visibility": "KZGCommit",
        "lookup_range": list(lookup_range),
    }
    for name, value in demanded.items():
        if run_args[name] != value:
            raise ArtifactFailed(f"ezkl wrote {name} = {run_args[name]} into the settings, not {value}")


def _read_settings(work: _Workplace) -> dict[str, object]:
    settings: dict[str, object] = json.loads((work.folder / "settings.json").read_text())
    return settings


def _set_rows(work: _Workplace, settings: dict[str, object], rows: int) -> None:
    settings |= {"num_rows": rows, "total_assignments": rows, "timestamp": 0}
    (work.folder / "settings.json").write_text(json.dumps(settings, sort_keys=True) + "\n")


def _trim_rows(work: _Workplace) -> int:
    """Set up with one whole block, read from the proving key which rows are tied to anything, set up with those."""
    run_job("set_up", work.files())
    rows = read_wiring((work.folder / "pk").read_bytes(), work.k).rows_used
    _set_rows(work, _read_settings(work), rows)
    run_job("set_up", work.files())
    return rows


def _write_verifier(work: _Workplace) -> None:
    made = work.folder / "generated.sol"
    run_job("solidity", {"solidity": str(made), "abi": work.path("generated.abi"), **work.files()})
    name = verifier_name(work.network.name)
    source = made.read_text()
    if source.count("contract Halo2Verifier") != 1:
        raise ArtifactFailed("ezkl's generated verifier is not the contract that we know")
    head = f"// Generated from {work.network.name}.onnx by `irisproof circuit build`; do not edit.\n"
    lines = [line.rstrip() for line in source.replace("contract Halo2Verifier", f"contract {name}").splitlines()]
    spdx, body = lines[0], "\n".join(lines[1:])
    (work.folder / "verifier.sol").write_text(f"{spdx}\n{head}{body}\n")
    made.unlink()


def _try_out(work: _Workplace) -> tuple[int, G1Point]:
    """Prove one public example: the witness must be the integer reference's, the proof's head our commitments."""
    rng = np.random.default_rng(0)
    inputs = {}
    for plane in work.network.planes:
        low, high = (0, 2) if plane.is_mask else (1, 256)
        inputs[plane] = rng.integers(low, high, plane.cells + work.network.salts)
    expected = evaluate(work.network, inputs)[0]
    felts = [to_felts(inputs[plane].tolist()) for plane in work.network.planes]
    code = to_felts(expected.tolist())
    if run_job("evaluate", {"inputs": [felts], **work.files()})["outputs"] != [code]:
        raise ArtifactFailed("the circuit's witness is not what the network gives on integers")
    proof = bytes.fromhex(run_job("prove", {"felts": felts, "expected": code, **work.files()})["proof"][2:])
    constant = unusable_rows_constant(work.k, UNUSABLE_ROWS, work.source)
    zero = run_job("commit", {"felts": to_felts([0] * expected.size), **work.files()})["points"]
    if [felt_to_int(coordinate) for coordinate in zero[0]] != [constant.x, constant.y]:
        raise ArtifactFailed(f"ezkl's commitment to nothing is not that of {UNUSABLE_ROWS} unusable rows")
    vectors = [inputs[plane].tolist() for plane in work.network.planes] + [expected.tolist()]
    for position, vector in enumerate(vectors):
        points = run_job("commit", {"felts": to_felts(vector), **work.files()})["points"]
        head = G1Point.from_bytes(proof[64 * position : 64 * position + 64])
        if [felt_to_int(coordinate) for coordinate in points[0]] != [head.x, head.y]:
            raise ArtifactFailed(f"the proof's commitment {position} is not that of the committed vector")
    return len(proof), constant


def verifier_name(network: str) -> str:
    """The contract's name: iris_v1 -> IrisVerifierV1."""
    family, version = network.split("_")
    return f"{family.capitalize()}Verifier{version.upper()}"


def _facts(work: _Workplace, lookup_range: tuple[int, int], results: tuple[int, int, G1Point]) -> CircuitFacts:
    rows, proof_bytes, constant = results
    texture, mask = work.network.planes
    return CircuitFacts(
        network=work.network.name,
        srs_source=work.source.value,
        k=work.k,
        rows=rows,
        lookup_range=lookup_range,
        texture_plane=texture.value,
        mask_plane=mask.value,
        symbols=work.network.symbols,
        salts=work.network.salts,
        proof_bytes=proof_bytes,
        blinding_constant=(constant.x, constant.y),
        onnx_sha256=sha256_of(work.folder / "network.onnx"),
        settings_sha256=sha256_of(work.folder / "settings.json"),
        srs_sha256=sha256_of(work.srs),
        vk_sha256=sha256_of(work.folder / "vk"),
        pk_sha256=sha256_of(work.folder / "pk"),
        compiled_sha256=sha256_of(work.folder / "circuit.ezkl"),
        verifier_sha256=sha256_of(work.folder / "verifier.sol"),
    )


def _move_into_place(made: Path, target: Path) -> None:
    """Rename the finished folder to its place; an older one is moved aside first, then removed."""
    aside = made.with_name(f"{made.name}-old")
    if target.exists():
        target.rename(aside)
    made.rename(target)
    shutil.rmtree(aside, ignore_errors=True)
    made.mkdir()  # the temporary directory's own clean-up expects it
