"""The build reproduces the pinned circuit, and each of its gates says no."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from circuits.iris import build
from circuits.iris._worker import run_job
from circuits.iris.bounds import sign_input_bounds
from circuits.iris.build import build_circuit, check_pins
from circuits.iris.circuit import Circuit, CircuitFacts, load_circuit, sha256_of
from circuits.iris.network import load_network
from circuits.srs import SrsSource
from protocol.errors import ArtifactAbsent, ArtifactFailed
from protocol.pins import pin, read_pinned, root_dir


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty build folder and an empty HOME."""
    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path / "build"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "build"


def test_the_built_circuit_is_the_pinned_one(each_circuit: Circuit) -> None:
    """In a clean clone with an empty HOME, too: tests/end_to_end/test_clean_clone.py."""
    network = each_circuit.facts.network
    assert sha256_of(each_circuit.vk) == pin(f"vk_{network}").sha256
    assert sha256_of(each_circuit.settings) == pin(f"settings_{network}").sha256


def test_the_committed_verifier_is_the_one_that_the_build_writes(each_circuit: Circuit) -> None:
    assert each_circuit.verifier.read_bytes() == read_pinned(f"verifier_{each_circuit.facts.network}")


RunJob = Callable[..., Any]


@pytest.fixture
def keys_at_hand(circuit: Circuit) -> RunJob:
    """`run_job` that takes what `set_up` makes for iris_v1 from where it was made: a build without it ends the same."""

    def job(name: str, arguments: dict[str, Any], *, private: bool = False) -> object:
        if name != "set_up":
            return run_job(name, arguments, private=private)
        for file in ("compiled", "vk", "pk"):
            shutil.copy(circuit.folder / Path(arguments[file]).name, arguments[file])
        return {}

    return job


def test_a_build_with_these_keys_is_the_same_circuit(
    circuit: Circuit, keys_at_hand: RunJob, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "run_job", keys_at_hand)
    again = build_circuit("iris_v1")
    assert again.folder.is_relative_to(elsewhere)
    assert again.facts == circuit.facts


def test_build_under_the_development_srs_gives_another_key(circuit: Circuit, elsewhere: Path) -> None:
    assert build_circuit("iris_v1", SrsSource.DEVELOPMENT).facts.vk_sha256 != circuit.facts.vk_sha256


def test_a_failed_build_leaves_nothing_behind(
    keys_at_hand: RunJob, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "run_job", keys_at_hand)
    monkeypatch.setattr(build, "audit_wiring", _refuse)
    with pytest.raises(ArtifactFailed, match="loose"):
        build_circuit("iris_v1")
    assert list((elsewhere / "circuits").iterdir()) == []


def test_the_rows_are_one_block_of_the_smallest_size_that_holds_them(each_circuit: Circuit) -> None:
    settings = json.loads(each_circuit.settings.read_text())
    rows, k = each_circuit.facts.rows, each_circuit.facts.k
    assert settings["run_args"]["num_inner_cols"] == 1
    assert settings["num_rows"] == settings["total_assignments"] == rows
    assert (1 << (k - 1)) - build.UNUSABLE_ROWS < rows <= (1 << k) - build.UNUSABLE_ROWS


@pytest.mark.parametrize(
    ("name", "bounds"),
    [("iris_v1", (6 * 255, 3 * 255)), ("iris_v2", (12 * 255, 6 * 255))],  # half the sizes of the taps, together
)
def test_bounds_are_those_of_the_kernels(name: str, bounds: tuple[int, int]) -> None:
    network = load_network(read_pinned(f"onnx_{name}"))
    assert sign_input_bounds(network) == network.pre_activation_bounds == bounds


@pytest.mark.parametrize("name", ["iris_v1", "iris_v2"])
def test_a_network_that_understates_its_bounds_is_refused(name: str) -> None:
    network = load_network(read_pinned(f"onnx_{name}"))
    even, odd = network.pre_activation_bounds
    with pytest.raises(ArtifactFailed, match=str(even)):
        build.check_bounds(dataclasses.replace(network, pre_activation_bounds=(even - 1, odd)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("disable_freivalds", False),
        ("input_scale", 7),
        ("param_scale", 7),
        ("input_visibility", "Private"),
        ("output_visibility", "Public"),
        ("lookup_range", [-1529, 1530]),
    ],
)
def test_settings_other_than_asked_for_are_refused(circuit: Circuit, field: str, value: object) -> None:
    settings = json.loads(circuit.settings.read_text())
    build.check_settings(settings, circuit.facts.lookup_range)
    settings["run_args"][field] = value
    with pytest.raises(ArtifactFailed, match=field):
        build.check_settings(settings, circuit.facts.lookup_range)


def test_a_circuit_with_einsum_columns_is_refused(circuit: Circuit) -> None:
    settings = json.loads(circuit.settings.read_text())
    settings["einsum_params"]["total_einsum_col_size"] = 1
    with pytest.raises(ArtifactFailed, match="einsum"):
        build.check_settings(settings, circuit.facts.lookup_range)


def test_a_network_with_a_matrix_product_is_refused() -> None:
    model = onnx.load_from_string(read_pinned("onnx_iris_v1"))
    next(node for node in model.graph.node if node.op_type == "Add").op_type = "MatMul"
    network = load_network(model.SerializeToString())
    with pytest.raises(ArtifactFailed, match="MatMul"):
        sign_input_bounds(network)


@pytest.mark.parametrize("data", [b"", b"not a network", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_a_file_that_is_no_network_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactFailed):
        load_network(data)


@pytest.mark.parametrize(
    ("kind", "field"), [("settings", "settings_sha256"), ("vk", "vk_sha256"), ("verifier", "verifier_sha256")]
)
def test_a_circuit_other_than_the_pinned_one_is_refused(each_circuit: Circuit, kind: str, field: str) -> None:
    check_pins(each_circuit.facts)
    with pytest.raises(ArtifactFailed, match=kind):
        check_pins(dataclasses.replace(each_circuit.facts, **{field: "00" * 32}))


@pytest.mark.parametrize("name", ["iris_v1", "iris_v2"])
def test_an_absent_circuit_says_how_to_build_it(elsewhere: Path, name: str) -> None:
    with pytest.raises(ArtifactAbsent) as caught:
        load_circuit(name)
    assert f"circuit build --network {name}" in caught.value.hint


def test_a_changed_or_missing_file_of_a_built_circuit_is_refused(circuit: Circuit, elsewhere: Path) -> None:
    folder = elsewhere / "circuits" / circuit.folder.name
    shutil.copytree(circuit.folder, folder)
    load_circuit("iris_v1")
    for name in ("settings.json", "circuit.ezkl", "vk", "pk", "verifier.sol"):
        whole = (folder / name).read_bytes()
        middle = len(whole) // 2
        (folder / name).write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        with pytest.raises(ArtifactFailed, match=name):
            load_circuit("iris_v1")
        (folder / name).unlink()
        with pytest.raises(ArtifactAbsent, match=name):
            load_circuit("iris_v1")
        (folder / name).write_bytes(whole)
    load_circuit("iris_v1")


@pytest.mark.parametrize("text", ["", "{}", '{"version": 2}', "[]"])
def test_an_unreadable_description_is_refused(text: str) -> None:
    with pytest.raises(ArtifactFailed):
        CircuitFacts.from_json(text)


def test_the_description_survives_its_json(circuit: Circuit) -> None:
    assert CircuitFacts.from_json(circuit.facts.to_json()) == circuit.facts


def test_the_verifying_key_and_settings_hold_no_path_of_the_machine(each_circuit: Circuit) -> None:
    for path in (each_circuit.settings, each_circuit.vk, each_circuit.verifier):
        assert str(root_dir()).encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("job", "spoil", "words"),
    [
        ("evaluate", lambda _: {"outputs": [["00" * 32] * 1952]}, "witness is not what the network gives"),
        ("prove", lambda result: {**result, "proof": "0x" + GENERATOR * 3 + result["proof"][386:]}, "commitment 0"),
        ("commit", lambda _: {"points": [["01" + "00" * 31, "02" + "00" * 31]]}, "unusable rows"),
    ],
)
@pytest.mark.usefixtures("elsewhere")
def test_a_trial_proof_of_something_else_fails_the_build(
    keys_at_hand: RunJob,
    monkeypatch: pytest.MonkeyPatch,
    job: str,
    spoil: Callable[[dict[str, Any]], object],
    words: str,
) -> None:
    def spoiled(name: str, arguments: dict[str, object], *, private: bool = False) -> object:
        result = keys_at_hand(name, arguments, private=private)
        return spoil(result) if name == job else result

    monkeypatch.setattr(build, "run_job", spoiled)
    with pytest.raises(ArtifactFailed, match=words):
        build_circuit("iris_v1")


@pytest.mark.usefixtures("elsewhere")
def test_a_verifier_of_another_make_fails_the_build(keys_at_hand: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_verifier(name: str, arguments: dict[str, str], *, private: bool = False) -> object:
        if name != "solidity":
            return keys_at_hand(name, arguments, private=private)
        Path(arguments["solidity"]).write_text("contract SomethingElse {}")
        return {}

    monkeypatch.setattr(build, "run_job", other_verifier)
    with pytest.raises(ArtifactFailed, match="not the contract that we know"):
        build_circuit("iris_v1")


GENERATOR = (1).to_bytes(32, "big").hex() + (2).to_bytes(32, "big").hex()


def _refuse(*_: object) -> None:
    raise ArtifactFailed("a loose cell")
