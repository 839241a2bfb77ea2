"""A local chain's own calls, by its address alone."""

from __future__ import annotations

from web3 import Web3

__all__ = ["Clock"]


class Clock:
    """The local chain's own calls: its time, and its state back as it was."""

    def __init__(self, url: str) -> None:
        self._provider = Web3(Web3.HTTPProvider(url)).provider

    def call(self, method: str, *arguments: object) -> object:
        answer = self._provider.make_request(method, list(arguments))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer["result"]

    def advance(self, seconds: int) -> None:
        self.call("evm_increaseTime", seconds)
        self.call("evm_mine")
