"""Why a node refuses a request: one reason a check, so that a client and a log can tell them apart."""

from __future__ import annotations

from enum import Enum

from protocol.errors import RequestRefused

__all__ = ["Refusal", "RequestRefused"]


class Refusal(Enum):
    """The value is what goes over the wire."""

    WRONG_CHAIN = "wrong-chain"
    WRONG_REGISTRY = "wrong-registry"
    WRONG_MODEL = "wrong-model"
    EXPIRED = "expired"
    LIVES_TOO_LONG = "lives-too-long"
    REPLAYED = "replayed"
    OTHER_PROOF = "other-proof"
    PROOF_FAILS = "proof-fails"
    WRONG_SHARES = "wrong-shares"
    WRONG_SHAPE = "wrong-shape"
    OPENING_FAILS = "opening-fails"
    SUM_FAILS = "sum-fails"
    TOO_FEW_CELLS = "too-few-cells"
    BOX_FAILS = "box-fails"
    EVIDENCE_FAILS = "evidence-fails"
    """station's signature, commitments' paths, or what the chain says of the identity"""
    WRONG_POLICY = "wrong-policy"
    """one eye where the registry wants both, or the other way round"""
    SAME_EYE = "same-eye"
    """one eye given as left and as right"""
    DUPLICATE = "duplicate"
    """the person is in the database"""
    NOT_FOUND = "not-found"
    """nobody in the database is this person, or there is no such record"""
    PENDING = "pending"
    """a reservation of the same identity waits for the chain"""
    TOO_MANY = "too-many"
    """more requests than one client may make, or than the node can check at once"""
    MALFORMED = "malformed"
    """what cannot be read, or is too large"""
    UNKNOWN_CLIENT = "unknown-client"
