"""The gates that an auditor runs again: a built circuit passes, a circuit or network that was changed does not."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from circuits.iris import gates
from circuits.iris.bounds import output_bounds
from circuits.iris.circuit import Circuit
from circuits.iris.network import Network, load_network
from protocol.errors import ArtifactFailed
from protocol.pins import read_pinned


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(read_pinned("onnx_iris_v1"))


def test_a_built_circuit_passes_every_gate(each_circuit: Circuit) -> None:
    passed: list[str] = []
    gates.pass_gates(each_circuit, passed.append)
    assert passed == list(gates.GATES)


def test_symbols_reach_both_ends_of_their_domain_and_no_further(network: Network) -> None:
    assert output_bounds(network) == (-1, 1)


def test_a_lookup_range_other_than_needed_is_refused(circuit: Circuit, network: Network) -> None:
    low, high = circuit.facts.lookup_range
    facts = dataclasses.replace(circuit.facts, lookup_range=(low, high - 1))
    with pytest.raises(ArtifactFailed, match="lookup range"):
        gates.lookups_within_range(dataclasses.replace(circuit, facts=facts), network)


def test_another_count_of_symbols_is_refused(circuit: Circuit, network: Network) -> None:
    facts = dataclasses.replace(circuit.facts, symbols=circuit.facts.symbols + 1)
    with pytest.raises(ArtifactFailed, match="symbol"):
        gates.symbols_in_domain(dataclasses.replace(circuit, facts=facts), network)


def test_symbols_outside_their_domain_are_refused(
    circuit: Circuit, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bounds in ((-2, 1), (-1, 2)):
        monkeypatch.setattr(gates, "output_bounds", lambda _, found=bounds: found)
        with pytest.raises(ArtifactFailed, match="from"):
            gates.symbols_in_domain(circuit, network)


def test_einsum_columns_are_refused(circuit: Circuit, network: Network, tmp_path: Path) -> None:
    folder = tmp_path / "circuit"
    shutil.copytree(circuit.folder, folder)
    settings = json.loads((folder / "settings.json").read_text())
    settings["einsum_params"]["total_einsum_col_size"] = 1
    (folder / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(ArtifactFailed, match="einsum"):
        gates.no_einsum_columns(dataclasses.replace(circuit, folder=folder), network)


def test_the_key_of_another_network_is_refused(circuit: Circuit) -> None:
    with pytest.raises(ArtifactFailed):
        gates.wired_as_the_network(circuit, load_network(read_pinned("onnx_iris_v2")))


def test_a_witness_other_than_the_reference_is_refused(
    circuit: Circuit, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = gates.run_job

    def other(job: str, arguments: dict[str, object]) -> dict[str, object]:
        outputs = honest(job, arguments)["outputs"]
        outputs[-1][0] = "01" + 31 * "00" if outputs[-1][0] != "01" + 31 * "00" else 32 * "00"
        return {"outputs": outputs}

    monkeypatch.setattr(gates, "run_job", other)
    with pytest.raises(ArtifactFailed, match="on integers"):
        gates.witness_is_the_reference(circuit, network)
