"""Poseidon equals circomlibjs, and its two implementations equal each other."""

import json
import random
from pathlib import Path

import pytest

from circuits.semaphore.poseidon import poseidon, poseidon_reference
from protocol.errors import EncodingError
from protocol.field import SCALAR_FIELD

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "semaphore.json").read_text())


@pytest.mark.parametrize("count", [0, 17])
def test_wrong_number_of_inputs_is_refused(count):
    with pytest.raises(EncodingError, match=f"1..16 inputs, not {count}"):
        poseidon([1] * count)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("value", [-1, SCALAR_FIELD, SCALAR_FIELD + 1, 1 << 256])
def test_input_that_is_not_canonical_is_refused(count, value):
    for place in range(count):
        inputs = [1] * count
        inputs[place] = value
        with pytest.raises(EncodingError, match="not canonical"):
            poseidon(inputs)
        with pytest.raises(EncodingError, match="not canonical"):
            poseidon_reference(inputs)


@pytest.mark.parametrize("name", VECTORS["poseidon"])
def test_poseidon_equals_circomlibjs(name):
    inputs = list(range(1, int(name[1:]) + 1))
    assert poseidon(inputs) == poseidon_reference(inputs) == int(VECTORS["poseidon"][name])


def test_both_implementations_agree_at_the_edges_and_at_random():
    generator = random.Random(3)
    pairs = [(0, 0), (0, SCALAR_FIELD - 1), (SCALAR_FIELD - 1, SCALAR_FIELD - 1)]
    pairs += [(generator.randrange(SCALAR_FIELD), generator.randrange(SCALAR_FIELD)) for _ in range(50)]
    for pair in pairs:
        assert poseidon(pair) == poseidon_reference(pair)
