"""A query is found among records whichever way it is presented, one eye or two, and a stranger is not."""

from __future__ import annotations

import numpy as np
import pytest

from model.pipeline.encoding import encode_v1
from model.pipeline.image import EyeImage
from model.pipeline.pipeline import normalize_eye
from model.pipeline.planes import make_planes
from model.synthetic import capture, make_eye
from protocol.errors import EncodingError
from protocol.types import EyeSide, PlaneName
from tests.uniqueness.committee import at_each
from uniqueness.comparison import LocalComparison, Query, group_scores, same_eye_scores, scores_per_record
from uniqueness.constants import RULES
from uniqueness.engine import Engine, EngineKind
from uniqueness.linear import numpy_products
from uniqueness.reference import matches, mirrored_vector, scores
from uniqueness.rehearsal import (
    Integers,
    MemoryRecords,
    held,
    queries_at_nodes,
    random_codes,
    records_at_nodes,
    ring_shares,
)

V1 = RULES["iris_v1"]
pytestmark = pytest.mark.xdist_group("committee")


def _found(engines: list[Engine], eyes: list[Integers], records: list[MemoryRecords]) -> int | None:
    queries = queries_at_nodes(V1, eyes, np.random.default_rng(9))

    def ask(node: int, engine: Engine) -> tuple[bool, int | None]:
        comparison = LocalComparison(engine)
        return (
            comparison.matches_any(b"any", queries[node], records[node]),
            comparison.find_match(b"find", queries[node], records[node]),
        )

    answers = at_each(engines, ask)
    assert len(set(answers)) == 1
    some, where = answers[0]
    assert some is (where is not None)
    return where


def _mirror(code: Integers) -> Integers:
    return mirrored_vector(code, V1)


def test_one_eye_is_found_where_it_is_as_it_is_and_mirrored(engines: list[Engine]) -> None:
    rng = np.random.default_rng(1)
    codes = random_codes(V1, 7, rng)
    records = records_at_nodes(codes, rng)
    for at in (6,) if engines[0].kind is EngineKind.MPYC else (0, 4, 6):
        turned = np.roll(codes[at].reshape(-1, 120), -47, axis=1).ravel()
        assert _found(engines, [turned], records) == at
    assert _found(engines, [_mirror(codes[4])], records) == 4
    assert _found(engines, [random_codes(V1, 1, rng)[0]], records) is None


def test_two_eyes_match_only_together_in_order_swapped_and_mirrored(engines: list[Engine]) -> None:
    rng = np.random.default_rng(2)
    codes = random_codes(V1, 6, rng)  # three persons, left and right in turn
    records = records_at_nodes(codes, rng)
    left, right, stranger = codes[2], codes[3], random_codes(V1, 1, rng)[0]
    matching = [[_mirror(right), _mirror(left)], [left, right], [right, left], [_mirror(left), _mirror(right)]]
    strange = [[left, codes[5]], [left, stranger], [stranger, right], [left, left]]
    few = 1 if engines[0].kind is EngineKind.MPYC else 4  # the variants are made outside of the engines
    for pair in matching[:few]:
        assert _found(engines, pair, records) == 1
    for pair in strange[:few]:
        assert _found(engines, pair, records) is None


def test_nobody_is_found_where_there_are_no_records(engines: list[Engine]) -> None:
    rng = np.random.default_rng(3)
    records = records_at_nodes(random_codes(V1, 0, rng), rng)
    assert _found(engines, [random_codes(V1, 1, rng)[0]], records) is None


def test_one_eye_given_as_left_and_right_is_seen(engines: list[Engine]) -> None:
    rng = np.random.default_rng(5)
    left, right = random_codes(V1, 2, rng)
    for pair, expected in (([left, right], False), ([left, left], True), ([left, _mirror(left)], True)):
        queries = queries_at_nodes(V1, pair, rng)
        bits = at_each(
            engines, lambda node, engine, q=queries: engine.any_positive(b"same", [same_eye_scores(q[node])], 240)
        )
        assert bits == [expected] * 3


def test_scores_of_a_query_are_the_reference_s_whatever_the_blocks() -> None:
    rng = np.random.default_rng(6)
    codes = random_codes(V1, 10, rng)
    records, queries = records_at_nodes(codes, rng), queries_at_nodes(V1, [codes[1], codes[8]], rng)
    parts = [
        np.concatenate(list(group_scores(query, rows, numpy_products, block_rows=4)))
        for query, rows in zip(queries, records, strict=True)
    ]
    total = sum(parts[1:], parts[0]).view(np.int16)  # (5, 4, 2, 120)
    assert total[0].size == scores_per_record(queries[0])
    for record in range(5):
        left, right = codes[2 * record], codes[2 * record + 1]
        for variant, (one, other) in enumerate(
            [(codes[1], codes[8]), (_mirror(codes[1]), _mirror(codes[8])), (codes[8], codes[1])]
        ):
            assert (total[record, variant, 0] == scores(V1, one, left[None])[0]).all()
            assert (total[record, variant, 1] == scores(V1, other, right[None])[0]).all()


def test_a_query_of_three_eyes_or_of_two_nodes_is_none() -> None:
    code = ring_shares(random_codes(V1, 1, np.random.default_rng(7))[0], np.random.default_rng(8))
    for eyes in ((), (held(V1, code, 0),) * 3, (held(V1, code, 0), held(V1, code, 1))):
        with pytest.raises(EncodingError):
            Query(eyes)


def test_the_mirrored_vector_is_that_of_the_mirrored_picture() -> None:
    """Through the real pipeline: another capture of the eye, its picture flipped, is found by mirroring its code."""
    eye = make_eye(31)

    def code(capture_seed: int, flipped: bool) -> Integers:
        image = capture(eye, capture_seed).image
        if flipped:
            image = EyeImage(np.ascontiguousarray(image.pixels[:, ::-1]))
        planes = make_planes(normalize_eye(image, eye_side=EyeSide.LEFT, captured_at=1))
        mask = planes[PlaneName.MASK_8X120]
        return np.array([*encode_v1(planes[PlaneName.TEXTURE_8X120], mask).symbols, *mask.cells], np.int64)

    enrolled, flipped = code(1, flipped=False), code(2, flipped=True)
    assert not matches(V1, flipped, enrolled[None])
    assert matches(V1, _mirror(flipped), enrolled[None])
    assert (_mirror(_mirror(flipped)) == flipped).all()
