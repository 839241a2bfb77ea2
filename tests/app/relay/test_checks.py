"""Which circuit an enrolment's proof is verified with, before any gas is paid."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.actions import circuit_of_key
from app.relay.checks import EnrollmentIntake
from circuits.iris.circuit import Circuit
from protocol.errors import InputError
from registry_contract.contracts import load_contract


def _intake(vk_sha256: str) -> EnrollmentIntake:
    """Of a registry whose models all have this key: its description is all that is asked."""
    models: Any = load_contract("ModelRegistry").abi
    (entry,) = [one for one in models if one["type"] == "function" and one["name"] == "modelOf"]
    parts = entry["outputs"][0]["components"]
    model = tuple(bytes.fromhex(vk_sha256) if part["name"] == "vkHash" else 0 for part in parts)
    functions = SimpleNamespace(modelOf=lambda model_id: model_id)
    contract = SimpleNamespace(abi=models, functions=functions)
    registry: Any = SimpleNamespace(
        contract=SimpleNamespace(abi=load_contract("IrisRegistry").abi),
        connection=SimpleNamespace(contract=lambda *_: contract, call=lambda _: model),
        deployment=SimpleNamespace(models="0x"),
    )
    return EnrollmentIntake(registry, lambda _: b"", 0, circuit_of_key)


@pytest.mark.slow
def test_every_model_that_this_program_knows_has_its_circuit(each_circuit: Circuit) -> None:
    found = _intake(each_circuit.facts.vk_sha256)._circuit(2)
    assert found.facts.network == each_circuit.facts.network


def test_a_model_of_another_key_is_not_relayed() -> None:
    with pytest.raises(InputError, match="no circuit of model 7"):
        _intake("11" * 32)._circuit(7)
