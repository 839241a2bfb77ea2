"""Semaphore's own JavaScript client and ours: the same identities, the same groups, each takes the other's proofs.

Skipped only where there is no node. The packages are dev dependencies; nothing of them runs on a person's device.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from app.membership import siblings_of
from circuits.iris.circuit import Circuit
from circuits.semaphore import MEMBERSHIP_DEPTH, Group, Identity, nullifier_of, prove_membership, verify_membership
from protocol.errors import VerificationError
from protocol.pins import pin, read_pinned, root_dir
from protocol.types import IdentityCommitment, MembershipProof, Nullifier
from registry_contract.local_chain import LocalChain
from registry_contract.polls import Ballot, PollDraft, ballot_message
from tests.registry_contract.world import World, describe, make_person, open_world, refused

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.xdist_group("interop"),
]
SCRIPT = Path(__file__).with_name("semaphore.mjs")
SECRETS = [b"person 1", b"person 2", bytes(32), bytes(range(32))]


def javascript(action: str, **request: Any) -> Any:
    done = subprocess.run(
        ["node", str(SCRIPT)],
        input=json.dumps({"action": action, **request}),
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def prove_in_javascript(secret: bytes, leaves: tuple[int, ...], message: int, scope: int) -> MembershipProof:
    """With the pinned circuit and key: the client would fetch them from a server otherwise."""
    files = {}
    for kind in ("wasm", "zkey"):
        read_pinned(f"semaphore_24_{kind}")
        files[kind] = str(root_dir() / pin(f"semaphore_24_{kind}").path)
    proof = javascript(
        "prove",
        secret=secret.hex(),
        leaves=[str(leaf) for leaf in leaves],
        message=str(message),
        scope=str(scope),
        depth=MEMBERSHIP_DEPTH,
        **files,
    )
    return MembershipProof(
        merkle_tree_depth=int(proof["merkleTreeDepth"]),
        merkle_tree_root=int(proof["merkleTreeRoot"]),
        nullifier=Nullifier(int(proof["nullifier"])),
        message=int(proof["message"]),
        scope=int(proof["scope"]),
        points=tuple(int(point) for point in proof["points"]),  # type: ignore[arg-type]
    )


def as_javascript(proof: MembershipProof) -> dict[str, Any]:
    return {
        "merkleTreeDepth": proof.merkle_tree_depth,
        "merkleTreeRoot": str(proof.merkle_tree_root),
        "nullifier": str(proof.nullifier.value),
        "message": str(proof.message),
        "scope": str(proof.scope),
        "points": [str(point) for point in proof.points],
    }


@pytest.fixture(scope="module")
def world(circuit: Circuit) -> Iterator[World]:
    with LocalChain() as chain:
        built = open_world(chain, describe(circuit), Account.create())
        for seed in (1, 2):
            built.registry.enroll(built.enrollment(make_person(circuit, seed)))
        yield built


def test_identities_are_the_same_in_both() -> None:
    theirs = javascript("identities", secrets=[secret.hex() for secret in SECRETS])
    for secret, found in zip(SECRETS, theirs, strict=True):
        identity = Identity(secret)
        assert int(found["commitment"]) == identity.commitment.value
        assert int(found["scalar"]) == identity.secret_scalar


def test_their_group_of_our_events_has_our_root(world: World) -> None:
    leaves = world.registry.members()
    assert int(javascript("root", leaves=[str(leaf) for leaf in leaves])) == world.registry.root()


def test_their_group_has_our_root_when_a_member_left_and_another_came(world: World, circuit: Circuit) -> None:
    """The contract computes the root from the nodes that wait, their client from all leaves of the events."""
    mark = world.chain.snapshot()
    leaver = Identity(b"person 1")
    scope = world.registry.leave_scope(1)
    proof = prove_membership(leaver, Group([leaver.commitment]), 0, scope)
    world.registry.leave(1, proof, siblings_of(leaver.commitment, world.registry.members()))
    world.registry.enroll(world.enrollment(make_person(circuit, 3)))
    leaves = world.registry.members()
    assert (len(leaves), leaves[0]) == (3, 0)
    root = int(javascript("root", leaves=[str(leaf) for leaf in leaves]))
    assert root == world.registry.root()
    world.registry.record_root()
    recorded = world.registry.recorded_root()
    assert recorded is not None
    assert (recorded.root, recorded.size) == (root, 3)
    world.chain.revert(mark)


def test_a_ballot_proved_by_their_client_counts_once(world: World) -> None:
    now = world.registry.now()
    poll, _ = world.polls.create_poll(PollDraft("whose proof?", ("ours", "theirs"), now, now + 3600))
    leaves = world.registry.members_before(poll.group_id, poll.block, poll.log_index)
    proof = prove_in_javascript(b"person 1", leaves, ballot_message(1, 0), poll.scope)
    verify_membership(proof)
    assert proof.nullifier == nullifier_of(Identity(b"person 1"), poll.scope)
    world.polls.cast_vote(poll.poll_id, Ballot.from_proof(proof))
    assert world.polls.tally(poll.poll_id) == (0, 1)
    ours = prove_membership(
        Identity(b"person 1"), Group(map(IdentityCommitment, leaves)), ballot_message(0, 0), poll.scope
    )
    with refused("Polls__AlreadyVoted", nullifier=proof.nullifier.value):
        world.polls.cast_vote(poll.poll_id, Ballot.from_proof(ours))


def test_their_client_believes_our_proof_and_no_altered_one() -> None:
    group = Group([Identity(secret).commitment for secret in SECRETS])
    proof = as_javascript(prove_membership(Identity(SECRETS[0]), group, 5, 7))
    assert javascript("verify", proof=proof) is True
    assert javascript("verify", proof=proof | {"message": "6"}) is False
    assert javascript("verify", proof=proof | {"nullifier": str(int(proof["nullifier"]) ^ 1)}) is False


def test_we_believe_no_altered_proof_of_their_client() -> None:
    group = Group([Identity(secret).commitment for secret in SECRETS])
    proof = prove_in_javascript(SECRETS[1], group.leaves, 5, 7)
    assert proof.merkle_tree_root == group.root
    verify_membership(proof)
    fields = {name: getattr(proof, name) for name in MembershipProof.__dataclass_fields__}
    for change in ({"message": 6}, {"scope": 8}, {"nullifier": Nullifier(proof.nullifier.value ^ 1)}):
        with pytest.raises(VerificationError):
            verify_membership(MembershipProof(**(fields | change)))
