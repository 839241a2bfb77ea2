"""Requests that a dApp made, and the answers to them: each taken once, by all that the dApp itself knows.

Nothing is believed that an answer says of itself: chain, contract, action and signal are those of the request that the
dApp made, the snapshot and the scope are the chain's.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from eth_utils.address import is_checksum_address, is_hex_address, to_checksum_address

from app.dapp.airdrop import Airdrop
from app.requests import ProofRequest
from circuits.semaphore.verify import verify_membership
from protocol.errors import ChainError, EncodingError, InputError, TransactionRefused, VerificationError
from protocol.types import MembershipProof, Nullifier
from registry_contract.deployment import ZERO_ADDRESS
from registry_contract.semaphore_abi import CIRCUIT_DEPTH

__all__ = ["AlreadyAnswered", "Asked", "Desk", "DeskFull", "RequestExpired", "RequestUnknown", "State"]

NAME = "Example airdrop"
_LIFETIME_S = 600
_KEPT_S = 3600
"""How long after its end a request is remembered, so that a replay is told what it is."""
_MAX_REQUESTS = 1000
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")


class RequestUnknown(InputError):
    """The dApp made no such request, or has forgotten it."""


class RequestExpired(InputError):
    """The answer came too late."""


class AlreadyAnswered(InputError):
    """The request, or the person in this action, has had an answer that counts."""


class DeskFull(ChainError):
    """Too many requests wait."""


class State(StrEnum):
    """What became of a request."""

    WAITING = "waiting"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Asked:
    """A request. `id`: 128 bits that nobody can guess; they stand in the place that the answer goes to."""

    id: str
    request: ProofRequest
    recipient: str
    state: State = State.WAITING
    nullifier: int | None = None
    """Of the answer that was submitted."""
    transaction: str = ""
    reason: str = ""


class Desk:
    """Makes requests and takes answers, from any thread. All is in memory: who asked is forgotten with the process,
    what was paid is on the chain."""

    def __init__(
        self,
        airdrop: Airdrop,
        *,
        clock: Callable[[], float] = time.time,
        verify: Callable[[MembershipProof], object] = verify_membership,
    ) -> None:
        self.airdrop = airdrop
        self._clock = clock
        self._verify = verify
        self._requests: dict[str, Asked] = {}
        self._lock = threading.Lock()
        self._sender = ThreadPoolExecutor(1, "dapp")  # one account, one transaction after the other

    def close(self) -> None:
        """Waits for what is being sent."""
        self._sender.shutdown(wait=True, cancel_futures=True)

    def ask(self, recipient: str, base_url: str) -> Asked:
        """A new request for money to `recipient`. Raises `EncodingError` for what is no address, `DeskFull`."""
        recipient = _address(recipient)
        now_s = int(self._clock())
        number = secrets.token_urlsafe(16)
        action = self.airdrop.action
        request = ProofRequest(
            chain_id=self.airdrop.connection.chain_id,
            personhood=self.airdrop.personhood.deployment.personhood,
            dapp=action.dapp,
            action_id=action.action_id,
            signal=bytes.fromhex(recipient[2:]).rjust(32, b"\0"),  # nobody who sees the proof can pay another with it
            expires_at=now_s + _LIFETIME_S,
            name=NAME,
            reply_url=f"{base_url}/answers/{number}",
        )
        with self._lock:
            self._requests = {
                key: one for key, one in self._requests.items() if now_s < one.request.expires_at + _KEPT_S
            }
            if len(self._requests) >= _MAX_REQUESTS:
                raise DeskFull("too many requests wait for an answer", hint="come again later")
            asked = self._requests[number] = Asked(number, request, recipient)
        return asked

    def view(self, number: str) -> Asked:
        """A request as it stands. Raises `RequestUnknown`."""
        with self._lock:
            asked = self._requests.get(number)
        if asked is None:
            raise RequestUnknown("there is no such request", hint="ask for a new one")
        if asked.state is State.WAITING and self._clock() >= asked.request.expires_at:
            return replace(asked, state=State.EXPIRED)
        return asked

    def take(self, number: str, answer: dict[str, Any]) -> Asked:
        """Check an answer, and submit it in the background.

        1. The request is known, has not expired, and has had no answer that counts. 2. The answer is to this request:
        its chain, contracts, action and signal. 3. Its numbers are canonical. 4. This person has not acted in the
        action. 5. The contract would pay now. 6. The proof holds, by this program's own verifier, for the request's own
        signal and for the action's snapshot and scope: a node that says yes to everything does not spend the account's
        money. 7. Nobody was quicker.

        Whoever fails before 7 leaves the request open: it can be answered by somebody who means it. Raises
        `RequestUnknown`, `RequestExpired`, `AlreadyAnswered`, `EncodingError`, `VerificationError`, and what the chain
        raises.
        """
        asked = self.view(number)
        _require_open(asked)  # 1
        _require_same(asked.request, answer)  # 2
        proof = self._proof(asked.request, answer["proof"])  # 3
        if self.airdrop.personhood.is_used(proof.scope, proof.nullifier):  # 4
            raise AlreadyAnswered("this person already took part in this action", hint="each person can once")
        self.airdrop.check_claim(asked.recipient, proof)  # 5
        self._verify(proof)  # 6
        with self._lock:  # 7
            asked = self._requests[number]
            _require_open(asked)
            if any(
                one.state is State.SUBMITTING and one.nullifier == proof.nullifier.value
                for one in self._requests.values()
            ):
                raise AlreadyAnswered("an answer of this person is being submitted")
            asked = self._change(asked, state=State.SUBMITTING, nullifier=proof.nullifier.value, reason="")
        self._sender.submit(self._submit, asked, proof)
        return asked

    def _submit(self, asked: Asked, proof: MembershipProof) -> None:
        try:
            transaction = self.airdrop.claim(asked.recipient, proof)
            end: dict[str, Any] = {"state": State.ACCEPTED, "transaction": transaction}
        except TransactionRefused as error:
            end = {"state": State.REFUSED, "reason": error.message}
        except ChainError as error:  # it may have gone through: whoever sends it again is told
            end = {"state": State.WAITING, "reason": error.message}
        except Exception as error:  # its words are not ours to show
            end = {"state": State.REFUSED, "reason": type(error).__name__}
        with self._lock:
            self._change(asked, **end)

    def _change(self, asked: Asked, **changes: Any) -> Asked:
        changed = replace(asked, **changes)
        self._requests[asked.id] = changed
        return changed

    def _proof(self, request: ProofRequest, given: dict[str, Any]) -> MembershipProof:
        action = self.airdrop.action
        points = given["points"]
        if not isinstance(points, list) or len(points) != 8:
            raise EncodingError("the answer's proof does not have 8 points")
        one, two, three, four, five, six, seven, eight = (_number(point) for point in points)
        return MembershipProof(
            merkle_tree_depth=CIRCUIT_DEPTH,
            merkle_tree_root=action.snapshot_root,
            nullifier=Nullifier(_number(given["nullifier"])),
            message=int.from_bytes(request.signal, "big"),
            scope=action.scope,
            points=(one, two, three, four, five, six, seven, eight),
        )


def _require_open(asked: Asked) -> None:
    if asked.state is State.EXPIRED:
        raise RequestExpired("the request has expired", hint="ask for a new one")
    if asked.state is not State.WAITING:
        raise AlreadyAnswered("the request has been answered")


def _require_same(request: ProofRequest, answer: dict[str, Any]) -> None:
    expected = {
        "chain_id": request.chain_id,
        "personhood": request.personhood,
        "dapp": request.dapp,
        "action": "0x" + request.action_id.hex(),
        "signal": "0x" + request.signal.hex(),
    }
    if set(answer) != {*expected, "proof"} or not isinstance(answer["proof"], dict):
        raise EncodingError("the answer has missing or unknown names")
    if set(answer["proof"]) != {"nullifier", "points"}:
        raise EncodingError("the answer's proof has missing or unknown names")
    for name, value in expected.items():
        if type(answer[name]) is not type(value) or answer[name] != value:
            raise VerificationError(f"the answer is to another request, by its {name}")


def _number(value: Any) -> int:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise EncodingError("a number of the answer's proof is no decimal number in text")
    return int(value)


def _address(text: str) -> str:
    """With its checksum, which must be right where there is one: money goes there."""
    text = text.strip()
    is_plain = is_hex_address(text) and text.startswith("0x")
    if not is_plain or (text != text.lower() and not is_checksum_address(text)):
        raise EncodingError("the recipient is no address, or its checksum is wrong", hint="0x and 40 hex digits")
    if text == ZERO_ADDRESS:
        raise EncodingError("the recipient is the zero address, which is nobody's")
    return str(to_checksum_address(text))
