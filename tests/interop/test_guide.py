"""The guide "add personhood to your dApp in ten minutes": its contract compiles, its lines run."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from circuits.iris.circuit import Circuit
from protocol.pins import root_dir
from registry_contract.local_chain import LocalChain
from tests.registry_contract.world import World, describe, make_person, open_world, refused

pytestmark = pytest.mark.xdist_group("interop")
GUIDE = (root_dir() / "docs" / "add-personhood.md").read_text()
SOURCES = root_dir() / "registry_contract" / "src"


@dataclass(frozen=True)
class Compiled:
    abi: list[dict[str, Any]]
    creation: bytes


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def compiled(source: str, name: str) -> Compiled:
    """By the compiler that the contracts are built with; `irisproof/` is `registry_contract/src/`."""
    sources = {f"irisproof/{path.relative_to(SOURCES)}": path.read_text() for path in SOURCES.rglob("*.sol")}
    wanted = {
        "Guide.sol",
        "irisproof/Types.sol",
        "irisproof/interfaces/IPersonhood.sol",
        "irisproof/libraries/Bn254.sol",
    }
    request = {
        "language": "Solidity",
        "sources": {
            path: {"content": text} for path, text in ({"Guide.sol": source} | sources).items() if path in wanted
        },
        "settings": {"outputSelection": {"Guide.sol": {name: ["abi", "evm.bytecode.object"]}}},
    }
    shim = [str(root_dir() / "registry_contract" / "solc-shim"), "--standard-json"]
    done = subprocess.run(shim, input=json.dumps(request), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert [error for error in answer.get("errors", []) if error["severity"] == "error"] == []
    contract = answer["contracts"]["Guide.sol"][name]
    return Compiled(contract["abi"], bytes.fromhex(contract["evm"]["bytecode"]["object"]))


@pytest.fixture(scope="module")
def world(circuit: Circuit) -> Iterator[World]:
    with LocalChain() as chain:
        built = open_world(chain, describe(circuit), Account.create())
        built.registry.enroll(built.enrollment(make_person(circuit, 1)))
        yield built


def test_the_guide_does_what_it_says(
    world: World, circuit: Circuit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (contract,) = blocks("solidity")
    steps = blocks("python")
    assert len(steps) == 3
    (tmp_path / "deployment.json").write_text(world.deployment.to_json())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {
        "rpc_url": world.chain.url,
        "account": world.chain.funded_account(),
        "guest_book": compiled(contract, "GuestBook"),
        "identity": make_person(circuit, 1).identity,
    }
    for step in steps[:2]:
        exec(step, names)
    with refused("Personhood__ProofInvalid"):
        exec(steps[2], names | {"words": bytes(32)})
    exec(steps[2], names)
    assert names["dapp"].functions.guests().call() == 1
    with refused("Personhood__NullifierUsed", nullifier=names["proof"].nullifier.value):
        exec(steps[-1], names)
    assert names["dapp"].functions.guests().call() == 1


def test_a_contract_that_does_not_compile_would_be_noticed() -> None:
    (contract,) = blocks("solidity")
    with pytest.raises(AssertionError):
        compiled(contract.replace("++guests", "++nothing"), "GuestBook")
