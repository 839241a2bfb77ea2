"""How large the input of a sign lookup can get: interval arithmetic over the network, for every cell.

A value outside the lookup range is a proving failure for an honest person, so the range must cover the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from circuits.iris.network import Grid, Network, Step, evaluate

__all__ = ["output_bounds", "sign_input_bounds"]


@dataclass(frozen=True)
class _Interval:
    low: int
    high: int

    def __add__(self, other: _Interval) -> _Interval:
        return _Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: _Interval) -> _Interval:
        return _Interval(self.low - other.high, self.high - other.low)

    def __mul__(self, other: _Interval) -> _Interval:
        ends = [x * y for x in (self.low, self.high) for y in (other.low, other.high)]
        return _Interval(min(ends), max(ends))


def sign_input_bounds(network: Network) -> tuple[int, ...]:
    """The largest |input| of each sign lookup, in the graph's order, for any texture of 0..255 and mask of 0..1."""
    _, steps = _run(network)
    return tuple(max(max(-x.low, x.high) for x in step.a.ravel()) for step in steps if step.operation == "Tanh")


def output_bounds(network: Network) -> tuple[int, int]:
    """The least and the largest that any symbol of the output can be, for the same planes; salts are no symbols."""
    outputs, _ = _run(network)
    symbols = outputs.ravel()[: network.symbols]
    return min(x.low for x in symbols), max(x.high for x in symbols)


def _run(network: Network) -> tuple[Grid, list[Step]]:
    inputs: dict[object, Grid] = {}
    for plane in network.planes:
        cell = _Interval(0, 1) if plane.is_mask else _Interval(0, 255)
        inputs[plane] = _filled(plane.cells + network.salts, cell)
    sign = np.frompyfunc(lambda x: _Interval(-1 if x.low < 0 else 0, 1 if x.high > 0 else 0), 1, 1)
    return evaluate(network, inputs, sign)  # type: ignore[arg-type]


def _filled(count: int, value: _Interval) -> Grid:
    grid = np.empty(count, dtype=object)
    grid[:] = [value] * count
    return grid
