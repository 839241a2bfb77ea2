"""Groth16 over BN254: the only module that imports groth16py.

groth16py is GPL-3.0 and kept by one person; it is installed with pip, never bundled, and can be replaced here. It does
not check the points of a key, so keys come from pinned bytes only; it makes a worthless proof from a false witness
without a word, so `prove.py` verifies every proof before it hands it out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from circuits.semaphore._memory_file import memory_file
from protocol.errors import ArtifactAbsent, ProvingError
from protocol.pins import read_pinned

__all__ = ["proof_holds", "prove_witness"]


def prove_witness(witness: bytes) -> bytes:
    """The proof, 256 bytes big-endian, for a witness in circom's `.wtns` format. Unverified.

    Raises `ProvingError`, `ArtifactAbsent` where groth16py is not installed, or what reading the pinned key raises.
    """
    key = _proving_key()
    with memory_file(witness) as path:
        try:
            return bytes(_library().prove_wtns(key, path))
        except Exception as error:
            # the library's message could quote the witness: it is dropped
            raise ProvingError(f"the membership prover failed: {type(error).__name__}") from None


def proof_holds(proof: bytes, public_signals: list[int]) -> bool:
    """Groth16's equation alone, for 256 bytes and canonical signals; `verify.py` has the other checks."""
    try:
        return bool(_verifier().verify(proof, public_signals))
    except (_library().EncodingError, _library().VerificationError):
        return False


@cache
def _library() -> Any:
    """Loaded when it is first needed: a bundle does without it until a person installs it."""
    try:
        import groth16py  # noqa: PLC0415 - see above
    except ModuleNotFoundError:
        raise ArtifactAbsent("groth16py is not installed", hint="run: irisproof provers install") from None
    return groth16py


@cache
def _proving_key() -> Any:
    # a path would be read a second time after the check of its hash
    with memory_file(read_pinned("semaphore_24_zkey")) as path:
        key, _ = _library().import_zkey(path)
    return key


@cache
def _verifier() -> Any:
    text = read_pinned("semaphore_24_json").decode()
    library = _library()
    return library.Verifier(library.VerifyingKey.from_snarkjs(text))
