"""A node takes shares of the proved code and of nothing else: real proof, real curve, each refusal with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from circuits.iris.circuit import Circuit
from circuits.iris.commit import salt_plane
from circuits.iris.prove import prove_code
from model.pipeline.encoding import encode_v1
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import CodeProof, G1Point, Plane, PlaneName
from tests.circuits.iris.planes import plane_of, random_plane
from tests.uniqueness.world import CHAIN, NOW, committee, model_keys, request_for, submission, with_request
from uniqueness.binding import (
    MAX_LIFE_S,
    AcceptedShares,
    ModelKeys,
    ReplayGuard,
    Submission,
    accept_shares,
    require_population,
)
from uniqueness.constants import RULES
from uniqueness.refusals import Refusal, RequestRefused
from uniqueness.request import UniquenessRequest, new_request_id
from uniqueness.sealing import open_box, seal_box
from uniqueness.shares import NodeShares, Shares, VectorShare, split_vector

RULE = RULES["iris_v1"]


@dataclass(frozen=True)
class Person:
    """A proved code and its shares."""

    model: ModelKeys
    proof: CodeProof
    vector: tuple[int, ...]
    code: Shares
    mask: Shares

    def submission(self, node: int = 0) -> Submission:
        return submission(
            request_for(self.model, self.proof, self.code, self.mask), self.proof, self.code, self.mask, node
        )


def _prove(circuit: Circuit, texture: Plane, mask: Plane) -> Person:
    salted_texture, salted_mask = salt_plane(texture), salt_plane(mask)
    code = encode_v1(texture, mask)
    proof = prove_code(circuit, salted_texture, salted_mask, code).proof
    return Person(
        model_keys(circuit),
        proof,
        (*code.symbols, *mask.cells),
        split_vector(code.symbols, salted_texture.salts),
        split_vector(list(mask.cells), salted_mask.salts),
    )


@pytest.fixture(scope="module")
def person(circuit: Circuit) -> Person:
    return _prove(circuit, random_plane(PlaneName.TEXTURE_8X120, 1), random_plane(PlaneName.MASK_8X120, 2))


@pytest.fixture(scope="module")
def masked(circuit: Circuit) -> Person:
    return _prove(circuit, random_plane(PlaneName.TEXTURE_8X120, 3), plane_of(PlaneName.MASK_8X120, 0))


def _accept(given: Submission, model: ModelKeys, node: int = 0, now: int = NOW) -> AcceptedShares:
    return accept_shares(committee(model, node), given, ReplayGuard(), now)


def _refused(given: Submission, model: ModelKeys, node: int = 0, now: int = NOW) -> Refusal:
    with pytest.raises(RequestRefused) as refusal:
        _accept(given, model, node, now)
    return refusal.value.refusal


def test_three_nodes_accept_honest_shares_which_are_the_code(person: Person) -> None:
    accepted = [_accept(person.submission(node), person.model, node) for node in range(3)]
    total = sum(one.first for one in accepted).astype(np.uint16)
    assert (total.view(np.int16) == person.vector).all()
    assert all((accepted[n].second == accepted[(n + 1) % 3].first).all() for n in range(3))
    assert "first" not in repr(accepted[0])


def test_sealed_shares_reach_their_node_and_are_accepted(person: Person) -> None:
    key = X25519PrivateKey.generate()
    sent = person.submission(2)
    context = sent.request.box_context(2)
    box = seal_box(key.public_key().public_bytes_raw(), sent.shares.to_bytes(), context)
    request = UniquenessRequest.from_bytes(sent.request.to_bytes())
    shares = NodeShares.from_bytes(open_box(key, box, request.box_context(2)))
    accepted = _accept(Submission(request, sent.proof, shares), person.model, 2)
    assert accepted.request_digest == sent.request.digest
    assert len(box) < 60_000  # what a person uploads to one node


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"chain_id": CHAIN + 1}, Refusal.WRONG_CHAIN),
        ({"registry": "0x" + "22" * 20}, Refusal.WRONG_REGISTRY),
        ({"model_id": 2}, Refusal.WRONG_MODEL),
        ({"network": "iris_v2"}, Refusal.WRONG_MODEL),
        ({"proof_sha256": bytes(32)}, Refusal.OTHER_PROOF),
        ({"expires_at": NOW}, Refusal.EXPIRED),
        ({"expires_at": NOW + MAX_LIFE_S + 1}, Refusal.LIVES_TOO_LONG),
    ],
)
def test_a_request_for_something_else_is_refused(person: Person, changes: dict[str, object], expected: Refusal) -> None:
    assert _refused(with_request(person.submission(), **changes), person.model) is expected


@pytest.mark.parametrize("expires_at", [NOW + 1, NOW + MAX_LIFE_S])
def test_a_request_at_the_edges_of_its_life_is_accepted(person: Person, expires_at: int) -> None:
    _accept(with_request(person.submission(), expires_at=expires_at), person.model)


def test_a_request_is_served_once_and_refusals_do_not_spend_it(person: Person) -> None:
    guard, node = ReplayGuard(), committee(person.model, 0)
    given = person.submission()
    other = replace(given, proof=replace(given.proof, proof=given.proof.proof + bytes(32)))
    with pytest.raises(RequestRefused):
        accept_shares(node, other, guard, NOW)
    accept_shares(node, given, guard, NOW)
    for again in (given, with_request(given, expires_at=NOW + 900)):
        with pytest.raises(RequestRefused) as refusal:
            accept_shares(node, again, guard, NOW + 599)
        assert refusal.value.refusal is Refusal.REPLAYED
    with pytest.raises(RequestRefused) as refusal:
        accept_shares(node, given, guard, NOW + 600)
    assert refusal.value.refusal is Refusal.EXPIRED
    accept_shares(node, with_request(given, request_id=new_request_id()), guard, NOW)


def test_an_id_claimed_in_the_meantime_is_refused(person: Person) -> None:
    guard, request = ReplayGuard(), person.submission().request
    guard.claim(request, NOW)
    with pytest.raises(RequestRefused) as refusal:
        guard.claim(request, NOW)
    assert refusal.value.refusal is Refusal.REPLAYED


def test_a_changed_proof_is_refused(person: Person) -> None:
    data = bytearray(person.proof.proof)
    data[-1] ^= 1
    forged = replace(person, proof=CodeProof(person.proof.network, bytes(data)))
    assert _refused(forged.submission(), person.model) is Refusal.PROOF_FAILS


def _with_entry(share: VectorShare, at: int, change: int) -> VectorShare:
    entries = list(share.entries)
    entries[at] += change
    return replace(share, entries=tuple(entries))


def _with_salt(share: VectorShare, at: int) -> VectorShare:
    salts = list(share.salts)
    salts[at] = (salts[at] + 1) % SCALAR_FIELD
    return replace(share, salts=tuple(salts))


CHANGES: list[Callable[[VectorShare], VectorShare]] = [
    lambda share: _with_entry(share, 0, 1),
    lambda share: _with_entry(share, -1, -1),
    lambda share: _with_entry(share, 3, 1 << 16),  # nothing changes modulo 2^16: still not what was committed
    lambda share: _with_salt(share, -1),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("vector", ["code", "mask"])
def test_one_changed_element_does_not_open_its_commitment(
    person: Person, change: Callable[[VectorShare], VectorShare], position: int, vector: str
) -> None:
    given = person.submission()
    pair = list(getattr(given.shares, vector))
    pair[position] = change(pair[position])
    shares = replace(given.shares, **{vector: tuple(pair)})
    assert _refused(replace(given, shares=shares), person.model) is Refusal.OPENING_FAILS


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("vector", ["code", "mask"])
def test_one_changed_element_that_is_committed_too_breaks_the_sum_at_every_node(
    person: Person, change: Callable[[VectorShare], VectorShare], vector: str
) -> None:
    one, two, three = getattr(person, vector)
    forger = replace(person, **{vector: (change(one), two, three)})
    request = request_for(forger.model, forger.proof, forger.code, forger.mask)
    for node in range(3):
        given = submission(request, forger.proof, forger.code, forger.mask, node)
        assert _refused(given, person.model, node) is Refusal.SUM_FAILS


def test_swapped_shares_are_refused(person: Person) -> None:
    given = person.submission()
    one, two = given.shares.code
    swapped = replace(given.shares, code=(two, one))
    assert _refused(replace(given, shares=swapped), person.model) is Refusal.WRONG_SHARES
    renamed = replace(given.shares, code=(replace(two, index=0), replace(one, index=1)))
    assert _refused(replace(given, shares=renamed), person.model) is Refusal.OPENING_FAILS


def test_another_node_s_shares_are_refused(person: Person) -> None:
    assert _refused(person.submission(1), person.model, node=0) is Refusal.WRONG_SHARES


def test_code_and_mask_in_each_other_s_place_are_refused(person: Person) -> None:
    given = person.submission()
    crossed = replace(given.shares, code=given.shares.mask, mask=given.shares.code)
    assert _refused(replace(given, shares=crossed), person.model) is Refusal.WRONG_SHAPE


def test_shares_without_their_salts_are_refused(person: Person) -> None:
    given = person.submission()
    one, two = given.shares.mask
    short = replace(given.shares, mask=(one, replace(two, salts=two.salts[:-1])))
    assert _refused(replace(given, shares=short), person.model) is Refusal.WRONG_SHAPE


def test_shares_of_another_proved_code_are_refused(person: Person, masked: Person) -> None:
    for other in (replace(person, code=masked.code), replace(person, mask=masked.mask)):
        assert _refused(other.submission(), person.model) is Refusal.SUM_FAILS


def test_commitments_that_cancel_each_other_are_refused(person: Person) -> None:
    given = person.submission()
    blinding = person.model.blinding
    opposite = G1Point(blinding.x, BASE_FIELD - blinding.y)
    model = replace(person.model, commit=lambda _: opposite)
    cancelled = with_request(given, code_shares=(opposite,) * 3)
    assert _refused(cancelled, model) is Refusal.SUM_FAILS


def _population(accepted: list[AcceptedShares]) -> list[int]:
    """What each node would hand to the engine."""
    handed: list[int] = []
    for one in accepted:
        require_population(one, lambda share: handed.append(int(share[0])) is None)
    return handed


def test_an_all_masked_code_is_accepted_as_shares_and_refused_for_its_population(masked: Person) -> None:
    accepted = [_accept(masked.submission(node), masked.model, node) for node in range(3)]
    total = (sum(_population(accepted)) + (1 << 15)) % (1 << 16) - (1 << 15)
    assert total == 1 - RULE.minimum_mask_cells
    for one in accepted:
        with pytest.raises(RequestRefused) as refusal:
            require_population(one, lambda _: total > 0)
        assert refusal.value.refusal is Refusal.TOO_FEW_CELLS


@pytest.mark.parametrize("cells", [0, RULE.minimum_mask_cells - 1, RULE.minimum_mask_cells, RULE.mask_cells])
def test_the_population_s_score_is_positive_from_the_minimum_on(cells: int) -> None:
    shares = split_vector([0] * RULE.symbols + [1] * cells + [0] * (RULE.mask_cells - cells), [])
    residues = [share.residues() for share in shares]
    accepted = [AcceptedShares(n, bytes(32), "iris_v1", residues[n], residues[(n + 1) % 3]) for n in range(3)]
    total = (sum(_population(accepted)) + (1 << 15)) % (1 << 16) - (1 << 15)
    assert total == cells - RULE.minimum_mask_cells + 1
