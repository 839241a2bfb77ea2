"""One pinned SRS file per k, from three sources that are not worth the same."""

from pathlib import Path

import pytest

from circuits.srs import (
    LADDER,
    SrsSource,
    check_srs,
    fetch_published,
    list_sources,
    require_chain_allows,
    source,
    srs_file,
)
from circuits.srs.derive import PUBLIC_TAU_G2
from protocol.errors import ArtifactAbsent, ArtifactFailed, ArtifactUnavailable, InputError
from protocol.pins import Pin


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("IRISPROOF_HOME", str(tmp_path))
    return tmp_path


def _names(home: Path) -> list[str]:
    return [entry.name for entry in (home / "srs").iterdir()]


@pytest.mark.parametrize("chain_id", [0, 1, 5, 10, 137, 1336, 1338, 31336, 31338, 11155111])
def test_development_srs_on_a_chain_that_is_not_local_is_refused(chain_id):
    with pytest.raises(InputError, match=rf"refused on chain {chain_id}: its secret is public"):
        require_chain_allows(SrsSource.DEVELOPMENT, chain_id)


@pytest.mark.parametrize("chain_id", [1337, 31337])
def test_development_srs_on_a_local_chain_is_allowed(chain_id):
    require_chain_allows(SrsSource.DEVELOPMENT, chain_id)


@pytest.mark.parametrize("allowed", [SrsSource.DERIVED, SrsSource.PUBLISHED])
def test_other_srs_on_any_chain_are_allowed(allowed):
    require_chain_allows(allowed, 1)


@pytest.mark.parametrize("k", [LADDER[0] - 1, LADDER[-1] + 1, 0, -1])
@pytest.mark.parametrize("any_source", SrsSource)
def test_k_outside_the_ladder_is_refused(k, any_source):
    with pytest.raises(InputError, match=r"the ladder is 13\.\.15"):
        srs_file(k, any_source)
    with pytest.raises(InputError, match=r"the ladder is 13\.\.15"):
        fetch_published(k, lambda *_: None)


def test_published_srs_that_was_not_fetched_is_unavailable(home):
    with pytest.raises(ArtifactUnavailable, match="is not here") as caught:
        srs_file(13, SrsSource.PUBLISHED)
    assert "irisproof srs fetch" in caught.value.hint


def test_fetch_that_fails_is_unavailable_and_leaves_nothing(home):
    def download(_k: int, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("no network")

    with pytest.raises(ArtifactUnavailable, match="k = 13 could not be fetched: OSError"):
        fetch_published(13, download)
    assert _names(home) == []


def test_fetch_that_brings_nothing_is_unavailable(home):
    with pytest.raises(ArtifactUnavailable, match="could not be fetched: FileNotFoundError"):
        fetch_published(13, lambda *_: None)


def test_fetch_of_another_file_is_refused_and_leaves_nothing(home):
    with pytest.raises(ArtifactFailed, match="is not the pinned srs"):
        fetch_published(13, lambda _k, path: path.write_bytes(b"something else") and None)
    assert _names(home) == []


def test_fetch_interrupted_leaves_nothing(home):
    def download(_k: int, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_published(13, download)
    assert _names(home) == []


def test_fetch_of_the_pinned_file_is_kept_and_found_again(home, monkeypatch):
    # sha256 of b"abc" (FIPS 180-2, appendix B.1): no real file can be had without a network
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    monkeypatch.setattr(source, "pin", lambda name: Pin(name, "build/srs/x", digest, "irisproof srs fetch"))
    with pytest.raises(ArtifactFailed, match="starts with 4 bytes of k"):
        fetch_published(13, lambda _k, incoming: incoming.write_bytes(b"abc") and None)
    assert _names(home) == []  # the pinned bytes, but no SRS
    monkeypatch.setattr(source, "check_srs", lambda _data: None)
    path = fetch_published(13, lambda _k, incoming: incoming.write_bytes(b"abc") and None)
    assert path.read_bytes() == b"abc"
    assert srs_file(13, SrsSource.PUBLISHED) == path
    assert _names(home) == ["published_k13.srs"]


def test_file_on_disk_with_one_flipped_bit_is_refused(home):
    path = srs_file(13, SrsSource.DEVELOPMENT)
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ArtifactFailed, match="is not the pinned srs") as caught:
        srs_file(13, SrsSource.DEVELOPMENT)
    assert "delete it" in caught.value.hint
    path.write_bytes(data[:1000])
    with pytest.raises(ArtifactFailed, match="is not the pinned srs"):
        srs_file(13, SrsSource.DEVELOPMENT)


def test_file_that_cannot_be_read_is_unavailable(home):
    (home / "srs" / "development_k13.srs").mkdir(parents=True)
    with pytest.raises(ArtifactUnavailable, match="cannot be read"):
        srs_file(13, SrsSource.DEVELOPMENT)


def test_file_made_that_is_not_the_pinned_one_is_not_written(home, monkeypatch):
    monkeypatch.setattr(source, "_make", lambda _k, _source: b"something else")
    with pytest.raises(ArtifactFailed, match="is not the pinned srs"):
        srs_file(13, SrsSource.DEVELOPMENT)
    assert _names(home) == []


def test_derived_file_missing_from_the_checkout_says_how_to_make_it(monkeypatch, tmp_path):
    monkeypatch.setattr(source, "root_dir", lambda: tmp_path)
    with pytest.raises(ArtifactAbsent, match=r"derived_k15\.srs is missing") as caught:
        srs_file(15, SrsSource.DERIVED)
    assert "irisproof srs derive" in caught.value.hint


@pytest.mark.parametrize("k", [13, 14])
def test_derived_file_of_smaller_k_has_the_published_tau(k):
    facts = check_srs(srs_file(k, SrsSource.DERIVED).read_bytes())
    assert facts.k == k
    assert facts.tau_g2 == PUBLIC_TAU_G2
    assert facts.standard_g2_generator
    assert not facts.standard_g1_generator


def test_sources_are_listed_with_their_worth_and_what_is_here(home):
    derived, published, development = list_sources()
    assert (derived.source, published.source, development.source) == tuple(SrsSource)
    assert derived.present == (15,)  # part of the checkout; the rest is made on first use
    assert published.present == development.present == ()
    assert "not reviewed" in derived.worth
    assert "secret is public" in development.worth
    assert all(set(facts.sha256_by_k) == set(LADDER) for facts in (derived, published, development))
