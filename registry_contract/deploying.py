"""Deploy to a network, step by step, with a journal: stopped anywhere and run again, it goes on where it was.

Each step is on the disk before the node sees it: its signed transaction, and the code that a dry run of it gave. A step
that is in the journal is never signed again; what it deployed is compared with the compiled contract at every run. The
steps themselves are those of `deployment`: nothing is listed twice.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak
from web3 import Web3

from protocol.errors import ChainError, ChainUnreachable, EncodingError, InputError, VerificationError
from protocol.types import EyeSide
from registry_contract.broadcast import Broadcaster, PlannedCall
from registry_contract.bytecode import compiled_from
from registry_contract.connection import Connection, Receipt
from registry_contract.deployment import Deployer, Deployment, Terms
from registry_contract.model import ModelDescription

__all__ = ["JOURNAL_VERSION", "Network", "deploy_to", "read_network"]

JOURNAL_VERSION = 1
_MINED_TIMEOUT_S = 600.0
_POLL_S = 0.1
_LOOKS_BEFORE_LOST = 50

_TEXTS = ("rpc_url", "key_file", "srs_source", "metrics_report")
_EYES = {"left": EyeSide.LEFT, "right": EyeSide.RIGHT}
_TERMS = ("timelock_delay_s", "model_delay_s", "grace_s", "reattest_s", "recovery_wait_s", "root_window_s")


@dataclass(frozen=True)
class Network:
    """Where to deploy, and to what terms."""

    rpc_url: str
    chain_id: int
    key_file: Path
    """The deployer's key: it pays, and may propose to the timelock."""
    stations: tuple[str, ...] = ()
    srs_source: str = "derived"
    terms: Terms = field(default_factory=Terms)
    metrics_report: Path | None = None
    """accuracy.json of the operator's own measurement; the one that ships where there is none."""

    def __post_init__(self) -> None:
        addresses = [*self.stations, *(self.terms.committee or ()), self.terms.guardian]
        for address in addresses:
            if address is not None and not is_checksum_address(address):
                raise InputError(f"{address!r} is not a checksummed address")
        numbers = [("chain_id", self.chain_id), *((name, getattr(self.terms, name)) for name in _TERMS)]
        for name, value in numbers:
            if type(value) is not int or value < 0:
                raise InputError(f"{name} is {value!r}, not a whole number")
        self.terms.require_chain(self.chain_id)


def read_network(path: Path) -> Network:
    """Read a network file (TOML). Raises `InputError` for one that cannot be used, with the name that is wrong."""
    try:
        data = tomllib.loads(path.read_text())
    except OSError as error:
        raise InputError(f"the network file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error
    known = {
        "rpc_url",
        "chain_id",
        "key_file",
        "stations",
        "srs_source",
        "committee",
        "guardian",
        "eye",
        "metrics_report",
        *_TERMS,
    }
    required = {"rpc_url", "chain_id", "key_file"}
    if wrong := sorted((set(data) - known) | (required - set(data))):
        raise InputError(f"{path} has missing or unknown names: {', '.join(wrong)}")
    if not all(isinstance(data.get(name, ""), str) for name in _TEXTS):
        raise InputError(f"{', '.join(_TEXTS)} are texts")
    committee, stations = data.get("committee"), data.get("stations", [])
    if not isinstance(stations, list) or not (
        committee is None or (isinstance(committee, list) and len(committee) == 3)
    ):
        raise InputError("stations is a list of addresses, committee one of three")
    if data.get("eye", "left") not in _EYES:
        raise InputError(f"eye is {data['eye']!r}; it is left or right")
    terms = replace(
        Terms(),
        eye=_EYES[data.get("eye", "left")],
        committee=None if committee is None else tuple(committee),
        guardian=data.get("guardian"),
        **{name: data[name] for name in _TERMS if name in data},
    )
    return Network(
        rpc_url=data["rpc_url"],
        chain_id=data["chain_id"],
        key_file=path.parent / Path(data["key_file"]).expanduser(),
        stations=tuple(stations),
        srs_source=data.get("srs_source", "derived"),
        terms=terms,
        metrics_report=path.parent / Path(data["metrics_report"]).expanduser() if "metrics_report" in data else None,
    )


def deploy_to(
    network: Network, owner: LocalAccount, model: ModelDescription, out: Path, progress: Callable[[str], None]
) -> Deployment:
    """Deploy, or go on deploying, or find it done; write `out` (JSON) at the end. The journal stands beside it.

    Raises `VerificationError` where the code on the chain is not what was compiled, `InputError` where the journal is
    of another deployment, and what connecting and sending raise.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with _locked(out):
        journal = _Journal.open(out.with_suffix(".journal.json"), network.chain_id, str(owner.address))
        connection = _JournaledConnection(network, owner, journal, progress)
        deployment = Deployer(connection, network.terms).run(model, network.stations)
        if connection.steps_done != len(journal.steps):
            raise InputError("the journal has more steps than this deployment", hint=_OTHER)
        _write(out, deployment.to_json())
    return deployment


_OTHER = "it was begun with other sources, settings or stations; give another --out, or remove the journal"


@dataclass(frozen=True)
class _Step:
    name: str
    digest: str
    """keccak256 of the transaction's data."""
    nonce: int
    transaction: str
    raw: str = field(repr=False)
    code_hash: str
    """keccak256 of the code that a dry run made, immutables included."""
    receipt: dict[str, Any] | None = None


@dataclass
class _Journal:
    path: Path
    chain_id: int
    deployer: str
    steps: list[_Step]

    @classmethod
    def open(cls, path: Path, chain_id: int, deployer: str) -> _Journal:
        if not path.exists():
            return cls(path, chain_id, deployer, [])
        try:
            data = json.loads(path.read_text())
            version = data["version"]
            whose = (data["chain_id"], data["deployer"])
            steps = [_Step(**{f.name: step[f.name] for f in fields(_Step)}) for step in data["steps"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EncodingError(f"the journal {path} cannot be read") from error
        if version != JOURNAL_VERSION:
            raise EncodingError(f"the journal is of version {version!r}; this program reads {JOURNAL_VERSION}")
        if whose != (chain_id, deployer):
            raise InputError(f"the journal {path} is of chain {whose[0]} and deployer {whose[1]}", hint=_OTHER)
        return cls(path, chain_id, deployer, steps)

    def save(self) -> None:
        head = {"version": JOURNAL_VERSION, "chain_id": self.chain_id, "deployer": self.deployer}
        _write(self.path, json.dumps(head | {"steps": [asdict(step) for step in self.steps]}, indent=1) + "\n")


class _JournaledConnection(Connection):
    """A connection whose deployments are steps of the journal, in the order in which they are asked for."""

    def __init__(
        self, network: Network, owner: LocalAccount, journal: _Journal, progress: Callable[[str], None]
    ) -> None:
        super().__init__(network.rpc_url, network.chain_id, owner)
        self._node = Broadcaster(network.rpc_url, network.chain_id, owner)
        self._journal = journal
        self._progress = progress
        self.steps_done = 0

    def send(self, function: Any, spare_gas: int = 0) -> Receipt:  # noqa: ARG002 -- as the base has it
        """Not a step: a deployment is constructors only, so that it is whole or without members."""
        raise ChainError(f"a deployment sends no call, and {function.fn_name} is one")

    def deploy(self, creation: bytes, abi: list[dict[str, Any]], *arguments: object) -> Receipt:
        """1. The code is of a contract compiled here. 2. The step is signed and written down. 3. It is broadcast.
        4. The code on the chain is the compiled one, and 5. with the immutables that the dry run gave."""
        compiled = compiled_from(creation)  # 1
        constructor: Any = Web3().eth.contract(abi=abi, bytecode=creation).constructor(*arguments)
        data = bytes.fromhex(str(constructor.data_in_transaction).removeprefix("0x"))
        place = self.steps_done
        if place == len(self._journal.steps):
            self._journal.steps.append(self._signed(compiled.name, data))
            self._journal.save()  # 2
        step = self._journal.steps[place]
        if (step.name, step.digest) != (compiled.name, _hash(data)):
            raise InputError(f"step {place + 1} of the journal is another {step.name}", hint=_OTHER)
        if step.receipt is None:
            receipt = self._mined(step, len(data))  # 3
            step = replace(step, receipt=asdict(receipt))
            self._journal.steps[place] = step
            self._journal.save()
        assert step.receipt is not None
        receipt = Receipt(**step.receipt)
        address = str(receipt.contract_address)
        code = self._node.code_at(address)
        if not code:
            raise ChainError(f"{step.name} was deployed at {address}, and is not there", hint="was the chain reset?")
        compiled.require_at(address, code)  # 4
        if _hash(code) != step.code_hash:  # 5
            raise VerificationError(f"the immutables of {step.name} at {address} are not those of its arguments")
        self.steps_done += 1
        self._progress(f"{step.name:<20} {address}  {receipt.gas_used:>9,} gas, code verified")
        return receipt

    def _signed(self, name: str, data: bytes) -> _Step:
        planned = PlannedCall(None, data, 0)
        planned = replace(planned, gas=self._node.gas_needed(planned) * 5 // 4)
        code = self._node.dry_run(planned)
        signed = self._node.sign(planned, self._node.transaction_count(), self._node.fees())
        return _Step(name, _hash(data), signed.nonce, signed.hash, signed.raw.hex(), _hash(code))

    def _mined(self, step: _Step, size: int) -> Receipt:
        deadline_s = time.monotonic() + _MINED_TIMEOUT_S
        looks = 0
        while (mined := self._node.mined(step.transaction)) is None:
            if self._node.transaction_count() <= step.nonce:
                if looks % 100 == 0:  # again now and then: a node may forget what waits
                    self._node.broadcast(bytes.fromhex(step.raw))
            elif looks > _LOOKS_BEFORE_LOST:
                raise ChainError(
                    f"nonce {step.nonce} was used by another transaction than that of {step.name}",
                    hint="use the deployer's account for nothing else; give another --out to begin anew",
                )
            if time.monotonic() > deadline_s:
                raise ChainUnreachable(f"{step.name} is not mined yet", hint="run again to go on")
            looks += 1
            time.sleep(_POLL_S if looks > 1 else 0)
        if not mined.succeeded:
            raise ChainError(f"the deployment of {step.name} failed in block {mined.block}", hint=_OTHER)
        return Receipt(mined.hash, mined.block, mined.gas_used, size, mined.contract_address)


def _hash(data: bytes) -> str:
    return keccak(data).hex()


def _write(path: Path, text: str) -> None:
    """Whole, on the disk, or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    with out.with_suffix(".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"another deployment writes {out}") from None
        yield
