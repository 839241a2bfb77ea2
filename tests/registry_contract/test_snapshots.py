"""The contracts' ABIs and storage layouts, held to committed files: a change shows in review.

Write them again with: python -m tests.registry_contract.test_snapshots
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry_contract import contracts
from registry_contract.contracts import load_contract
from registry_contract.forge import require_success, run_forge

OUT = Path(contracts.__file__).with_name("out")
FOLDER = Path(__file__).with_name("snapshots")
CONTRACTS = (
    "IrisRegistry",
    "StationRegistry",
    "ModelRegistry",
    "Committee",
    "IrisPolls",
    "Personhood",
    "WorldIdFacade",
)


def abi_of(contract: str) -> list[str]:
    """One line a function, event and error: kind, name, types, and what comes back."""
    lines = []
    for entry in load_contract(contract).abi:
        inputs = ",".join(_type(part) + " indexed" * part.get("indexed", False) for part in entry.get("inputs", []))
        outputs = ",".join(_type(part) for part in entry.get("outputs", []))
        words = [entry["type"], f"{entry.get('name', '')}({inputs})", entry.get("stateMutability", "")]
        lines.append(" ".join(word for word in [*words, f"-> {outputs}" * bool(outputs)] if word))
    return sorted(lines)


def _type(part: dict[str, object]) -> str:
    kind = str(part["type"])
    if not kind.startswith("tuple"):
        return kind
    components = part["components"]
    assert isinstance(components, list)
    return "(" + ",".join(_type(component) for component in components) + ")" + kind.removeprefix("tuple")


def layout_of(contract: str) -> list[str]:
    """One line a variable: slot, offset in bytes, type, name."""
    load_contract(contract)  # builds where sources changed
    path = OUT / f"{contract}.sol" / f"{contract}.json"
    if "storageLayout" not in json.loads(path.read_text()):  # forge keeps artifacts of before the setting
        require_success(run_forge(["build", "--force", "--skip", "test"]), "building the contracts")
    layout = json.loads(path.read_text())["storageLayout"]
    types = layout["types"] or {}
    return [
        f"{entry['slot']}+{entry['offset']} {types[entry['type']]['label']} {entry['label']}"
        for entry in layout["storage"]
    ]


def path_of(contract: str) -> Path:
    return FOLDER / f"{contract}.json"


@pytest.mark.parametrize("contract", CONTRACTS)
def test_abi_is_the_committed_one(contract: str) -> None:
    assert abi_of(contract) == json.loads(path_of(contract).read_text())["abi"]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_storage_layout_is_the_committed_one(contract: str) -> None:
    assert layout_of(contract) == json.loads(path_of(contract).read_text())["storage"]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in CONTRACTS:
        path_of(name).write_text(json.dumps({"abi": abi_of(name), "storage": layout_of(name)}, indent=1) + "\n")
