"""anvil as a child: it starts, it says why when it cannot, and it never outlives its parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TimeExhausted

from protocol.errors import ArtifactAbsent, ChainError, ChainUnreachable, InputError
from registry_contract import local_chain
from registry_contract.local_chain import LocalChain

_HOLD = """
import sys, time
from registry_contract.local_chain import LocalChain
with LocalChain() as chain:
    print(chain.process_id, flush=True)
    {then}
"""


def gone(process_id: int) -> bool:
    """Whether the process ends within five seconds."""
    for _ in range(500):
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{process_id}/stat")
        if stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True  # dead, and waiting for whoever adopts orphans here
        time.sleep(0.01)
    return False


def hold_chain(then: str) -> tuple[subprocess.Popen[str], int]:
    """A Python process that starts a chain and then does `then`; and its anvil's process id."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _HOLD.format(then=then)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def test_a_chain_answers_and_is_gone_afterwards() -> None:
    with LocalChain() as chain:
        process_id = chain.process_id
        assert chain.now() > 1_700_000_000
    assert gone(process_id)
    with pytest.raises(ChainUnreachable, match=r"no answer from the node at 127\.0\.0\.1"):
        chain.now()
    with pytest.raises(ChainUnreachable, match="not running"):
        _ = chain.process_id


def test_two_chains_run_side_by_side() -> None:
    with LocalChain() as one, LocalChain(chain_id=4242) as other:
        assert one.url != other.url


def test_a_chain_on_a_given_port_listens_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with LocalChain(port) as chain:
        assert chain.url == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_said_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port} is in use"), LocalChain(port):
            pass


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(InputError, match=r"outside 0\.\.65535"):
        LocalChain(port)


def test_an_exception_inside_takes_the_chain_down() -> None:
    chain, started = LocalChain(), []

    def fail() -> None:
        started.append(chain.process_id)
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"), chain:
        fail()
    assert gone(started[0])


def test_an_exception_while_waiting_takes_the_chain_down(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, started = LocalChain(), []

    def interrupt() -> int:
        started.append(chain.process_id)
        raise KeyboardInterrupt

    monkeypatch.setattr(chain, "_wait_until_listening", interrupt)
    with pytest.raises(KeyboardInterrupt), chain:
        pass
    assert gone(started[0])


def test_a_chain_that_does_not_come_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_chain, "_START_TIMEOUT_S", 0.0)
    with pytest.raises(ChainUnreachable, match="did not start within"), LocalChain():
        pass


def test_a_chain_that_ends_at_once_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_chain, "foundry_binary", lambda _: Path("/bin/false"))
    with pytest.raises(ChainUnreachable, match="ended at once with status 1"), LocalChain():
        pass


def test_anvil_that_is_not_installed_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> Path:
        raise ArtifactAbsent("anvil is not installed")

    monkeypatch.setattr(local_chain, "foundry_binary", absent)
    with pytest.raises(ArtifactAbsent), LocalChain():
        pass


def test_ctrl_c_leaves_no_chain_behind() -> None:
    parent, anvil = hold_chain("time.sleep(60)")
    parent.send_signal(signal.SIGINT)
    assert parent.wait(10) != 0
    assert gone(anvil)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parent_leaves_no_chain_behind(number: signal.Signals) -> None:
    parent, anvil = hold_chain("time.sleep(60)")
    parent.send_signal(number)
    parent.wait(10)
    assert gone(anvil)


def test_an_exit_inside_leaves_no_chain_behind() -> None:
    parent, anvil = hold_chain("sys.exit(3)")
    assert parent.wait(10) == 3
    assert gone(anvil)


def test_a_chain_started_twice_is_refused_and_ended() -> None:
    with LocalChain() as chain:
        process_id = chain.process_id
        with pytest.raises(InputError, match="running already"):
            chain.__enter__()
    assert gone(process_id)


def test_time_moves_and_comes_back_with_a_snapshot() -> None:
    with LocalChain() as chain:
        before, mark = chain.now(), chain.snapshot()
        chain.advance_time(5000)
        assert chain.now() >= before + 5000
        chain.revert(mark)
        assert chain.now() < before + 5000


def test_a_request_that_anvil_does_not_know_is_refused() -> None:
    with LocalChain() as chain, pytest.raises(ChainError, match="anvil refused evm_revert"):
        chain.revert("nonsense")


def test_a_mark_can_be_gone_back_to_only_once() -> None:
    with LocalChain() as chain:
        mark = chain.snapshot()
        chain.revert(mark)
        with pytest.raises(ChainError, match="no mark"):
            chain.revert(mark)


def test_nothing_is_mined_between_what_anvil_writes_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anvil writes accounts first and blocks after; what came in between was in one and not in the other."""
    chain = LocalChain(state=tmp_path / "chain.json").__enter__()
    port, account = int(chain.url.rsplit(":", 1)[1]), chain.funded_account()
    web3 = Web3(Web3.HTTPProvider(chain.url))
    transfer = {"to": account.address, "value": 1, "gas": 21_000, "gasPrice": 10**10, "chainId": chain.chain_id}

    def send(nonce: int) -> HexBytes:
        return web3.eth.send_raw_transaction(account.sign_transaction({**transfer, "nonce": nonce}).raw_transaction)

    ask_to_end = local_chain._ask_to_end

    def send_at_the_end(process: subprocess.Popen[bytes]) -> None:
        sent = send(nonce=1)
        with pytest.raises(TimeExhausted):
            web3.eth.wait_for_transaction_receipt(sent, 1)
        ask_to_end(process)

    web3.eth.wait_for_transaction_receipt(send(nonce=0))
    monkeypatch.setattr(local_chain, "_ask_to_end", send_at_the_end)
    chain.stop()
    monkeypatch.undo()
    with LocalChain(port, state=tmp_path / "chain.json") as chain:
        assert web3.eth.get_transaction_count(account.address) == 1
        assert sum(web3.eth.get_block_transaction_count(block) for block in range(web3.eth.block_number + 1)) == 1
        assert web3.eth.wait_for_transaction_receipt(send(nonce=1))["status"] == 1  # and it mines again
