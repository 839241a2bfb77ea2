"""`python -m benchmarks.relay [BALLOTS]`: ballots per second through the relayer; it and anvil share this machine.

The ballots are proved beforehand, which is the voters' time: two members, who vote once each in as many polls as it
takes. What a ballot costs to check and to send depends on neither number. Measured from the first request to the last
receipt.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp

from app import actions
from app.relay.abi_json import to_json
from app.station import SoftwareStation
from circuits.semaphore import Group, Identity, prove_membership
from model.synthetic import capture, make_eye
from protocol.errors import ChainError
from protocol.types import EyeSide, IdentityCommitment, MembershipProof
from registry_contract.client import RegistryClient
from registry_contract.deployment import Deployment
from registry_contract.local_chain import LocalChain
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message

BALLOTS = 200
CLIENTS = 8
VOTERS = (b"benchmark voter 1", b"benchmark voter 2")


def main() -> None:
    """Prints one JSON object."""
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else BALLOTS)) + "\n")


def measure(count: int) -> dict[str, Any]:
    """Ballots, and how many of them a second were accepted and mined."""
    with LocalChain() as chain, tempfile.TemporaryDirectory() as folder:
        deployment, polls = _town(chain, count // len(VOTERS))
        requests = _requests(polls, deployment, chain.url)
        account = chain.funded_account()
        key = Path(folder) / "relay.key"
        key.touch(mode=0o600)
        key.write_text(account.key.hex())
        return _measured(chain, deployment, Path(folder), requests)


def _town(chain: LocalChain, polls: int) -> tuple[Deployment, list[Poll]]:
    """Two members and `polls` polls, all through the real contracts."""
    owner, station, circuit = chain.funded_account(), SoftwareStation(), actions.ready_circuit()
    model = actions.model_description(circuit, chain.chain_id)
    deployment = actions.deploy_registry(chain.url, owner, model, station)
    registry, client = RegistryClient(chain.url, deployment, owner), PollsClient(chain.url, deployment, owner)
    for seed, secret in enumerate(VOTERS, 1):
        iris = actions.unroll_eye(capture(make_eye(seed), 1).image, EyeSide.LEFT, chain.now())
        signed = actions.attest_capture(station, iris, Identity(secret).commitment, deployment)
        proved = actions.prove_capture(circuit, signed, actions.compute_code(signed))
        actions.enroll(registry, actions.enrollment_of(model, deployment.model_id, proved))
    now = chain.now()
    made = [client.create_poll(PollDraft(f"question {n}", ("yes", "no"), now, now + 36_000)) for n in range(polls)]
    return deployment, [poll for poll, _ in made]


def _requests(polls: list[Poll], deployment: Deployment, url: str) -> list[dict[str, Any]]:
    client = PollsClient(url, deployment)
    abi: Any = client.contract.abi
    inputs = next(entry["inputs"] for entry in abi if entry.get("name") == "castVote")
    wanted = [(secret, poll.scope) for poll in polls for secret in VOTERS]
    with ProcessPoolExecutor(2) as pool:
        proofs = list(pool.map(_proved, wanted, chunksize=4))
    ids = [poll.poll_id for poll in polls for _ in VOTERS]
    return [
        {"version": 1, **to_json(inputs, {"pollId": poll_id, "ballot": Ballot.from_proof(proof).to_abi()})}
        for poll_id, proof in zip(ids, proofs, strict=True)
    ]


def _proved(wanted: tuple[bytes, int]) -> MembershipProof:
    secret, scope = wanted
    group = Group(IdentityCommitment(Identity(voter).commitment.value) for voter in VOTERS)
    return prove_membership(Identity(secret), group, ballot_message(1, 0), scope)


def _measured(
    chain: LocalChain, deployment: Deployment, folder: Path, requests: list[dict[str, Any]]
) -> dict[str, Any]:
    (folder / "deployment.json").write_text(deployment.to_json())
    settings = f'rpc_url = "{chain.url}"\ndeployment = "deployment.json"\nkey_file = "relay.key"\nqueue = "queue.db"\n'
    (folder / "relay.toml").write_text(settings + "port = 0\nrequests_per_minute = 1000000\n")
    command = [sys.executable, "-m", "app.cli", "relay", "--config", str(folder / "relay.toml")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().rsplit(" ", 1)[1].strip()
        asyncio.run(_post(url, requests[:4]))  # warm: the checkers' imports, the first poll's log
        started_s = time.perf_counter()
        asyncio.run(_post(url, requests[4:]))
        accepted_s = time.perf_counter() - started_s
        asyncio.run(_wait(url, len(requests)))
        total_s = time.perf_counter() - started_s
    finally:
        process.terminate()
        process.wait(30)
    client = PollsClient(chain.url, deployment)
    counted = sum(sum(client.tally(poll)) for poll in {int(request["pollId"]) for request in requests})
    if counted != len(requests):
        raise ChainError(f"{len(requests)} ballots were sent and the contract counts {counted}")
    sent = len(requests) - 4
    return {"ballots": sent, "accepted_per_s": round(sent / accepted_s, 1), "mined_per_s": round(sent / total_s, 1)}


async def _post(url: str, requests: list[dict[str, Any]]) -> None:
    waiting = list(requests)

    async def client(session: aiohttp.ClientSession) -> None:
        while waiting:
            async with session.post(f"{url}/ballots", json=waiting.pop()) as answer:
                if answer.status != 202:
                    raise ChainError(f"the relayer answered {answer.status}: {await answer.text()}")

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))


async def _wait(url: str, count: int) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{url}/health") as answer:
                if (await answer.json())["jobs"]["mined"] == count:
                    return
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    main()
