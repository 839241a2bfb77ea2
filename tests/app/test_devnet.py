"""`irisproof devnet` stands while it runs and leaves nothing."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
import requests

from app.endpoints import Endpoints, read_endpoints
from protocol.errors import ChainUnreachable, EncodingError, InputError
from registry_contract.client import RegistryClient
from tests.app.conftest import Devnet
from tests.app.program import Room, run, start

pytestmark = [pytest.mark.xdist_group("devnet"), pytest.mark.slow]


def test_what_the_registry_file_names_is_there(devnet: Devnet) -> None:
    endpoints = read_endpoints(devnet.file)
    assert endpoints == devnet.endpoints
    assert RegistryClient(endpoints.rpc_url, endpoints.deployment).root() >= 0
    assert requests.get(f"{endpoints.relay_url}/health", timeout=60).json()["trouble"] == ""
    asked = requests.options(endpoints.rpc_url, headers={"Origin": "https://page.example"}, timeout=60)
    assert asked.headers["Access-Control-Allow-Origin"] == "*"  # a poll page may read the chain
    for name in ("station_key_file", "account_key_file"):
        assert getattr(endpoints, name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_a_signal_and_leaves_nothing(room: Room, tmp_path: Path, sent: signal.Signals) -> None:
    file = tmp_path / "net.json"
    with start(room, "devnet", "--out", str(file)) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any(line.startswith("ready: ") for line in lines), process.communicate(timeout=60)[1]
        refused = run(room, "devnet", "--out", str(file))
        assert refused.returncode == 1
        assert "is there already" in refused.stderr
        endpoints = read_endpoints(file)
        process.send_signal(sent)
        process.communicate(timeout=120)
        assert process.returncode == (0 if sent == signal.SIGINT else 143)
    assert not file.exists()
    assert room.left_files() == []
    with pytest.raises(ChainUnreachable):
        RegistryClient(endpoints.rpc_url, endpoints.deployment)
    deadline = time.monotonic() + 60
    while room.left_processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert room.left_processes() == []


def test_a_registry_file_of_another_form_is_refused(devnet: Devnet, tmp_path: Path) -> None:
    good = devnet.endpoints.to_dict()
    assert Endpoints.from_dict(good) == devnet.endpoints
    wrong = [
        {"version": 2},
        {"rpc_url": None},
        {"rpc_url": "file:///etc/passwd"},
        {"relay_url": "127.0.0.1"},
        {"relay_url": 5},
        {"station_key_file": 5},
        {"more": 1},
        {"deployment": {}},
    ]
    for change in wrong:
        with pytest.raises(EncodingError):
            Endpoints.from_dict(good | change)
    for name in good:
        with pytest.raises(EncodingError):
            Endpoints.from_dict({key: value for key, value in good.items() if key != name})
    (tmp_path / "net.json").write_text("{")
    with pytest.raises(EncodingError):
        read_endpoints(tmp_path / "net.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_endpoints(tmp_path / "nowhere.json")


def test_paths_are_taken_from_the_files_own_folder(
    devnet: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = devnet.endpoints.to_dict() | {"station_key_file": "keys/station.key"}
    (tmp_path / "net.json").write_text(json.dumps(data))
    assert read_endpoints(tmp_path / "net.json").station_key_file == tmp_path / "keys" / "station.key"
    monkeypatch.chdir(tmp_path)
    assert read_endpoints(Path("net.json")).station_key_file == tmp_path / "keys" / "station.key"
