"""What `irisproof deploy` tells the registry of a network's accuracy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.deploy import _metrics_hash, deploy_network
from circuits.iris.circuit import Circuit
from protocol.errors import InputError
from protocol.pins import pin, root_dir

SHIPPED = {network: root_dir() / pin(f"accuracy_{network}").path for network in ("iris_v1", "iris_v2")}


def network_file(folder: Path, report: Path) -> Path:
    key = folder / "key"
    key.touch(mode=0o600)
    key.write_text("11" * 32)
    lines = ['rpc_url = "http://127.0.0.1:9"', "chain_id = 31337", 'key_file = "key"', f'metrics_report = "{report}"']
    (folder / "network.toml").write_text("\n".join(lines))
    return folder / "network.toml"


def test_the_report_that_the_network_file_names_is_bound_by_its_hash(circuit: Circuit) -> None:
    expected = hashlib.sha256(SHIPPED["iris_v1"].read_bytes()).digest()
    assert _metrics_hash(SHIPPED["iris_v1"], circuit) == expected


def test_a_report_of_another_network_is_refused_before_anything_is_sent(circuit: Circuit, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another network than iris_v1") as caught:
        deploy_network(network_file(tmp_path, SHIPPED["iris_v2"]), tmp_path / "out.json", lambda _: None)
    assert "irisproof evaluate" in caught.value.hint


def test_a_report_that_is_not_there_is_refused_before_anything_is_sent(circuit: Circuit, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        deploy_network(network_file(tmp_path, tmp_path / "none.json"), tmp_path / "out.json", lambda _: None)
