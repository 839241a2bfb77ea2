"""Every word of a proof counts for the verifier contract, and a verifier that takes anything is found out."""

from __future__ import annotations

import pytest

from app.audit import mutations
from circuits.iris.circuit import Circuit
from protocol.errors import ArtifactFailed


@pytest.mark.parametrize("kind", ["circuit", "circuit_v2"])
def test_every_word_of_a_real_proof_changed_is_refused(request: pytest.FixtureRequest, kind: str) -> None:
    circuit: Circuit = request.getfixturevalue(kind)
    words = circuit.facts.proof_bytes // 32
    shares: list[float] = []
    tried = mutations.refuse_mutations(circuit, shares.append)
    assert tried >= 2 * words
    assert shares[-1] == 1
    assert {word for word, _ in mutations._mutants(bytes(range(64)))} == {0, 1}


def test_a_verifier_that_takes_anything_is_found_out(circuit: Circuit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "_accepts", lambda *_: True)
    with pytest.raises(ArtifactFailed, match="another word 0"):
        mutations.refuse_mutations(circuit)
    monkeypatch.setattr(mutations, "_accepts", lambda *_: False)
    with pytest.raises(ArtifactFailed, match="refuses a real proof"):
        mutations.refuse_mutations(circuit)
