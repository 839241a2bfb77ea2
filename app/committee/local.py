"""Three nodes on loopback, for the demo and for tests: real processes with real certificates, that end with this one.

Their stores hold all three shares on one machine, and so the codes: they lie in memory (/dev/shm) where there is such a
folder, and are removed at the end. Where this process is killed outright, a process that waits for its end removes
them, before nodes run too.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from app.committee.client_files import client_files
from app.committee.settings import settings_text
from app.committee.setup import NodeAddresses, assemble, init_node, make_client
from circuits.signals import signals_held
from protocol.errors import CommitteeUnavailable
from protocol.pins import root_dir
from registry_contract.deployment import Deployment
from uniqueness.client import CommitteeClient
from uniqueness.committee_file import CommitteeFile
from uniqueness.constants import PARTIES
from uniqueness.engine_slot import EngineChoice
from uniqueness.loopback import free_ports
from uniqueness.ports import Policy

__all__ = ["LocalCommittee"]

_START_S = 180.0
_END_S = 15.0


@dataclass
class LocalCommittee:
    """Context manager: entering makes keys, `start` runs the nodes."""

    policy: Policy = Policy.ONE
    engine: EngineChoice = EngineChoice.CHECKED

    def __enter__(self) -> LocalCommittee:
        """Make the three operators' keys, the committee's file and a client's certificate."""
        shared_memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="irisproof-", dir=shared_memory if shared_memory.is_dir() else None))
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._remover = _remover(self.folder)
        try:
            ports = free_ports(3 * PARTIES)
            for node in range(PARTIES):
                clients, peers, engine = (f"127.0.0.1:{port}" for port in ports[3 * node : 3 * node + 3])
                init_node(self._folder(node), node, NodeAddresses(clients, peers, engine), "", "")
            operator = self.folder / "operator"
            admissions = [self._folder(node) / f"node-{node}.json" for node in range(PARTIES)]
            self.description: CommitteeFile = assemble(operator, admissions, self.policy, self.engine)
            make_client(operator, "demo", self.folder / "client")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def signers(self) -> tuple[str, str, str]:
        """Addresses for the contract, in the nodes' order."""
        one, two, three = (node.signer for node in self.description.nodes)
        return one, two, three

    @property
    def client(self) -> CommitteeClient:
        return CommitteeClient(*client_files(self.folder / "client"))

    def start(self, rpc_url: str, deployment: Deployment, **settings: object) -> None:
        """Begin the nodes' processes; they come up while others do other things."""
        for node in range(PARTIES):
            folder, operator = self._folder(node), self.folder / "operator"
            for shared in ("committee.json", "nodes.crt", "clients.crt"):
                shutil.copy(operator / shared, folder / shared)
            shutil.copy(operator / f"node-{node}.crt", folder / "node.crt")
            (folder / "deployment.json").write_text(deployment.to_json())
            more = {"requests_per_minute": 6000, "parent": os.getpid(), "temporary": str(self.folder), **settings}
            text = settings_text(node, rpc_url, "deployment.json", **more)
            (folder / "node.toml").write_text(text)
            self.start_node(node)

    def start_node(self, node: int) -> None:
        """Begin one node, or one that was killed, again."""
        settings = self._folder(node) / "node.toml"
        with signals_held():  # one that starts and is not kept could not be ended
            self._processes[node] = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "committee", "node", "--config", str(settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=root_dir(),
            )

    def wait_until_ready(self, nodes: tuple[int, ...] = (0, 1, 2), engines_s: float = _START_S) -> None:
        """Until these nodes serve and their engines have found each other, in `engines_s`. Raises
        `CommitteeUnavailable`."""
        for node in nodes:
            self._wait_until_serving(node)
        deadline_s = time.monotonic() + engines_s
        while any(status.get("engines") != "ready" for status in self.client.status()):
            if time.monotonic() > deadline_s:
                raise CommitteeUnavailable("the engines of the three nodes did not find each other")
            time.sleep(0.2)

    def kill(self, node: int) -> None:
        """End a node without warning (SIGKILL)."""
        self._processes[node].kill()
        self._processes[node].communicate()

    def process_id(self, node: int) -> int:
        return self._processes[node].pid

    def close(self) -> None:
        """End the nodes and remove all that they kept."""
        with signals_held():  # a second Ctrl-C must not leave half of them
            for process in self._processes.values():
                process.terminate()
            for process in self._processes.values():
                try:
                    process.communicate(timeout=_END_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
            shutil.rmtree(self.folder, ignore_errors=True)
            self._remover.communicate()

    def _folder(self, node: int) -> Path:
        return self.folder / f"node-{node}"

    def _wait_until_serving(self, node: int) -> None:
        process, lines = self._processes[node], queue.Queue[str]()
        assert process.stdout is not None
        stream = process.stdout

        def read() -> None:
            for line in stream:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()
        said: list[str] = []
        deadline_s = time.monotonic() + _START_S
        while True:
            try:
                line = lines.get(timeout=max(0.0, deadline_s - time.monotonic()))
            except queue.Empty:
                raise CommitteeUnavailable(f"node {node} did not come up") from None
            if line.strip() == f"node {node} serves":
                return
            if not line:
                raise CommitteeUnavailable(f"node {node} ended: {''.join(said).strip()[-300:]}")
            said.append(line)


def _remover(folder: Path) -> subprocess.Popen[bytes]:
    """A process that removes `folder` when this one has ended, however: its input ends then."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'cat > /dev/null; rm -rf -- "$1"', "sh", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is not for it
    )
