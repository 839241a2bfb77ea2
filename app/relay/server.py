"""The relayer's HTTP: small requests, clear answers, no log of who asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp import web

from app.relay.checks import Intake
from app.relay.jobs import Job, JobQueue, SlotTaken, State
from app.relay.limits import RateLimit
from app.relay.openapi import PAGE, VERSION, describe
from app.web import error_response, json_response, plain_errors, read_object
from protocol.errors import ChainError, EncodingError, InputError, IrisproofError, TransactionRefused, VerificationError

__all__ = ["RelayServer"]

MAX_BODY_BYTES = 64 * 1024
"""An enrolment is about 12 KiB of JSON."""

MAX_CHECKS = 32
"""Requests that are being checked at one time; more are told to come again."""

_RETRY_S = 5

_STATUS: tuple[tuple[type[IrisproofError], int], ...] = (
    (SlotTaken, 409),
    (EncodingError, 400),
    (TransactionRefused, 422),
    (VerificationError, 422),
    (InputError, 422),
    (ChainError, 503),
)


class RelayServer:
    """`application` is what aiohttp runs. `trouble` says what is wrong with the submitter, if anything."""

    def __init__(self, intakes: Mapping[str, Intake], queue: JobQueue, limit: RateLimit, max_waiting: int) -> None:
        """`intakes`: path -> what takes its requests."""
        self._intakes = intakes
        self._queue = queue
        self._limit = limit
        self._max_waiting = max_waiting
        self._checks = 0
        self._threads = ThreadPoolExecutor(8, "relay")
        self._description = describe({path: intake.schema() for path, intake in intakes.items()})
        self.trouble: Callable[[], str] = str
        self.application = self._routes()

    def _routes(self) -> web.Application:
        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[plain_errors(_STATUS, "relayer")])
        for path, intake in self._intakes.items():
            application.router.add_post(path, self._taking(intake))
        application.router.add_get("/status/{id}", self._status)
        application.router.add_get("/health", self._health)
        application.router.add_get("/openapi.json", self._openapi)
        application.router.add_get("/", _page)
        application.on_cleanup.append(self._close)
        return application

    async def _close(self, _: web.Application) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _taking(self, intake: Intake) -> Callable[[web.Request], Any]:
        async def take(request: web.Request) -> web.Response:
            if wait_s := self._limit.wait_s(request.remote or ""):
                return error_response(429, "too many requests from this address", retry_s=wait_s)
            if self._checks >= MAX_CHECKS:
                return error_response(503, "too many requests at once", retry_s=_RETRY_S)
            self._checks += 1
            try:
                data = await read_object(request)
                work = self._threads.submit(self._take, intake, data)
                status, job = await asyncio.wrap_future(work)
            finally:
                self._checks -= 1
            return json_response(status, _shown(job))

        return take

    def _take(self, intake: Intake, data: dict[str, Any]) -> tuple[int, Job]:
        """1. The shape. 2. Known already: no work. 3. Room in the queue. 4. The checks. 5. On the disk."""
        new, arguments = intake.read(data)  # 1
        known = self._queue.find(new.id)  # 2
        if known is not None and known.state is not State.REFUSED:
            return 200, known
        if self._queue.waiting() >= self._max_waiting:  # 3
            raise ChainError("the queue is full", hint="come again later, or use another relayer")
        intake.check(new, arguments)  # 4
        return 202, self._queue.add(new)  # 5

    async def _status(self, request: web.Request) -> web.Response:
        job = await asyncio.wrap_future(self._threads.submit(self._queue.find, request.match_info["id"][:64]))
        return error_response(404, "there is no such job") if job is None else json_response(200, _shown(job))

    async def _health(self, _: web.Request) -> web.Response:
        counts = await asyncio.wrap_future(self._threads.submit(self._queue.counts))
        trouble = self.trouble()
        return json_response(503 if trouble else 200, {"version": VERSION, "trouble": trouble, "jobs": counts})

    async def _openapi(self, _: web.Request) -> web.Response:
        return json_response(200, self._description)


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


def _shown(job: Job) -> dict[str, Any]:
    return {
        "version": VERSION,
        "id": job.id,
        "kind": job.kind,
        "state": job.state.value,
        "transaction": job.transaction,
        "block": job.block,
        "gas_used": job.gas_used,
        "reason": job.reason,
    }
