"""Check code proofs off chain, as the contract does on chain."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.iris._worker import run_job
from circuits.iris.circuit import Circuit
from protocol.errors import ProvingError, VerificationError
from protocol.types import CodeProof

__all__ = ["find_false_proofs", "verify_code_proof"]


def verify_code_proof(circuit: Circuit, proof: CodeProof) -> None:
    """Raise `VerificationError` unless `proof` holds for the circuit's verifying key.

    1. The proof is of this circuit's network and of its length: nothing before or behind it.
    2. ezkl verifies it against the verifying key and SRS of the circuit.
    The caller owes: that the texture and mask commitments are ones that a station signed, under the same SRS,
    and that the code commitment is the one that it goes on to use.
    """
    facts = circuit.facts
    if proof.network != facts.network:
        raise VerificationError(f"a proof of {proof.network} was given to the verifier of {facts.network}")
    if len(proof.proof) != facts.proof_bytes:
        raise VerificationError(f"the code proof has {len(proof.proof)} bytes; {facts.network} has {facts.proof_bytes}")
    try:
        failed = run_job("verify", {"proofs": [proof.proof.hex()], **circuit.paths()})["failed"]
    except ProvingError as error:
        raise VerificationError("the code proof does not hold") from error
    if failed:
        raise VerificationError("the code proof does not hold")


def find_false_proofs(circuit: Circuit, proofs: Sequence[bytes]) -> frozenset[int]:
    """The places of those among `proofs` that do not hold, verified in one process of ezkl: for an auditor with many.

    The same steps and debts as `verify_code_proof`; it returns places so that one false proof does not hide the next.
    Raises `ProvingError` where the verifier itself cannot run.
    """
    right_length = [place for place, proof in enumerate(proofs) if len(proof) == circuit.facts.proof_bytes]
    false = set(range(len(proofs))) - set(right_length)
    if right_length:
        job = {"proofs": [proofs[place].hex() for place in right_length], **circuit.paths()}
        false |= {right_length[place] for place in run_job("verify", job)["failed"]}
    return frozenset(false)
