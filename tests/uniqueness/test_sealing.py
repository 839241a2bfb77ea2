"""A box opens for its node and its request only."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol.errors import EncodingError
from uniqueness.refusals import Refusal, RequestRefused
from uniqueness.sealing import MAX_BOX_BYTES, open_box, seal_box
from uniqueness.shares import MAX_NODE_BYTES

NODE = X25519PrivateKey.generate()
PUBLIC = NODE.public_key().public_bytes_raw()
MESSAGE = b"shares of nobody"


def test_a_box_opens_to_what_was_sealed() -> None:
    assert open_box(NODE, seal_box(PUBLIC, MESSAGE, b"request"), b"request") == MESSAGE


def test_two_boxes_of_one_message_share_nothing() -> None:
    one, other = (seal_box(PUBLIC, MESSAGE, b"") for _ in range(2))
    assert one[1:33] != other[1:33]
    assert one[33:] != other[33:]
    assert MESSAGE not in one


def test_a_box_for_another_node_request_or_position_does_not_open() -> None:
    box = seal_box(PUBLIC, MESSAGE, b"request\0")
    for key, context in ((X25519PrivateKey.generate(), b"request\0"), (NODE, b"request\1"), (NODE, b"")):
        with pytest.raises(RequestRefused) as refusal:
            open_box(key, box, context)
        assert refusal.value.refusal is Refusal.BOX_FAILS


@pytest.mark.parametrize("at", [1, 32, 33, 40, -1])
def test_a_changed_box_does_not_open(at: int) -> None:
    box = bytearray(seal_box(PUBLIC, MESSAGE, b""))
    box[at] ^= 1
    with pytest.raises(RequestRefused):
        open_box(NODE, bytes(box), b"")


def test_a_box_with_a_sender_s_key_of_small_order_does_not_open() -> None:
    box = seal_box(PUBLIC, MESSAGE, b"")
    with pytest.raises(RequestRefused):
        open_box(NODE, box[:1] + bytes(32) + box[33:], b"")


def test_bytes_that_are_no_box_are_refused() -> None:
    box = seal_box(PUBLIC, b"", b"")
    for data in (b"", box[:-1], bytes(MAX_BOX_BYTES + 1)):
        with pytest.raises(EncodingError, match="bytes"):
            open_box(NODE, data, b"")
    with pytest.raises(EncodingError, match="version 2"):
        open_box(NODE, b"\2" + box[1:], b"")


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32)])
def test_nothing_is_sealed_to_what_is_no_key(key: bytes) -> None:
    with pytest.raises(EncodingError, match="X25519"):
        seal_box(key, MESSAGE, b"")


def test_a_message_that_no_node_would_read_is_not_sealed() -> None:
    with pytest.raises(EncodingError, match="at most"):
        seal_box(PUBLIC, bytes(MAX_NODE_BYTES + 1), b"")
