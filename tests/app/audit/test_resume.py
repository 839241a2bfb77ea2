"""The state file: what was verified is not verified again, and a file that cannot be trusted is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.audit import AuditRequest, run_audit, verifying
from app.audit.evidence import false_claims
from app.audit.resume import AuditState
from protocol.errors import InputError
from registry_contract.deployment import Deployment
from tests.app.audit.lies import Recorded

pytestmark = pytest.mark.xdist_group("audit")


class _Stop(Exception):
    pass


def test_an_audit_that_was_stopped_goes_on_where_it_was(
    deployment: Deployment, honest: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, verified = tmp_path / "audit.state", []
    monkeypatch.setattr(verifying, "_CHUNK", 8)

    def counting(claims: Any, circuits: Any) -> dict[int, str]:
        if len(verified) == 3:
            raise _Stop
        verified.append(len(claims))
        return false_claims(claims, circuits)

    monkeypatch.setattr(verifying, "false_claims", counting)
    request = AuditRequest(deployment, state=path, rebuild=False)
    with pytest.raises(_Stop):
        run_audit(request, honest)
    assert len(AuditState(path, deployment).verified) == sum(verified) == 24
    monkeypatch.setattr(verifying, "false_claims", lambda claims, _: verified.append(len(claims)) or {})
    assert run_audit(request, honest).holds
    total = sum(verified)
    assert run_audit(request, honest).holds  # nothing is left to verify
    assert sum(verified) == total
    assert AuditState(path, deployment).last_head is not None


def spoilt(path: Path, change: Any) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data["verified"].append("00" * 32), "checksum"),
        (lambda data: data.update(version=2), "version 2"),
        (lambda data: data.pop("sha256"), "damaged"),
    ],
)
def test_a_damaged_state_is_refused(tmp_path: Path, deployment: Deployment, change: Any, words: str) -> None:
    path = tmp_path / "audit.state"
    AuditState(path, deployment).add({"11" * 32})
    AuditState(path, deployment)
    spoilt(path, change)
    with pytest.raises(InputError, match=words):
        AuditState(path, deployment)


@pytest.mark.parametrize("text", ["", "[]", "{", "\0"])
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, deployment: Deployment, text: str) -> None:
    path = tmp_path / "audit.state"
    path.write_text(text)
    with pytest.raises(InputError, match="damaged"):
        AuditState(path, deployment)


def test_a_state_of_another_deployment_is_refused(tmp_path: Path, deployment: Deployment) -> None:
    path = tmp_path / "audit.state"
    AuditState(path, Deployment(**(vars(deployment) | {"chain_id": 1}))).add(set())
    with pytest.raises(InputError, match="another deployment"):
        AuditState(path, deployment)
