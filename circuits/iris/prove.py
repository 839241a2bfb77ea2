"""Prove that a code is the network's output on committed planes; nothing leaves unchecked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.iris._felts import to_felts
from circuits.iris._worker import run_job
from circuits.iris.circuit import Circuit
from circuits.iris.commit import raw_commitment, with_unusable_rows
from circuits.srs import SrsSource
from protocol.errors import InputError, ProvingError
from protocol.types import CodeProof, IrisCode, SaltedPlane

__all__ = ["CodeProofRun", "prove_code", "prove_example"]


@dataclass(frozen=True)
class CodeProofRun:
    """A proof and what it cost: CPU seconds of witness and proof, and the prover process's peak memory."""

    proof: CodeProof
    cpu_s: float
    peak_mib: float


def prove_code(circuit: Circuit, texture: SaltedPlane, mask: SaltedPlane, code: IrisCode) -> CodeProofRun:
    """Prove `code` = network(texture, mask) in a process of its own.

    1. The planes are those that the network reads, and the code is of this network.
    2. The circuit's witness is `code`, symbol for symbol, then the texture's salts.
    3. ezkl verifies the proof before it leaves the prover's process.
    4. The commitments at its head are those of our planes and code, computed without ezkl.

    Raises `InputError` for planes of another network and `ProvingError` if any other step fails.
    """
    facts = circuit.facts
    given = (texture.plane.name.value, mask.plane.name.value, code.network)
    if given != (facts.texture_plane, facts.mask_plane, facts.network):
        raise InputError(f"the circuit of {facts.network} cannot prove {' and '.join(given)}")
    if not len(texture.salts) == len(mask.salts) == facts.salts:
        raise InputError(f"the circuit of {facts.network} takes {facts.salts} salts a plane")
    code_vector = (*code.symbols, *texture.salts)
    vectors = (texture.vector, mask.vector, code_vector)
    felts = [to_felts(vector) for vector in vectors]
    made = run_job("prove", {"felts": felts[:2], "expected": felts[2], **circuit.paths()}, private=True)
    proof = CodeProof(facts.network, bytes.fromhex(made["proof"].removeprefix("0x")))
    source = SrsSource(facts.srs_source)
    for vector, head in zip(vectors, (proof.texture, proof.mask, proof.code), strict=True):
        raw = raw_commitment(vector, facts.k, source)
        if with_unusable_rows(raw, facts.blinding_point) != head:
            raise ProvingError("the proof commits to something else than the planes and the code")
    return CodeProofRun(proof, made["cpu_s"], made["peak_kib"] / 1024)


def prove_example(circuit: Circuit, vectors: Sequence[Sequence[int]], outputs: Sequence[int]) -> bytes:
    """A proof about public vectors (cells and salts, a plane each), for tests of verifiers. Raises `ProvingError`."""
    felts = [to_felts(vector) for vector in vectors]
    made = run_job("prove", {"felts": felts, "expected": to_felts(outputs), **circuit.paths()})
    return bytes.fromhex(made["proof"].removeprefix("0x"))
