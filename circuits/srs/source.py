"""Which SRS there are, what each is worth, and the one file per k that the provers read.

ezkl shrinks a file of a larger k again at every call (twenty seconds each), and commits to something else while doing
so: hence one file per k.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from circuits.artifacts import build_dir, write_atomic
from circuits.srs._development import development_srs
from circuits.srs._file import Srs
from circuits.srs.check import check_srs
from protocol.errors import ArtifactAbsent, ArtifactFailed, ArtifactUnavailable, InputError
from protocol.pins import pin, read_pinned, root_dir

__all__ = [
    "LADDER",
    "SourceFacts",
    "SrsSource",
    "fetch_published",
    "list_sources",
    "read_srs",
    "require_chain_allows",
    "srs_file",
]

LADDER = (13, 14, 15)
"""The k for which captures are committed and circuits may be built (`protocol.md`, object 2)."""

_LOCAL_CHAINS = frozenset({1337, 31337})


class SrsSource(Enum):
    """Where an SRS comes from. The value is the head of its file's name and pin."""

    DERIVED = "derived"
    PUBLISHED = "published"
    DEVELOPMENT = "development"


_WORTH = {
    SrsSource.DERIVED: (
        "powers of tau recovered from a published Groth16 key (npm circom-chacha20); by pairing, tau is that of the "
        "phase 1 behind many public snarkjs verifiers; our own derivation, not reviewed from outside; "
        "its G1 generator is not the standard one"
    ),
    SrsSource.PUBLISHED: "ezkl's download of the perpetual powers of tau; the hash is the one in ezkl's source",
    SrsSource.DEVELOPMENT: "its secret is public: whoever likes can forge any proof; local chains only",
}


@dataclass(frozen=True)
class SourceFacts:
    """One row of `irisproof srs list`. `present` says for which k the file lies here already."""

    source: SrsSource
    worth: str
    sha256_by_k: dict[int, str]
    present: tuple[int, ...]


def list_sources() -> list[SourceFacts]:
    """All sources, what each is worth, the pinned hashes, and what is already here. Makes no SRS."""
    return [
        SourceFacts(
            source,
            _WORTH[source],
            {k: _pin_of(k, source) for k in LADDER},
            tuple(k for k in LADDER if _path(k, source).is_file()),
        )
        for source in SrsSource
    ]


def require_chain_allows(source: SrsSource, chain_id: int) -> None:
    """Raise `InputError` if `source` is the development SRS and `chain_id` is no local chain (1337, 31337)."""
    if source is SrsSource.DEVELOPMENT and chain_id not in _LOCAL_CHAINS:
        raise InputError(
            f"the development srs is refused on chain {chain_id}: its secret is public, so proofs can be forged",
            hint="use the derived or the published srs; only the local chains 1337 and 31337 accept this one",
        )


def srs_file(k: int, source: SrsSource = SrsSource.DERIVED) -> Path:
    """The SRS file for 2^k rows, made on first use (2 s for k = 13, 5 s for k = 14) and checked against its pin.

    The hash is checked at every call. That guards against a damaged or exchanged file, not against somebody who
    can write to the folder while the prover reads it.

    Raises `InputError` (a k outside the ladder), `ArtifactUnavailable` (a published file that was not fetched, no
    space) or `ArtifactFailed` (the file is not the pinned one).
    """
    read_srs(k, source)
    return _path(k, source)


def read_srs(k: int, source: SrsSource = SrsSource.DERIVED) -> bytes:
    """The bytes of `srs_file(k, source)`: the very ones whose hash was checked. Raises the same."""
    _require_on_ladder(k)
    path = _path(k, source)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = _make(k, source)
        _require_pinned(data, k, source)
        write_atomic(path, data)
        return data
    except OSError as error:
        raise ArtifactUnavailable(f"{path} cannot be read: {error.strerror}") from error
    _require_pinned(data, k, source)
    return data


def fetch_published(k: int, download: Callable[[int, Path], None]) -> Path:
    """Fetch ezkl's SRS for 2^k rows with `download(k, path)`, check its pin and every point of it, and keep it.

    The download is handed in because ezkl stays behind `circuits.iris`. The pins were read in ezkl's repository
    (src/srs_sha.rs); no machine this was developed on had the network to fetch the files themselves.

    Raises `ArtifactUnavailable` if the download fails for any reason, `ArtifactFailed` if what came is not the pinned
    file, or `VerificationError` if it is no true SRS; nothing is kept then.
    """
    _require_on_ladder(k)
    path = _path(k, SrsSource.PUBLISHED)
    incoming = path.with_suffix(".part")
    try:
        download(k, incoming)
        data = incoming.read_bytes()
    except Exception as error:
        raise ArtifactUnavailable(
            f"the published srs for k = {k} could not be fetched: {type(error).__name__}",
            hint="a network is needed; the derived srs (the default) needs none",
        ) from error
    finally:
        incoming.unlink(missing_ok=True)
    _require_pinned(data, k, SrsSource.PUBLISHED)
    check_srs(data)
    write_atomic(path, data)
    return path


def _require_on_ladder(k: int) -> None:
    if k not in LADDER:
        raise InputError(f"there is no srs for k = {k}: the ladder is {LADDER[0]}..{LADDER[-1]}")


def _path(k: int, source: SrsSource) -> Path:
    """Where the file lies. The largest derived one is part of the checkout; all others are made."""
    if source is SrsSource.DERIVED and k == LADDER[-1]:
        return root_dir() / pin(_pin_name(k, source)).path
    return build_dir("srs") / f"{source.value}_k{k}.srs"


def _pin_name(k: int, source: SrsSource) -> str:
    return f"srs_{source.value}_k{k}"


def _pin_of(k: int, source: SrsSource) -> str:
    return pin(_pin_name(k, source)).sha256


def _require_pinned(data: bytes, k: int, source: SrsSource) -> None:
    found, wanted = hashlib.sha256(data).hexdigest(), _pin_of(k, source)
    if found != wanted:
        path = _path(k, source)
        raise ArtifactFailed(
            f"{path} is not the pinned srs: sha256 {found[:16]}…, pinned {wanted[:16]}…",
            hint=f"delete it and make it again with: {pin(_pin_name(k, source)).made_by}",
        )


def _make(k: int, source: SrsSource) -> bytes:
    if source is SrsSource.DEVELOPMENT:
        return development_srs(k).to_bytes()
    if source is SrsSource.PUBLISHED:
        raise ArtifactUnavailable(
            f"the published srs for k = {k} is not here, and it is fetched only when asked for",
            hint="run: irisproof srs fetch (needs a network), or use the derived srs",
        )
    if k == LADDER[-1]:
        name = pin(_pin_name(k, source))
        raise ArtifactAbsent(f"{name.path} is missing", hint=f"run: {name.made_by}")
    largest = Srs.from_bytes(read_pinned(_pin_name(LADDER[-1], source)))
    return largest.downsized(k).to_bytes()
