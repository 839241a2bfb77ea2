"""Transactions in two steps: sign, so that they can be written down, and only then broadcast.

What was written down before it was sent is never sent as something else: after a crash the same bytes go out again,
under the same nonce, and the chain takes them once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3RPCError
from web3.types import TxParams

from protocol.errors import ChainError, TransactionRefused
from registry_contract._refusals import refusal
from registry_contract._rpc import connect, rpc_errors

__all__ = ["Broadcaster", "Fees", "MinedTransaction", "PlannedCall", "SignedCall"]

_REPLACEMENT_PERCENT = 125
"""Nodes replace a waiting transaction by one of the same nonce that pays at least a tenth more."""

_KNOWN_ALREADY = ("already known", "already imported", "known transaction")


@dataclass(frozen=True)
class PlannedCall:
    """A call, or a creation where `to` is None. `gas` is its limit."""

    to: str | None
    data: bytes = field(repr=False)
    gas: int


@dataclass(frozen=True)
class Fees:
    """Per gas, in wei: at most `max_fee` in all, of which at most `tip` to the block's maker."""

    max_fee: int
    tip: int

    def raised(self) -> Fees:
        """Enough more for a node to take it in the place of a waiting transaction."""
        return Fees(self.max_fee * _REPLACEMENT_PERCENT // 100 + 1, self.tip * _REPLACEMENT_PERCENT // 100 + 1)


@dataclass(frozen=True)
class SignedCall:
    """A signed transaction: `raw` is all that a node needs, and anybody may send it."""

    hash: str
    raw: bytes = field(repr=False)
    nonce: int


@dataclass(frozen=True)
class MinedTransaction:
    """What the chain did with a transaction; a reverted one cost gas and did nothing."""

    hash: str
    block: int
    gas_used: int
    succeeded: bool
    contract_address: str | None


class Broadcaster:
    """One account on one chain. All methods raise `ChainUnreachable` where the node is gone."""

    def __init__(self, url: str, chain_id: int, account: LocalAccount) -> None:
        """Raises `ChainError` where the node serves another chain."""
        self.chain_id = chain_id
        self._url = url
        self._account = account
        self._web3: Web3 = connect(url)
        with rpc_errors(url):
            found = self._web3.eth.chain_id
        if found != chain_id:
            raise ChainError(f"the node serves chain {found}, not chain {chain_id}", hint="connect to the right node")

    @property
    def address(self) -> str:
        return str(self._account.address)

    def transaction_count(self) -> int:
        """The next nonce by the newest block: every lower one is used up, this one and higher ones are not."""
        with rpc_errors(self._url):
            return int(self._web3.eth.get_transaction_count(self._account.address, "latest"))

    def balance_wei(self) -> int:
        with rpc_errors(self._url):
            return int(self._web3.eth.get_balance(self._account.address))

    def fees(self) -> Fees:
        """Room for the base fee to double."""
        with rpc_errors(self._url):
            base = int(self._web3.eth.get_block("latest").get("baseFeePerGas", 0))
            tip = int(self._web3.eth.max_priority_fee)
        return Fees(2 * base + tip, tip)

    def sign(self, call: PlannedCall, nonce: int, fees: Fees) -> SignedCall:
        """Sign; nothing is sent."""
        transaction = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": nonce,
            "gas": call.gas,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.tip,
            "value": 0,
            "data": call.data,
        }
        if call.to is not None:
            transaction["to"] = call.to
        signed = self._account.sign_transaction(transaction)  # type: ignore[arg-type]
        return SignedCall("0x" + bytes(signed.hash).hex(), bytes(signed.raw_transaction), nonce)

    def broadcast(self, raw: bytes) -> None:
        """Hand a signed transaction to the node; again, as often as it takes. Raises `ChainError` where it says no."""
        try:
            with rpc_errors(self._url):
                self._web3.eth.send_raw_transaction(raw)
        except ChainError as error:
            cause = error.__cause__
            if not (isinstance(cause, Web3RPCError) and any(word in str(cause).lower() for word in _KNOWN_ALREADY)):
                raise

    def mined(self, transaction: str) -> MinedTransaction | None:
        """What became of a transaction; None while the chain has not taken it."""
        with rpc_errors(self._url), suppress(TransactionNotFound):
            receipt = self._web3.eth.get_transaction_receipt(transaction)  # type: ignore[arg-type]
            address = receipt["contractAddress"]
            return MinedTransaction(
                transaction,
                int(receipt["blockNumber"]),
                int(receipt["gasUsed"]),
                receipt["status"] == 1,
                str(address) if address else None,
            )
        return None

    def dry_run(self, call: PlannedCall, block: int | None = None) -> bytes:
        """What the call would return, without sending it. Raises `TransactionRefused` in the contract's words."""
        transaction: TxParams = {"from": self._account.address, "data": call.data, "gas": call.gas}
        if call.to is not None:
            transaction["to"] = Web3.to_checksum_address(call.to)
        try:
            with rpc_errors(self._url):
                return bytes(self._web3.eth.call(transaction, "latest" if block is None else block))
        except ContractLogicError as error:
            if isinstance(error.data, str) and error.data.startswith("0x"):
                raise refusal(error.data) from None
            raise TransactionRefused("UnknownError", {"message": error.message}) from None

    def gas_needed(self, call: PlannedCall) -> int:
        """The node's estimate. Raises `TransactionRefused` where the call would fail."""
        transaction: TxParams = {"from": self._account.address, "data": call.data}
        if call.to is not None:
            transaction["to"] = Web3.to_checksum_address(call.to)
        try:
            with rpc_errors(self._url):
                return int(self._web3.eth.estimate_gas(transaction))
        except ContractLogicError as error:
            if isinstance(error.data, str) and error.data.startswith("0x"):
                raise refusal(error.data) from None
            raise TransactionRefused("UnknownError", {"message": error.message}) from None

    def code_at(self, address: str) -> bytes:
        with rpc_errors(self._url):
            return bytes(self._web3.eth.get_code(Web3.to_checksum_address(address)))
