"""The checked engine over encrypted links: the three nodes find each other by name, and strangers do not take part."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from uniqueness import engine_slot, links
from uniqueness.engine import EngineFailed, TlsFiles
from uniqueness.engine_slot import EngineChoice, EngineSetting, EngineSlot
from uniqueness.keys import Authority, certificate_request, node_name, write_tls_key
from uniqueness.rehearsal import free_addresses, ring_shares


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str, str], TlsFiles]:
    """(authority, name) -> a certificate; all trust the authority `nodes`."""
    authorities = {name: Authority.create(tmp_path, name) for name in ("nodes", "strangers")}

    def make(authority: str, name: str) -> TlsFiles:
        folder = tmp_path / f"{authority}-{name}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        key = write_tls_key(folder / "key")
        (folder / "crt").write_text(authorities[authority].certify(certificate_request(key, name), name))
        return TlsFiles(folder / "crt", folder / "key", tmp_path / "nodes.crt")

    return make


def _slots(tls: list[TlsFiles]) -> list[EngineSlot]:
    addresses = free_addresses()
    return [EngineSlot(node, EngineSetting(EngineChoice.CHECKED, addresses, one)) for node, one in enumerate(tls)]


def _at_each(slots: list[EngineSlot], act: Callable[[int, EngineSlot], object]) -> list[object]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(act, range(3), slots))


def test_three_nodes_compare_over_encrypted_links_session_after_session(files: Callable[[str, str], TlsFiles]) -> None:
    slots = _slots([files("nodes", node_name(node)) for node in range(3)])
    shares = ring_shares(np.array([-5, 0, 1]), np.random.default_rng(1))
    for session in ("one", "two"):
        _at_each(slots, lambda _, slot, name=session: slot.start(name))  # type: ignore[misc]
        for count, expected in ((3, True), (2, False)):
            bits = _at_each(
                slots,
                lambda node, slot, s=session, n=count: slot.comparison(s).any_positive(b"x", [shares[node][:n]], n),  # type: ignore[misc]
            )
            assert bits == [expected] * 3
    with pytest.raises(EngineFailed, match="has ended"):
        slots[0].comparison("one")
    _at_each(slots, lambda _, slot: slot.end())


def test_a_node_that_saw_tampering_computes_nothing_more(files: Callable[[str, str], TlsFiles]) -> None:
    slot = _slots([files("nodes", node_name(node)) for node in range(3)])[0]
    slot.halt("a node tampers: the lanes of the answer differ")
    with pytest.raises(EngineFailed, match="a node tampers") as refusal:
        slot.start("another")
    assert "operators" in refusal.value.hint
    with pytest.raises(EngineFailed):
        slot.comparison("another")


@pytest.mark.parametrize(("authority", "name"), [("strangers", "node-2"), ("nodes", "node-1"), ("nodes", "kiosk")])
def test_who_is_not_the_third_node_does_not_take_part(
    files: Callable[[str, str], TlsFiles], monkeypatch: pytest.MonkeyPatch, authority: str, name: str
) -> None:
    monkeypatch.setattr(engine_slot, "_CONNECT_S", 3.0)
    slots = _slots([files("nodes", "node-0"), files("nodes", "node-1"), files(authority, name)])

    def start(_: int, slot: EngineSlot) -> str:
        with pytest.raises(EngineFailed) as failure:
            slot.start("one")
        return failure.value.message

    assert all(_at_each(slots, start))
    assert all(slot.session == "" for slot in slots)


def test_a_link_of_an_earlier_session_is_not_taken(files: Callable[[str, str], TlsFiles]) -> None:
    addresses, tls = free_addresses(), [files("nodes", node_name(node)) for node in range(3)]
    sessions = ("new", "new", "old")

    def connect(node: int) -> str:
        with pytest.raises(EngineFailed) as failure:
            links.connect_links(node, addresses, tls[node], sessions[node], 3.0)
        return failure.value.message

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(connect, range(3)))
