"""A request has one encoding, and every word of it is in its digest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from protocol.errors import EncodingError
from protocol.types import EyeSide, G1Point, IdentityCommitment
from tests.uniqueness.world import CHAIN, NOW, REGISTRY
from uniqueness.request import MAX_REQUEST_BYTES, RequestKind, UniquenessRequest, new_request_id

ONE = G1Point(1, 2)
TWO = G1Point(
    1368015179489954701390400359078579693043519447331113978918064868415326638035,
    9918110051302171585080402603319702774565515993150576347155970296011118125764,
)
REQUEST = UniquenessRequest(
    RequestKind.UNIQUE, CHAIN, REGISTRY, IdentityCommitment(7), 1, "iris_v1", EyeSide.LEFT,
    bytes(32), (ONE, TWO, ONE), (TWO, ONE, TWO), bytes(range(32)), NOW,
)  # fmt: skip

OTHER = {
    "kind": RequestKind.STORED,
    "chain_id": 1,
    "registry": "0x" + "11" * 20,
    "identity": IdentityCommitment(8),
    "model_id": 2,
    "network": "iris_v2",
    "eye_side": EyeSide.RIGHT,
    "proof_sha256": bytes([1]) * 32,
    "code_shares": (TWO, TWO, ONE),
    "mask_shares": (ONE, ONE, TWO),
    "request_id": bytes(32),
    "expires_at": NOW + 1,
}


def test_a_request_survives_its_encoding() -> None:
    assert UniquenessRequest.from_bytes(REQUEST.to_bytes()) == REQUEST
    assert len(REQUEST.to_bytes()) < MAX_REQUEST_BYTES


def test_every_field_is_in_the_digest() -> None:
    assert OTHER.keys() == set(REQUEST.__dataclass_fields__)
    digests = {replace(REQUEST, **{name: value}).digest for name, value in OTHER.items()}  # type: ignore[arg-type]
    assert len(digests | {REQUEST.digest}) == len(OTHER) + 1


def test_the_box_context_tells_nodes_and_requests_apart() -> None:
    contexts = {REQUEST.box_context(node) for node in range(3)} | {replace(REQUEST, model_id=2).box_context(0)}
    assert len(contexts) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": -1},
        {"chain_id": True},
        {"model_id": 1 << 64},
        {"expires_at": 1.5},
        {"proof_sha256": bytes(31)},
        {"request_id": bytes(33)},
        {"code_shares": (ONE, TWO)},
        {"mask_shares": (ONE,) * 4},
        {"registry": "0x12"},
    ],
)
def test_a_request_of_impossible_values_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(EncodingError):
        replace(REQUEST, **changes)  # type: ignore[arg-type]


def _edited(**changes: object) -> bytes:
    fields = {**json.loads(REQUEST.to_bytes()), **changes}
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"[" * 4000,
        _edited(version=2),
        _edited(kind="other"),
        _edited(more=1),
        _edited(code_shares=["00" * 64] * 3),
        _edited(identity_commitment="07"),
        _edited(request_id="AB" * 32),
        _edited(model_id=1.0),
        REQUEST.to_bytes() + b" ",
        json.dumps(json.loads(REQUEST.to_bytes())).encode(),
    ],
)
def test_a_request_that_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        UniquenessRequest.from_bytes(data)


def test_an_oversized_request_is_refused_before_it_is_read() -> None:
    with pytest.raises(EncodingError, match="at most 4096"):
        UniquenessRequest.from_bytes(b" " * (MAX_REQUEST_BYTES + 1))


def test_request_ids_do_not_repeat() -> None:
    assert new_request_id() != new_request_id()
