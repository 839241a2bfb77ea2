"""BN254: the two prime fields of every commitment and proof, and the checks that keep values canonical.

Sources: EIP-196 (curve y^2 = x^3 + 3 over F_q, group order r).
"""

from __future__ import annotations

from protocol.errors import EncodingError

SCALAR_FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""r, the order of the BN254 group: proofs' public inputs and committed values live here."""

BASE_FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""q, the field of point coordinates."""


def require_scalar(value: int, name: str) -> int:
    """Return `value` if 0 <= value < r, else raise `EncodingError` (a value >= r would alias a smaller one)."""
    return _require_below(value, SCALAR_FIELD, name, "r")


def require_base(value: int, name: str) -> int:
    """Return `value` if 0 <= value < q, else raise `EncodingError`."""
    return _require_below(value, BASE_FIELD, name, "q")


def _require_below(value: int, modulus: int, name: str, symbol: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise EncodingError(f"{name} must be an integer, not {type(value).__name__}")
    if not 0 <= value < modulus:
        raise EncodingError(
            f"{name} is not canonical: it lies outside 0..{symbol}-1",
            hint="refuse the object it came from; honest software never writes such a value",
        )
    return value
