"""The nodes' local shares add up to the reference's scores, modulo nothing; the reference is the matcher's geometry."""

from __future__ import annotations

import numpy as np
import pytest

from model.pipeline.encoding import ENCODERS
from model.pipeline.matching import distance
from protocol.errors import EncodingError
from protocol.types import IrisCode, Plane
from tests.uniqueness.world import codes_near_threshold
from uniqueness.constants import ROTATIONS, RULES, ComparisonRule
from uniqueness.linear import (
    Limbs,
    Products,
    SubsetSums,
    Turned,
    direct_products,
    local_scores,
    numpy_products,
    numpy_subset_sums,
    query_row,
    record_row,
    spectral_products,
    split_limbs,
)
from uniqueness.reference import matches, rotated, scores
from uniqueness.rehearsal import held, random_codes, ring_shares
from uniqueness.torch_products import int8_products, int16_products, torch_subset_sums

V1 = RULES["iris_v1"]
UPRIGHT = ROTATIONS.index(0)
BACKENDS = pytest.mark.parametrize("products", [direct_products, spectral_products, int8_products, int16_products])


def _all_residues() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    return np.arange(1 << 16, dtype=np.uint16)


def test_limbs_of_every_residue_are_the_residue() -> None:
    limbs = split_limbs(_all_residues())
    joined = limbs.low.astype(np.int64) + 256 * limbs.high.astype(np.int64)
    assert (joined % (1 << 16) == _all_residues()).all()


def test_limbs_of_other_types_or_shapes_are_refused() -> None:
    ok = np.zeros((2, 3), np.int8)
    for low, high in ((ok, ok.astype(np.uint8)), (ok, ok[:1]), (ok.astype(np.int16), ok)):
        with pytest.raises(EncodingError, match="int8"):
            Limbs(low, high)


@BACKENDS
def test_products_of_extreme_residues_are_exact_modulo_the_ring(products: Products) -> None:
    rng = np.random.default_rng(5)
    for value in (0x7FFF, 0x8000, 0x8080, 0x7F7F, 0xFFFF, 0x0080):
        records = np.full((20, 2 * RULES["iris_v2"].width), value, np.uint16)
        upright = np.full((7, records.shape[1]), value, np.uint16)
        upright[1] = np.where(np.arange(records.shape[1]) % 2, 0x7FFF, 0x8000)
        upright[2:] = rng.integers(0, 1 << 16, (5, records.shape[1]), dtype=np.uint16)
        records[10:15], records[15:] = upright[1], upright[2:]
        turned = Turned(upright)
        queries = np.concatenate([rotated(row) for row in upright])
        exact = records.astype(np.int64) @ queries.astype(np.int64).T
        assert (products(split_limbs(records), turned) == exact.astype(np.uint16)).all()


def test_numpy_s_products_are_the_same_with_few_rotations_and_with_many() -> None:
    rng = np.random.default_rng(12)
    records, upright = (rng.integers(0, 1 << 16, (rows, 2 * V1.width), dtype=np.uint16) for rows in (70, 2))
    for rotations in (range(-8, 9), range(-60, 60), range(0, 120, 2), [7, 3]):
        exact = records.astype(np.int64) @ np.concatenate([rotated(row, rotations) for row in upright]).T
        assert (numpy_products(split_limbs(records), Turned(upright, rotations)) == exact.astype(np.uint16)).all()


@pytest.mark.parametrize("subset_sums", [numpy_subset_sums, torch_subset_sums])
def test_sums_of_subsets_of_rows_are_exact_modulo_the_ring(subset_sums: SubsetSums) -> None:
    rng = np.random.default_rng(6)
    rows = rng.integers(0, 1 << 16, (300, 40), dtype=np.uint16)
    rows[:, :4] = (0x7FFF, 0x8000, 0x7F7F, 0x8080)
    chosen = rng.integers(0, 2, (16, 300), dtype=np.uint16)
    chosen[0], chosen[1] = 0, 1
    exact = chosen.astype(np.int64) @ rows.astype(np.int64)
    assert (subset_sums(split_limbs(rows), chosen) == exact.astype(np.uint16)).all()


@BACKENDS
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_three_nodes_local_scores_add_up_to_the_reference(rule: ComparisonRule, products: Products) -> None:
    rng = np.random.default_rng(7)
    query = random_codes(rule, 1, rng)[0]
    records = np.concatenate([random_codes(rule, 60, rng), codes_near_threshold(rule, query, 40, rng), query[None]])
    query_shares, record_shares = ring_shares(query, rng), ring_shares(records, rng)
    total = np.zeros((len(records), len(ROTATIONS)), np.uint16)
    for node in range(3):
        asked = held(rule, query_shares, node)
        rows = np.stack(
            [record_row(held(rule, [share[row] for share in record_shares], node)) for row in range(len(records))]
        )
        total += np.concatenate(list(local_scores(asked, split_limbs(rows), products, block_rows=37)))
    exact = scores(rule, query, records)
    assert (total.view(np.int16) == exact).all()
    near = np.abs(exact[60:100]).min(axis=1)
    assert (near <= 200).all()
    assert {True, False} == set((exact[60:100, UPRIGHT] > 0).tolist())


def test_one_node_s_local_score_alone_says_nothing() -> None:
    rng = np.random.default_rng(8)
    query = random_codes(V1, 1, rng)[0]
    found = []
    for _ in range(400):
        asked = held(V1, ring_shares(query, rng), 1)
        rows = split_limbs(record_row(held(V1, ring_shares(query, rng), 1))[None])
        found.append(int(next(local_scores(asked, rows, numpy_products))[0, UPRIGHT]))
    counts = np.bincount(np.array(found) >> 13, minlength=8)  # 50 each, sd 7
    assert counts.min() > 20
    assert counts.max() < 85


def test_records_of_another_network_are_refused() -> None:
    rng = np.random.default_rng(9)
    asked = held(V1, ring_shares(random_codes(V1, 1, rng)[0], rng), 0)
    with pytest.raises(EncodingError, match="columns"):
        next(local_scores(asked, split_limbs(np.zeros((3, V1.width), np.uint16)), numpy_products))


def test_a_record_of_zero_shares_matches_nobody() -> None:
    rng = np.random.default_rng(10)
    query = random_codes(V1, 1, rng)[0]
    assert (scores(V1, query, np.zeros((1, V1.width), np.int64)) == -V1.offset).all()
    assert query_row(held(V1, ring_shares(query, rng), 0)).shape == (2 * V1.width,)


def test_a_copy_is_found_however_it_is_turned() -> None:
    rng = np.random.default_rng(11)
    query, stranger = random_codes(V1, 2, rng)
    for columns in range(120):
        assert matches(V1, query, np.roll(query.reshape(-1, 120), columns, axis=1).reshape(1, -1))
    assert not matches(V1, query, stranger[None])


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_matches_securely_matches_in_the_clear_at_three_tenths_and_hardly_the_other_way(
    rule: ComparisonRule,
) -> None:
    """The tangent never allows what the root does not; between them lie only pairs within 0.02 of the threshold."""
    rng = np.random.default_rng(12)
    encoder = ENCODERS[rule.network]

    def code_of(vector: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> IrisCode:
        mask = Plane(encoder.mask, vector[rule.symbols :].astype(np.uint8).tobytes())
        return IrisCode(rule.network, tuple(vector[: rule.symbols].tolist()), mask)

    both = secure_only = 0
    for visible in (0.65, 0.8, 1.0):
        query = random_codes(rule, 1, rng, visible)[0]
        keep = (rng.random(rule.mask_cells) < visible).astype(np.int64)
        for share in np.linspace(0.15, 0.4, 40):
            other = query.copy()
            other[: rule.symbols] *= np.where(rng.random(rule.symbols) < share, -1, 1) * np.tile(keep, rule.kernels)
            other[rule.symbols :] *= keep
            clear, secure = distance(code_of(query), code_of(other)), matches(rule, query, other[None])
            both += secure
            secure_only += secure and clear > 0.3
            assert secure or clear > 0.28
    assert both > 20
    assert secure_only == 0
