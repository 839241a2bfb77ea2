"""What a node is given from outside: the registry's chain, and the key that signs verdicts. The app has both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from protocol.types import CodeProof
from uniqueness.request import UniquenessRequest

__all__ = ["Policy", "RegistryPort", "VerdictSigner", "VerdictWords"]


class Policy(Enum):
    """Which eyes a registry wants. BOTH: two people are one where both match; the first one's code goes on chain."""

    ONE = "one"
    BOTH = "both"

    @property
    def eyes(self) -> int:
        return 1 if self is Policy.ONE else 2


@dataclass(frozen=True)
class VerdictWords:
    """What a verdict says, in the contract's order; registry and chain are the signer's. `kind`: 1 Unique,
    2 SamePerson, 3 Stored, 4 Erased."""

    kind: int
    code_commitment: bytes
    identity: int
    model_id: int
    database_size: int
    log_root: bytes
    record_id: int
    expires_at: int


class RegistryPort(Protocol):
    """The registry as this node's own connection to the chain shows it. Each method may raise `ChainError`."""

    def now(self) -> int:
        """The chain's clock, Unix seconds."""

    def code_commitment(self, proof: CodeProof) -> bytes:
        """32 bytes: how verdicts name the code of a proof."""

    def require_evidence(
        self, request: UniquenessRequest, proof: CodeProof, evidence: bytes, under: bytes | None = None
    ) -> bytes:
        """What `binding.accept_shares` leaves to its caller, and what the chain knows of the identity, for the kind of
        request. Returns the root of commitments that the code is proved from; `under`: it must be this one, which was
        judged before. Raises `RequestRefused` (`EVIDENCE_FAILS`)."""

    def record_of(self, identity: int) -> int:
        """Id of an identity's record; 0 for none."""

    def owner_of_code(self, model_id: int, code_commitment: bytes) -> int:
        """Id of the record that a code belongs to; 0 for none."""

    def identity_that_left(self, record_id: int) -> int:
        """Identity of a record whose member left; 0 where there is no such record, or it did not leave."""


class VerdictSigner(Protocol):
    """This node's own key."""

    @property
    def address(self) -> str:
        """Checksummed address, as the contract lists it."""

    def sign(self, words: VerdictWords) -> bytes:
        """65 bytes: r, s, v."""
