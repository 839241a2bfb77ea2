"""Canonical or refused: both sides of each boundary, with hand-typed moduli."""

from __future__ import annotations

import pytest

from protocol.errors import EncodingError
from protocol.field import BASE_FIELD, SCALAR_FIELD, require_base, require_scalar

R = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
Q = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47


def test_the_fields_are_those_of_bn254() -> None:
    assert (SCALAR_FIELD, BASE_FIELD) == (R, Q)


@pytest.mark.parametrize("value", [0, 1, R - 1])
def test_require_scalar_of_a_canonical_value_gives_it_back(value: int) -> None:
    assert require_scalar(value, "x") == value


@pytest.mark.parametrize("value", [-1, R, R + 1, 1 << 256])
def test_require_scalar_outside_the_field_is_refused(value: int) -> None:
    with pytest.raises(EncodingError, match=r"x is not canonical: it lies outside 0\.\.r-1"):
        require_scalar(value, "x")


@pytest.mark.parametrize("value", [0, R, Q - 1])
def test_require_base_of_a_canonical_value_gives_it_back(value: int) -> None:
    assert require_base(value, "x") == value


@pytest.mark.parametrize("value", [-1, Q, 1 << 256])
def test_require_base_outside_the_field_is_refused(value: int) -> None:
    with pytest.raises(EncodingError, match=r"0\.\.q-1"):
        require_base(value, "x")


@pytest.mark.parametrize("value", [True, 1.0, "1", None])
def test_what_is_no_integer_is_refused(value: object) -> None:
    with pytest.raises(EncodingError, match="must be an integer"):
        require_scalar(value, "x")  # type: ignore[arg-type]


def test_a_refused_value_is_not_shown() -> None:
    with pytest.raises(EncodingError) as caught:
        require_scalar(R + 123456789, "salt")
    assert str(R + 123456789) not in str(caught.value)
