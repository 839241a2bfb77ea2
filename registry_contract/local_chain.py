"""A chain of one's own for development and tests: anvil as a child process that never outlives its parent."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3

from protocol.errors import ChainError, ChainUnreachable, InputError
from registry_contract._rpc import connect, rpc_errors
from registry_contract.forge import foundry_binary

__all__ = ["LocalChain", "die_with_parent"]

_START_TIMEOUT_S = 15.0
_END_TIMEOUT_S = 30.0
_QUIET_S = 0.2
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")
_PR_SET_PDEATHSIG = 1


class LocalChain:
    """Context manager around anvil. On every way out, Ctrl-C and exceptions included, the process is gone.

    Where the parent is killed outright, Linux kills anvil too (when the thread that started it ends, so start it from
    one that lives as long as the chain should); other systems leave it running then.
    """

    def __init__(
        self, port: int = 0, chain_id: int = 31337, state: Path | None = None, *, pages_may_ask: bool = False
    ) -> None:
        """`port` 0 takes any free one. With a `state` file the chain begins where the last one that was stopped with it
        ended; one that is killed outright leaves the file as it was. `pages_may_ask`: pages in a browser may talk to
        the node (CORS). Nothing runs before `with`."""
        if not 0 <= port <= 65535:
            raise InputError(f"port {port} lies outside 0..65535")
        self._requested_port = port
        self.chain_id = chain_id
        self._state = state
        self._pages_may_ask = pages_may_ask
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def __enter__(self) -> LocalChain:
        """Raises `InputError` where the port is taken, `ChainUnreachable` where anvil does not come up."""
        try:
            self._start()
            self.url = f"http://127.0.0.1:{self._wait_until_listening()}"
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def process_id(self) -> int:
        return self._running().pid

    def stop(self) -> None:
        """End anvil and all that it started; harmless when nothing runs."""
        process, self._process = self._process, None
        if process is not None:
            if self._state is not None:
                self._stop_mining()
                _ask_to_end(process)
            _kill_group(process)
        if self._output is not None:
            self._output.close()
            self._output = None

    def funded_account(self, ether: int = 1000, key: bytes | None = None) -> LocalAccount:
        """An account with play money: a fresh one, whose key exists in this process only, or that of `key`, where
        addresses must be the same on every run."""
        account: LocalAccount = Account.create() if key is None else Account.from_key(key)
        self._rpc("anvil_setBalance", account.address, hex(Web3.to_wei(ether, "ether")))
        return account

    def now(self) -> int:
        """Time of the newest block, Unix seconds."""
        with rpc_errors(self.url):
            return int(connect(self.url).eth.get_block("latest")["timestamp"])

    def advance_time(self, seconds: int) -> None:
        """Move the chain's clock forward and mine a block; only a local chain can do this."""
        self._rpc("evm_increaseTime", seconds)
        self._rpc("evm_mine")

    def snapshot(self) -> str:
        """A mark of the chain's whole state for `revert`."""
        return str(self._rpc("evm_snapshot"))

    def revert(self, mark: str) -> None:
        """Go back to a mark, which is used up by it. Raises `ChainError` for one that is not there (any more)."""
        if not self._rpc("evm_revert", mark):
            raise ChainError(f"the local chain has no mark {mark}")

    def _stop_mining(self) -> None:
        """Anvil writes its state and its blocks down one after the other: a block mined in between would be in the
        balances and counters that come back, and its transactions and events would not."""
        with suppress(ChainError):  # it may have ended, or never have come up
            self._rpc("evm_setAutomine", False)
            newest = None
            while newest != (newest := self._rpc("eth_blockNumber")):  # a block may be under way
                time.sleep(_QUIET_S)

    def _rpc(self, method: str, *arguments: object) -> Any:
        with rpc_errors(self.url):
            response = connect(self.url).provider.make_request(method, list(arguments))  # type: ignore[arg-type]
        if "error" in response:
            raise ChainError(f"anvil refused {method}: {response['error']}")
        return response["result"]

    def _start(self) -> None:
        if self._process is not None:
            raise InputError("this chain is running already")
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        command = [str(foundry_binary("anvil")), "--host", "127.0.0.1", "--port", str(self._requested_port)]
        if self._state is not None:
            command += ["--state", str(self._state)]
        self._process = subprocess.Popen(
            [*command, "--chain-id", str(self.chain_id), *([] if self._pages_may_ask else ["--no-cors"])],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C reaches us first, and the whole group can be ended
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - one system call, no lock
        )

    def _wait_until_listening(self) -> int:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            ended = self._running().poll()
            output = self._read_output()
            if found := _LISTENING.search(output):
                return int(found[1])
            if ended is not None:
                raise self._failure(ended, output)
            time.sleep(0.01)
        raise ChainUnreachable(f"anvil did not start within {_START_TIMEOUT_S:.0f} s")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ChainUnreachable("the local chain is not running")
        return self._process

    def _read_output(self) -> bytes:
        if self._output is None:
            return b""
        return os.pread(self._output.fileno(), 1 << 20, 0)

    def _failure(self, status: int, output: bytes) -> Exception:
        text = output.decode(errors="replace")
        if "in use" in text:
            return InputError(
                f"port {self._requested_port} is in use", hint="choose another port, or none for any free one"
            )
        last = text.strip().splitlines()[-1:] or ["no output"]
        return ChainUnreachable(f"anvil ended at once with status {status}: {last[0]}")


def die_with_parent() -> Callable[[], None] | None:
    """What the child does between fork and exec; Linux only."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: between fork and exec only plain calls are safe

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask_for_signal


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Give anvil the time to write its state down."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_TIMEOUT_S)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    elif process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # anvil keeps nothing that a slower end would save
    process.wait()
