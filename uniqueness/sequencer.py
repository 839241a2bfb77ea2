"""Node 0 puts requests in order: one round after the other, each made by all three nodes or by none.

A round: all nodes say that they can take part, and name the seals of their shares; all compute and write the entry
down; if they came to the same entry, node 0 commits it, then the others. Node 0's log is the order. It decides nothing
alone: an entry that a node did not come to itself is not signed by it. A node that is gone means no verdict.
"""

from __future__ import annotations

import functools
import queue
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from typing import Any

from protocol.errors import (
    ChainError,
    CommitteeError,
    CommitteeUnavailable,
    IrisproofError,
    RequestRefused,
)
from uniqueness.constants import PARTIES
from uniqueness.member import Member
from uniqueness.ordered_log import EntryKind
from uniqueness.proposal import Proposal
from uniqueness.refusals import Refusal
from uniqueness.wire import Channel, error_value

__all__ = ["Sequencer"]

_PURPOSES = {EntryKind.CONFIRMED: "confirm", EntryKind.DROPPED: "drop"}
_PREPARE_S = 180.0
_EXECUTE_S = 600.0
_ATTEMPTS = 3


class Sequencer:
    """Runs in a thread of node 0. `settle_s`: how often the chain is asked what became of reservations."""

    def __init__(self, member: Member, peers: Sequence[Channel], settle_s: float = 5.0) -> None:
        self._member, self._peers, self._settle_s = member, peers, settle_s
        self._jobs: queue.Queue[tuple[str, str, dict[str, Any]] | None] = queue.Queue()
        self._pool = ThreadPoolExecutor(2 * PARTIES, "sequencer")
        self._stopped = threading.Event()
        self.trouble = ""
        """What the last round failed with; empty after one that did not."""
        member.offer = lambda purpose, subject, body: self._jobs.put((purpose, subject, body))

    def run(self) -> None:
        """Until `stop`. A round that fails ends itself alone."""
        settle_at_s = time.monotonic()
        while not self._stopped.is_set():
            try:
                job = self._jobs.get(timeout=0.5)
            except queue.Empty:
                job = None
            if job is not None:
                self._serve(*job)
            elif time.monotonic() >= settle_at_s:
                self._quietly(self._idle)
                settle_at_s = time.monotonic() + self._settle_s

    def stop(self) -> None:
        """End soon."""
        self._stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # --------------------------------------------------------------------------------------------------------- inside

    def _idle(self) -> None:
        """What is done while nobody waits: let nodes that missed something notice, have the engines ready, follow the
        chain."""
        self._prepared("ping", "", {})
        self._settle()

    def _quietly(self, act: Callable[[], None]) -> None:
        try:
            act()
            self.trouble = ""
        except IrisproofError as error:
            self.trouble = error.message
        except Exception as error:
            self.trouble = f"it failed: {type(error).__name__}"

    def _serve(self, purpose: str, subject: str, body: dict[str, Any]) -> None:
        error: Exception
        try:
            if purpose == "erase":
                self._settle()
            refused = self._round(purpose, subject, body)
            self.trouble = ""
            if refused is None:
                return
            error = refused
        except (RequestRefused, CommitteeError) as failure:
            error = failure
        except ChainError:
            error = CommitteeUnavailable("a node cannot read the registry's chain", hint="try again later")
        except Exception as failure:
            error = CommitteeUnavailable(f"the round failed: {type(failure).__name__}")
        if isinstance(error, CommitteeError):
            self.trouble = error.message
        self._abort(subject, error)

    def _settle(self) -> None:
        """Confirm or drop the reservations of which the chain says enough."""
        for record in self._member.store.records("state = 'reserved'"):
            due = self._member.decisions.due(record)
            if due is not None:
                body = {"network": record.network, "number": record.number}
                self._round(_PURPOSES[due], f"{record.network} {record.number}", body)

    def _round(self, purpose: str, subject: str, body: dict[str, Any]) -> RequestRefused | None:
        """One entry, or the reason why all three nodes refuse it."""
        proposal = self._prepared(purpose, subject, body)
        results = self._at_all("/execute", {"proposal": asdict(proposal)}, lambda: self._member.execute(proposal))
        if any(result != results[0] for result in results):
            raise CommitteeUnavailable("the nodes came to different results: there is no verdict")
        if "refusal" in results[0]:
            refusal = results[0]
            return RequestRefused(Refusal(refusal["refusal"]), refusal["message"], hint=refusal["hint"])
        entry_hash = results[0]["hash"]
        self._member.commit(bytes.fromhex(entry_hash))
        for peer in self._peers:
            try:  # a node that does not hear of it asks for it: the entry counts
                peer.call("/commit", {"hash": entry_hash})
            except (CommitteeError, RequestRefused) as error:
                self.trouble = error.message
        return None

    def _prepared(self, purpose: str, subject: str, body: dict[str, Any]) -> Proposal:
        for _ in range(_ATTEMPTS):
            last = self._member.store.last
            proposal = Proposal(
                last.sequence + 1, last.hash.hex(), self._member.registry.now(), "", purpose, subject, body, []
            )
            own = functools.partial(self._member.prepare, proposal)
            answers = self._at_all("/prepare", {"proposal": asdict(proposal)}, own)
            if any(answer["last"] != [last.sequence, last.hash.hex()] for answer in answers):
                self._member.catch_up()
                continue
            session = self._member.slot.session
            if purpose in ("request", "ping") and (
                not session or any(answer["session"] != session for answer in answers)
            ):
                session = self._start_session()
            return replace(proposal, session=session, seals=_merged([answer["seals"] for answer in answers]))
        raise CommitteeUnavailable("a node's log does not become that of the others", hint="rebuild it")

    def _start_session(self) -> str:
        session = secrets.token_hex(8)
        self._at_all("/session", {"session": session}, lambda: self._started(session))
        return session

    def _started(self, session: str) -> dict[str, Any]:
        self._member.slot.start(session)
        return {}

    def _at_all(self, path: str, value: dict[str, Any], own: Callable[[], dict[str, Any]]) -> list[dict[str, Any]]:
        """The three nodes' answers, this one's first. The first failure ends the engines, so that nobody waits for a
        node that is gone."""
        timeout_s = {"/execute": _EXECUTE_S, "/session": self._member.slot.start_limit_s}.get(path, _PREPARE_S)
        futures = [self._pool.submit(own)]
        futures += [self._pool.submit(peer.call, path, value, timeout_s) for peer in self._peers]
        failure: BaseException | None = None
        for future in as_completed(futures):
            if (error := future.exception()) is not None and failure is None:
                failure = error
                if path != "/prepare":
                    self._end_session()
        if failure is not None:
            raise failure
        return [_plain(future.result()) for future in futures]

    def _end_session(self) -> None:
        self._member.slot.end()
        for peer in self._peers:
            self._pool.submit(_ignoring, peer, "/end", {})

    def _abort(self, subject: str, error: Exception) -> None:
        value = {"subject": subject, **error_value(error)}
        for peer in self._peers:
            self._pool.submit(_ignoring, peer, "/abort", value)
        known = isinstance(error, RequestRefused | CommitteeError)
        self._member.abort(subject, error if known else CommitteeUnavailable("the round failed"))  # type: ignore[arg-type]


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "version"}


def _ignoring(peer: Channel, path: str, value: dict[str, Any]) -> None:
    try:
        peer.call(path, value, 10.0)
    except (CommitteeError, RequestRefused):
        return


def _merged(seals: Sequence[list[list[str]]]) -> list[list[str]]:
    """Per eye the three shares' seals, each named by the two nodes that hold the share. Raises
    `CommitteeUnavailable` where two do not name the same."""
    merged: list[list[str]] = []
    for eyes in zip(*seals, strict=True):
        named = [{eye[index] for eye in eyes if eye[index]} for index in range(PARTIES)]
        if any(len(names) != 1 for names in named):
            raise CommitteeUnavailable("the nodes do not hold the same shares", hint="send a new request")
        merged.append([names.pop() for names in named])
    return merged
