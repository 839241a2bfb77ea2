"""A node's ports: who may speak, how much, how often; and a caller knows whom it speaks to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol.errors import CommitteeUnavailable, EncodingError, InputError, RequestRefused
from tests.uniqueness.stored import FIRST, open_store
from uniqueness.binding import Committee
from uniqueness.engine import TlsFiles
from uniqueness.engine_slot import EngineChoice, EngineSetting, EngineSlot
from uniqueness.intake import Intake
from uniqueness.keys import Authority, certificate_request, node_name, read_box_key, write_box_key, write_tls_key
from uniqueness.member import Member, MemberParts
from uniqueness.refusals import Refusal
from uniqueness.rehearsal import free_addresses
from uniqueness.server import MAX_CLIENT_BYTES, Listening, NodeServer
from uniqueness.wire import Channel, _NamedConnection, caller_context, error_value, listener_context


class NoChain:
    """No test here gets as far as the chain."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the chain was asked: {name}")


@dataclass
class Room:
    folder: Path
    nodes: Authority
    clients: Authority
    strangers: Authority
    client_address: str
    peer_address: str

    def tls(self, name: str, authority: Authority) -> TlsFiles:
        at = self.folder / f"{name}-{id(authority)}"
        at.mkdir(exist_ok=True)
        if not (at / "key").exists():
            key = write_tls_key(at / "key")
            (at / "crt").write_text(authority.certify(certificate_request(key, "anything"), name))
        return TlsFiles(at / "crt", at / "key", self.folder / "nodes.crt")

    def channel(self, name: str, authority: Authority, peer: bool = False, node: int = 1) -> Channel:
        address = self.peer_address if peer else self.client_address
        return Channel(node, address, caller_context(self.tls(name, authority)))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Node 1, serving."""
    folder = tmp_path_factory.mktemp("server")
    authorities = [Authority.create(folder, name) for name in ("nodes", "clients", "strangers")]
    made = Room(folder, *authorities, *free_addresses(2))
    tls = made.tls("node-1", made.nodes)
    store = open_store(folder / "store", 1)
    served = Committee(31337, FIRST.body["registry"], 1, lambda _: None)
    intake = Intake(served, X25519PrivateKey.generate(), NoChain(), store)
    slot = EngineSlot(1, EngineSetting(EngineChoice.MPYC, free_addresses(), tls))
    server = NodeServer(
        Member(MemberParts(store, NoChain(), NoChain(), intake, slot, ())), lambda name: 7.0 * (name == "hasty")
    )
    listening = Listening(
        made.client_address,
        made.peer_address,
        listener_context(tls, str(folder / "clients.crt")),
        listener_context(tls, str(folder / "nodes.crt")),
    )
    ready, loop = threading.Event(), asyncio.new_event_loop()
    task = loop.create_task(server.serve(listening, ready.set))

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(60)
        yield made
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(60)
        store.close()


def _refusal(channel: Channel, path: str, value: dict[str, Any]) -> Refusal:
    with pytest.raises(RequestRefused) as refusal:
        channel.call(path, value)
    found = refusal.value.refusal
    assert isinstance(found, Refusal)
    return found


def test_a_known_client_is_answered(room: Room) -> None:
    status = room.channel("kiosk", room.clients).call("/v1/status", {})
    assert (status["node"], status["sequence"], status["engines"]) == (1, 0, "not connected")


@pytest.mark.parametrize("authority", ["strangers", "nodes"])
def test_a_client_of_another_authority_is_refused(room: Room, authority: str) -> None:
    with pytest.raises(CommitteeUnavailable, match=r"refused the connection|does not answer"):
        room.channel("kiosk", getattr(room, authority)).call("/v1/status", {})


@pytest.mark.parametrize("authority", ["clients", "strangers"])
def test_nobody_but_a_node_reaches_the_nodes_port(room: Room, authority: str) -> None:
    with pytest.raises(CommitteeUnavailable):
        room.channel("node-0", getattr(room, authority), peer=True).call("/log", {"start": 0})


def test_a_node_may_ask_for_the_log_and_only_node_0_may_propose(room: Room) -> None:
    assert len(room.channel("node-2", room.nodes, peer=True).call("/log", {"start": 0})["entries"]) == 1
    assert _refusal(room.channel("node-2", room.nodes, peer=True), "/commit", {"hash": "00"}) is Refusal.UNKNOWN_CLIENT
    with pytest.raises(CommitteeUnavailable):  # node 0 is heard: there is no such entry
        room.channel("node-0", room.nodes, peer=True).call("/commit", {"hash": "00"})
    for name in ("node-1", "node-3", "kiosk"):
        channel = room.channel(name, room.nodes, peer=True)
        assert _refusal(channel, "/log", {"start": 0}) is Refusal.UNKNOWN_CLIENT


def test_a_server_with_another_node_s_certificate_is_not_believed(room: Room) -> None:
    with pytest.raises(CommitteeUnavailable, match="not the committee's"):
        room.channel("kiosk", room.clients, node=2).call("/v1/status", {})


def test_a_server_of_another_authority_is_not_believed(room: Room) -> None:
    tls = room.tls("kiosk", room.clients)
    wrong = TlsFiles(tls.certificate, tls.key, room.folder / "strangers.crt")
    with pytest.raises(CommitteeUnavailable, match="not the committee's"):
        Channel(1, room.client_address, caller_context(wrong)).call("/v1/status", {})


def test_a_hasty_client_is_told_when_to_come_again(room: Room) -> None:
    with pytest.raises(RequestRefused) as refusal:
        room.channel("hasty", room.clients).call("/v1/status", {})
    assert refusal.value.refusal is Refusal.TOO_MANY
    assert refusal.value.hint == "come again in 7 s"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"eyes": 1},
        {"eyes": ["x"]},
        {"eyes": [{}]},
        {"eyes": [{"request": "?"}]},
        {"eyes": [{"request": "e30=", "evidence": "", "proof": "", "box": ""}]},
    ],
)
def test_a_malformed_submission_is_refused_before_anything_is_asked(room: Room, value: dict[str, Any]) -> None:
    assert _refusal(room.channel("kiosk", room.clients), "/v1/submissions", value) is Refusal.MALFORMED


def test_a_number_of_eyes_that_the_policy_does_not_want_is_refused(room: Room) -> None:
    channel = room.channel("kiosk", room.clients)
    assert _refusal(channel, "/v1/submissions", {"eyes": [{}, {}]}) is Refusal.WRONG_POLICY


@pytest.mark.parametrize("record_id", [None, "1", 0, -1, 1 << 64, True])
def test_a_record_id_that_is_none_is_refused(room: Room, record_id: object) -> None:
    channel = room.channel("kiosk", room.clients)
    assert _refusal(channel, "/v1/erasures", {"record_id": record_id}) is Refusal.MALFORMED


def test_too_large_a_request_is_refused(room: Room) -> None:
    channel = room.channel("kiosk", room.clients)
    assert _refusal(channel, "/v1/submissions", {"eyes": "x" * MAX_CLIENT_BYTES}) is Refusal.MALFORMED


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"version": 2}', b"[" * 9000, b"\xff"])
def test_what_is_no_request_is_refused(room: Room, body: bytes) -> None:
    context = caller_context(room.tls("kiosk", room.clients))
    connection = _NamedConnection(room.client_address, node_name(1), context, 30)
    connection.request("POST", "/v1/status", body, {"Content-Type": "application/json"})
    said = json.loads(connection.getresponse().read())
    connection.close()
    assert said["error"]["refusal"] == "malformed"


def test_an_unexpected_failure_says_its_kind_and_nothing_else() -> None:
    said = error_value(KeyError("share 12345"))
    assert said["error"] == {"message": "it failed: KeyError", "hint": ""}
    assert error_value(InputError("path /secret"))["error"]["message"] == "it failed: InputError"
    assert error_value(EncodingError("our words"))["error"]["message"] == "our words"


def test_keys_are_for_their_owner_and_never_overwritten(tmp_path: Path) -> None:
    write_box_key(tmp_path / "box.key")
    assert (tmp_path / "box.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="cannot be made"):
        write_box_key(tmp_path / "box.key")
    (tmp_path / "box.key").chmod(0o644)
    with pytest.raises(InputError, match="open to others"):
        read_box_key(tmp_path / "box.key")
    (tmp_path / "bad.key").write_text("12")
    (tmp_path / "bad.key").chmod(0o600)
    with pytest.raises(InputError, match="no box key"):
        read_box_key(tmp_path / "bad.key")
    authority = Authority.create(tmp_path, "nodes")
    with pytest.raises(InputError, match="cannot be read"):
        authority.certify("nothing", "node-0")
