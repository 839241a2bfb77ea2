"""SPU's shares as bytes, without SPU: `test_engine` has the runtime's own word on them."""

from __future__ import annotations

import numpy as np
import pytest

from uniqueness._spu_shares import bit_planes, boolean_share, slots_of


def _chunk(pairs: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]) -> bytes:
    head = b"\x08\x80\x02\x1a\x80\x02"  # 256 bytes, twice
    assert pairs.nbytes == 256
    return head + pairs.tobytes()


def test_slots_are_the_low_halves_of_each_pair() -> None:
    pairs = np.arange(64, dtype=np.uint32).reshape(32, 2) + np.uint32(7 << 16)
    own, second = slots_of(_chunk(pairs), 32)
    assert own.tolist() == list(range(0, 64, 2))
    assert second.tolist() == list(range(1, 64, 2))


def test_a_chunk_of_another_layout_is_refused() -> None:
    good = _chunk(np.zeros((32, 2), np.uint32))
    for bad, count in ((good, 31), (good[:-1], 32), (b"\x10" + good[1:], 32), (good + b"\0", 32)):
        with pytest.raises(ValueError, match="otherwise than expected"):
            slots_of(bad, count)


def test_planes_have_the_bits_and_a_share_has_both_slots() -> None:
    scores = np.random.default_rng(1).integers(0, 1 << 16, (3, 64), dtype=np.uint16)
    planes = bit_planes(scores)
    assert planes.shape == (16, 3, 2)
    bits = np.unpackbits(planes.view(np.uint8), axis=-1, bitorder="little").reshape(16, 3, 64)
    assert ((bits.astype(np.uint32) << np.arange(16)[:, None, None]).sum(axis=0) == scores).all()
    _, (chunk,) = boolean_share(planes[0], planes[1])
    assert np.frombuffer(chunk[-planes[0].nbytes * 2 :], np.uint32)[::2].tolist() == planes[0].ravel().tolist()
