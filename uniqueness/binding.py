"""What a node checks before it computes with anybody's shares: that they are shares of the proved code and mask.

The registry's own checks come again at enrolment; a node makes these because a code that nobody proved must not be
compared, let alone stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from protocol.errors import EncodingError, VerificationError
from protocol.types import CodeProof, G1Point
from uniqueness.constants import PARTIES, ComparisonRule, rule_of
from uniqueness.refusals import Refusal, RequestRefused
from uniqueness.request import UniquenessRequest
from uniqueness.shares import NodeShares, VectorShare, held_by

__all__ = [
    "MAX_LIFE_S",
    "AcceptedShares",
    "Committee",
    "Guard",
    "ModelKeys",
    "ReplayGuard",
    "Submission",
    "accept_shares",
    "require_population",
]

MAX_LIFE_S = 3600
"""A request that would live longer is refused: nodes remember request ids that long."""

Ring = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class ModelKeys:
    """A model of the registry as the node uses it. The functions belong to one circuit: its k, its SRS, its key.

    `commit` is the raw commitment of a vector (elements modulo r), `add` the sum of two points, `verify` raises
    `VerificationError` unless a code proof holds. `blinding` is the commitment to the unusable rows, which a
    commitment in a proof has more than a raw one.
    """

    model_id: int
    network: str
    salts: int
    blinding: G1Point
    commit: Callable[[Sequence[int]], G1Point]
    add: Callable[[G1Point, G1Point], G1Point]
    verify: Callable[[CodeProof], None]


@dataclass(frozen=True)
class Committee:
    """Whom a node serves, and which of the three it is."""

    chain_id: int
    registry: str
    node: int
    models: Callable[[int], ModelKeys | None]
    """A model by its id; None for one that is not served. Models come and go while a node runs."""

    def model(self, model_id: int) -> ModelKeys:
        """Raises `RequestRefused` for a model that is not served."""
        model = self.models(model_id)
        if model is None:
            raise RequestRefused(Refusal.WRONG_MODEL, f"model {model_id} is not served here")
        return model


@dataclass(frozen=True, eq=False)
class AcceptedShares:
    """One eye's two shares modulo 2^16, each uint16[symbols + mask cells], for the request with this digest. Secret."""

    node: int
    request_digest: bytes
    network: str
    first: Ring = field(repr=False)
    second: Ring = field(repr=False)

    @property
    def rule(self) -> ComparisonRule:
        return rule_of(self.network)


class Guard(Protocol):
    """Request ids that were served, as long as they could be sent again. A node's is its `store.Store`: on the disk."""

    def require_new(self, request: UniquenessRequest, now: int) -> None:
        """Raises `RequestRefused` (`REPLAYED`) for an id that was served."""

    def claim(self, request: UniquenessRequest, now: int) -> None:
        """Remember the id. Raises as `require_new` does where it was claimed in the meantime."""


class ReplayGuard:
    """A `Guard` in memory, for a process that serves one request. Not thread-safe."""

    def __init__(self) -> None:
        self._expiries: dict[bytes, int] = {}

    def require_new(self, request: UniquenessRequest, now: int) -> None:
        """Raises `RequestRefused` for an id that was served. Forgets ids that have expired by themselves."""
        self._expiries = {known: expiry for known, expiry in self._expiries.items() if expiry > now}
        if request.request_id in self._expiries:
            raise RequestRefused(Refusal.REPLAYED, "a request with this id was served before")

    def claim(self, request: UniquenessRequest, now: int) -> None:
        """Remember the id. Raises `RequestRefused` where it was claimed in the meantime."""
        self.require_new(request, now)
        self._expiries[request.request_id] = request.expires_at


@dataclass(frozen=True)
class Submission:
    """What a client sends to one node, opened."""

    request: UniquenessRequest
    proof: CodeProof
    shares: NodeShares


def accept_shares(committee: Committee, submission: Submission, guard: Guard, now: int) -> AcceptedShares:
    """Check one submission at one node; `now` is Unix time in seconds.

    Raises `RequestRefused` with the reason of the first check that fails.

    1. The request is for this chain, this registry and a model that is served, and the model is of its network.
    2. It is fresh, does not live longer than `MAX_LIFE_S`, and its id was not served before.
    3. The proof is the one that the request names.
    4. The shares are the two that this node holds, of this network's lengths. (Their range was checked at birth.)
    5. The proof holds for the model's key.
    6. Each share opens its commitment in the request.
    7. The three commitments add up to the proof's: C_1 + C_2 + C_3 + U = C, for the code and for the mask.
    8. The request's id is now spent.

    With it the shares are of the vectors that the proof is about, over the integers, if the other two nodes accept
    the same digest: each commitment is opened by two nodes, and their ranges exclude a carry modulo r.

    The circuit forces: symbols are sign x mask, so a bounded mask bounds them. It does not bound the mask.
    The caller owes: that all three nodes accepted this digest; that the mask's and the texture's commitment, without
    U, lie under a root that an active station signed for this identity, registry and chain (the station bounds the
    mask to 0 and 1); `require_population`; that model, station and registry are as the chain has them now.
    """
    request, proof, shares = submission.request, submission.proof, submission.shares
    model = committee.model(request.model_id)
    _require_addressed(committee, request, model)
    _require_fresh(request, now)
    guard.require_new(request, now)
    if hashlib.sha256(proof.proof).digest() != request.proof_sha256 or proof.network != request.network:
        raise RequestRefused(Refusal.OTHER_PROOF, "the proof is not the one that the request names")
    rule = rule_of(model.network)
    for pair, entries in ((shares.code, rule.symbols), (shares.mask, rule.mask_cells)):
        _require_shape(pair, committee.node, entries, model.salts)
    _require_proof(model, proof)
    for pair, commitments, proved in (
        (shares.code, request.code_shares, proof.code),
        (shares.mask, request.mask_shares, proof.mask),
    ):
        _require_openings(model, pair, commitments)
        _require_sum(model, commitments, proved)
    guard.claim(request, now)
    first, second = (
        np.concatenate([code.residues(), mask.residues()]) for code, mask in zip(shares.code, shares.mask, strict=True)
    )
    return AcceptedShares(committee.node, request.digest, model.network, first, second)


def require_population(accepted: AcceptedShares, any_positive: Callable[[Ring], bool]) -> None:
    """Refuse a mask with fewer cells than the rule's minimum, of which one bit is learned: whether it has.

    The popcount less (minimum - 1) is linear in the mask, so this node's additive share of it is a sum of its own
    first share (node 0 adds the constant), and `any_positive`, which all three nodes call with theirs, opens whether
    the total is positive. An all-masked code has score 0 against everybody; without this it would pass as unique.

    Raises `RequestRefused`.
    """
    rule = accepted.rule
    constant = 1 - rule.minimum_mask_cells if accepted.node == 0 else 0
    total = int(accepted.first[rule.symbols :].sum(dtype=np.int64)) + constant
    if not any_positive(np.array([total % (1 << 16)], np.uint16)):
        raise RequestRefused(
            Refusal.TOO_FEW_CELLS,
            f"the mask keeps fewer than {rule.minimum_mask_cells} of {rule.mask_cells} cells",
            hint="take the picture again with the eye wide open",
        )


def _require_addressed(committee: Committee, request: UniquenessRequest, model: ModelKeys) -> None:
    if request.chain_id != committee.chain_id:
        raise RequestRefused(
            Refusal.WRONG_CHAIN, f"the request is for chain {request.chain_id}, not {committee.chain_id}"
        )
    if request.registry != committee.registry:
        raise RequestRefused(
            Refusal.WRONG_REGISTRY, f"the request is for registry {request.registry}, not {committee.registry}"
        )
    if request.network != model.network:
        raise RequestRefused(Refusal.WRONG_MODEL, f"model {model.model_id} is of {model.network}")


def _require_fresh(request: UniquenessRequest, now: int) -> None:
    left_s = request.expires_at - now
    if left_s <= 0:
        raise RequestRefused(Refusal.EXPIRED, f"the request expired {-left_s} s ago", hint="send a new one")
    if left_s > MAX_LIFE_S:
        raise RequestRefused(
            Refusal.LIVES_TOO_LONG, f"the request would live {left_s} s; at most {MAX_LIFE_S} s are served"
        )


def _require_shape(pair: tuple[VectorShare, VectorShare], node: int, entries: int, salts: int) -> None:
    found = tuple(share.index for share in pair)
    if found != held_by(node):
        raise RequestRefused(Refusal.WRONG_SHARES, f"node {node} holds shares {held_by(node)}, not {found}")
    for share in pair:
        if (len(share.entries), len(share.salts)) != (entries, salts):
            raise RequestRefused(
                Refusal.WRONG_SHAPE,
                f"a share has {len(share.entries)} entries and {len(share.salts)} salts, not {entries} and {salts}",
            )


def _require_proof(model: ModelKeys, proof: CodeProof) -> None:
    try:
        model.verify(proof)
    except VerificationError as error:
        raise RequestRefused(Refusal.PROOF_FAILS, "the code proof does not hold") from error


def _require_openings(
    model: ModelKeys, pair: tuple[VectorShare, VectorShare], commitments: tuple[G1Point, ...]
) -> None:
    for share in pair:
        if model.commit(share.vector) != commitments[share.index]:
            raise RequestRefused(Refusal.OPENING_FAILS, f"share {share.index} does not open its commitment")


def _require_sum(model: ModelKeys, commitments: tuple[G1Point, ...], proved: G1Point) -> None:
    total = model.blinding
    try:
        for position in range(PARTIES):
            total = model.add(total, commitments[position])
    except EncodingError as error:  # points chosen so that a partial sum is the point at infinity
        raise RequestRefused(Refusal.SUM_FAILS, "the commitments to the shares have no sum") from error
    if total != proved:
        raise RequestRefused(Refusal.SUM_FAILS, "the shares do not add up to what was proved")
