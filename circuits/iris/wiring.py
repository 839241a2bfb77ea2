"""Audit of the proving key's copy constraints: is every cell of the circuit wired as the network says?

A gate that is checked on cells which nothing ties to the next gate proves nothing (ezkl's Freivalds einsum is such a
case). The permutation polynomials of a halo2 proving key list every tie. This module reads them, runs the ONNX graph
over labels instead of numbers, and demands that the ties are exactly the graph's: each operand cell is the very cell
where its value was made, inputs and outputs are the committed columns, and no used cell stands alone.

What it does not show: which gate is switched on in a row (add or subtract). That is fixed by the verifying key,
which is a hash of the whole circuit, and checked by proving against the integer reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from circuits.iris.network import Grid, Network, Step, evaluate
from protocol.errors import ArtifactFailed
from protocol.field import SCALAR_FIELD

__all__ = ["Wiring", "audit_wiring", "read_wiring"]

# BN254's scalar field in halo2curves: 2^28 divides r - 1, and 7 generates the multiplicative group.
_TWO_ADICITY = 28
_GENERATOR = 7
_MONTGOMERY = pow(2, 256, SCALAR_FIELD)


@dataclass(frozen=True)
class Wiring:
    """`tied_to[column, row]` is the smallest cell number of the cycle that the cell belongs to; columns are those under
    the permutation, in order: one a committed input, one a committed output, then the two operands and the result."""

    tied_to: npt.NDArray[np.int64] = field(repr=False)  # (columns, rows)
    linked: npt.NDArray[np.bool_] = field(repr=False)  # (columns, rows): tied to another cell

    @property
    def rows_used(self) -> int:
        """Rows up to the last one with a tie outside the committed columns."""
        rows = np.flatnonzero(self.linked[_OPERAND_COLUMNS_FROM_END:].any(axis=0))
        return int(rows[-1]) + 1 if rows.size else 0


_OPERAND_COLUMNS_FROM_END = -4  # operand a, operand b, result, constants


def read_wiring(proving_key: bytes, k: int, columns_at_most: int = 32) -> Wiring:
    """Find the permutation polynomials in a halo2 proving key (raw bytes, Montgomery form, little-endian).

    The polynomial of column c has at row i the value delta^c' * omega^i' of the next cell (c', i') of the cycle.
    Raises `ArtifactFailed` if there are none.
    """
    rows = 1 << k
    cells = _cell_values(k, columns_at_most)
    polynomials = []
    for prefix in (rows.to_bytes(4, "big"), rows.to_bytes(4, "little")):
        start = proving_key.find(prefix)
        while start != -1:
            polynomial = _polynomial_at(proving_key, start + 4, rows, cells)
            if polynomial is not None:
                polynomials.append((start, polynomial))
            start = proving_key.find(prefix, start + 1)
    if not polynomials:
        raise ArtifactFailed("the proving key holds no permutation polynomials")
    following = np.array([polynomial for _, polynomial in sorted(polynomials)], np.int64)  # (columns, rows)
    tied_to = _cycles(following.ravel()).reshape(following.shape)
    linked = following != np.arange(following.size).reshape(following.shape)
    return Wiring(tied_to, linked)


def audit_wiring(network: Network, wiring: Wiring) -> None:
    """Raise `ArtifactFailed` unless the circuit's ties are those of the network, cell by cell.

    1. Input plane p's cells are column p; the output's are the column after the inputs.
    2. Rows are blocks, one an operation; a block's operands must be tied to where the operation's operands were made.
    3. Two different values never share a tie; every row in use belongs to a block.
    4. The output column is tied to the network's outputs, in order.
    """
    inputs = {plane: _labels(plane.cells + network.salts) for plane in network.planes}
    outputs, steps = evaluate(network, inputs, np.frompyfunc(lambda _: _Label(), 1, 1))
    made_at: dict[int, int] = {}
    for column, plane in enumerate(network.planes):
        _bind(made_at, inputs[plane], wiring.tied_to[column, : inputs[plane].size])
    rows = _place_steps(steps, wiring, made_at, first_column=len(network.planes) + 1)
    if wiring.rows_used != rows:
        raise ArtifactFailed(f"the circuit ties cells in {wiring.rows_used} rows; the network accounts for {rows}")
    output_column = wiring.tied_to[len(network.planes), : outputs.size]
    if not _matches(made_at, outputs, output_column):
        raise ArtifactFailed("the committed output is not tied to the network's output")


class _Label:
    """A value with no content but its identity; an operation makes a new one."""

    def __add__(self, _: _Label) -> _Label:
        return _Label()

    __sub__ = __mul__ = __add__


def _labels(count: int) -> Grid:
    grid = np.empty(count, dtype=object)
    grid[:] = [_Label() for _ in range(count)]
    return grid


def _place_steps(steps: list[Step], wiring: Wiring, made_at: dict[int, int], first_column: int) -> int:
    """Match blocks of rows with operations, in whichever order the prover laid them out; returns the rows matched."""
    a_column, b_column, out_column = wiring.tied_to[first_column : first_column + 3]
    waiting, row = list(steps), 0
    while waiting:
        for step in waiting:
            block = slice(row, row + step.out.size)
            if _matches(made_at, step.a, a_column[block]) and (
                step.b is None or _matches(made_at, step.b, b_column[block])
            ):
                _bind(made_at, step.out, out_column[block])
                break
        else:
            raise ArtifactFailed(f"the rows from {row} on are wired like no operation of the network")
        waiting.remove(step)
        row += step.out.size
    return row


def _matches(made_at: dict[int, int], labels: Grid, cells: npt.NDArray[np.int64]) -> bool:
    flat = labels.ravel()
    return len(cells) == flat.size and all(
        made_at.get(id(label)) == cell for label, cell in zip(flat, cells.tolist(), strict=True)
    )


def _bind(made_at: dict[int, int], labels: Grid, cells: npt.NDArray[np.int64]) -> None:
    taken = set(made_at.values())
    for label, cell in zip(labels.ravel(), cells.tolist(), strict=True):
        if cell in taken:
            raise ArtifactFailed("two different values of the network share one tie in the circuit")
        made_at[id(label)] = cell
        taken.add(cell)


def _cell_values(k: int, columns: int) -> dict[bytes, int]:
    """delta^c * omega^i, as stored, -> cell number c * 2^k + i."""
    root = pow(_GENERATOR, (SCALAR_FIELD - 1) >> _TWO_ADICITY, SCALAR_FIELD)
    omega = pow(root, 1 << (_TWO_ADICITY - k), SCALAR_FIELD)
    delta = pow(_GENERATOR, 1 << _TWO_ADICITY, SCALAR_FIELD)
    values: dict[bytes, int] = {}
    for column in range(columns):
        value = pow(delta, column, SCALAR_FIELD) * _MONTGOMERY % SCALAR_FIELD
        for row in range(1 << k):
            values[value.to_bytes(32, "little")] = (column << k) + row
            value = value * omega % SCALAR_FIELD
    return values


def _polynomial_at(data: bytes, offset: int, rows: int, cells: dict[bytes, int]) -> list[int] | None:
    """The cell numbers of the `rows` values from `offset` on, or None where one is not a cell's value."""
    if offset + 32 * rows > len(data):
        return None
    found = []
    for row in range(rows):
        cell = cells.get(data[offset + 32 * row : offset + 32 * row + 32])
        if cell is None:
            return None
        found.append(cell)
    return found


def _cycles(following: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each cell the smallest cell of its cycle."""
    smallest = np.full(following.size, -1, np.int64)
    for start in range(following.size):
        if smallest[start] != -1:
            continue
        cell = start
        while smallest[cell] == -1:
            smallest[cell] = start
            cell = int(following[cell])
    return smallest
