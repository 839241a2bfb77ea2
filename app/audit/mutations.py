"""Every word of a real proof, changed one at a time, is refused by the verifier contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from circuits.iris.build import verifier_name
from circuits.iris.circuit import Circuit
from circuits.iris.gates import random_inputs
from circuits.iris.network import evaluate, load_network
from circuits.iris.prove import prove_example
from protocol.errors import ArtifactFailed, TransactionRefused
from protocol.pins import read_pinned
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.local_chain import LocalChain

__all__ = ["refuse_mutations"]

_WORD = 32


def refuse_mutations(circuit: Circuit, progress: Callable[[float], None] = lambda _: None) -> int:
    """Prove a public example, put the circuit's verifier on a local chain, try every word of the proof with its lowest
    bit flipped, its highest bit flipped, and as zero. Returns how many were tried.

    Raises `ArtifactFailed` where a changed proof is taken, or the real one is not.
    """
    network = load_network(read_pinned(f"onnx_{circuit.facts.network}"))
    inputs = random_inputs(network, seed=7)
    vectors = [inputs[plane].tolist() for plane in network.planes]
    proof = prove_example(circuit, vectors, evaluate(network, inputs)[0].tolist())
    with LocalChain() as chain:
        connection = Connection(chain.url, chain.chain_id, chain.funded_account())
        artifact = load_contract(verifier_name(circuit.facts.network))
        address = connection.deploy(artifact.linked_creation({}), artifact.abi).contract_address
        verifier = connection.contract(str(address), artifact.abi)
        if not _accepts(connection, verifier, proof):
            raise ArtifactFailed("the verifier contract refuses a real proof")
        mutants = _mutants(proof)
        for number, (word, mutant) in enumerate(mutants):
            if _accepts(connection, verifier, mutant):
                raise ArtifactFailed(f"the verifier contract takes a proof with another word {word}")
            progress((number + 1) / len(mutants))
    return len(mutants)


def _mutants(proof: bytes) -> Sequence[tuple[int, bytes]]:
    made = []
    for word in range(len(proof) // _WORD):
        start, old = _WORD * word, int.from_bytes(proof[_WORD * word : _WORD * (word + 1)], "big")
        for new in {old ^ 1, old ^ 1 << 255, 0} - {old}:
            made.append((word, proof[:start] + new.to_bytes(_WORD, "big") + proof[start + _WORD :]))
    return made


def _accepts(connection: Connection, verifier: Any, proof: bytes) -> bool:
    try:
        return bool(connection.call(verifier.functions.verifyProof(proof, [])))
    except TransactionRefused:
        return False
