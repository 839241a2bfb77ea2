"""One way of talking to a node: short time-outs, no silent retries, failures in the project's own errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3RPCError

from protocol.errors import ChainError, ChainUnreachable, InputError
from registry_contract.texts import reading_any_text

__all__ = ["connect", "rpc_errors"]

_TIMEOUT_S = 30.0


@lru_cache(maxsize=8)
def connect(url: str) -> Web3:
    """A web3 over HTTP. Opens no connection yet. Raises `InputError` for an address that is no http(s) URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("the node's address must begin with http:// or https://")
    provider = HTTPProvider(url, request_kwargs={"timeout": _TIMEOUT_S}, exception_retry_configuration=None)
    return reading_any_text(Web3(provider))


@contextmanager
def rpc_errors(url: str) -> Iterator[None]:
    """Turn transport failures into `ChainUnreachable` and a node's own complaints into `ChainError`.

    The address is shown without user, password, path and query, where providers put their keys.
    """
    try:
        yield
    except (requests.RequestException, ConnectionError, TimeoutError, json.JSONDecodeError) as error:
        parts = urlsplit(url)  # JSONDecodeError: something answers there, but it is no node
        raise ChainUnreachable(
            f"no answer from the node at {parts.hostname}:{parts.port or parts.scheme}",
            hint="is it running, and is its address right?",
        ) from error
    except Web3RPCError as error:
        raise ChainError(f"the node refused the request: {error.message}") from error
