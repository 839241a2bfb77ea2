"""Groth16 over BN254: the only module that imports groth16py.

groth16py is GPL-3.0 and kept by one person; it is installed with pip and can be replaced here. It does not check the
points of a key, so keys come from pinned bytes only; it makes a worthless proof from a false witness without a word, so
`prove.py` verifies every proof before it hands it out.
"""

from __future__ import annotations

from functools import cache

import groth16py

from circuits.semaphore._memory_file import memory_file
from protocol.errors import ProvingError
from protocol.pins import read_pinned

__all__ = ["proof_holds", "prove_witness"]


def prove_witness(witness: bytes) -> bytes:
    """The proof, 256 bytes big-endian, for a witness in circom's `.wtns` format. Unverified.

    Raises `ProvingError`, or what reading the pinned key raises.
    """
    key = _proving_key()
    with memory_file(witness) as path:
        try:
            return bytes(groth16py.prove_wtns(key, path))
        except Exception as error:
            # the library's message could quote the witness: it is dropped
            raise ProvingError(f"the membership prover failed: {type(error).__name__}") from None


def proof_holds(proof: bytes, public_signals: list[int]) -> bool:
    """Groth16's equation alone, for 256 bytes and canonical signals; `verify.py` has the other checks."""
    try:
        return bool(_verifier().verify(proof, public_signals))
    except (groth16py.EncodingError, groth16py.VerificationError):
        return False


@cache
def _proving_key() -> groth16py.ProvingKey:
    # a path would be read a second time after the check of its hash
    with memory_file(read_pinned("semaphore_24_zkey")) as path:
        key, _ = groth16py.import_zkey(path)
    return key


@cache
def _verifier() -> groth16py.Verifier:
    text = read_pinned("semaphore_24_json").decode()
    return groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(text))
