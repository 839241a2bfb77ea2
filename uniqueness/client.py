"""The client: split a code, seal each node's shares to it, send them, and bring three signatures together.

What a node gets is two of three shares, in a box that only it opens. No node learns the code; one bit is opened.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from protocol.errors import CommitteeError, CommitteeUnavailable, EncodingError, RequestRefused
from protocol.types import CodeProof, EyeSide, G1Point, IdentityCommitment, IrisCode, SaltedPlane
from uniqueness.committee_file import CommitteeFile
from uniqueness.constants import PARTIES
from uniqueness.ordered_log import Entry
from uniqueness.ports import VerdictWords
from uniqueness.request import RequestKind, UniquenessRequest, bundle_digest, new_request_id
from uniqueness.sealing import seal_box
from uniqueness.shares import Shares, share_for, split_vector
from uniqueness.tls_files import TlsFiles
from uniqueness.wire import Channel, caller_context, decode, encode

__all__ = ["Answer", "CommitteeClient", "EyeToAsk", "Purpose"]

_ANSWER_S = 330.0
_CLEARER_S = 2.0


@dataclass(frozen=True)
class EyeToAsk:
    """One eye's proved code with its openings (secret), and what the app sends for the nodes' other checks."""

    code: IrisCode = field(repr=False)
    code_salts: tuple[int, ...] = field(repr=False)
    mask: SaltedPlane = field(repr=False)
    side: EyeSide
    proof: CodeProof
    evidence: bytes
    commit: Callable[[Sequence[int]], G1Point] = field(repr=False)
    """Raw commitment of a vector, for the model's circuit."""


@dataclass(frozen=True)
class Purpose:
    """What is asked, for whom."""

    kind: RequestKind
    chain_id: int
    registry: str
    identity: IdentityCommitment
    model_id: int
    expires_at: int


@dataclass(frozen=True)
class Answer:
    """What all three nodes say, and their signatures in order. The caller owes: to check them against the contract's
    list of nodes (`SignedVerdict.require_signed_by`)."""

    words: VerdictWords
    signatures: tuple[bytes, ...]
    entry: Entry


class CommitteeClient:
    """Talks to the three nodes of one committee, with a certificate that they know."""

    def __init__(self, committee: CommitteeFile, tls: TlsFiles) -> None:
        context = caller_context(tls)
        self._committee = committee
        self._channels = [Channel(number, node.clients, context) for number, node in enumerate(committee.nodes)]

    def ask(self, purpose: Purpose, eyes: Sequence[EyeToAsk]) -> Answer:
        """One person's verdict; `eyes` are one, or the left one and the right one, as the committee's policy says.

        Raises `RequestRefused` with the nodes' reason (`DUPLICATE` where the person is enrolled) and
        `CommitteeUnavailable` where a node is gone or the three do not say the same: there is no verdict then, and a
        new request is to be sent.
        """
        split = [_split(purpose, eye) for eye in eyes]
        values = [{"eyes": [part.for_node(node, self._committee) for part in split]} for node in range(PARTIES)]
        try:
            return self._collect("/v1/submissions", values)
        except CommitteeUnavailable:
            digest = encode(bundle_digest(tuple(part.request for part in split)))
            try:  # the answer may have got lost, and not the verdict
                return self._collect("/v1/answers", [{"digest": digest}] * PARTIES)
            except (RequestRefused, CommitteeError):
                pass
            raise

    def erase(self, record_id: int) -> Answer:
        """Have the shares of a record overwritten whose member left, and the three nodes' word for it."""
        return self._collect("/v1/erasures", [{"record_id": record_id}] * PARTIES)

    def status(self) -> list[dict[str, Any]]:
        """What each node says of itself; {"trouble": ...} for one that does not answer."""

        def one(channel: Channel) -> dict[str, Any]:
            try:
                return channel.call("/v1/status", {}, 10.0)
            except (CommitteeError, RequestRefused) as error:
                return {"node": channel.node, "trouble": error.message}

        with ThreadPoolExecutor(PARTIES) as pool:
            return list(pool.map(one, self._channels))

    def _collect(self, path: str, values: Sequence[dict[str, Any]]) -> Answer:
        """All three answers, or the first failure: a node that is gone is not waited for by way of the others.
        A refusal that comes a moment later says more than "no answer"."""
        said: queue.SimpleQueue[tuple[int, dict[str, Any] | Exception]] = queue.SimpleQueue()
        for channel, value in zip(self._channels, values, strict=True):
            threading.Thread(target=_call, args=(channel, path, value, said), daemon=True).start()
        answers: dict[int, dict[str, Any]] = {}
        failure: Exception | None = None
        for _ in range(PARTIES):
            try:
                node, answer = said.get(timeout=_ANSWER_S + 10 if failure is None else _CLEARER_S)
            except queue.Empty:
                break
            if isinstance(answer, RequestRefused):
                raise answer
            if isinstance(answer, Exception):
                failure = failure or answer
            else:
                answers[node] = answer
        if failure is not None:
            raise failure
        if len(answers) != PARTIES:
            raise CommitteeUnavailable("the nodes did not answer in time")
        return _agreed([answers[node] for node in range(PARTIES)])


def _call(channel: Channel, path: str, value: dict[str, Any], said: queue.SimpleQueue[Any]) -> None:
    try:
        said.put((channel.node, channel.call(path, value, _ANSWER_S)))
    except Exception as error:
        said.put((channel.node, error))


@dataclass(frozen=True)
class _Split:
    """One eye's request with its shares. Secret."""

    request: UniquenessRequest
    eye: EyeToAsk = field(repr=False)
    code: Shares = field(repr=False)
    mask: Shares = field(repr=False)

    def for_node(self, node: int, committee: CommitteeFile) -> dict[str, str]:
        """What `node` is sent of this eye."""
        shares = share_for(node, self.code, self.mask).to_bytes()
        recipient = bytes.fromhex(committee.nodes[node].box_key)
        return {
            "request": encode(self.request.to_bytes()),
            "proof": encode(self.eye.proof.proof),
            "box": encode(seal_box(recipient, shares, self.request.box_context(node))),
            "evidence": encode(self.eye.evidence),
        }


def _split(purpose: Purpose, eye: EyeToAsk) -> _Split:
    code = split_vector(eye.code.symbols, eye.code_salts)
    mask = split_vector(list(eye.mask.plane.cells), eye.mask.salts)
    request = UniquenessRequest(
        kind=purpose.kind,
        chain_id=purpose.chain_id,
        registry=purpose.registry,
        identity=purpose.identity,
        model_id=purpose.model_id,
        network=eye.proof.network,
        eye_side=eye.side,
        proof_sha256=hashlib.sha256(eye.proof.proof).digest(),
        code_shares=tuple(eye.commit(share.vector) for share in code),
        mask_shares=tuple(eye.commit(share.vector) for share in mask),
        request_id=new_request_id(),
        expires_at=purpose.expires_at,
    )
    return _Split(request, eye, code, mask)


def _agreed(answers: Sequence[dict[str, Any]]) -> Answer:
    try:
        said = [(answer["verdict"], answer["entry"]) for answer in answers]
        if any(one != said[0] for one in said):
            raise CommitteeUnavailable("the nodes did not say the same: there is no verdict")
        entry = Entry.from_bytes(decode(answers[0]["entry"]))
        words = dict(said[0][0])
        words |= {name: bytes.fromhex(words[name]) for name in ("code_commitment", "log_root")}
        answer = Answer(VerdictWords(**words), tuple(decode(one["signature"]) for one in answers), entry)
    except (KeyError, TypeError, ValueError) as error:
        raise EncodingError("a node's answer cannot be read") from error
    if entry.hash != answer.words.log_root:
        raise CommitteeUnavailable("the verdict is not of the entry that the nodes showed")
    return answer
