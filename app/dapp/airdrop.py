"""The example's contract, `registry_contract/src/examples/Airdrop.sol`: deploy it, read it, claim from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from protocol.errors import ChainError, InputError
from protocol.types import MembershipProof
from registry_contract.connection import Connection
from registry_contract.contracts import load_contract
from registry_contract.deployment import LOCAL_CHAINS, Deployment
from registry_contract.personhood import Action, PersonhoodClient
from registry_contract.semaphore_abi import proof_to_abi

__all__ = ["Airdrop", "deploy_airdrop", "open_airdrop"]

_AMOUNT_WEI = 10**15
_CLAIMS = 100
"""For how many a new contract is given money."""


@dataclass(frozen=True)
class Airdrop:
    """A contract that pays everybody who was a member when it was deployed, once."""

    connection: Connection
    personhood: PersonhoodClient
    contract: Any
    action: Action
    amount_wei: int

    def check_claim(self, recipient: str, proof: MembershipProof) -> None:
        """Ask the node what the contract would say; nothing is sent. Raises `TransactionRefused` in its words."""
        self.connection.call(self.contract.functions.claim(recipient, proof_to_abi(proof)))

    def claim(self, recipient: str, proof: MembershipProof) -> str:
        """Pay `recipient`; returns the transaction. Raises `TransactionRefused`, `ChainUnreachable`."""
        return self.connection.send(self.contract.functions.claim(recipient, proof_to_abi(proof))).transaction


def deploy_airdrop(rpc_url: str, deployment: Deployment, account: LocalAccount) -> Airdrop:
    """A new one on a local chain, with play money in it, for the members of now.

    Raises `InputError` on any other chain, and `TransactionRefused` (Personhood__GroupEmpty) where nobody is a member.
    """
    if deployment.chain_id not in LOCAL_CHAINS:
        raise InputError(
            f"chain {deployment.chain_id} is not local, and the example would pay from your account",
            hint="deploy Airdrop yourself, and name its address: --dapp ADDRESS",
        )
    connection, artifact = Connection(rpc_url, deployment.chain_id, account), load_contract("Airdrop")
    receipt = connection.deploy(artifact.linked_creation({}), artifact.abi, deployment.personhood, _AMOUNT_WEI)
    if receipt.contract_address is None:
        raise ChainError("the node gave no address for the new Airdrop")
    airdrop = open_airdrop(rpc_url, deployment, account, receipt.contract_address)
    connection.fund(airdrop.contract, _CLAIMS * _AMOUNT_WEI)
    return airdrop


def open_airdrop(rpc_url: str, deployment: Deployment, account: LocalAccount, address: str) -> Airdrop:
    """One that is there. Raises `ChainError` where it is none, or relies on another registry."""
    connection = Connection(rpc_url, deployment.chain_id, account)
    contract = connection.contract(address, load_contract("Airdrop").abi)
    if connection.call(contract.functions.personhood()) != deployment.personhood:
        raise ChainError(f"the contract at {address} relies on another registry's personhood contract")
    personhood = PersonhoodClient(rpc_url, deployment)
    action = personhood.action(contract.address, bytes(connection.call(contract.functions.ACTION())))
    return Airdrop(connection, personhood, contract, action, int(connection.call(contract.functions.amountWei())))
