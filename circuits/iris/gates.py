"""The soundness gates of a built circuit, for those who did not build it. Each raises `ArtifactFailed`."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from circuits.iris._felts import to_felts
from circuits.iris._worker import run_job
from circuits.iris.bounds import output_bounds
from circuits.iris.build import check_bounds, check_settings
from circuits.iris.circuit import Circuit
from circuits.iris.network import Grid, Network, evaluate, load_network
from circuits.iris.wiring import audit_wiring, read_wiring
from protocol.errors import ArtifactFailed
from protocol.pins import read_pinned
from protocol.types import PlaneName

__all__ = ["GATES", "pass_gates", "random_inputs"]

_WITNESSES = 4


def no_einsum_columns(circuit: Circuit, network: Network) -> None:
    """Settings as asked for: no einsum columns, no Freivalds, integers only, a commitment on every input and output."""
    check_settings(json.loads(circuit.settings.read_text()), check_bounds(network))


def lookups_within_range(circuit: Circuit, network: Network) -> None:
    """Interval arithmetic over every cell: no input of a lookup leaves the range that the circuit has."""
    if circuit.facts.lookup_range != check_bounds(network):
        raise ArtifactFailed(f"the lookup range is {circuit.facts.lookup_range}, needed is {check_bounds(network)}")


def symbols_in_domain(circuit: Circuit, network: Network) -> None:
    """Every symbol is -1, 0 or 1 for any texture of bytes and mask of zeros and ones."""
    low, high = output_bounds(network)
    if low < -1 or high > 1 or circuit.facts.symbols != network.symbols:
        raise ArtifactFailed(f"a symbol may be anything from {low} to {high}")


def wired_as_the_network(circuit: Circuit, network: Network) -> None:
    """The permutation in the proving key ties every cell that a later operation uses to where it was made."""
    audit_wiring(network, read_wiring(circuit.pk.read_bytes(), circuit.facts.k))


def witness_is_the_reference(circuit: Circuit, network: Network) -> None:
    """ezkl's witness is what integer arithmetic gives on the ONNX file: random planes, the least, the most."""
    inputs = [random_inputs(network, seed) for seed in range(_WITNESSES)]
    for fill in (0, 255):
        inputs.append(
            {plane: _filled(network, plane, min(fill, 1) if plane.is_mask else fill) for plane in network.planes}
        )
    felts = [[to_felts(given[plane].tolist()) for plane in network.planes] for given in inputs]
    witnesses = run_job("evaluate", {"inputs": felts, **circuit.paths()})["outputs"]
    for given, witness in zip(inputs, witnesses, strict=True):
        if witness != to_felts(evaluate(network, given)[0].tolist()):
            raise ArtifactFailed("the circuit's witness is not what the network gives on integers")


GATES: dict[str, Callable[[Circuit, Network], None]] = {
    "no einsum columns": no_einsum_columns,
    "every lookup within its range": lookups_within_range,
    "symbols are -1, 0 or 1": symbols_in_domain,
    "wired as the network, cell by cell": wired_as_the_network,
    "witness is the integer reference": witness_is_the_reference,
}


def pass_gates(circuit: Circuit, passed: Callable[[str], None] = lambda _: None) -> None:
    """Run all gates, naming each that is passed. Raises `ArtifactFailed` at the first that is not."""
    network = load_network(read_pinned(f"onnx_{circuit.facts.network}"))
    for name, gate in GATES.items():
        gate(circuit, network)
        passed(name)


def random_inputs(network: Network, seed: int) -> dict[PlaneName, Grid]:
    """Planes of nobody's eye, salts and all: what a public example is proved of."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for plane in network.planes:
        low, high = (0, 2) if plane.is_mask else (1, 256)
        inputs[plane] = rng.integers(low, high, plane.cells + network.salts)
    return inputs


def _filled(network: Network, plane: PlaneName, value: int) -> Grid:
    return np.full(plane.cells + network.salts, value)
