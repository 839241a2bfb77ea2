"""Poseidon over the BN254 scalar field, as circomlib and Semaphore use it.

Two inputs, the case of every tree node, commitment and nullifier, go to light-poseidon (30 microseconds). Other
numbers of inputs are computed here, with the constants derived by the procedure that the Poseidon paper publishes
(eprint 2019/458, appendix F: Grain LFSR, x^5, n = 254), so that no table has to be believed. The tests compare the two
with each other and with circomlibjs. Not constant-time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from protocol.errors import EncodingError
from protocol.field import SCALAR_FIELD, require_scalar

try:
    from light_poseidon_python import Hasher
except ImportError:  # it is built for no phone, and publishes no sources: the reference does, ten times slower
    Hasher = None

__all__ = ["poseidon", "poseidon_reference"]

_FULL_ROUNDS = 8
_PARTIAL_ROUNDS = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)  # for 1..16 inputs (circomlib)
_FIELD_BITS = 254

_Constants = tuple[list[int], list[list[int]]]


def poseidon(inputs: Sequence[int]) -> int:
    """The hash of 1 to 16 field elements.

    Raises `EncodingError` for another number of them, or one that is not canonical (it would alias a smaller one).
    """
    if len(inputs) == 2 and Hasher is not None:
        left, right = inputs
        require_scalar(left, "Poseidon input")
        require_scalar(right, "Poseidon input")
        return int(Hasher(2).hash([left, right]))
    return poseidon_reference(inputs)


def poseidon_reference(inputs: Sequence[int]) -> int:
    """The same function for any number of inputs, in plain Python; 0.3 ms for two."""
    if not 1 <= len(inputs) <= len(_PARTIAL_ROUNDS):
        raise EncodingError(f"Poseidon takes 1..{len(_PARTIAL_ROUNDS)} inputs, not {len(inputs)}")
    for value in inputs:
        require_scalar(value, "Poseidon input")
    width = len(inputs) + 1
    constants, matrix = _constants(width)
    partial = _PARTIAL_ROUNDS[width - 2]
    first_half = _FULL_ROUNDS // 2
    state = [0, *inputs]
    for round_number in range(_FULL_ROUNDS + partial):
        offset = round_number * width
        state = [value + constants[offset + index] for index, value in enumerate(state)]
        if first_half <= round_number < first_half + partial:
            state[0] = pow(state[0], 5, SCALAR_FIELD)
        else:
            state = [pow(value, 5, SCALAR_FIELD) for value in state]
        state = [sum(m * value for m, value in zip(row, state, strict=True)) % SCALAR_FIELD for row in matrix]
    return state[0]


def _grain_bits(width: int, partial: int) -> Iterator[int]:
    """The self-shrinking Grain LFSR, seeded with field type, S-box, n, t and the numbers of rounds."""
    state: list[int] = []
    for value, bits in ((1, 2), (0, 4), (_FIELD_BITS, 12), (width, 12), (_FULL_ROUNDS, 10), (partial, 10)):
        state += [(value >> (bits - 1 - place)) & 1 for place in range(bits)]
    state += [1] * 30

    def step() -> int:
        bit = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
        state.pop(0)
        state.append(bit)
        return bit

    for _ in range(160):
        step()
    while True:
        keep, bit = step(), step()
        if keep:
            yield bit


@cache
def _constants(width: int) -> _Constants:
    """Round constants and the MDS matrix for a state of `width` elements."""
    partial = _PARTIAL_ROUNDS[width - 2]
    bits = _grain_bits(width, partial)

    def draw() -> int:
        value = 0
        for _ in range(_FIELD_BITS):
            value = value << 1 | next(bits)
        return value

    constants: list[int] = []
    while len(constants) < (_FULL_ROUNDS + partial) * width:
        value = draw()
        if value < SCALAR_FIELD:  # rejection for the constants, reduction for the matrix: so the paper's script has it
            constants.append(value)
    while True:
        values = [draw() % SCALAR_FIELD for _ in range(2 * width)]
        rows, columns = values[:width], values[width:]
        sums = [(row + column) % SCALAR_FIELD for row in rows for column in columns]
        if len(set(values)) == 2 * width and 0 not in sums:
            break
    matrix = [[pow(row + column, -1, SCALAR_FIELD) for column in columns] for row in rows]
    return constants, matrix
