"""Run one node of the committee, or rebuild what it keeps."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.committee.registry_view import RegistryView
from app.committee.settings import NodeSettings
from app.committee.shards import read_plan
from app.committee.verdicts import NodeSigner
from app.key_file import read_key
from app.relay.limits import RateLimit
from protocol.errors import CommitteeError, InputError, RecheckFailed
from registry_contract.client import RegistryClient
from registry_contract.deployment import Deployment
from uniqueness.binding import Committee
from uniqueness.checked.comparison import CheckedComparison
from uniqueness.checked.peers import Peers
from uniqueness.committee_file import CommitteeFile
from uniqueness.engine import TlsFiles
from uniqueness.engine_slot import EngineChoice, EngineSetting, EngineSlot
from uniqueness.intake import Intake
from uniqueness.keys import read_box_key
from uniqueness.linear import NUMPY, Arithmetic
from uniqueness.links import connect_links
from uniqueness.member import Member, MemberParts
from uniqueness.ordered_log import genesis
from uniqueness.recheck import in_next_role, recheck
from uniqueness.sequencer import Sequencer
from uniqueness.server import Listening, NodeServer
from uniqueness.store import Store
from uniqueness.wire import Channel, caller_context, listener_context

__all__ = ["rebuild_node", "recheck_node", "run_node", "status_line"]

MPYC_PEOPLE = 1000
RECHECK_WAIT_S = 600.0
"""Three operators do not type at the same time."""


@dataclass(frozen=True)
class _Parts:
    committee: CommitteeFile
    member: Member
    peers: list[Channel]
    tls: TlsFiles


def run_node(settings: NodeSettings, write: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Raises `InputError` for settings that cannot be used or a registry that lists other nodes, `StoreDamaged` for a
    store that must be rebuilt, and what connecting to the chain raises.
    """
    _end_with_parent(settings)
    with _alone(settings.store):
        parts = _parts(settings)
        member, node = parts.member, settings.node
        sequencer = Sequencer(member, parts.peers, settings.settle_s) if node == 0 else None
        engine = parts.committee.engine
        limit = f" (slow: for up to about {MPYC_PEOPLE:,} people)" if engine is EngineChoice.MPYC else ""
        write(f"node {node}: {len(member.store.networks())} networks, log at {member.store.last.sequence}")
        write(f"engine: {engine.value}{limit}")
        try:
            taken = member.catch_up()
            write(f"took {taken} entries from the other nodes" if taken else "nothing was missed")
        except CommitteeError:
            write("the other nodes do not answer yet")
        if sequencer is not None:
            threading.Thread(target=sequencer.run, name="sequencer", daemon=True).start()
        limiter = RateLimit(settings.requests_per_minute)
        server = NodeServer(member, limiter.wait_s, lambda: sequencer.trouble if sequencer else "")
        try:
            asyncio.run(_serve(server, _listening(settings, parts), lambda: write(f"node {node} serves")))
        except KeyboardInterrupt:
            return
        except OSError as error:
            raise InputError(f"node {node} cannot listen: {error.strerror}") from error
        finally:
            if sequencer is not None:
                sequencer.stop()
            member.stop()
            member.store.close()


def rebuild_node(settings: NodeSettings, write: Callable[[str], None]) -> None:
    """Put the store aside and take everything from the other two nodes. Raises `CommitteeUnavailable` where one of them
    does not answer, and `VerificationError` where what they send is not under the log's seals."""
    with _alone(settings.store):
        if settings.store.exists():
            aside = settings.store.with_name(f"{settings.store.name}.damaged-{int(time.time())}")
            settings.store.rename(aside)
            write(f"the old store is at {aside}: it holds shares; delete it when the node runs")
        member = _parts(settings).member
        try:
            taken = member.catch_up()
            member.store.verify()
            write(f"rebuilt: {taken} entries, log at {member.store.last.sequence}")
        finally:
            member.store.close()


def recheck_node(settings: NodeSettings, last: int | None, write: Callable[[str], None]) -> int:
    """Compute old verdicts again together with the other two operators, who do the same at the same time; no node runs
    meanwhile. How many there are, all of which hold. Raises `RecheckFailed` for ones that do not, and `EngineFailed`.
    """
    with _alone(settings.store):
        parts = _parts(settings)
        store, node = parts.member.store, settings.node
        try:
            addresses = [entry.engine for entry in parts.committee.nodes]
            write(f"node {node}: log at {store.last.sequence}, waiting for the other two")
            role, links = in_next_role(node, connect_links(node, addresses, parts.tls, "recheck", RECHECK_WAIT_S))
            comparison = CheckedComparison(Peers(role, links), _arithmetic(settings.products))
            try:
                found = list(recheck(store, comparison, role, last))
            finally:
                comparison.close()
        finally:
            store.close()
    wrong = [f"{one.network} {one.number}" for one in found if not one.holds]
    if wrong:
        raise RecheckFailed(
            f"{len(wrong)} of {len(found)} verdicts do not hold: records {', '.join(wrong[:10])}",
            hint="somebody tampered, then or with the stores: keep all three logs",
        )
    return len(found)


async def _serve(server: NodeServer, listening: Listening, ready: Callable[[], None]) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await server.serve(listening, ready)
    except asyncio.CancelledError:
        return


def _parts(settings: NodeSettings) -> _Parts:
    try:
        committee = CommitteeFile.from_json(settings.committee.read_text())
        deployment = Deployment.from_json(settings.deployment.read_text())
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}") from error
    node, nodes = settings.node, [entry.signer for entry in committee.nodes]
    account = read_key(settings.signing_key, "signing key")
    box_key = read_box_key(settings.box_key)
    if account.address != nodes[node] or box_key.public_key().public_bytes_raw().hex() != committee.nodes[node].box_key:
        raise InputError(f"the keys here are not those of node {node} in {settings.committee.name}")
    view = RegistryView(RegistryClient(settings.rpc_url, deployment))
    view.require_listed(nodes)
    view.require_models()
    served = Committee(deployment.chain_id, deployment.registry, node, view.model)
    first = genesis(deployment.chain_id, deployment.registry, committee.policy.value, nodes)
    store = Store(settings.store, node, first, committee.policy.eyes)
    tls = TlsFiles(settings.certificate, settings.key, settings.authority)
    context = caller_context(tls)
    peers = [Channel(number, entry.peers, context) for number, entry in enumerate(committee.nodes) if number != node]
    engines = [entry.engine for entry in committee.nodes]
    if settings.shards is not None and committee.engine is not EngineChoice.SPU:
        raise InputError(f"the committee's engine is {committee.engine.value}; only spu can be spread over shards")
    shards = None if settings.shards is None else read_plan(settings.shards)
    slot = EngineSlot(
        node, EngineSetting(committee.engine, engines, tls, _arithmetic(settings.products), shards=shards)
    )
    signer = NodeSigner(account, deployment.registry, deployment.chain_id)
    member = Member(MemberParts(store, view, signer, Intake(served, box_key, view, store), slot, peers))
    return _Parts(committee, member, peers, tls)


def _arithmetic(products: str) -> Arithmetic:
    if products == "numpy":
        return NUMPY
    try:
        from uniqueness.torch_products import TORCH  # noqa: PLC0415  torch is not needed to run
    except ImportError as error:
        raise InputError("products is torch, and torch is not installed") from error
    return TORCH


def _listening(settings: NodeSettings, parts: _Parts) -> Listening:
    entry = parts.committee.nodes[settings.node]
    return Listening(
        settings.listen_clients or entry.clients,
        settings.listen_peers or entry.peers,
        listener_context(parts.tls, str(settings.clients_authority)),
        listener_context(parts.tls, str(settings.authority)),
    )


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Two processes on one store would give two records one number."""
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        handle = store.with_name(store.name + ".lock").open("w")
    except OSError as error:
        raise InputError(f"the store {store} cannot be used: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another process uses the store {store}") from None
        yield


def _end_with_parent(settings: NodeSettings) -> None:
    """A demo that is killed outright leaves neither nodes nor shares."""
    if not settings.parent:
        return

    def watch() -> None:
        while os.getppid() == settings.parent:
            time.sleep(0.5)
        if settings.temporary:
            shutil.rmtree(settings.temporary, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def status_line(status: dict[str, object]) -> str:
    """One node's status in words."""
    if "sequence" not in status:
        return f"node {status['node']}  {status['trouble']}"
    trouble = f"  trouble: {status['trouble']}" if status["trouble"] else ""
    records = status["records"]
    return (
        f"node {status['node']}  log at {status['sequence']}  records {records}  engines {status['engines']}{trouble}"
    )
