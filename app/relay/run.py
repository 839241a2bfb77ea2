"""Put the relayer together and run it until it is stopped."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app import actions
from app.key_file import read_key
from app.relay.checkers import Checkers
from app.relay.checks import BallotIntake, EnrollmentIntake, Intake
from app.relay.config import RelayConfig
from app.relay.jobs import JobQueue
from app.relay.limits import RateLimit
from app.relay.server import RelayServer
from app.relay.submitter import Submitter
from app.web import serve
from protocol.errors import InputError
from registry_contract.broadcast import Broadcaster
from registry_contract.client import RegistryClient
from registry_contract.deployment import Deployment
from registry_contract.polls import PollsClient

__all__ = ["run_relay"]

_PAUSE_S = 0.1


def run_relay(config: RelayConfig, write: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM. Raises `InputError` for settings that cannot be used, and what connecting raises.

    The submitter starts first: what an earlier run left in the queue goes out before anything new.
    """
    account = read_key(config.key_file, "relayer's key")
    deployment = _deployment(config.deployment)
    with _alone(config.queue):
        node = Broadcaster(config.rpc_url, deployment.chain_id, account)
        polls = PollsClient(config.rpc_url, deployment)
        registry = RegistryClient(config.rpc_url, deployment)
        queue, checkers = JobQueue(config.queue), Checkers(config.checkers)
        submitter = Submitter(queue, node)
        intakes: dict[str, Intake] = {
            "/ballots": BallotIntake(polls, node.dry_run, config.ballot_gas, checkers.verify),
            "/rankings": BallotIntake(polls, node.dry_run, config.ballot_gas, checkers.verify, ranked=True),
            "/enrollments": EnrollmentIntake(registry, node.dry_run, config.enrollment_gas, actions.circuit_of_key),
        }
        server = RelayServer(intakes, queue, RateLimit(config.requests_per_minute), config.max_waiting)
        sending = threading.Thread(target=submitter.run, args=(_PAUSE_S,), name="submitter", daemon=True)
        server.trouble = lambda: submitter.trouble if sending.is_alive() else "the submitter has stopped"
        sending.start()
        try:
            serve(
                server.application, config.host, config.port, lambda url: write(f"relaying for {node.address} at {url}")
            )
        finally:
            submitter.stop()
            sending.join(60)
            checkers.close()
            queue.close()


def _deployment(path: Path) -> Deployment:
    try:
        return Deployment.from_json(path.read_text())
    except OSError as error:
        raise InputError(
            f"the deployment {path} cannot be read: {error.strerror}", hint="irisproof deploy writes it"
        ) from error


@contextmanager
def _alone(queue: Path) -> Iterator[None]:
    """Two relayers on one queue would give one nonce to two jobs. The lock ends with its process."""
    try:
        handle = queue.with_name(queue.name + ".lock").open("w")
    except OSError as error:
        raise InputError(f"the queue {queue} cannot be used: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another relayer uses the queue {queue}") from None
        yield
