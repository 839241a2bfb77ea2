"""The committed SRS is what its command makes, and keys that are no keys are refused."""

import struct

import pytest

from circuits.srs import derive, srs_file
from circuits.srs.check import STANDARD_G2
from circuits.srs.derive import PUBLIC_TAU_G2, derive_file
from protocol.errors import ArtifactFailed, VerificationError
from protocol.pins import read_pinned


@pytest.mark.slow
def test_derived_file_made_again_equals_the_committed_one(tmp_path):
    derive_file(tmp_path / "again.srs")
    assert (tmp_path / "again.srs").read_bytes() == srs_file(15).read_bytes()


def _zkey(domain: int, points: bytes) -> bytes:
    header = bytes(4 + 32 + 4 + 32) + struct.pack("<III", 1, 1, domain)
    sections = ((2, header), (9, points))
    parts = [b"zkey", struct.pack("<II", 1, len(sections))]
    return b"".join(parts + [struct.pack("<IQ", kind, len(data)) + data for kind, data in sections])


def test_file_that_is_no_zkey_is_refused():
    with pytest.raises(ArtifactFailed, match="not a zkey"):
        derive._h_points(b"ptau" + bytes(100))


@pytest.mark.parametrize("size", [4, 11, 20, 24, 90, 110])
def test_key_cut_short_is_refused(size):
    with pytest.raises(ArtifactFailed, match="cut short"):
        derive._h_points(_zkey(4, bytes(256))[:size])


@pytest.mark.parametrize(("domain", "count"), [(3, 3), (4, 3), (4, 5), (0, 0)])
def test_key_with_an_h_section_of_the_wrong_size_is_refused(domain, count):
    with pytest.raises(ArtifactFailed, match=f"expected 64 for each of {domain} points"):
        derive._h_points(_zkey(domain, bytes(64 * count)))


def test_h_points_are_cut_out_of_the_key():
    assert derive._h_points(_zkey(4, b"h" * 256)) == (2, b"h" * 256)


def test_key_of_another_tau_is_refused(monkeypatch):
    # eight points of the real key are the H section of no key of the published tau
    _, points = derive._h_points(read_pinned("circom_chacha20_zkey"))
    monkeypatch.setattr(derive, "read_pinned", lambda _name: _zkey(8, points[:512]))
    with pytest.raises(VerificationError, match="powers are not powers of the tau"):
        derive.derive_srs()


def test_published_tau_is_not_the_generator():
    assert PUBLIC_TAU_G2 != STANDARD_G2
