"""A node's two ports: one for clients, one for the other two nodes. Both want certificates, of different authorities.

What a caller sends is bounded in size, number and rate before anything is computed with it. Nothing is logged.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from protocol.errors import CommitteeUnavailable, EncodingError, IrisproofError, RequestRefused
from uniqueness.catch_up import log_answer, rows_answer
from uniqueness.constants import PARTIES
from uniqueness.keys import node_name
from uniqueness.member import MAX_WAITING, Member
from uniqueness.proposal import Proposal
from uniqueness.refusals import Refusal
from uniqueness.wire import WIRE_VERSION, caller_name, decode, error_value, split_address

__all__ = ["Listening", "NodeServer"]

MAX_CLIENT_BYTES = 512 * 1024
"""Two eyes' boxes, proofs and evidence are about 170 KiB."""
MAX_PEER_BYTES = 64 * 1024

Answer = Callable[[dict[str, Any], str], dict[str, Any]]
"""(what was sent, the name in the caller's certificate) -> what is answered."""


@dataclass(frozen=True)
class Listening:
    """Addresses, host:port each, and the TLS contexts that go with them."""

    clients: str
    peers: str
    clients_context: ssl.SSLContext
    peers_context: ssl.SSLContext


class NodeServer:
    """`wait_s(name)`: how long a client must wait before its next request, 0 if not. `trouble`: for the status."""

    def __init__(self, member: Member, wait_s: Callable[[str], float], trouble: Callable[[], str] = str) -> None:
        self._member, self._wait_s, self._trouble = member, wait_s, trouble
        self._client_threads = ThreadPoolExecutor(MAX_WAITING + 4, "clients")
        self._peer_threads = ThreadPoolExecutor(8, "peers")

    async def serve(self, listening: Listening, ready: Callable[[], None]) -> None:
        """Until it is cancelled. Raises `OSError` where an address is taken."""
        runners = []
        try:
            for routes, address, context, most in (
                (self._client_routes(), listening.clients, listening.clients_context, MAX_CLIENT_BYTES),
                (self._peer_routes(), listening.peers, listening.peers_context, MAX_PEER_BYTES),
            ):
                application = web.Application(client_max_size=most)
                application.add_routes(routes)
                runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
                await runner.setup()
                runners.append(runner)
                await web.TCPSite(runner, *split_address(address), ssl_context=context).start()
            ready()
            await asyncio.Event().wait()
        finally:
            for runner in runners:
                await runner.cleanup()
            for threads in (self._client_threads, self._peer_threads):
                threads.shutdown(wait=False, cancel_futures=True)

    def _client_routes(self) -> list[web.RouteDef]:
        answers: dict[str, Answer] = {
            "/v1/submissions": lambda value, _: self._member.submit(value),
            "/v1/erasures": lambda value, _: self._member.erase(value.get("record_id")),
            "/v1/answers": lambda value, _: self._member.answer_again(decode(value.get("digest"))),
            "/v1/status": lambda _, __: self._status(),
        }
        return [web.post(path, self._limited(answer)) for path, answer in answers.items()]

    def _peer_routes(self) -> list[web.RouteDef]:
        member = self._member
        answers: dict[str, Answer] = {
            "/prepare": lambda value, _: member.prepare(_proposal(value)),
            "/execute": lambda value, _: member.execute(_proposal(value)),
            "/commit": lambda value, _: _done(member.commit, bytes.fromhex(str(value["hash"]))),
            "/abort": lambda value, _: _done(member.abort, str(value["subject"]), _error(value)),
            "/session": lambda value, _: _done(member.slot.start, str(value["session"])),
            "/end": lambda _, __: _done(member.slot.end),
            "/log": lambda value, _: log_answer(member.store, value.get("start")),
            "/rows": lambda value, name: rows_answer(member.store, value, _number(name)),
        }
        only_sequencer = {"/prepare", "/execute", "/commit", "/abort", "/session", "/end"}
        return [web.post(path, self._from_node(answer, path in only_sequencer)) for path, answer in answers.items()]

    def _status(self) -> dict[str, Any]:
        store = self._member.store
        last = store.last
        return {
            "node": store.node,
            "sequence": last.sequence,
            "log_root": last.hash.hex(),
            "records": {network: store.size(network) for network in store.networks()},
            "engines": "ready" if self._member.slot.session else "not connected",
            "trouble": self._member.slot.halted or self._trouble(),
        }

    def _limited(self, answer: Answer) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            name = _caller(request)
            wait_s = self._wait_s(name)
            if wait_s:
                refusal = RequestRefused(
                    Refusal.TOO_MANY, "too many requests of this client", hint=f"come again in {wait_s:.0f} s"
                )
                return _said(error_value(refusal), 429)
            return await _answered(request, self._client_threads, answer, name)

        return handle

    def _from_node(self, answer: Answer, only_sequencer: bool) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            name = _caller(request)
            allowed = {node_name(0)} if only_sequencer else {node_name(node) for node in range(PARTIES)}
            if name not in allowed - {node_name(self._member.store.node)}:
                refusal = RequestRefused(Refusal.UNKNOWN_CLIENT, "this is for the committee's other nodes")
                return _said(error_value(refusal), 403)
            return await _answered(request, self._peer_threads, answer, name)

        return handle


async def _answered(request: web.Request, threads: ThreadPoolExecutor, answer: Answer, name: str) -> web.Response:
    """Every failure as JSON, with our own words or its type's name alone."""
    try:
        value = json.loads(await request.read())
        if not isinstance(value, dict) or value.get("version") != WIRE_VERSION:
            raise EncodingError(f"a request is JSON of version {WIRE_VERSION}")
        work = asyncio.get_running_loop().run_in_executor(threads, answer, value, name)
        return _said({"version": WIRE_VERSION, **await work}, 200)
    except web.HTTPRequestEntityTooLarge:
        return _said(error_value(RequestRefused(Refusal.MALFORMED, "the request is too large")), 413)
    except (ValueError, RecursionError):
        return _said(error_value(EncodingError("the request is no JSON of ours")), 400)
    except IrisproofError as error:
        return _said(error_value(error), 422)
    except Exception as error:
        return _said(error_value(error), 500)


def _caller(request: web.Request) -> str:
    return caller_name(request.transport.get_extra_info("peercert") if request.transport else None)


def _number(name: str) -> int:
    return int(name.removeprefix(node_name(0)[:-1]))


def _proposal(value: dict[str, Any]) -> Proposal:
    proposal = value.get("proposal")
    if not isinstance(proposal, dict):
        raise EncodingError("there is no proposal")
    return Proposal.read(proposal)


def _error(value: dict[str, Any]) -> CommitteeUnavailable | RequestRefused:
    said = value.get("error", {})
    message, hint = str(said.get("message", "")), str(said.get("hint", ""))
    if said.get("refusal") in {refusal.value for refusal in Refusal}:
        return RequestRefused(Refusal(said["refusal"]), message, hint=hint)
    return CommitteeUnavailable(message, hint=hint)


def _done(act: Callable[..., None], *arguments: object) -> dict[str, Any]:
    act(*arguments)
    return {}


def _said(value: dict[str, Any], status: int) -> web.Response:
    return web.json_response(value, status=status, headers={"Cache-Control": "no-store"})
