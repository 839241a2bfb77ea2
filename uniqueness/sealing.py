"""A sealed box: one message to one node, from a client without a key of its own.

X25519 with a fresh key of the sender, HKDF-SHA256, ChaCha20-Poly1305. The key is used once, so the nonce is zero. Both
public keys are in the key derivation (RFC 9180 does the same for its DH), and `context`, which names the request and
the node, is in the key and authenticated: a box opens only as what it was sealed for. It does not say who sealed it.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol.errors import EncodingError
from uniqueness.refusals import Refusal, RequestRefused
from uniqueness.shares import MAX_NODE_BYTES

__all__ = ["MAX_BOX_BYTES", "open_box", "seal_box"]

BOX_VERSION = 1
_LABEL = b"irisproof share box v1"
_KEY_BYTES, _TAG_BYTES = 32, 16
_OVERHEAD = 1 + _KEY_BYTES + _TAG_BYTES
MAX_BOX_BYTES = MAX_NODE_BYTES + _OVERHEAD
_NONCE = bytes(12)


def seal_box(recipient: bytes, message: bytes, context: bytes) -> bytes:
    """Version, the sender's fresh public key, ciphertext with tag. `recipient` is a raw X25519 public key, 32 bytes.

    Raises `EncodingError` for a key that is none, or too long a message.
    """
    if len(message) > MAX_NODE_BYTES:
        raise EncodingError(f"a box carries at most {MAX_NODE_BYTES} bytes, not {len(message)}")
    sender = X25519PrivateKey.generate()
    public = sender.public_key().public_bytes_raw()
    try:
        shared = sender.exchange(X25519PublicKey.from_public_bytes(recipient))
    except ValueError as error:  # wrong length, or a point of small order
        raise EncodingError("the node's key is not an X25519 public key") from error
    key = _derive(shared, public, recipient, context)
    return bytes([BOX_VERSION]) + public + ChaCha20Poly1305(key).encrypt(_NONCE, message, context)


def open_box(private_key: X25519PrivateKey, box: bytes, context: bytes) -> bytes:
    """The message. Raises `EncodingError` for bytes that are no box, `RequestRefused` for one that does not open:
    changed, sealed to another key, or for another request or node."""
    if not _OVERHEAD <= len(box) <= MAX_BOX_BYTES:
        raise EncodingError(f"a box has {_OVERHEAD}..{MAX_BOX_BYTES} bytes, not {len(box)}")
    if box[0] != BOX_VERSION:
        raise EncodingError(f"the box is of version {box[0]}; this program reads {BOX_VERSION}")
    sender = box[1 : 1 + _KEY_BYTES]
    recipient = private_key.public_key().public_bytes_raw()
    try:
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(sender))
        key = _derive(shared, sender, recipient, context)
        return ChaCha20Poly1305(key).decrypt(_NONCE, box[1 + _KEY_BYTES :], context)
    except (InvalidTag, ValueError) as error:
        raise RequestRefused(
            Refusal.BOX_FAILS, "the box does not open: it was changed, or sealed for another node or request"
        ) from error


def _derive(shared: bytes, sender: bytes, recipient: bytes, context: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=sender + recipient, info=_LABEL + context).derive(shared)
