"""A proof leaves the process only if it holds and commits to what it should; a changed one is refused."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass

import pytest

from circuits.iris import prove
from circuits.iris.circuit import Circuit
from circuits.iris.commit import LADDER, SALTS, commit_planes, raw_commitment, salt_plane, with_unusable_rows
from circuits.iris.prove import prove_code
from circuits.iris.verify import find_false_proofs, verify_code_proof
from model.pipeline.encoding import ENCODERS, encode_v1
from protocol.errors import EncodingError, InputError, IrisproofError, ProvingError, VerificationError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import CodeProof, G1Point, IrisCode, PlaneName, SaltedPlane
from tests.circuits.iris.planes import random_plane
from tests.conftest import built

TEXTURE = salt_plane(random_plane(PlaneName.TEXTURE_8X120, 1))
MASK = salt_plane(random_plane(PlaneName.MASK_8X120, 2))
CODE = encode_v1(TEXTURE.plane, MASK.plane)


@pytest.fixture(scope="module")
def proof(circuit: Circuit) -> CodeProof:
    return prove_code(circuit, TEXTURE, MASK, CODE).proof


@dataclass(frozen=True)
class Made:
    """A circuit, a capture of random planes, its code and a proof of that."""

    circuit: Circuit
    texture: SaltedPlane
    mask: SaltedPlane
    code: IrisCode
    proof: CodeProof


@pytest.fixture(scope="module", params=sorted(ENCODERS))
def made(request: pytest.FixtureRequest) -> Made:
    """The same for each network."""
    circuit, encoder = built(request.param), ENCODERS[request.param]
    texture, mask = salt_plane(random_plane(encoder.texture, 1)), salt_plane(random_plane(encoder.mask, 2))
    code = encoder.encode(texture.plane, mask.plane)
    return Made(circuit, texture, mask, code, prove_code(circuit, texture, mask, code).proof)


def test_a_proof_verifies_and_commits_to_planes_and_code(made: Made) -> None:
    facts, proof = made.circuit.facts, made.proof
    verify_code_proof(made.circuit, proof)
    assert len(proof.proof) == facts.proof_bytes <= 2200
    code_vector = (*made.code.symbols, *made.texture.salts)
    for vector, head in (
        (made.texture.vector, proof.texture),
        (made.mask.vector, proof.mask),
        (code_vector, proof.code),
    ):
        assert head == with_unusable_rows(raw_commitment(vector, facts.k), facts.blinding_point)


@pytest.mark.parametrize("share", [0, 0.4999, 0.5, 0.9999])
def test_a_code_with_one_other_symbol_is_not_proved(made: Made, share: float) -> None:
    symbols = list(made.code.symbols)
    position = int(share * len(symbols))
    symbols[position] = 1 if symbols[position] != 1 else -1
    with pytest.raises(ProvingError):
        prove_code(made.circuit, made.texture, made.mask, dataclasses.replace(made.code, symbols=tuple(symbols)))


def test_a_proof_of_one_network_is_refused_by_the_other(circuit: Circuit, circuit_v2: Circuit, made: Made) -> None:
    other = circuit_v2 if made.circuit.facts.network == circuit.facts.network else circuit
    with pytest.raises(VerificationError, match="was given to the verifier"):
        verify_code_proof(other, made.proof)
    with pytest.raises(VerificationError, match="does not hold"):  # and so is one that says it is of the other
        verify_code_proof(other, dataclasses.replace(made.proof, network=other.facts.network))


def test_a_proof_that_commits_to_other_planes_does_not_leave(circuit: Circuit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "raw_commitment", lambda *_: G1Point(1, 2))
    with pytest.raises(ProvingError, match="commits to something else"):
        prove_code(circuit, TEXTURE, MASK, CODE)


def test_planes_that_the_network_does_not_read_are_refused(circuit: Circuit) -> None:
    other = salt_plane(random_plane(PlaneName.TEXTURE_16X120, 1))
    with pytest.raises(InputError, match="texture_16x120"):
        prove_code(circuit, other, MASK, CODE)
    with pytest.raises(InputError, match="mask_8x120"):
        prove_code(circuit, MASK, TEXTURE, CODE)


def test_another_number_of_salts_is_refused(circuit: Circuit) -> None:
    with pytest.raises(InputError, match="32 salts"):
        prove_code(circuit, SaltedPlane(TEXTURE.plane, TEXTURE.salts[:-1]), MASK, CODE)


def test_a_texture_out_of_range_makes_no_proof_of_a_wrong_code(circuit: Circuit) -> None:
    """The circuit does not bound a pixel (the station does): out of the lookup range there is no proof at all."""
    salts = (SCALAR_FIELD - 1,) * SALTS
    huge = SaltedPlane(TEXTURE.plane, salts)
    assert prove_code(circuit, huge, MASK, CODE).proof.proof  # salts may be any field element


def test_two_salted_copies_of_a_plane_share_no_commitment() -> None:
    first, second = salt_plane(TEXTURE.plane), salt_plane(TEXTURE.plane)
    assert raw_commitment(first.vector, 13) != raw_commitment(second.vector, 13)
    assert len(set(first.salts)) == SALTS


def test_planes_are_committed_for_each_size_that_holds_them() -> None:
    planes = [salt_plane(random_plane(name, 3)) for name in PlaneName]
    made = [(entry.plane, entry.k) for entry in commit_planes(planes)]
    small = [name for name in PlaneName if name.cells < 8000]
    assert made == [(name, k) for name in PlaneName for k in LADDER if name in small or k == 15]


def test_every_word_of_a_sample_flipped_is_refused(made: Made) -> None:
    circuit, proof = made.circuit, made.proof
    words = len(proof.proof) // 32
    chosen = sorted({0, 1, 2, 5, 6, 11, words - 1, *random.Random(1).sample(range(words), 8)})
    for word in chosen:
        flipped = bytearray(proof.proof)
        flipped[32 * word + 31] ^= 1
        with pytest.raises(IrisproofError) as caught:
            verify_code_proof(circuit, CodeProof(proof.network, bytes(flipped)))
        assert isinstance(caught.value, VerificationError | EncodingError), word


@pytest.mark.parametrize("field", range(6))
def test_a_coordinate_plus_q_is_not_canonical(proof: CodeProof, field: int) -> None:
    value = int.from_bytes(proof.proof[32 * field : 32 * field + 32], "big") + BASE_FIELD
    changed = proof.proof[: 32 * field] + value.to_bytes(32, "big") + proof.proof[32 * field + 32 :]
    with pytest.raises(EncodingError, match="canonical"):
        CodeProof(proof.network, changed)


def test_an_evaluation_plus_r_is_refused(circuit: Circuit, proof: CodeProof) -> None:
    word = 40  # behind the points: an evaluation, a scalar
    value = int.from_bytes(proof.proof[32 * word : 32 * word + 32], "big") + SCALAR_FIELD
    changed = proof.proof[: 32 * word] + value.to_bytes(32, "big") + proof.proof[32 * word + 32 :]
    with pytest.raises(VerificationError):
        verify_code_proof(circuit, CodeProof(proof.network, changed))


@pytest.mark.parametrize("extra", [-32, 32])
def test_a_shorter_or_longer_proof_is_refused(circuit: Circuit, proof: CodeProof, extra: int) -> None:
    data = proof.proof[:extra] if extra < 0 else proof.proof + bytes(extra)
    with pytest.raises(VerificationError, match="bytes"):
        verify_code_proof(circuit, CodeProof(proof.network, data))


def test_a_proof_of_another_network_is_refused(circuit: Circuit, proof: CodeProof) -> None:
    with pytest.raises(VerificationError, match="iris_v9"):
        verify_code_proof(circuit, dataclasses.replace(proof, network="iris_v9"))


def test_two_proofs_of_one_code_differ_and_share_their_commitments(circuit: Circuit, proof: CodeProof) -> None:
    again = prove_code(circuit, TEXTURE, MASK, CODE).proof
    assert again.proof != proof.proof
    assert (again.texture, again.mask, again.code) == (proof.texture, proof.mask, proof.code)


def test_swapped_commitments_are_refused(circuit: Circuit, proof: CodeProof) -> None:
    swapped = proof.proof[64:128] + proof.proof[:64] + proof.proof[128:]
    with pytest.raises(VerificationError):
        verify_code_proof(circuit, CodeProof(proof.network, swapped))


def test_no_secret_shows_up_in_a_repr(proof: CodeProof) -> None:
    shown = f"{TEXTURE!r} {CODE!r} {proof!r}"
    assert str(TEXTURE.salts[0]) not in shown
    assert "cells" not in shown
    assert "symbols" not in shown


def test_infinity_is_no_commitment() -> None:
    with pytest.raises(EncodingError):
        G1Point(0, 0)


def test_many_proofs_are_verified_at_once_and_the_false_ones_named(circuit: Circuit, proof: CodeProof) -> None:
    flipped = proof.proof[:-1] + bytes([proof.proof[-1] ^ 1])
    no_points = b"\xff" * len(proof.proof)
    given = [proof.proof, flipped, proof.proof[:-32], no_points, proof.proof]
    assert find_false_proofs(circuit, given) == {1, 2, 3}
    assert find_false_proofs(circuit, []) == frozenset()
