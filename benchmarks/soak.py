"""`python -m benchmarks.soak [BALLOTS]`: real ballots through the relayer, which is killed, and a chain that restarts.

One poll of 10,000 voters, a real membership proof for every ballot. The relayer is killed outright five times while it
sends, and the chain is stopped half-way and started again from its state file. In the end every ballot must be counted
once, and the relayer must have paid for no other transaction.

A proof takes about a CPU second, so proofs are kept in `build/soak` and a run that is stopped goes on where it was;
`--prepare` only proves. The group is filled without evidence (`BigGroup`): who its members are makes no difference to a
ballot, and an enrolment each would take hours.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from eth_account import Account

from app import actions
from app.relay.abi_json import to_json
from app.station import SoftwareStation
from circuits.semaphore import Group, Identity, prove_membership
from protocol.errors import ChainError
from protocol.pins import root_dir
from protocol.types import IdentityCommitment
from registry_contract.broadcast import Broadcaster
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.deployment import Deployment
from registry_contract.local_chain import LocalChain
from registry_contract.polls import Ballot, Poll, PollDraft, PollsClient, ballot_message

VOTERS = 10_000
PROVERS = 2
CLIENTS = 8
PATIENCE_S = 300
BATCH = 200
"""Leaves a transaction."""

_Request = dict[str, Any]


OPTIONS = ("yes", "no", "neither")
DEPLOYER = hashlib.sha256(b"irisproof soak deployer").digest()
"""The same on every run: a ballot is for a contract's address, and kept ballots must stay good."""


def main() -> None:
    """Prints one JSON object."""
    counts = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    plan = Plan(VOTERS, counts[0] if counts else VOTERS)
    folder = root_dir() / "build" / "soak"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as room:
        figures = soak(Path(room), folder, plan, _say, prepare_only="--prepare" in sys.argv)
    sys.stdout.write(json.dumps(figures) + "\n")


@dataclass(frozen=True)
class Plan:
    """Voters in the poll's snapshot, how many of them vote, and how often the relayer is killed meanwhile."""

    voters: int
    ballots: int
    kills: int = 5


def soak(
    room: Path, kept: Path, plan: Plan, say: Callable[[str], None], *, prepare_only: bool = False
) -> dict[str, Any]:
    """Prove what `kept` does not have yet, then send the ballots. Raises `ChainError` for one that was lost, or
    counted or paid for twice. Files of the run go to `room`."""
    voters = _voters(kept / f"voters-{plan.voters}.json", plan.voters, say)
    chain = LocalChain(state=room / "chain.json").__enter__()
    try:
        town = _open_town(chain, voters)
        requests = _prove(town, kept / f"ballots-{plan.voters}.jsonl", plan.ballots, say)
        if prepare_only:
            return {"proved": len(requests)}
        run = _Run(town, chain, room, requests, plan.kills)
        try:
            return run.figures(say)
        finally:
            chain = run.chain
            run.end()
    finally:
        chain.stop()


# ------------------------------------------------------------------------------------------------------ voters and poll


@dataclass(frozen=True)
class _Town:
    """A poll whose snapshot has all voters."""

    deployment: Deployment
    polls: PollsClient
    poll: Poll
    voters: tuple[int, ...]
    """Identity commitments, in the tree's order."""


def _voter(number: int) -> Identity:
    return Identity(b"soak voter %d" % number)


def _voters(file: Path, count: int, say: Callable[[str], None]) -> tuple[int, ...]:
    if not file.exists():
        say(f"making {count:,} identities")
        file.write_text(json.dumps([str(_voter(number).commitment.value) for number in range(count)]))
    return tuple(map(int, json.loads(file.read_text())))


def _open_town(chain: LocalChain, voters: tuple[int, ...]) -> _Town:
    circuit = actions.ready_circuit()
    model = actions.model_description(circuit, chain.chain_id)
    deployment = actions.deploy_registry(chain.url, chain.funded_account(), model, SoftwareStation())
    connection = Connection(chain.url, chain.chain_id, chain.funded_account(key=DEPLOYER))
    group = _deploy(connection, deployment, "BigGroup")
    polls = _deploy(connection, deployment, "IrisPolls", group, deployment.semaphore_verifier)
    deployment = replace(deployment, polls=polls)
    contract = connection.contract(group, load_contract("BigGroup").abi)
    for start in range(0, len(voters), BATCH):
        connection.send(contract.functions.insertMany(list(voters[start : start + BATCH])))
    client = PollsClient(chain.url, deployment, Account.from_key(DEPLOYER))
    now = chain.now()
    poll, _ = client.create_poll(PollDraft("Is everything counted?", OPTIONS, now, now + 30 * 86_400))
    return _Town(deployment, client, poll, voters)


def _deploy(connection: Connection, deployment: Deployment, name: str, *arguments: object) -> str:
    artifact = load_contract(name)
    creation = artifact.linked_creation({"PoseidonT3": deployment.poseidon})
    return str(connection.deploy(creation, artifact.abi, *arguments).contract_address)


# -------------------------------------------------------------------------------------------------------------- ballots


def _prove(town: _Town, file: Path, count: int, say: Callable[[str], None]) -> list[_Request]:
    """The first voters' ballots as the relayer takes them: those of the file, and the rest, added to it one by one."""
    statement = f"{town.poll.scope:x} {town.poll.snapshot_root:x}"
    kept: dict[int, _Request] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        with suppress(ValueError):  # the last line of a run that was killed may be cut off
            entry = json.loads(line)
            if entry["statement"] == statement:
                kept[entry["voter"]] = entry["request"]
    missing = [number for number in range(count) if number not in kept]
    if missing:
        say(f"proving {len(missing):,} ballots; {len(kept):,} were kept")
    abi: Any = town.polls.contract.abi
    inputs = next(entry["inputs"] for entry in abi if entry.get("name") == "castVote")
    prover = ProcessPoolExecutor(PROVERS, None, _begin_proving, (town.voters, town.poll.scope))
    with prover as pool, file.open("a") as kept_file:
        for number, ballot in zip(missing, pool.map(_prove_one, missing), strict=True):
            arguments = {"pollId": town.poll.poll_id, "ballot": ballot.to_abi()}
            kept[number] = {"version": 1, **to_json(inputs, arguments)}
            entry = {"statement": statement, "voter": number, "request": kept[number]}
            kept_file.write("\n" + json.dumps(entry))
            kept_file.flush()
            if len(kept) % 100 == 0:
                say(f"{len(kept):,} of {count:,} ballots proved")
    return [kept[number] for number in range(count)]


_proving: tuple[Group, int]
"""In a prover's process: the snapshot and the scope."""


def _begin_proving(voters: Sequence[int], scope: int) -> None:
    global _proving  # noqa: PLW0603 - a process of the pool has one task
    _proving = (Group(map(IdentityCommitment, voters)), scope)


def _prove_one(number: int) -> Ballot:
    group, scope = _proving
    return Ballot.from_proof(prove_membership(_voter(number), group, ballot_message(_choice(number), 0), scope))


def _choice(number: int) -> int:
    return number % len(OPTIONS)


# -------------------------------------------------------------------------------------------------------------- the run


class _Run:
    """A relayer as a process, clients that send, and what happens to them meanwhile."""

    def __init__(self, town: _Town, chain: LocalChain, room: Path, requests: list[_Request], kills: int) -> None:
        self.chain = chain
        self._town = town
        self._room = room
        self._requests = requests
        self._kills = kills
        self._jobs: set[str] = set()
        self._account = chain.funded_account()
        key = room / "relay.key"
        key.touch(mode=0o600)
        key.write_text(self._account.key.hex())
        (room / "deployment.json").write_text(town.deployment.to_json())
        self._relay = self._start_relay(port=0)

    def figures(self, say: Callable[[str], None]) -> dict[str, Any]:
        """Send everything, break everything meanwhile, and account for every ballot."""
        started_s = time.perf_counter()
        asyncio.run(self._send_all(say))
        accepted_s = time.perf_counter() - started_s
        asyncio.run(self._until_mined(say))
        total_s = time.perf_counter() - started_s
        self._require_all_counted_once()
        count = len(self._requests)
        return {
            "ballots": count,
            "relayer_kills": self._kills,
            "chain_restarts": 1,
            "seconds": round(total_s, 1),
            "accepted_per_s": round(count / accepted_s, 1),
            "mined_per_s": round(count / total_s, 1),
        }

    def end(self) -> None:
        """Stop the relayer; one that does not stop is killed, and is an error."""
        self._relay.terminate()
        try:
            self._relay.wait(60)
        except subprocess.TimeoutExpired:
            self._relay.kill()
            raise ChainError("the relayer did not stop within 60 s") from None

    async def _send_all(self, say: Callable[[str], None]) -> None:
        count = len(self._requests)
        waiting = deque(self._requests)
        kills = [count * (number + 1) // (self._kills + 1) for number in range(self._kills)]
        events = [(at, self._kill_relay) for at in kills] + [(count // 2 + count // 20, self._restart_chain)]
        events.sort(key=lambda event: event[0])

        async def client(session: aiohttp.ClientSession) -> None:
            while waiting:
                self._jobs.add(await self._post(session, waiting.popleft()))
                while events and len(self._jobs) >= events[0][0]:
                    at, happen = events.pop(0)
                    say(f"{at:,} ballots accepted: {happen.__name__.strip('_').replace('_', ' ')}")
                    happen()  # on purpose without a thread: requests under way are cut off

        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(client(session) for _ in range(CLIENTS)))

    async def _post(self, session: aiohttp.ClientSession, request: _Request) -> str:
        """As a voter's program does: again until there is an answer. The same ballot is the same job."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                async with session.post(f"{self._url}/ballots", json=request) as answer:
                    if answer.status in (200, 202):
                        return str((await answer.json())["id"])
                    trouble = f"{answer.status}: {await answer.text()}"
                    if answer.status != 503:
                        raise ChainError(f"the relayer answered {trouble}")
            except (aiohttp.ClientError, TimeoutError) as error:
                trouble = type(error).__name__
            if time.monotonic() > deadline_s:
                raise ChainError(f"a ballot was not taken within {PATIENCE_S} s: {trouble}")
            await asyncio.sleep(0.2)

    async def _until_mined(self, say: Callable[[str], None]) -> None:
        deadline_s, mined = time.monotonic() + PATIENCE_S, 0
        async with aiohttp.ClientSession() as session:
            while mined < len(self._requests):
                async with session.get(f"{self._url}/health") as answer:
                    jobs = (await answer.json())["jobs"]
                if jobs["mined"] > mined:
                    deadline_s, mined = time.monotonic() + PATIENCE_S, jobs["mined"]
                if time.monotonic() > deadline_s:
                    raise ChainError(f"no ballot was mined for {PATIENCE_S} s: {jobs}")
                await asyncio.sleep(0.1)
        say(f"{mined:,} ballots mined")

    def _kill_relay(self) -> None:
        self._relay.send_signal(signal.SIGKILL)
        self._relay.wait(60)
        self._relay = self._start_relay(int(self._url.rsplit(":", 1)[1]))

    def _restart_chain(self) -> None:
        port = int(self.chain.url.rsplit(":", 1)[1])
        self.chain.stop()
        self.chain = LocalChain(port, state=self._room / "chain.json").__enter__()

    def _start_relay(self, port: int) -> subprocess.Popen[str]:
        settings = (
            f'rpc_url = "{self.chain.url}"\ndeployment = "deployment.json"\nkey_file = "relay.key"\n'
            f'queue = "queue.db"\nport = {port}\nrequests_per_minute = 1000000\n'
        )
        (self._room / "relay.toml").write_text(settings)
        command = [sys.executable, "-m", "app.cli", "relay", "--config", str(self._room / "relay.toml")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        if " at http" not in line:
            process.kill()
            process.wait(60)
            raise ChainError("the relayer did not start")
        self._url = line.rsplit(" ", 1)[1].strip()
        return process

    def _require_all_counted_once(self) -> None:
        """1. Every ballot had a job of its own. 2. The contract counts every choice. 3. Its log has every nullifier,
        once. 4. The relayer's account sent as many transactions as there are ballots."""
        count, town = len(self._requests), self._town
        nullifiers = {int(request["ballot"]["nullifier"]) for request in self._requests}
        if len(self._jobs) != count or len(nullifiers) != count:
            raise ChainError(f"{count} ballots became {len(self._jobs)} jobs of {len(nullifiers)} voters")  # 1
        choices = Counter(int(request["ballot"]["choice"]) for request in self._requests)
        expected = tuple(choices[option] for option in range(len(OPTIONS)))
        if (tally := town.polls.tally(town.poll.poll_id)) != expected:
            raise ChainError(f"the contract counts {tally}, cast were {expected}")  # 2
        events = town.polls.contract.events.VoteCast
        log = town.polls.connection.events(events, town.poll.block, pollId=town.poll.poll_id)
        if len(log) != count or {int(event["args"]["nullifier"]) for event in log} != nullifiers:
            raise ChainError(f"the log has {len(log)} votes, cast were {count}")  # 3
        sent = Broadcaster(self.chain.url, self.chain.chain_id, self._account).transaction_count()
        if sent != count:
            raise ChainError(f"the relayer paid for {sent} transactions, for {count} ballots")  # 4


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
