"""Hand something to the chain: through the relayer where one is named, else from the account that is named."""

from __future__ import annotations

import time
from typing import Any

import requests

from app.relay.abi_json import from_json, to_json
from app.session import Links
from protocol.errors import ChainError, ChainUnreachable, InputError
from registry_contract.enrollment import Enrollment

__all__ = ["submit_ballot", "submit_enrollment", "wire_ballot"]

_VERSION = 1
_TIMEOUT_S = 60.0
_WAIT_S = 180.0
_POLL_S = 0.1


def submit_enrollment(links: Links, enrollment: Enrollment) -> None:
    """Returns when it is on the chain. Raises `TransactionRefused` in the contract's words, `ChainUnreachable`."""
    if links.endpoints.relay_url is None:
        _require_account(links)
        links.registry.enroll(enrollment)
        return
    inputs = _inputs(links.registry.contract.abi, "enroll")
    _relay(links.endpoints.relay_url, "/enrollments", to_json(inputs, {"enrollment": enrollment.to_abi()}))


def wire_ballot(links: Links, function: str, poll_id: int, ballot: dict[str, Any]) -> dict[str, Any]:
    """A ballot's call (`castVote` or `castRanking`) in its one JSON form: for relayers and for the outbox."""
    return to_json(_inputs(links.polls.contract.abi, function), {"pollId": poll_id, "ballot": ballot})


def submit_ballot(links: Links, function: str, wire: dict[str, Any]) -> None:
    """Returns when it is counted. The same one again is the same vote. Raises as `submit_enrollment` does."""
    if links.endpoints.relay_url is None:
        _require_account(links)
        arguments = from_json(_inputs(links.polls.contract.abi, function), wire)
        contract = links.polls.contract
        links.polls.connection.send(contract.functions[function](arguments["pollId"], arguments["ballot"]))
        return
    path = "/ballots" if function == "castVote" else "/rankings"
    _relay(links.endpoints.relay_url, path, wire)


def _require_account(links: Links) -> None:
    if links.account is None:
        raise InputError("the registry file names neither a relayer nor an account", hint="name one of them")


def _relay(url: str, path: str, value: dict[str, Any]) -> None:
    """Post, then ask until the relayer's job is mined or refused."""
    job = _answer(requests.post, url + path, json={"version": _VERSION, **value})
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        if job["state"] == "mined":
            return
        if job["state"] == "refused":
            raise ChainError(f"the relayer could not submit it: {job['reason']}")
        time.sleep(_POLL_S)
        job = _answer(requests.get, f"{url}/status/{job['id']}")
    raise ChainUnreachable(
        f"the relayer did not get it mined within {_WAIT_S:.0f} s", hint="it may still go through; look again later"
    )


def _answer(method: Any, url: str, **options: Any) -> dict[str, Any]:
    try:
        response = method(url, timeout=_TIMEOUT_S, allow_redirects=False, **options)
        data: dict[str, Any] = response.json()
        if response.status_code in (200, 202):
            return {"id": str(data["id"]), "state": str(data["state"]), "reason": str(data["reason"])}
        message, hint = str(data["error"])[:500], str(data["hint"])[:200]
    except requests.RequestException as error:
        raise ChainUnreachable(
            f"the relayer at {url.split('/')[2]} does not answer: {type(error).__name__}", hint="try again later"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ChainError("the relayer gave an answer that is none", hint="use another relayer") from None
    raise ChainError(f"the relayer said no: {message}", hint=hint)


def _inputs(abi: Any, name: str) -> list[dict[str, Any]]:
    found = [entry for entry in abi if entry["type"] == "function" and entry["name"] == name]
    inputs: list[dict[str, Any]] = found[0]["inputs"]
    return inputs
