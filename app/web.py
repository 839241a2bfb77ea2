"""What our HTTP services share: requests that are small JSON objects, failures that are JSON, an end without a mess."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web
from aiohttp.web_runner import GracefulExit

from protocol.errors import EncodingError, InputError, IrisproofError

__all__ = ["JSON_VERSION", "error_response", "json_response", "plain_errors", "read_object", "serve"]

JSON_VERSION = 1
"""Of every request and answer."""

_RETRY_S = 5


def serve(application: web.Application, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Run until Ctrl-C or SIGTERM. `ready` hears the address, once requests are taken.

    Raises `InputError` where it cannot listen there.
    """

    async def run() -> None:
        runner = web.AppRunner(application, access_log=None, handle_signals=True, shutdown_timeout=5)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            found_host, found_port = runner.addresses[0][:2]
            ready(f"http://{found_host}:{found_port}")
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    try:
        asyncio.run(run())
    except (GracefulExit, KeyboardInterrupt):
        return
    except OSError as error:
        raise InputError(f"cannot listen on {host}:{port}: {error.strerror}") from error


async def read_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON object without its version. Raises `EncodingError`."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        data = json.loads(await request.read(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise EncodingError("the request is no JSON") from error
    if not isinstance(data, dict) or type(data.get("version")) is not int or data.pop("version") != JSON_VERSION:
        raise EncodingError(f"the request is not of version {JSON_VERSION}")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name given twice means two things to two readers."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def plain_errors(statuses: Sequence[tuple[type[IrisproofError], int]], service: str) -> Any:
    """A middleware: every failure as JSON, with the status of the first kind that fits. What is not expected is said
    without its words, which could quote the request."""

    @web.middleware
    async def middleware(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
            return response
        except IrisproofError as error:
            status = next((status for kind, status in statuses if isinstance(error, kind)), 500)
            return error_response(status, error.message, error.hint, _RETRY_S if status == 503 else 0)
        except web.HTTPException as error:
            return error_response(error.status, error.reason.lower())
        except Exception as error:
            return error_response(500, f"the {service} failed: {type(error).__name__}")

    return middleware


def error_response(status: int, message: str, hint: str = "", retry_s: float = 0) -> web.Response:
    """A failure; `retry_s` above 0 says when to come again."""
    response = json_response(status, {"version": JSON_VERSION, "error": message, "hint": hint})
    if retry_s:
        response.headers["Retry-After"] = str(math.ceil(retry_s))
    return response


def json_response(status: int, value: dict[str, Any]) -> web.Response:
    return web.json_response(value, status=status, headers={"Cache-Control": "no-store"})
