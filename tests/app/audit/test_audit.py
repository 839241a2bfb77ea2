"""An honest history is found in order, through the command line too; a node that lies over HTTP is named."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from app.audit import AuditRequest, run_audit
from app.audit.page import render_page
from app.audit.report import summary_lines
from app.endpoints import Endpoints
from protocol.errors import ChainError, ChainUnreachable
from registry_contract.deployment import Deployment
from registry_contract.public_log import CONTRACTS, PublicLog, Rpc, http_rpc
from tests.app.audit.history import Story
from tests.app.audit.lies import Log, Recorded, lying, plainly, says
from tests.app.program import Room, run

pytestmark = pytest.mark.xdist_group("audit")


@pytest.fixture(scope="module")
def content(deployment: Deployment, honest: Recorded) -> dict[str, Any]:
    result = run_audit(AuditRequest(deployment, rebuild=False), honest)
    assert [broken.sentence() for broken in result.broken] == []
    return result.content


def test_an_honest_history_is_in_order_and_told_whole(content: dict[str, Any], story: Story) -> None:
    records = {record["record"]: record for record in content["records"]}
    assert [records[number]["status"] for number in range(1, 6)] == ["active", "active", "active", "erased", "active"]
    assert [records[number]["models"] for number in (1, 2, 3, 5)] == [[1, 2], [1], [1, 2], [1, 2]]
    assert [number for number, record in records.items() if record["in_group"]] == [1, 3, 5]
    assert content["coverage"]["left_out"] == [2]
    stations = {station["station"]: station for station in content["stations"]}
    assert stations[story.stations[0].address]["members"] == [1, 2, 3]
    assert stations[story.stations[1].address]["revoked_at"] > 0
    assert [station["members"] for station in stations.values() if station["curve"] == "p256"] == [[5]]
    assert [poll.get("votes", poll.get("winner")) for poll in content["polls"]] == [[2, 0, 0], [1, 0, 1], 1, [0, 0, 1]]
    assert [poll["ballots"] for poll in content["polls"]] == [3, 1, 4, 1]
    assert [model["network"] for model in content["models"]] == ["iris_v1", "iris_v2"]
    assert len(content["timelock"]["actions"]) == 3
    assert all(action["executed_at"] for action in content["timelock"]["actions"])
    for check in ("code proof", "station's signature", "verdict", "membership proof", "Merkle path", "tree", "tally"):
        assert content["checked"][check] > 0
    assert summary_lines(content)[-1] == "everything holds"


def test_the_page_is_one_file_with_pictures_and_no_script(content: dict[str, Any]) -> None:
    page = render_page(content)
    assert "http" not in page
    assert "<script" not in page
    assert page.count("<svg") >= 3
    ElementTree.fromstring(page.replace("<!doctype html>", "").replace('<meta charset="utf-8">', ""))


@contextmanager
def served(rpc: Rpc) -> Iterator[str]:
    """A node over HTTP that answers as `rpc` does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answers = rpc([(one["method"], one["params"]) for one in asked])
            said = [{"jsonrpc": "2.0", "id": one["id"]} | spoken(a) for one, a in zip(asked, answers, strict=True)]
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    def spoken(answer: Any) -> dict[str, Any]:
        if isinstance(answer, ChainError):
            return {"error": {"code": 3, "message": "execution reverted", "data": getattr(answer, "data", "")}}
        return {"result": answer}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_command_reports_goes_on_and_fails_for_a_lie(
    room: Room, tmp_path: Path, deployment: Deployment, honest: Recorded
) -> None:
    file, state, out = tmp_path / "deployment.json", tmp_path / "audit.state", tmp_path / "report"
    file.write_text(deployment.to_json())
    usual = ("audit", str(file), "--no-rebuild", "--state", str(state))
    with served(honest) as url:
        done = run(room, *usual, "--rpc-url", url, "--out", str(out), timeout_s=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-3].endswith("everything holds")
    assert json.loads((out / "audit.json").read_text())["holds"] is True
    assert (out / "audit.html").read_text().startswith("<!doctype html>")
    with served(lying(honest, Log(deployment).hidden("polls", "VoteCast", 2))) as url:
        file.write_text(Endpoints(url, deployment).to_json())  # a registry file names the node too
        done = run(room, *usual, "--json", timeout_s=900)
    assert done.returncode == 1
    assert json.loads(done.stdout)["first_broken"]["check"] == "tally"
    assert room.left_files() == []
    assert room.left_processes() == []


def test_a_deployment_file_that_is_none_is_refused(room: Room, tmp_path: Path) -> None:
    for text, words in ((None, "cannot be read"), ("{}", "cannot be read"), ('{"version": 1}', "version 1")):
        file = tmp_path / "deployment.json"
        if text is not None:
            file.write_text(text)
        done = run(room, "audit", str(file), "--rpc-url", "http://127.0.0.1:1")
        assert done.returncode == 1
        assert words in done.stderr


def test_an_audit_without_a_node_to_read_is_refused(room: Room, tmp_path: Path, deployment: Deployment) -> None:
    file = tmp_path / "deployment.json"
    file.write_text(deployment.to_json())
    done = run(room, "audit", str(file))
    assert done.returncode == 1
    assert "give --rpc-url" in done.stderr


def test_a_node_that_is_not_there_is_no_broken_link(deployment: Deployment) -> None:
    with pytest.raises(ChainUnreachable):
        run_audit(AuditRequest(deployment, rebuild=False), http_rpc("http://127.0.0.1:1"))


def test_an_older_block_is_audited_as_it_was(story: Story, deployment: Deployment, honest: Recorded) -> None:
    ended = Log(deployment).find(logs_of(deployment, honest), "registry", "Enrolled", 1)
    result = run_audit(AuditRequest(deployment, int(ended["blockNumber"], 16), rebuild=False), honest)
    assert result.holds
    assert len(result.content["records"]) == 2


def logs_of(deployment: Deployment, honest: Recorded) -> list[dict[str, Any]]:
    head = honest([("eth_blockNumber", [])])[0]
    addresses = sorted(getattr(deployment, name).lower() for name in CONTRACTS)
    terms = {"address": addresses, "fromBlock": hex(deployment.block), "toBlock": head}
    found: list[dict[str, Any]] = honest([("eth_getLogs", [terms])])[0]
    return found


def test_a_reorganisation_during_the_audit_is_named(deployment: Deployment, honest: Recorded) -> None:
    moved = False
    other = plainly("eth_getBlockByNumber", lambda block: block | {"hash": "0x" + 64 * "b"} if moved else block)
    log = PublicLog(lying(honest, other), deployment)
    log.require_unmoved()
    moved = True
    with pytest.raises(ChainError, match="reorganised"):
        log.require_unmoved()


def test_a_view_that_cannot_be_read_is_a_broken_link(deployment: Deployment, honest: Recorded) -> None:
    broken = plainly("eth_call", lambda _: "0x")
    result = run_audit(AuditRequest(deployment, rebuild=False), lying(honest, broken))
    assert "cannot be read" in result.broken[0].reason
    short = says(deployment, "polls", "pollCount", lambda said: [said[0] - 1])
    assert not run_audit(AuditRequest(deployment, rebuild=False), lying(honest, short)).holds
