"""Check a code proof off chain, as the contract does on chain."""

from __future__ import annotations

from circuits.iris._worker import run_job
from circuits.iris.circuit import Circuit
from protocol.errors import ProvingError, VerificationError
from protocol.types import CodeProof

__all__ = ["verify_code_proof"]


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
        run_job("verify", {"proof": proof.proof.hex(), **circuit.paths()})
    except ProvingError as error:
        raise VerificationError("the code proof does not hold") from error
