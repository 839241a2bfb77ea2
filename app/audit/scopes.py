"""Semaphore scopes, as the contracts make them."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

__all__ = ["scope_of"]


def scope_of(label: bytes, *parts: tuple[str, Any]) -> int:
    """keccak256(abi.encode(label, parts...)) as a number: how the contracts make every scope."""
    types, values = ["bytes32", *(kind for kind, _ in parts)], [keccak(label), *(value for _, value in parts)]
    return int.from_bytes(keccak(encode(types, values)), "big")
