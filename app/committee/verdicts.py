"""From what a node says to a verdict that the contracts read, and a node's signature under it."""

from __future__ import annotations

from eth_account.signers.local import LocalAccount

from protocol.types import IdentityCommitment
from registry_contract.verdict import Verdict, VerdictKind
from uniqueness.ports import VerdictWords

__all__ = ["NodeSigner", "verdict_of"]


def verdict_of(words: VerdictWords, registry: str, chain_id: int) -> Verdict:
    """The EIP-712 verdict of what a node says, for one registry."""
    return Verdict(
        registry=registry,
        chain_id=chain_id,
        kind=VerdictKind(words.kind),
        code_commitment=words.code_commitment,
        identity=IdentityCommitment(words.identity),
        model_id=words.model_id,
        database_size=words.database_size,
        log_root=words.log_root,
        record_id=words.record_id,
        expires_at=words.expires_at,
    )


class NodeSigner:
    """`uniqueness.ports.VerdictSigner` with a key in this process."""

    def __init__(self, account: LocalAccount, registry: str, chain_id: int) -> None:
        self._account, self._registry, self._chain_id = account, registry, chain_id

    @property
    def address(self) -> str:
        return str(self._account.address)

    def sign(self, words: VerdictWords) -> bytes:
        verdict = verdict_of(words, self._registry, self._chain_id)
        return bytes(self._account.sign_message(verdict.signable()).signature)
