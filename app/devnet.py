"""A registry to try things out with: a local chain, contracts, a software station, a relayer, and if wanted the
committee's three nodes, until Ctrl-C.

All of it lives in one folder for temporary files and in processes that end with this one. The keys in it are made for
this run, hold play money, and are worth nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from eth_account.signers.local import LocalAccount

from app import actions
from app.committee.local import LocalCommittee
from app.endpoints import Endpoints
from app.station import SoftwareStation, read_station_key, write_station_key
from circuits.artifacts import write_atomic
from protocol.errors import ChainUnreachable, InputError
from registry_contract.deployment import Deployment, Terms, deploy
from registry_contract.local_chain import LocalChain, die_with_parent
from uniqueness.ports import Policy

__all__ = ["DevnetOptions", "running_devnet"]

_END_TIMEOUT_S = 30.0

_TERMS = Terms(timelock_delay_s=1, model_delay_s=10, grace_s=3600, recovery_wait_s=30)
"""Short enough to see a proposal, an upgrade and a recovery through."""


@dataclass(frozen=True)
class DevnetOptions:
    """`out`: the registry file to write. `port`: the chain's; any free one if 0. Without `with_committee` nobody looks
    whether an eye enrolled before, and no record can be recovered."""

    out: Path
    port: int = 0
    with_committee: bool = False
    policy: Policy = Policy.ONE
    """Whether the committee compares one eye or both."""


@contextmanager
def running_devnet(options: DevnetOptions, progress: Callable[[str], None] = lambda _: None) -> Iterator[Endpoints]:
    """Everything is up within the block, and `options.out` is there; after it nothing is left, the file included.

    Raises `InputError` where the file is there already, or the port is taken.
    """
    if options.out.exists():
        raise InputError(f"{options.out} is there already", hint="another devnet runs, or was killed: remove the file")
    folder = Path(tempfile.mkdtemp(prefix="irisproof-devnet-"))
    try:
        circuit = actions.ready_circuit(lambda stage: progress(f"building the circuit, once: {stage}"))
        with LocalChain(options.port, pages_may_ask=True) as chain, _committee(options) as committee:
            progress(f"chain 31337 at {chain.url}")
            station = _station(folder / "station.key")
            model = actions.model_description(circuit, chain.chain_id)
            owner, signers = chain.funded_account(), None if committee is None else committee.signers
            deployment = deploy(chain.url, owner, model, [station.address], replace(_TERMS, committee=signers))
            progress(f"contracts deployed, registry {deployment.registry}")
            (folder / "deployment.json").write_text(deployment.to_json())
            account_file = _key_file(folder / "account.key", owner)  # pays for all, and may propose to the timelock
            _key_file(folder / "relay.key", chain.funded_account())
            with _relayer(folder, chain.url) as relay_url:
                progress(f"relayer at {relay_url}")
                config = _begin_committee(committee, chain.url, deployment, progress)
                keys = (folder / "station.key", account_file)
                endpoints = Endpoints(chain.url, deployment, relay_url, *keys, config)
                write_atomic(options.out, endpoints.to_json().encode())
                try:
                    yield endpoints
                finally:
                    options.out.unlink(missing_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _committee(options: DevnetOptions) -> Iterator[LocalCommittee | None]:
    """The keys of the committee's nodes, before there is a registry; None without one."""
    if not options.with_committee:
        yield None
        return
    with LocalCommittee(options.policy) as committee:
        yield committee


def _begin_committee(
    committee: LocalCommittee | None, rpc_url: str, deployment: Deployment, progress: Callable[[str], None]
) -> Path | None:
    """Start the nodes; the file by which a client finds them."""
    if committee is None:
        return None
    committee.start(rpc_url, deployment)
    committee.wait_until_ready()
    progress(f"committee of three nodes, secure computation by {committee.engine.value}")
    return committee.folder / "client" / "committee.json"


def _station(path: Path) -> SoftwareStation:
    write_station_key(path)
    return read_station_key(path)


def _key_file(path: Path, account: LocalAccount) -> Path:
    path.touch(0o600)
    path.write_text(account.key.hex() + "\n")
    return path


@contextmanager
def _relayer(folder: Path, rpc_url: str) -> Iterator[str]:
    """`irisproof relay` in a process of its own; its address."""
    settings = {
        "rpc_url": rpc_url,
        "deployment": "deployment.json",
        "key_file": "relay.key",
        "queue": "queue.db",
    }
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    (folder / "relay.toml").write_text("\n".join([*lines, "port = 0", "requests_per_minute = 1000", ""]))
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "relay", "--config", str(folder / "relay.toml")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches us first; we end it
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - one system call, no lock
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if " at http" not in line:
            raise ChainUnreachable(
                f"the relayer did not start: {process.communicate(timeout=_END_TIMEOUT_S)[1][-200:]}"
            )
        yield line.rsplit(" ", 1)[1].strip()
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_TIMEOUT_S)
        process.kill()
        process.wait()


def wait_until_stopped() -> None:
    """Until Ctrl-C or SIGTERM, whose handlers raise."""
    threading.Event().wait()
