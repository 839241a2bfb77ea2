"""Pinned files here, and code there: what runs at each address is what the sources of this checkout compile to."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from app.audit.findings import Findings, Stage
from protocol.errors import ArtifactAbsent, ArtifactError, VerificationError
from protocol.pins import pin_names, read_pinned
from registry_contract.bytecode import compiled_named
from registry_contract.contracts import load_contract
from registry_contract.deployment import ZERO_ADDRESS
from registry_contract.public_log import CONTRACTS, PublicLog

__all__ = ["check_code", "check_pins", "check_verifier_code", "check_wiring"]

_UNLOGGED = {"world_id": "WorldIdFacade", "semaphore_verifier": "SemaphoreVerifier", "poseidon": "PoseidonT3"}

_WIRES = (
    ("stations", "governor", "timelock"),
    ("models", "governor", "timelock"),
    ("committee", "governor", "timelock"),
    ("registry", "stations", "stations"),
    ("registry", "models", "models"),
    ("registry", "committee", "committee"),
    ("registry", "semaphoreVerifier", "semaphore_verifier"),
    ("polls", "registry", "registry"),
    ("polls", "verifier", "semaphore_verifier"),
    ("personhood", "registry", "registry"),
    ("personhood", "verifier", "semaphore_verifier"),
    ("world_id", "registry", "registry"),
    ("world_id", "verifier", "semaphore_verifier"),
)
"""Contract, its view, and whose address it must give."""

_NUMBERS = (
    ("models", "publicDelayS"),
    ("models", "graceS"),
    ("registry", "reattestPeriodS"),
    ("registry", "recoveryWaitS"),
    ("registry", "eyeSide"),
    ("world_id", "windowS"),
)
"""Contract and its view of a number that is fixed at deployment."""


def check_pins(findings: Findings) -> None:
    """Every pinned file that is here is the pinned one; one that is not here (yet) says nothing."""
    for name in pin_names():
        try:
            read_pinned(name)
        except ArtifactAbsent:
            continue
        except ArtifactError as error:
            findings.say("pins", f"{name}: {error.message}", stage=Stage.FOUNDATION)
        findings.checked["pins"] = findings.checked.get("pins", 0) + 1


def check_code(log: PublicLog, findings: Findings) -> None:
    """The runtime code at each address, immutables masked, is what was compiled here."""
    deployment = log.deployment
    for field, artifact in (CONTRACTS | _UNLOGGED).items():
        address = getattr(deployment, field)
        if address == ZERO_ADDRESS:
            continue
        libraries = {"PoseidonT3": deployment.poseidon}
        findings.checked["code"] = findings.checked.get("code", 0) + 1
        try:
            compiled_named(artifact, libraries).require_at(address, log.code(address))
        except VerificationError as error:
            findings.say("code", f"{field}: {error.message}", stage=Stage.FOUNDATION)


def check_verifier_code(log: PublicLog, findings: Findings, model_id: int, address: str, artifact: str) -> None:
    """A model's verifier is the contract that its circuit generates, byte for byte: it has no immutables."""
    code = log.code(address)
    findings.checked["code"] = findings.checked.get("code", 0) + 1
    if keccak(code) != load_contract(artifact).runtime_hash:
        reason = f"the verifier of model {model_id} at {address} is not {artifact} as compiled here"
        findings.say("verifier", reason, stage=Stage.FOUNDATION)


def check_wiring(log: PublicLog, findings: Findings) -> None:
    """The contracts point at each other as the deployment says; what views tell of immutables stands in the code; and
    no immutable holds anything that it should not.

    A node that lies in a view has to lie in the code too, and then the code is another contract's or a rewired one's.
    """
    deployment = log.deployment
    known: dict[str, set[int]] = {}
    for contract, view, field in _WIRES:
        if getattr(deployment, contract) == ZERO_ADDRESS:
            continue
        wanted = str(getattr(deployment, field)).lower()
        found = str(log.call(contract, view)).lower()
        _require(findings, found == wanted, f"{contract}.{view} is {found}; the deployment names {wanted}")
        known.setdefault(contract, set()).add(int(wanted, 16))
        _require_in_code(log, findings, (contract, view), int(found, 16))
    for contract, view in _NUMBERS:
        number = int(log.call(contract, view))
        known.setdefault(contract, set()).add(number)
        _require_in_code(log, findings, (contract, view), number)
    has_committee = deployment.committee != ZERO_ADDRESS
    required = bool(log.call("registry", "committeeRequired"))
    _require(findings, required == has_committee, f"the registry asks for verdicts: {required}")
    known["registry"] |= {int(has_committee), *_domain(deployment.chain_id, deployment.registry)}
    for contract, values in known.items():
        strange = _immutables(log, contract) - values
        _require(findings, not strange, f"{contract} has an immutable that nobody set: {next(iter(strange), 0):#x}")


def _require_in_code(log: PublicLog, findings: Findings, view: tuple[str, str], value: int) -> None:
    contract, name = view
    reason = f"{contract}.{name} = {value} is not in its code"
    _require(findings, value in _immutables(log, contract), reason)


def _immutables(log: PublicLog, contract: str) -> set[int]:
    """Values of a contract's immutables, as they stand in its code."""
    artifact = (CONTRACTS | _UNLOGGED)[contract]
    compiled = compiled_named(artifact, {"PoseidonT3": log.deployment.poseidon})
    code = log.code(getattr(log.deployment, contract))
    return {int.from_bytes(code[start : start + length], "big") for start, length in compiled.immutables}


def _domain(chain_id: int, registry: str) -> set[int]:
    """What OpenZeppelin's EIP712 keeps of the domain: hashes, short strings, chain, address, separator."""
    texts = (b"irisproof", b"1")
    name, version = (keccak(text) for text in texts)
    kind = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    fields = [kind, name, version, chain_id, registry]
    separator = keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], fields))
    short = (text.ljust(31, b"\0") + bytes([len(text)]) for text in texts)
    kept = (name, version, separator, *short)
    return {chain_id, int(registry, 16), *(int.from_bytes(value, "big") for value in kept)}


def _require(findings: Findings, holds: bool, reason: str) -> None:
    findings.checked["wiring"] = findings.checked.get("wiring", 0) + 1
    if not holds:
        findings.say("wiring", reason, stage=Stage.FOUNDATION)
