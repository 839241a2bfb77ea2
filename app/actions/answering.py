"""Answer a dApp's request: a proof that one person, once, agrees to its signal."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from app.membership import group_of
from app.requests import ProofRequest
from app.session import Session
from app.vault import Receipt
from circuits.semaphore.group import Group
from circuits.semaphore.prove import nullifier_of, prove_membership
from protocol.errors import ChainError, ChainUnreachable, InputError
from registry_contract.personhood import Action
from registry_contract.semaphore_abi import proof_to_abi

__all__ = ["ANSWER_VERSION", "RequestView", "answer_request", "deliver_answer", "view_request"]

ANSWER_VERSION = 1

_TIMEOUT_S = 20.0
_MAX_REASON_BYTES = 4096
_MAX_REASON_CHARS = 200


@dataclass(frozen=True)
class RequestView:
    """What a person is shown before they approve. `already_used`: this identity acted in the action before."""

    request: ProofRequest
    action: Action
    group_size: int
    """Among how many members of the action's snapshot the person stays hidden."""
    may_answer: bool
    already_used: bool


def view_request(session: Session, request: ProofRequest) -> RequestView:
    """Check a request against this registry and the chain. Raises `VerificationError` (other registry, expired),
    `TransactionRefused` (Personhood__ActionUnknown), `ChainError` where the action's scope is not its own."""
    request.require_for(session.links.endpoints.deployment, int(time.time()))
    action = session.links.personhood.action(request.dapp, request.action_id)
    group = _group(session, action)
    members = set(group.leaves) - {0}
    mine = [identity for identity in session.contents.identities() if identity.commitment.value in members]
    used = bool(mine) and session.links.personhood.is_used(action.scope, nullifier_of(mine[-1], action.scope))
    return RequestView(request, action, len(members), bool(mine), used)


def answer_request(session: Session, request: ProofRequest) -> dict[str, Any]:
    """The answer (JSON): the proof as the dApp's contract takes it. Call it after the person approved.

    Raises what `view_request` raises, and `InputError` for one who was no member when the action was opened, or took
    part already.
    """
    view = view_request(session, request)
    if not view.may_answer:
        raise InputError("you were no member when this action was opened", hint="the dApp may open a new one")
    if view.already_used:
        raise InputError("you already took part in this action", hint="each person can once")
    group = _group(session, view.action)
    mine = [one for one in session.contents.identities() if one.commitment.value in group.leaves][-1]
    proof = prove_membership(mine, group, int.from_bytes(request.signal, "big"), view.action.scope)
    abi = proof_to_abi(proof)
    answer = {
        "version": ANSWER_VERSION,
        "chain_id": request.chain_id,
        "personhood": request.personhood,
        "dapp": request.dapp,
        "action": "0x" + request.action_id.hex(),
        "signal": "0x" + request.signal.hex(),
        "proof": {"nullifier": str(abi["nullifier"]), "points": [str(point) for point in abi["points"]]},
    }
    data = {"dapp": request.dapp, "name": request.name, "action": answer["action"], "signal": answer["signal"]}
    data |= {"scope": str(view.action.scope), "nullifier": str(proof.nullifier.value)}
    session.contents.add_receipt(Receipt("personhood", str(view.action.scope), data, int(time.time())))
    return answer


def deliver_answer(request: ProofRequest, answer: dict[str, Any]) -> None:
    """Post an answer to where the request wants it. Raises `InputError` where it names no place, `ChainUnreachable`
    where that does not answer, `ChainError` where it says no."""
    if not request.reply_url:
        raise InputError(
            "the request names no place to send the answer to", hint="give the answer to the dApp yourself"
        )
    try:
        response = requests.post(request.reply_url, json=answer, timeout=_TIMEOUT_S, allow_redirects=False, stream=True)
        reason = "" if 200 <= response.status_code < 300 else _reason(response)
    except requests.RequestException as error:
        raise ChainUnreachable(f"{request.reply_host} does not answer: {type(error).__name__}") from None
    if reason:
        raise ChainError(f"{request.reply_host} said no: {reason}")


def _reason(response: requests.Response) -> str:
    """The dApp's words (`error` of a JSON object), where they are few and can be seen; else the status."""
    text: object = None
    with suppress(ValueError, TypeError, KeyError):
        text = json.loads(response.raw.read(_MAX_REASON_BYTES, decode_content=True))["error"]
    if isinstance(text, str) and text.isprintable() and text:
        return text[:_MAX_REASON_CHARS]
    return f"status {response.status_code}"


def _group(session: Session, action: Action) -> Group:
    """The action's snapshot. Raises `ChainError` where the node's log gives another."""
    group = group_of(session.links.registry.members_before(action.group_id, action.block, action.log_index))
    if group.root != action.snapshot_root:
        raise ChainError("the members in the node's log do not give the action's snapshot")
    return group
