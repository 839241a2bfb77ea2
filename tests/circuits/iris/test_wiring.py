"""The wiring audit says no to every way of untying a cell that the next layer uses."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from circuits.iris.circuit import Circuit
from circuits.iris.network import Network, load_network
from circuits.iris.wiring import Wiring, audit_wiring, read_wiring
from protocol.errors import ArtifactFailed
from protocol.pins import read_pinned

TEXTURE, MASK, CODE, A, B, RESULT = range(6)
ADDITIONS = slice(0, 3840)
FIRST_SIGN_ROW = 3840
FIRST_PRODUCT_ROW = 4800


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(read_pinned("onnx_iris_v1"))


@pytest.fixture(scope="module")
def proving_key(circuit: Circuit) -> bytes:
    return circuit.pk.read_bytes()


@pytest.fixture(scope="module")
def wiring(circuit: Circuit, proving_key: bytes) -> Wiring:
    return read_wiring(proving_key, circuit.facts.k)


def _changed(wiring: Wiring, column: int, row: int, cell: int) -> Wiring:
    tied_to = wiring.tied_to.copy()
    tied_to[column, row] = cell
    return dataclasses.replace(wiring, tied_to=tied_to)


def test_the_circuit_of_v1_is_wired_as_its_network(network: Network, wiring: Wiring) -> None:
    audit_wiring(network, wiring)
    assert wiring.rows_used == 7680  # 4 additions, 2 signs and 2 products a cell, 960 cells


def test_the_circuit_of_v2_is_wired_as_its_network(circuit_v2: Circuit) -> None:
    network, wiring = _v2(circuit_v2)
    audit_wiring(network, wiring)
    assert wiring.rows_used == 16200  # 5 additions, 2 signs and 2 products a cell of 15 rows


# The first and last additions, signs and products; symbols of both kernels; the last row's, which are mask cells.
@pytest.mark.parametrize(
    ("column", "row"),
    [
        *((A, 0), (B, 8999), (A, 9000), (B, 10800), (A, 12600), (B, 16199), (RESULT, 0), (RESULT, 16199)),
        *((TEXTURE, 1919), (MASK, 1919), (CODE, 0), (CODE, 1800), (CODE, 1919), (CODE, 3839), (CODE, 3871)),
    ],
)
def test_a_cell_of_v2_that_is_tied_to_nothing_is_refused(circuit_v2: Circuit, column: int, row: int) -> None:
    network, wiring = _v2(circuit_v2)
    with pytest.raises(ArtifactFailed):
        audit_wiring(network, _changed(wiring, column, row, 31 * 16384 + row))


@cache
def _v2(circuit: Circuit) -> tuple[Network, Wiring]:
    return load_network(read_pinned("onnx_iris_v2")), read_wiring(circuit.pk.read_bytes(), circuit.facts.k)


@pytest.mark.parametrize(
    ("column", "row"),
    [
        (A, 0),
        (B, 0),
        (B, 3839),
        (A, FIRST_SIGN_ROW),
        (A, FIRST_PRODUCT_ROW),
        (B, FIRST_PRODUCT_ROW),
        (A, 7679),
        (B, 7679),
        (RESULT, 0),
        (RESULT, FIRST_SIGN_ROW),
        (RESULT, 7679),
        (TEXTURE, 0),
        (TEXTURE, 959),
        (MASK, 0),
        (CODE, 0),
        (CODE, 1919),
        (CODE, 1951),
        (TEXTURE, 991),
    ],
)
def test_a_cell_that_is_tied_to_nothing_is_refused(network: Network, wiring: Wiring, column: int, row: int) -> None:
    alone = 31 * 8192 + row  # a cell number that no column of this circuit has
    with pytest.raises(ArtifactFailed):
        audit_wiring(network, _changed(wiring, column, row, alone))


@pytest.mark.parametrize(("column", "row", "other"), [(A, 5, 6), (B, 100, 200), (CODE, 0, 1), (A, 7000, 7001)])
def test_two_swapped_ties_are_refused(network: Network, wiring: Wiring, column: int, row: int, other: int) -> None:
    tied_to = wiring.tied_to.copy()
    tied_to[column, [row, other]] = tied_to[column, [other, row]]
    with pytest.raises(ArtifactFailed):
        audit_wiring(network, dataclasses.replace(wiring, tied_to=tied_to))


def test_a_subtraction_with_its_operands_swapped_is_refused(network: Network, wiring: Wiring) -> None:
    subtraction = slice(1920, 2880)  # odd = box(+3) - box
    tied_to = wiring.tied_to.copy()
    tied_to[[A, B], subtraction] = tied_to[[B, A], subtraction]
    with pytest.raises(ArtifactFailed, match="rows from 1920 on"):
        audit_wiring(network, dataclasses.replace(wiring, tied_to=tied_to))


def test_two_values_sharing_one_tie_are_refused(network: Network, wiring: Wiring) -> None:
    shared = int(wiring.tied_to[TEXTURE, 3])
    with pytest.raises(ArtifactFailed):
        audit_wiring(network, _changed(wiring, MASK, 3, shared))


def test_rows_beyond_the_networks_are_refused(network: Network, wiring: Wiring) -> None:
    linked: npt.NDArray[np.bool_] = wiring.linked.copy()
    linked[A, 7680] = True
    with pytest.raises(ArtifactFailed, match="7681 rows"):
        audit_wiring(network, dataclasses.replace(wiring, linked=linked))


def test_a_proving_key_with_one_cut_tie_is_seen_in_its_bytes(
    circuit: Circuit, network: Network, proving_key: bytes
) -> None:
    """Write the identity over one value of a permutation polynomial: the cell then points at itself."""
    wiring = read_wiring(proving_key, circuit.facts.k)
    row = 10
    loose = _identity_value(column=B, row=row, k=circuit.facts.k)
    first = proving_key.find(_identity_value(column=6, row=0, k=circuit.facts.k))  # column 6 is tied to nothing
    offset = first - (6 - B) * (32 * 8192 + 4) + 32 * row
    cut = proving_key[:offset] + loose + proving_key[offset + 32 :]
    read = read_wiring(cut, circuit.facts.k)
    assert wiring.linked[B, row]
    assert not read.linked[B, row]
    with pytest.raises(ArtifactFailed):
        audit_wiring(network, read)


def test_a_file_without_permutation_polynomials_is_refused() -> None:
    with pytest.raises(ArtifactFailed, match="no permutation"):
        read_wiring(b"\x00" * 100_000, 13)


def _identity_value(column: int, row: int, k: int) -> bytes:
    from circuits.iris.wiring import _cell_values

    number = (column << k) + row
    return next(value for value, cell in _cell_values(k, column + 1).items() if cell == number)
