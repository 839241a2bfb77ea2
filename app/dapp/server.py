"""The example dApp's HTTP: a page, requests that the page asks for, and the place that answers are posted to.

POST /requests       {"version": 1, "recipient": "0x…"}   from the page            201 and the link
GET  /requests/ID    how it stands                         from the page
POST /answers/ID     what `irisproof prove` makes          from a person's device   202: checked, being submitted
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address

from app.dapp.airdrop import Airdrop, deploy_airdrop, open_airdrop
from app.dapp.desk import AlreadyAnswered, Asked, Desk, DeskFull, RequestExpired, RequestUnknown
from app.endpoints import read_endpoints
from app.key_file import read_key
from app.poll_page import dapp_files, security_policy, static_response
from app.relay.limits import RateLimit
from app.web import JSON_VERSION, error_response, json_response, plain_errors, read_object, serve
from protocol.errors import (
    ChainError,
    EncodingError,
    InputError,
    IrisproofError,
    TransactionRefused,
    VerificationError,
)

__all__ = ["DappServer", "run_example"]

_MAX_BODY_BYTES = 16 * 1024
"""An answer is about 1.5 KiB of JSON."""

_MAX_CHECKS = 8
"""Answers that are being checked at one time; a check of a proof takes more than a second of a core."""

_PER_MINUTE = 120

_STATUS: tuple[tuple[type[IrisproofError], int], ...] = (
    (RequestUnknown, 404),
    (RequestExpired, 410),
    (AlreadyAnswered, 409),
    (DeskFull, 503),
    (EncodingError, 400),
    (TransactionRefused, 422),
    (VerificationError, 422),
    (InputError, 422),
    (ChainError, 503),
)


class DappServer:
    """`application` is what aiohttp runs. `base_url` is set before the first request: it stands in every link."""

    def __init__(self, desk: Desk, base_url: str = "") -> None:
        self._desk = desk
        self.base_url = base_url
        self._limit = RateLimit(_PER_MINUTE)
        self._threads = ThreadPoolExecutor(2, "answers")
        self._checks = 0
        self._files = dapp_files()
        self.application = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[plain_errors(_STATUS, "dApp")])
        self.application.router.add_post("/requests", self._ask)
        self.application.router.add_get("/requests/{id}", self._view)
        self.application.router.add_post("/answers/{id}", self._take)
        self.application.router.add_get("/{name:.*}", self._static)
        self.application.on_cleanup.append(self._close)

    async def _close(self, _: web.Application) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._desk.close()

    async def _ask(self, request: web.Request) -> web.Response:
        self._require_place(request)
        if request.headers.get("Origin", self.base_url) != self.base_url:
            return error_response(403, "requests are made by this dApp's own page")
        if wait_s := self._limit.wait_s(request.remote or ""):
            return error_response(429, "too many requests from this address", retry_s=wait_s)
        data = await read_object(request)
        if set(data) != {"recipient"} or not isinstance(data["recipient"], str):
            raise EncodingError("the request has missing or unknown names, or a recipient that is no text")
        asked = self._desk.ask(data["recipient"], self.base_url)
        return json_response(201, self._shown(asked) | {"link": asked.request.to_link()})

    async def _view(self, request: web.Request) -> web.Response:
        self._require_place(request)
        return json_response(200, self._shown(self._desk.view(request.match_info["id"])))

    async def _take(self, request: web.Request) -> web.Response:
        self._require_place(request)
        if "Origin" in request.headers:  # a page in somebody's browser: the app sends none
            return error_response(403, "answers come from a person's own program, not from a page")
        if wait_s := self._limit.wait_s(request.remote or ""):
            return error_response(429, "too many requests from this address", retry_s=wait_s)
        if self._checks >= _MAX_CHECKS:
            return error_response(503, "too many answers at once", retry_s=5)
        self._checks += 1
        try:
            answer = await read_object(request)
            work = self._threads.submit(self._desk.take, request.match_info["id"], answer)
            asked = await asyncio.wrap_future(work)
        finally:
            self._checks -= 1
        return json_response(202, self._shown(asked))

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"] or "index.html"
        if name not in self._files:
            raise web.HTTPNotFound
        return static_response(name, self._files[name], security_policy() + "; frame-ancestors 'none'")

    def _require_place(self, request: web.Request) -> None:
        """Raises unless the request was meant for here: a foreign name that was pointed at this machine is not."""
        if request.host != urlsplit(self.base_url).netloc:
            raise web.HTTPMisdirectedRequest

    def _shown(self, asked: Asked) -> dict[str, Any]:
        return {
            "version": JSON_VERSION,
            "id": asked.id,
            "state": asked.state.value,
            "recipient": asked.recipient,
            "dapp": asked.request.dapp,
            "amount_wei": str(self._desk.airdrop.amount_wei),
            "expires": datetime.fromtimestamp(asked.request.expires_at, UTC).isoformat(),
            "nullifier": None if asked.nullifier is None else str(asked.nullifier),
            "transaction": asked.transaction,
            "reason": asked.reason,
        }


def run_example(
    registry: Path, dapp: str | None, port: int, public_url: str | None, write: Callable[[str], None]
) -> None:
    """Serve on this machine until Ctrl-C or SIGTERM; behind `public_url` where a proxy stands before it.

    Raises `InputError` where the registry file names no account, or the port is taken, and what the chain raises.
    """
    endpoints = read_endpoints(registry)
    if endpoints.account_key_file is None:
        raise InputError("the registry file names no account to pay from", hint="irisproof devnet writes one that does")
    base_url = _public(public_url)
    if dapp is not None and not is_checksum_address(dapp):
        raise InputError(f"{dapp[:80]} is no address with a right checksum")
    account = read_key(endpoints.account_key_file, "account's key")
    airdrop = _airdrop(endpoints.rpc_url, endpoints.deployment, account, dapp)
    server = DappServer(Desk(airdrop), base_url)

    def ready(url: str) -> None:
        server.base_url = server.base_url or url
        write(f"example dApp {airdrop.action.dapp} at {server.base_url}")

    serve(server.application, "127.0.0.1", port, ready)


def _airdrop(rpc_url: str, deployment: Any, account: LocalAccount, dapp: str | None) -> Airdrop:
    if dapp is None:
        return deploy_airdrop(rpc_url, deployment, account)
    return open_airdrop(rpc_url, deployment, account, dapp)


def _public(url: str | None) -> str:
    """Where people's devices reach it. Raises `InputError` unless it is an https address without a path."""
    if url is None:
        return ""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.netloc or "@" in parts.netloc or parts.path.strip("/") or parts.query:
        raise InputError(f"the public address {url[:80]} is not https://host", hint="answers are sent there")
    return f"https://{parts.netloc}"
