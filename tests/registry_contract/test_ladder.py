"""The ladder of commitments: agreement with Solidity, and what does not lie under its root."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc.bn128 import G1, multiply

from protocol.errors import EncodingError, VerificationError
from protocol.types import G1Point, PlaneCommitment, PlaneName
from registry_contract.ladder import CaptureLadder, leaf_hash, verify_ladder_path
from tests.vectors.make_attestation import PATH, ladder, vectors


def point(index: int) -> G1Point:
    x, y = multiply(G1, index + 1)
    return G1Point(int(x), int(y))


def of_size(count: int) -> CaptureLadder:
    planes = list(PlaneName)
    return CaptureLadder(tuple(PlaneCommitment(planes[i % 6], 1 + i // 6, point(i)) for i in range(count)))


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(PATH).read_text())
    return data


def test_the_vector_file_is_what_its_generator_writes(recorded: dict[str, Any]) -> None:
    assert vectors() == recorded


def test_root_leaves_and_paths_are_those_of_the_vectors(recorded: dict[str, Any]) -> None:
    rungs = ladder()
    assert "0x" + rungs.root.hex() == recorded["ladder"]["root"]
    for commitment, row in zip(rungs.commitments, recorded["ladder"]["commitments"], strict=True):
        path = tuple(bytes.fromhex(node.removeprefix("0x")) for node in row["path"])
        assert "0x" + leaf_hash(commitment).hex() == row["leaf"]
        verify_ladder_path(commitment, path, rungs.root)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 20))
def test_every_path_of_a_ladder_of_any_size_leads_to_its_root(count: int) -> None:
    rungs = of_size(count)
    for commitment in rungs.commitments:
        verify_ladder_path(commitment, rungs.path(commitment.plane, commitment.k), rungs.root)


def test_the_order_in_which_commitments_are_given_does_not_matter() -> None:
    rungs = ladder()
    assert CaptureLadder(tuple(reversed(rungs.commitments))) == rungs


@pytest.mark.parametrize(
    "change",
    [{"k": 14}, {"plane": PlaneName.TEXTURE_16X120}, {"plane": PlaneName.MASK_8X120}, {"point": G1Point(1, 2)}],
)
def test_a_commitment_with_another_size_plane_or_point_is_refused(change: dict[str, Any]) -> None:
    rungs = ladder()
    path = rungs.path(PlaneName.TEXTURE_8X120, 13)
    other = replace(rungs.commitment(PlaneName.TEXTURE_8X120, 13), **change)
    with pytest.raises(VerificationError, match="not under the signed root"):
        verify_ladder_path(other, path, rungs.root)


def test_a_path_with_a_missing_added_or_changed_node_is_refused() -> None:
    rungs = ladder()
    commitment = rungs.commitment(PlaneName.TEXTURE_8X120, 13)
    path = rungs.path(PlaneName.TEXTURE_8X120, 13)
    for wrong in (path[:-1], (*path, bytes(32)), (bytes(32), *path[1:]), ()):
        with pytest.raises(VerificationError):
            verify_ladder_path(commitment, wrong, rungs.root)


def test_a_ladder_with_two_commitments_for_one_place_is_refused() -> None:
    one = PlaneCommitment(PlaneName.TEXTURE_8X120, 13, point(1))
    with pytest.raises(EncodingError, match="two commitments for texture_8x120 at k = 13"):
        CaptureLadder((one, replace(one, point=point(2))))


def test_a_ladder_without_commitments_is_refused() -> None:
    with pytest.raises(EncodingError, match="at least one"):
        CaptureLadder(())


def test_a_ladder_asked_for_a_place_it_lacks_says_so() -> None:
    with pytest.raises(EncodingError, match="no commitment for texture_8x120 at k = 12"):
        ladder().path(PlaneName.TEXTURE_8X120, 12)


@pytest.mark.parametrize("k", [-1, 256])
def test_a_size_outside_a_byte_is_refused(k: int) -> None:
    with pytest.raises(EncodingError, match=r"outside 0\.\.255"):
        leaf_hash(PlaneCommitment(PlaneName.TEXTURE_8X120, k, point(1)))
