"""One account's connection to one deployment: calls, transactions, and every refusal in the contract's own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import BadFunctionCallOutput, ContractLogicError, TimeExhausted
from web3.types import TxParams, TxReceipt, Wei

from protocol.errors import ChainError, ChainUnreachable, InputError, TransactionRefused
from registry_contract._refusals import refusal
from registry_contract._rpc import connect, rpc_errors

__all__ = ["ROOT_GAS", "Connection", "Receipt"]

ROOT_GAS = 900_000
"""More than the root of the largest group takes: whoever needs one computes it where others changed the group."""

_RECEIPT_TIMEOUT_S = 120.0
_RECEIPT_POLL_S = 0.05
_LOG_RANGE_BLOCKS = 10_000
"""Blocks asked for in one go; public nodes refuse much more."""


@dataclass(frozen=True)
class Receipt:
    """A transaction that went through."""

    transaction: str
    block: int
    gas_used: int
    calldata_bytes: int
    contract_address: str | None = None


class Connection:
    """Talks to one chain; signs with `account` where one is given. The key never leaves this process.

    Raises `ChainUnreachable` where the node does not answer and `ChainError` where it serves another chain.
    """

    def __init__(self, url: str, chain_id: int, account: LocalAccount | None = None) -> None:
        self.url = url
        self.chain_id = chain_id
        self._account = account
        self._web3: Web3 = connect(url)
        with rpc_errors(url):
            found = self._web3.eth.chain_id
        if found != chain_id:
            raise ChainError(f"the node serves chain {found}, not chain {chain_id}", hint="connect to the right node")

    @property
    def address(self) -> str:
        """Address of the signing account. Raises `InputError` where there is none."""
        return str(self._signer().address)

    def contract(self, address: str, abi: list[dict[str, Any]]) -> Contract:
        """The contract at `address`. Raises `ChainError` where no code lies there."""
        checksummed = Web3.to_checksum_address(address)
        with rpc_errors(self.url):
            code = self._web3.eth.get_code(checksummed)
        if not code:
            raise ChainError(f"there is no contract at {checksummed} on chain {self.chain_id}")
        return self._web3.eth.contract(checksummed, abi=abi)

    def call(self, function: Any) -> Any:
        """Result of a view. Raises `TransactionRefused` with the contract's own error."""
        with rpc_errors(self.url), _refusals():
            return function.call()

    def send(self, function: Any, spare_gas: int = 0) -> Receipt:
        """Send a contract call and wait for it. Raises `TransactionRefused` with the contract's own error, before
        anything is sent where the node can tell beforehand.

        `spare_gas`: what the call may cost more than now by what others do before it is mined.
        """
        with rpc_errors(self.url), _refusals():
            transaction = function.build_transaction(self._terms())
            transaction["gas"] += spare_gas
            return self._transact(transaction)

    def fund(self, contract: Contract, value_wei: int) -> Receipt:
        """Send money to a contract that takes it."""
        receive: Any = contract.receive
        with rpc_errors(self.url), _refusals():
            return self._transact(receive.build_transaction({**self._terms(), "value": Wei(value_wei)}))

    def deploy(self, creation: bytes, abi: list[dict[str, Any]], *arguments: object) -> Receipt:
        """Deploy a contract; its address stands in the receipt."""
        with rpc_errors(self.url), _refusals():
            constructor = self._web3.eth.contract(abi=abi, bytecode=creation).constructor(*arguments)
            return self._transact(constructor.build_transaction(self._terms()))

    def events(self, event: Any, first_block: int, **filters: object) -> list[Any]:
        """All events of one kind since `first_block`, oldest first."""
        found: list[Any] = []
        with rpc_errors(self.url):
            newest = self._web3.eth.block_number
            for start in range(first_block, newest + 1, _LOG_RANGE_BLOCKS):
                end = min(start + _LOG_RANGE_BLOCKS - 1, newest)
                found += event.get_logs(from_block=start, to_block=end, argument_filters=filters)
        return found

    def now(self) -> int:
        """Time of the newest block, Unix seconds: the clock that contracts go by."""
        with rpc_errors(self.url):
            return int(self._web3.eth.get_block("latest")["timestamp"])

    def _signer(self) -> LocalAccount:
        if self._account is None:
            raise InputError("this connection can only read", hint="give it an account to send transactions from")
        return self._account

    def _terms(self) -> TxParams:
        sender = self._signer().address
        return {"from": sender, "nonce": self._web3.eth.get_transaction_count(sender), "chainId": self.chain_id}

    def _transact(self, transaction: TxParams) -> Receipt:
        """`transaction` is complete, gas estimate included, which is where refusals show up first.

        It gets a quarter more gas than estimated: what is mined before it, such as another member's leaf, can change
        the cost. Unused gas is not paid for.
        """
        transaction["gas"] = transaction["gas"] * 5 // 4
        signed = self._signer().sign_transaction(transaction)  # type: ignore[arg-type]
        sent = self._web3.eth.send_raw_transaction(signed.raw_transaction)
        try:
            receipt = self._web3.eth.wait_for_transaction_receipt(sent, _RECEIPT_TIMEOUT_S, _RECEIPT_POLL_S)
        except TimeExhausted:
            raise ChainUnreachable(
                f"the transaction was not mined within {_RECEIPT_TIMEOUT_S:.0f} s",
                hint="it may still go through; look before trying again",
            ) from None
        if receipt["status"] != 1:
            self._explain(transaction, receipt)
        data = bytes.fromhex(str(transaction["data"]).removeprefix("0x"))
        address = receipt["contractAddress"]
        return Receipt(
            transaction="0x" + bytes(sent).hex(),
            block=int(receipt["blockNumber"]),
            gas_used=int(receipt["gasUsed"]),
            calldata_bytes=len(data),
            contract_address=str(address) if address else None,
        )

    def _explain(self, transaction: TxParams, receipt: TxReceipt) -> None:
        """A transaction that was fine when it was sent and failed when it was mined: ask for the reason again."""
        again = {name: transaction[name] for name in ("from", "to", "data", "gas") if name in transaction}
        self._web3.eth.call(again, receipt["blockNumber"])  # type: ignore[arg-type]
        raise TransactionRefused("UnknownError", {"block": int(receipt["blockNumber"])})


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ContractLogicError as error:
        if isinstance(error.data, str) and error.data.startswith("0x"):
            raise refusal(error.data) from None
        raise TransactionRefused("UnknownError", {"message": error.message}) from None
    except BadFunctionCallOutput as error:
        raise ChainError("the contract's answer cannot be read; is it the contract that was meant?") from error
