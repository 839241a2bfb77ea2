"""Codes near the threshold, and submissions to a committee, with the curve's functions where asked for."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from circuits.iris.circuit import Circuit
from circuits.iris.commit import raw_commitment, with_unusable_rows
from circuits.iris.verify import verify_code_proof
from protocol.types import CodeProof, EyeSide, G1Point, IdentityCommitment
from uniqueness.binding import Committee, ModelKeys, Submission
from uniqueness.constants import ComparisonRule
from uniqueness.rehearsal import Integers
from uniqueness.request import RequestKind, UniquenessRequest, new_request_id
from uniqueness.shares import Shares, share_for

CHAIN, REGISTRY, NOW = 31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3", 1_800_000_000


def codes_near_threshold(rule: ComparisonRule, query: Integers, count: int, rng: np.random.Generator) -> Integers:
    """Copies of `query` with so many symbols turned over that the score with it lies within 200 of 0, on both sides."""
    copies = np.tile(query, (count, 1))
    used = np.flatnonzero(query[: rule.symbols])
    overlap = rule.kernels * int(query[rule.symbols :].sum())
    need = rule.overlap_weight * overlap + rule.offset  # a dot > need
    for row in copies:
        wanted_score = int(rng.integers(-190, 191))
        turned = (rule.agreement_weight * len(used) - need - wanted_score) // (2 * rule.agreement_weight)
        row[rng.permutation(used)[:turned]] *= -1
    return copies


def model_keys(circuit: Circuit) -> ModelKeys:
    """A model as the committee of a real registry would use it: real curve, real verifier."""
    facts = circuit.facts
    return ModelKeys(
        model_id=1,
        network=facts.network,
        salts=facts.salts,
        blinding=facts.blinding_point,
        commit=lambda vector: raw_commitment(tuple(vector), facts.k),
        add=with_unusable_rows,
        verify=lambda proof: verify_code_proof(circuit, proof),
    )


def committee(model: ModelKeys, node: int) -> Committee:
    return Committee(CHAIN, REGISTRY, node, {model.model_id: model}.get)


def request_for(model: ModelKeys, proof: CodeProof, code: Shares, mask: Shares) -> UniquenessRequest:
    def committed(shares: Shares) -> tuple[G1Point, ...]:
        return tuple(model.commit(share.vector) for share in shares)

    return UniquenessRequest(
        kind=RequestKind.UNIQUE,
        chain_id=CHAIN,
        registry=REGISTRY,
        identity=IdentityCommitment(7),
        model_id=model.model_id,
        network=model.network,
        eye_side=EyeSide.LEFT,
        proof_sha256=hashlib.sha256(proof.proof).digest(),
        code_shares=committed(code),
        mask_shares=committed(mask),
        request_id=new_request_id(),
        expires_at=NOW + 600,
    )


def submission(request: UniquenessRequest, proof: CodeProof, code: Shares, mask: Shares, node: int = 0) -> Submission:
    return Submission(request, proof, share_for(node, code, mask))


def with_request(given: Submission, **changes: object) -> Submission:
    """The submission with other words in its request."""
    return replace(given, request=replace(given.request, **changes))  # type: ignore[arg-type]
