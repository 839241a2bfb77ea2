"""Deploying goes on where it was stopped, deploys nothing twice, and believes no code that it did not compile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from app.actions import model_description
from circuits.iris.circuit import Circuit
from protocol.errors import ArtifactFailed, ChainError, ChainUnreachable, EncodingError, InputError, VerificationError
from protocol.types import EyeSide
from registry_contract import deploying
from registry_contract.broadcast import Broadcaster
from registry_contract.bytecode import compiled_from
from registry_contract.client import RegistryClient
from registry_contract.contracts import load_contract
from registry_contract.deploying import Network, deploy_to, read_network
from registry_contract.deployment import Deployment, Terms
from registry_contract.local_chain import LocalChain
from registry_contract.model import ModelDescription
from tests.registry_contract.world import describe

STATION = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"


class Site:
    """A chain, a deployer and a folder to deploy from."""

    def __init__(self, chain: LocalChain, model: ModelDescription, folder: Path) -> None:
        self.chain, self.model, self.out = chain, model, folder / "out.json"
        self.owner = chain.funded_account()
        self.network = Network(chain.url, chain.chain_id, folder / "key", (STATION,))
        self.said: list[str] = []

    def deploy(self, **changes: Any) -> Deployment:
        return deploy_to(replace(self.network, **changes), self.owner, self.model, self.out, self.said.append)

    def transactions(self) -> int:
        return Broadcaster(self.chain.url, self.chain.chain_id, self.owner).transaction_count()

    @property
    def journal(self) -> Path:
        return self.out.with_suffix(".journal.json")


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with LocalChain() as running:
        yield running


@pytest.fixture
def site(chain: LocalChain, circuit: Circuit, tmp_path: Path) -> Site:
    return Site(chain, describe(circuit), tmp_path)


def test_a_second_run_deploys_nothing_and_finds_the_same(site: Site) -> None:
    first = site.deploy()
    sent, text = site.transactions(), site.out.read_text()
    assert sent == len(site.said)
    assert site.deploy() == first == Deployment.from_json(text)
    assert site.transactions() == sent
    assert site.out.read_text() == text
    assert RegistryClient(site.chain.url, first).size() == 0


@pytest.mark.parametrize("before", [True, False], ids=["before the node has it", "after"])
def test_a_run_that_fails_at_any_step_is_gone_on_with(
    site: Site, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Each run dies at the next broadcast: with the transaction written down, and the node having it or not."""
    broadcast = Broadcaster.broadcast

    def dying(self: Broadcaster, raw: bytes) -> None:
        if not before:
            broadcast(self, raw)
        raise ChainUnreachable("gone")

    steps = 0
    for _ in range(30):
        monkeypatch.setattr(Broadcaster, "broadcast", dying)
        try:
            site.deploy()
        except ChainUnreachable:
            steps += 1
        else:
            break
        if before:  # let exactly this step through
            monkeypatch.setattr(Broadcaster, "broadcast", broadcast)
            raw = json.loads(site.journal.read_text())["steps"][-1]["raw"]
            Broadcaster(site.chain.url, site.chain.chain_id, site.owner).broadcast(bytes.fromhex(raw))
    assert steps == site.transactions() == len(json.loads(site.journal.read_text())["steps"])
    assert site.out.exists()


_DEPLOY = """
import sys
from pathlib import Path
from app.deploy import deploy_network
deploy_network(Path(sys.argv[1]), Path(sys.argv[2]), lambda line: print(line, flush=True))
"""


def test_a_run_killed_outright_is_gone_on_with(chain: LocalChain, circuit: Circuit, tmp_path: Path) -> None:
    owner = chain.funded_account()
    (tmp_path / "key").write_text(owner.key.hex())
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "net.toml").write_text(f'rpc_url = "{chain.url}"\nchain_id = 31337\nkey_file = "key"\n')
    command = [sys.executable, "-c", _DEPLOY, str(tmp_path / "net.toml"), str(tmp_path / "out.json")]
    seen: set[str] = set()
    for lines in (1, 4, 7):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        seen |= {process.stdout.readline() for _ in range(lines)}
        process.kill()
        process.wait()
        process.stdout.close()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert seen <= set(done.stdout.splitlines(keepends=True))
    steps = len(json.loads((tmp_path / "out.journal.json").read_text())["steps"])
    assert Broadcaster(chain.url, 31337, owner).transaction_count() == steps
    assert owner.key.hex() not in done.stdout + (tmp_path / "out.journal.json").read_text()


def test_other_code_at_an_address_is_refused(site: Site) -> None:
    deployment = site.deploy()
    site.chain._rpc("anvil_setCode", deployment.polls, "0x6001")
    with pytest.raises(VerificationError, match="is not IrisPolls as compiled here"):
        site.deploy()


def test_another_immutable_is_refused(site: Site) -> None:
    deployment = site.deploy()
    node = Broadcaster(site.chain.url, site.chain.chain_id, site.owner)
    code = node.code_at(deployment.polls).hex()
    registry = deployment.registry[2:].lower()
    assert registry in code
    site.chain._rpc("anvil_setCode", deployment.polls, "0x" + code.replace(registry, STATION[2:].lower()))
    with pytest.raises(VerificationError, match="immutables of IrisPolls"):
        site.deploy()


def test_a_library_under_another_address_is_refused(site: Site) -> None:
    deployment = site.deploy()
    node = Broadcaster(site.chain.url, site.chain.chain_id, site.owner)
    code = compiled_from(load_contract("IrisRegistry").linked_creation({"PoseidonT3": STATION}))
    with pytest.raises(VerificationError, match="is not IrisRegistry"):
        code.require_at(deployment.registry, node.code_at(deployment.registry))
    compiled_from(load_contract("PoseidonT3").linked_creation({})).require_at(
        deployment.poseidon, node.code_at(deployment.poseidon)
    )


def test_code_of_none_of_the_contracts_is_not_deployed() -> None:
    with pytest.raises(ArtifactFailed, match="none of the compiled contracts"):
        compiled_from(bytes.fromhex("6001600155"))


def test_a_chain_that_was_reset_is_said_plainly(site: Site) -> None:
    mark = site.chain.snapshot()
    site.deploy()
    site.chain.revert(mark)
    with pytest.raises(ChainError, match=r"was deployed at 0x.* and is not there"):
        site.deploy()


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda data: data | {"version": 9}, EncodingError, "version 9"),
        (lambda data: data | {"chain_id": 5}, InputError, "of chain 5"),
        (lambda data: data | {"deployer": STATION}, InputError, "deployer"),
        (lambda _: {}, EncodingError, "cannot be read"),
        (lambda data: data | {"steps": data["steps"] + data["steps"][-1:]}, InputError, "more steps"),
        (lambda data: data | {"steps": data["steps"][1:]}, InputError, "step 1"),
    ],
)
def test_a_journal_of_something_else_is_refused_and_nothing_is_sent(
    site: Site, spoil: Callable[[dict[str, Any]], Any], error: type[Exception], words: str
) -> None:
    site.deploy()
    sent = site.transactions()
    site.journal.write_text(json.dumps(spoil(json.loads(site.journal.read_text()))))
    with pytest.raises(error, match=words):
        site.deploy()
    assert site.transactions() == sent


def test_other_settings_than_the_journals_are_refused(site: Site) -> None:
    site.deploy()
    with pytest.raises(InputError, match="step 5 of the journal is another StationRegistry"):
        site.deploy(stations=())


def test_a_nonce_used_elsewhere_is_said_plainly(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploying, "_LOOKS_BEFORE_LOST", 2)
    monkeypatch.setattr(
        Broadcaster, "broadcast", lambda self, _: site.chain._rpc("anvil_setNonce", self.address, "0x1")
    )
    with pytest.raises(ChainError, match="nonce 0 was used by another transaction"):
        site.deploy()


def test_two_deployments_of_one_file_at_once_are_refused(site: Site) -> None:
    with deploying._locked(site.out), pytest.raises(InputError, match="another deployment writes"):
        site.deploy()


def test_the_development_srs_and_a_missing_committee_are_refused_off_local_chains(circuit: Circuit) -> None:
    development = replace(circuit, facts=replace(circuit.facts, srs_source="development"))
    with pytest.raises(InputError, match="development srs is refused on chain 1"):
        model_description(development, 1)
    model_description(development, 31337)
    with pytest.raises(InputError, match="no committee"):
        Network("http://127.0.0.1:1", 1, Path("key"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rpc_url = 1", "missing or unknown names: chain_id, key_file"),
        ("x", "not TOML"),
        ('rpc_url = "a"\nchain_id = 31337\nkey_file = "k"\nowner = "me"', "owner"),
        ('rpc_url = "a"\nchain_id = "1"\nkey_file = "k"', "chain_id"),
        ('rpc_url = "a"\nchain_id = true\nkey_file = "k"', "chain_id"),
        ('rpc_url = "a"\nchain_id = 31337\nkey_file = "k"\nstations = ["0x12"]', "0x12"),
        ('rpc_url = "a"\nchain_id = 31337\nkey_file = "k"\ncommittee = ["0x12"]', "three"),
        ('rpc_url = "a"\nchain_id = 31337\nkey_file = "k"\ngrace_s = -1', "grace_s"),
        ('rpc_url = "a"\nchain_id = 31337\nkey_file = "k"\neye = "both"', "left or right"),
        ('rpc_url = "a"\nchain_id = 31337\nkey_file = "k"\nmetrics_report = 1', "metrics_report are texts"),
    ],
)
def test_a_network_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "net.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        read_network(path)


@pytest.mark.parametrize("name", ["timelock_delay_s", "model_delay_s", "grace_s", "reattest_s", "recovery_wait_s"])
def test_a_period_too_short_to_be_seen_is_for_local_chains_only(name: str) -> None:
    nodes = ("0x" + 40 * "1", "0x" + 40 * "2", "0x" + 40 * "3")
    Terms(nodes, **{name: 86_400}).require_chain(10)  # type: ignore[arg-type]
    short = Terms(nodes, **{name: 86_399})  # type: ignore[arg-type]
    short.require_chain(31337)
    with pytest.raises(InputError, match=f"{name} is 86,399 s on chain 10"):
        short.require_chain(10)


def test_a_network_file_is_read(tmp_path: Path) -> None:
    nodes = [Account.create().address for _ in range(3)]
    path = tmp_path / "net.toml"
    path.write_text(
        f'rpc_url = "http://a"\nchain_id = 10\nkey_file = "k"\ncommittee = {json.dumps(nodes)}\n'
        'grace_s = 100_000\neye = "right"\nmetrics_report = "accuracy.json"\n'
    )
    network = read_network(path)
    assert network.terms.committee == tuple(nodes)
    assert network.terms.grace_s == 100_000
    assert network.terms.eye is EyeSide.RIGHT
    assert network.metrics_report == tmp_path / "accuracy.json"
    assert network.key_file == tmp_path / "k"
