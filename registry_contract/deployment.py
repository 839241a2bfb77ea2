"""Put the contracts on a chain, and remember where they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address

from protocol.errors import ChainError, EncodingError, InputError
from protocol.types import EyeSide
from registry_contract._rpc import connect, rpc_errors
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.model import ModelDescription

__all__ = ["DEPLOYMENT_VERSION", "LOCAL_CHAINS", "ZERO_ADDRESS", "Deployer", "Deployment", "Terms", "deploy"]

DEPLOYMENT_VERSION = 2

LOCAL_CHAINS = frozenset({31337, 1337})
"""Chains of nobody's, on which alone a registry may do without a committee. The contract knows the same two."""

ZERO_ADDRESS = "0x" + 40 * "0"

_ADDRESSES = (
    "registry",
    "polls",
    "personhood",
    "world_id",
    "stations",
    "models",
    "committee",
    "timelock",
    "semaphore_verifier",
    "code_verifier",
    "poseidon",
)
_DAY_S = 86_400


@dataclass(frozen=True)
class Terms:
    """What a deployment is fixed to. Periods in seconds; only the timelock's own can change, through itself.

    `committee`: addresses of the three nodes; None does without verdicts, on a local chain only. `guardian`: may revoke
    stations at once, and nothing else; the deployer where none is given.
    """

    committee: tuple[str, str, str] | None = None
    guardian: str | None = None
    eye: EyeSide = EyeSide.LEFT
    """The one eye that the registry takes: with both, everybody could enrol twice."""
    timelock_delay_s: int = 2 * _DAY_S
    model_delay_s: int = 30 * _DAY_S
    grace_s: int = 180 * _DAY_S
    reattest_s: int = 30 * _DAY_S
    recovery_wait_s: int = 14 * _DAY_S
    root_window_s: int = 3600
    """How long the World ID facade takes a root after it was replaced; 0: the one of the moment alone."""

    def require_chain(self, chain_id: int) -> None:
        """Raises `InputError` where a chain that is not local would get a registry without a committee, or a waiting
        period too short for anybody to see what it announces."""
        if chain_id in LOCAL_CHAINS:
            return
        for name in ("timelock_delay_s", "model_delay_s", "grace_s", "reattest_s", "recovery_wait_s"):
            if (seconds := getattr(self, name)) < _DAY_S:
                raise InputError(
                    f"{name} is {seconds:,} s on chain {chain_id}, which is not local; it takes at least {_DAY_S:,} s",
                    hint="members must have the time to see a change and to leave",
                )
        if self.committee is None:
            raise InputError(
                f"chain {chain_id} is not local, and the registry would have no committee",
                hint="name the committee's three nodes: without them one person could enrol many times",
            )


@dataclass(frozen=True)
class Deployment:
    """Where the contracts are. Addresses are checksummed; `block` is the first that can hold an event of them."""

    chain_id: int
    block: int
    registry: str
    polls: str
    personhood: str
    world_id: str
    stations: str
    models: str
    committee: str
    """The zero address where the registry has none."""
    timelock: str
    semaphore_verifier: str
    code_verifier: str
    poseidon: str
    model_id: int
    gas_used: int
    """By all transactions of the deployment."""

    def __post_init__(self) -> None:
        for name in _ADDRESSES:
            if not is_checksum_address(getattr(self, name)):
                raise EncodingError(f"the deployment's {name} is not a checksummed address")
        for name in ("chain_id", "block", "model_id", "gas_used"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise EncodingError(f"the deployment's {name} is not a natural number")

    def to_json(self) -> str:
        return json.dumps({"version": DEPLOYMENT_VERSION, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Deployment:
        """Raises `EncodingError` for another version, and for missing or unknown fields."""
        try:
            data = json.loads(text)
            version = data.pop("version")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise EncodingError("the deployment cannot be read") from error
        if version != DEPLOYMENT_VERSION:
            raise EncodingError(f"the deployment is of version {version!r}; this program reads {DEPLOYMENT_VERSION}")
        if set(data) != {field.name for field in fields(cls)}:
            raise EncodingError("the deployment has other fields than it should")
        return cls(**data)


def deploy(
    url: str,
    owner: LocalAccount,
    model: ModelDescription,
    stations: Sequence[str] = (),
    terms: Terms = Terms(),
) -> Deployment:
    """Deploy everything, with `model` as the first model and `stations` (addresses of secp256k1 keys) as the first
    stations; `owner` pays, and may propose to the timelock. The deployment itself needs no delay: it has no members.

    Raises `InputError` for a chain that needs a committee, `ChainUnreachable`, `ChainError`, `TransactionRefused`, and
    `ArtifactError` for contracts that do not build.
    """
    with rpc_errors(url):
        chain_id = connect(url).eth.chain_id
    terms.require_chain(chain_id)
    return Deployer(Connection(url, chain_id, owner), terms).run(model, stations)


class Deployer:
    """The steps of a deployment, sent through any connection: `deploy`'s own, or one that keeps a journal."""

    def __init__(self, connection: Connection, terms: Terms) -> None:
        self._connection = connection
        self._terms = terms
        self._gas_used = 0
        self._block: int | None = None

    def run(self, model: ModelDescription, stations: Sequence[str]) -> Deployment:
        terms, owner = self._terms, self._connection.address
        poseidon = self._put("PoseidonT3", {})
        semaphore = self._put("SemaphoreVerifier", {})
        code_verifier = self._put(model.verifier, {})
        # anyone may execute what its delay has let through; nobody administers the roles but the timelock itself
        timelock = self._put("TimelockController", {}, terms.timelock_delay_s, [owner], [ZERO_ADDRESS], ZERO_ADDRESS)
        listed = self._put("StationRegistry", {}, timelock, terms.guardian or owner, list(stations))
        genesis = _in_order(model.to_abi(code_verifier, load_contract(model.verifier)))
        models = self._put("ModelRegistry", {}, timelock, terms.model_delay_s, terms.grace_s, genesis)
        committee = ZERO_ADDRESS
        if terms.committee is not None:
            committee = self._put("Committee", {}, timelock, list(terms.committee))
        fixed = (terms.reattest_s, terms.recovery_wait_s, terms.eye.value)
        registry = self._put("IrisRegistry", {"PoseidonT3": poseidon}, listed, models, committee, semaphore, *fixed)
        return Deployment(
            chain_id=self._connection.chain_id,
            registry=registry,
            polls=self._put("IrisPolls", {}, registry, semaphore),
            personhood=self._put("Personhood", {}, registry, semaphore),
            world_id=self._put("WorldIdFacade", {}, registry, semaphore, terms.root_window_s),
            stations=listed,
            models=models,
            committee=committee,
            timelock=timelock,
            semaphore_verifier=semaphore,
            code_verifier=code_verifier,
            poseidon=poseidon,
            model_id=1,
            block=self._block or 0,
            gas_used=self._gas_used,
        )

    def _put(self, name: str, libraries: dict[str, str], *arguments: object) -> str:
        artifact = load_contract(name)
        receipt = self._connection.deploy(artifact.linked_creation(libraries), artifact.abi, *arguments)
        self._gas_used += receipt.gas_used
        if self._block is None:
            self._block = receipt.block
        if receipt.contract_address is None:
            raise ChainError(f"the node gave no address for the new {name}")
        return receipt.contract_address


def _in_order(struct: dict[str, object]) -> tuple[object, ...]:
    """A Solidity struct as a constructor takes it: web3 knows structs by name in function calls only."""
    return tuple(_in_order(value) if isinstance(value, dict) else value for value in struct.values())
