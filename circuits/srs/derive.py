"""Powers of tau from a published Groth16 key: where the default SRS comes from.

snarkjs writes into the H section of a key, for a domain of n = 2^k and zeta a primitive 2n-th root of unity, the points

    H_i = c l_i(tau) G,   l_i the Lagrange basis of the odd coset zeta^(2i+1),   c an unknown constant.

X^j takes the values zeta^(j(2i+1)) there, so sum_i zeta^(j(2i+1)) H_i = c tau^j G: a transform in the group gives
all powers of tau, with c G as the generator. Nothing secret is learned; every step is a public linear combination.

The key does not contain tau G2 for the standard generator. But public verifiers of the same phase 1 do, as a constant;
the pairing check of the finished file shows that it belongs to these very powers.

What this is worth: as much as the ceremony behind that constant (believed to be the Hermez phase 1). The derivation
is this project's own and has had no outside review. The G1 generator c G is not the standard one, so the file's hash is
none of the published ones, and commitments under it compare with those of no other SRS.
"""

from __future__ import annotations

import struct
from pathlib import Path

from circuits.artifacts import write_atomic
from circuits.curve import G1_BYTES, Points
from circuits.srs._file import G2Coordinates, Srs, lagrange_from_powers
from circuits.srs.check import STANDARD_G2, check_srs
from protocol.errors import ArtifactFailed
from protocol.field import SCALAR_FIELD
from protocol.pins import read_pinned

__all__ = ["PUBLIC_TAU_G2", "derive_file", "derive_srs"]

PUBLIC_TAU_G2: G2Coordinates = (
    21831381940315734285607113342023901060522397560371972897001948545212302161822,
    17231025384763736816414546592865244497437017442647097510447326538965263639101,
    2388026358213174446665280700919698872609886601280537296205114254867301080648,
    11507326595632554467052522095592665270651932854513688777769618397986436103170,
)
"""tau G2: the constants X2x1, X2x2, X2y1, X2y2 of the PLONK and fflonk verifiers that snarkjs generates."""

_HEADER, _H_POINTS = 2, 9  # sections of a Groth16 zkey (snarkjs, src/zkey_utils.js)


def derive_srs() -> bytes:
    """The derived SRS (k = 15) from the pinned npm key, checked in full by `check_srs`; about half a minute.

    Raises `ArtifactAbsent` or `ArtifactFailed` (the key is not there, or not the pinned one), `VerificationError` (tau
    is not the published one).
    """
    k, encoded = _h_points(read_pinned("circom_chacha20_zkey"))
    zeta = pow(5, (SCALAR_FIELD - 1) >> (k + 1), SCALAR_FIELD)  # snarkjs' root of unity: generator 5
    powers = Points.from_srs(encoded).fft(zeta * zeta % SCALAR_FIELD).scaled(_geometric(zeta, 1 << k))
    lagrange = lagrange_from_powers(powers, k)
    data = Srs(k, powers.to_srs(), lagrange.to_srs(), STANDARD_G2, PUBLIC_TAU_G2).to_bytes()
    check_srs(data)
    return data


def derive_file(path: Path) -> None:
    """Write `derive_srs()` to `path`, whole or not at all. The command behind the committed file."""
    write_atomic(path, derive_srs())


def _h_points(zkey: bytes) -> tuple[int, bytes]:
    """(k, the encoded points of the H section) of a Groth16 zkey; raises `ArtifactFailed` for anything else."""
    try:
        sections = _sections(zkey)
        at = sections[_HEADER].start + 4 + 32 + 4 + 32  # after q and r, each with its length; then the three sizes
        _variables, _public, domain = struct.unpack_from("<III", zkey, at)
        points = zkey[sections[_H_POINTS].start : sections[_H_POINTS].stop]
    except (struct.error, KeyError) as error:
        raise ArtifactFailed("the zkey is cut short, or is no Groth16 key") from error
    if domain.bit_count() != 1 or len(points) != G1_BYTES * domain:
        raise ArtifactFailed(f"the key's H section has {len(points):,} bytes, expected 64 for each of {domain} points")
    return domain.bit_length() - 1, points


def _sections(zkey: bytes) -> dict[int, range]:
    if zkey[:4] != b"zkey":
        raise ArtifactFailed("the file is not a zkey: it does not start with 'zkey'")
    (count,) = struct.unpack_from("<I", zkey, 8)
    at, sections = 12, {}
    for _ in range(count):
        kind, size = struct.unpack_from("<IQ", zkey, at)
        sections[kind] = range(at + 12, at + 12 + size)
        at += 12 + size
    return sections


def _geometric(base: int, count: int) -> list[int]:
    values = [1]
    for _ in range(count - 1):
        values.append(values[-1] * base % SCALAR_FIELD)
    return values
