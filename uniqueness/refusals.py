"""Why a node refuses a request: one reason a check, so that a client and a log can tell them apart."""

from __future__ import annotations

from enum import Enum

from protocol.errors import VerificationError

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


class RequestRefused(VerificationError):
    """A request that a node does not serve. `refusal` names the check that said no."""

    def __init__(self, refusal: Refusal, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.refusal = refusal
