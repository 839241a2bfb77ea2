"""A submission as a client sends it to one node, from its JSON to accepted shares: all checks before any secure
computation."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol.errors import EncodingError
from protocol.types import CodeProof
from uniqueness.binding import Committee, Submission, accept_shares
from uniqueness.comparison import Query
from uniqueness.ports import Policy, RegistryPort
from uniqueness.refusals import Refusal, RequestRefused
from uniqueness.request import RequestKind, UniquenessRequest, bundle_digest
from uniqueness.rows import row_of
from uniqueness.sealing import open_box
from uniqueness.shares import NodeShares
from uniqueness.store import Held, Store
from uniqueness.wire import decode

__all__ = ["MAX_EVIDENCE_BYTES", "Accepted", "Intake", "bundle_digest"]

MAX_EVIDENCE_BYTES = 8192


@dataclass(frozen=True, eq=False)
class Accepted:
    """One person's submission after all of this node's checks. `first` is the request whose code goes on chain."""

    digest: bytes
    first: UniquenessRequest
    code_commitment: bytes
    roots: tuple[bytes, ...]
    """Of each eye: the root, signed by a station, over the commitments that its code was proved from."""
    query: Query = field(repr=False)
    held: Held = field(repr=False)


class Intake:
    """Reads and checks submissions at one node. Used by many threads."""

    def __init__(self, committee: Committee, box_key: X25519PrivateKey, registry: RegistryPort, store: Store) -> None:
        self._committee = committee
        self._box_key = box_key
        self._registry = registry
        self._store = store
        self._policy = Policy.BOTH if store.eyes == 2 else Policy.ONE
        self._one_at_a_time = threading.Lock()  # a verification is a process of its own

    def accept(self, value: dict[str, Any]) -> Accepted:
        """Raises `RequestRefused` with the first check's reason, `EncodingError` for what cannot be read.

        1. It is read, and its eyes are those that the policy wants, of one identity.
        2. This identity does not wait for the chain under this model with another code.
        3. Each eye's box opens, and its shares are of its proved code (`binding.accept_shares`).
        4. Each eye's evidence holds: station, paths, and the chain's word on the identity (`RegistryPort`). A `Stored`
           pair is the one that was judged: the first eye's root is the chain's, the other's is the log's.
        """
        requests, parts = self._read(value)  # 1
        first = requests[0]
        code = self._registry.code_commitment(parts[0][0])
        for record in self._store.records("identity = ? and state = 'reserved'", str(first.identity.value)):
            if record.model_id == first.model_id and record.code_commitment != code:  # 2
                raise RequestRefused(
                    Refusal.PENDING,
                    "a verdict for this identity is out and the registry has not used it yet",
                    hint="enrol with it, or wait until it has expired",
                )
        eyes, rows = [], []
        roots: list[bytes] = []
        for request, (proof, box, evidence) in zip(requests, parts, strict=True):
            context = request.box_context(self._committee.node)
            shares = NodeShares.from_bytes(open_box(self._box_key, box, context))  # 3
            with self._one_at_a_time:
                accepted = accept_shares(
                    self._committee, Submission(request, proof, shares), self._store, self._registry.now()
                )
            under = self._judged_with(request, roots[0]) if roots else None
            roots.append(self._registry.require_evidence(request, proof, evidence, under))  # 4
            eyes.append(accepted)
            rows.append(row_of(accepted, shares))
        return Accepted(bundle_digest(requests), first, code, tuple(roots), Query(tuple(eyes)), tuple(rows))

    def _judged_with(self, request: UniquenessRequest, root: bytes) -> bytes | None:
        """The root that the second eye of a `Stored` request must be under; None for a request that brings its own."""
        if request.kind is not RequestKind.STORED:
            return None
        other = self._store.other_root(request.identity.value, root)
        if other is None:
            raise RequestRefused(
                Refusal.EVIDENCE_FAILS,
                "this committee's log does not say which eye was judged with the record's capture",
                hint="take the record anew with fresh pictures: irisproof recover",
            )
        return other

    def digest_of(self, value: dict[str, Any]) -> bytes:
        """The digest of a submission, whether it is accepted or not. Raises as `accept` does in its first step."""
        return bundle_digest(self._read(value)[0])

    def _read(
        self, value: dict[str, Any]
    ) -> tuple[tuple[UniquenessRequest, ...], list[tuple[CodeProof, bytes, bytes]]]:
        eyes = value.get("eyes")
        if not isinstance(eyes, list) or not all(isinstance(eye, dict) for eye in eyes):
            raise EncodingError("a submission has a list of eyes")
        if len(eyes) != self._policy.eyes:
            raise RequestRefused(
                Refusal.WRONG_POLICY, f"this registry wants {self._policy.eyes} eye(s), and {len(eyes)} were sent"
            )
        requests, parts = [], []
        for eye in eyes:
            request = UniquenessRequest.from_bytes(decode(eye.get("request")))
            evidence = decode(eye.get("evidence"))
            if len(evidence) > MAX_EVIDENCE_BYTES:
                raise EncodingError(f"evidence has at most {MAX_EVIDENCE_BYTES} bytes, not {len(evidence)}")
            requests.append(request)
            parts.append((CodeProof(request.network, decode(eye.get("proof"))), decode(eye.get("box")), evidence))
        _require_one_person(requests)
        return tuple(requests), parts


def _require_one_person(requests: list[UniquenessRequest]) -> None:
    first = requests[0]
    for other in requests[1:]:
        alike = ("kind", "chain_id", "registry", "identity", "model_id", "network", "expires_at")
        if any(getattr(first, name) != getattr(other, name) for name in alike):
            raise RequestRefused(Refusal.WRONG_POLICY, "the two eyes' requests are not of one identity and purpose")
        if first.eye_side is other.eye_side:
            raise RequestRefused(Refusal.WRONG_POLICY, "both requests are of one eye; send a left and a right one")
