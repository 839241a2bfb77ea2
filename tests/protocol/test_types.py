"""Values are checked at birth, and private ones never show up in `repr`."""

from __future__ import annotations

import dataclasses

import pytest

from protocol.errors import EncodingError
from protocol.field import BASE_FIELD, SCALAR_FIELD
from protocol.types import (
    CodeProof,
    EyeSide,
    G1Point,
    IdentityCommitment,
    IrisCode,
    MembershipProof,
    NormalizedIris,
    Nullifier,
    Plane,
    PlaneName,
    QualityFigures,
    SaltedPlane,
)

GENERATOR = G1Point(1, 2)
FIGURES = QualityFigures(30.0, 200.0, 0.4, 0.8, 0.1)
TEXTURE, MASK = PlaneName.TEXTURE_8X120, PlaneName.MASK_8X120


def test_the_eye_sides_are_numbered_as_on_chain() -> None:
    assert (EyeSide.LEFT.value, EyeSide.RIGHT.value) == (1, 2)


@pytest.mark.parametrize(
    ("name", "shape", "is_mask"),
    [
        ("texture_8x120", (8, 120), False),
        ("mask_8x120", (8, 120), True),
        ("texture_16x120", (16, 120), False),
        ("mask_16x120", (16, 120), True),
        ("texture_64x480", (64, 480), False),
        ("mask_64x480", (64, 480), True),
    ],
)
def test_a_planes_name_says_its_shape(name: str, shape: tuple[int, int], is_mask: bool) -> None:
    plane = PlaneName(name)
    assert (plane.shape, plane.cells, plane.is_mask) == (shape, shape[0] * shape[1], is_mask)


@pytest.mark.parametrize("cells", [959, 961, 0])
def test_a_plane_of_another_size_is_refused(cells: int) -> None:
    with pytest.raises(EncodingError, match=f"{cells} cells, expected 960"):
        Plane(TEXTURE, b"\x01" * cells)


def test_a_texture_cell_is_1_to_255() -> None:
    Plane(TEXTURE, bytes([1, 255]) * 480)
    with pytest.raises(EncodingError, match="holds 0"):
        Plane(TEXTURE, b"\x01" * 959 + b"\x00")


def test_a_mask_cell_is_0_or_1() -> None:
    Plane(MASK, bytes([0, 1]) * 480)
    with pytest.raises(EncodingError, match="holds 2"):
        Plane(MASK, b"\x01" * 959 + b"\x02")


def _iris(**changes: object) -> NormalizedIris:
    fields: dict[str, object] = {
        "texture": b"\x80" * 30720,
        "validity": b"\x01" * 30720,
        "eye_side": EyeSide.LEFT,
        "captured_at": 0,
        "quality": FIGURES,
    }
    return NormalizedIris(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"texture": b"\x80" * 30719}, "texture has 30719"),
        ({"validity": b"\x01" * 30721}, "validity has 30721"),
        ({"validity": b"\x01" * 30719 + b"\x02"}, "validity holds 2"),
        ({"captured_at": -1}, "before 1970"),
    ],
)
def test_a_normalised_iris_of_another_form_is_refused(changes: dict[str, object], words: str) -> None:
    _iris()
    with pytest.raises(EncodingError, match=words):
        _iris(**changes)


@pytest.mark.parametrize("symbol", [-2, 2, 255])
def test_a_codes_symbols_are_minus_one_zero_one(symbol: int) -> None:
    mask = Plane(MASK, b"\x01" * 960)
    IrisCode("iris_v1", (-1, 0, 1), mask)
    with pytest.raises(EncodingError, match="-1, 0 or 1"):
        IrisCode("iris_v1", (symbol,), mask)


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (1, 3), (BASE_FIELD + 1, 2), (1, BASE_FIELD + 2), (-1, 2), (1, BASE_FIELD)]
)
def test_a_point_off_the_curve_or_not_canonical_is_refused(x: int, y: int) -> None:
    with pytest.raises(EncodingError):
        G1Point(x, y)


def test_a_point_survives_its_bytes() -> None:
    data = GENERATOR.to_bytes()
    assert data == (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert G1Point.from_bytes(data) == GENERATOR
    assert G1Point(1, BASE_FIELD - 2) == G1Point.from_bytes(G1Point(1, BASE_FIELD - 2).to_bytes())


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_point_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(EncodingError, match=f"not {length}"):
        G1Point.from_bytes(bytes(length))


def test_a_salted_plane_is_its_cells_then_its_salts() -> None:
    plane = Plane(TEXTURE, bytes([7]) * 960)
    assert SaltedPlane(plane, (5, SCALAR_FIELD - 1)).vector == (*[7] * 960, 5, SCALAR_FIELD - 1)
    with pytest.raises(EncodingError, match="salt"):
        SaltedPlane(plane, (SCALAR_FIELD,))


def test_a_code_proof_names_the_points_at_its_head() -> None:
    other = G1Point(1, BASE_FIELD - 2)
    proof = CodeProof("iris_v1", GENERATOR.to_bytes() + other.to_bytes() + GENERATOR.to_bytes() + bytes(64))
    assert (proof.texture, proof.mask, proof.code) == (GENERATOR, other, GENERATOR)


@pytest.mark.parametrize("data", [b"", GENERATOR.to_bytes() * 2, GENERATOR.to_bytes() * 3 + b"\x00"])
def test_a_code_proof_of_no_whole_words_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        CodeProof("iris_v1", data)


@pytest.mark.parametrize("position", range(3))
def test_a_code_proof_with_no_point_at_its_head_is_refused(position: int) -> None:
    points = [GENERATOR.to_bytes()] * 3
    points[position] = bytes(64)
    with pytest.raises(EncodingError):
        CodeProof("iris_v1", b"".join(points))


@pytest.mark.parametrize("value", [0, SCALAR_FIELD, -1])
def test_an_identity_commitment_is_canonical_and_not_zero(value: int) -> None:
    IdentityCommitment(1)
    IdentityCommitment(SCALAR_FIELD - 1)
    with pytest.raises(EncodingError):
        IdentityCommitment(value)


@pytest.mark.parametrize("value", [SCALAR_FIELD, SCALAR_FIELD + 1, -1])
def test_a_nullifier_is_canonical(value: int) -> None:
    Nullifier(0)
    Nullifier(SCALAR_FIELD - 1)
    with pytest.raises(EncodingError):
        Nullifier(value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("merkle_tree_depth", 0),
        ("merkle_tree_depth", 33),
        ("merkle_tree_root", SCALAR_FIELD),
        ("message", -1),
        ("message", 1 << 256),
        ("scope", 1 << 256),
        ("points", (0,) * 7 + (BASE_FIELD,)),
    ],
)
def test_a_membership_proof_with_a_value_out_of_range_is_refused(field: str, value: object) -> None:
    proof = MembershipProof(24, 1, Nullifier(1), (1 << 256) - 1, 0, (0,) * 8)
    with pytest.raises(EncodingError):
        dataclasses.replace(proof, **{field: value})  # type: ignore[arg-type]


def test_values_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        GENERATOR.x = 3  # type: ignore[misc]


def test_nothing_private_shows_up_in_a_repr() -> None:
    plane = Plane(TEXTURE, bytes([77]) * 960)
    code = IrisCode("iris_v1", (1, -1, 0), Plane(MASK, b"\x01" * 960))
    shown = repr(plane) + repr(_iris()) + repr(SaltedPlane(plane, (123456789,))) + repr(code)
    for secret in ("MMMM", "x80", "123456789", "(1, -1, 0)"):
        assert secret not in shown
