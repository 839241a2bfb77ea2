// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {SemaphoreProof} from "./Types.sol";
import {IRegistryGroup} from "./interfaces/IRegistryGroup.sol";
import {IWorldId} from "./interfaces/IWorldId.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {SemaphoreProofs} from "./libraries/SemaphoreProofs.sol";

/// @title This registry in the shape of World ID, for contracts that were written for that.
/// @notice The calling contract keeps the nullifiers, as with World ID. Roots of the group count until `windowS` after they
///         were replaced. So, as with World ID, a person whose identity was replaced after a loss has a new nullifier in an
///         action that goes on: bind actions to a time, or use `IPersonhood`, which does not have this.
/// @dev The proof is one in `scopeOf(caller, externalNullifierHash)`, not in the external nullifier itself: a contract
///      cannot ask for a proof that would be good elsewhere, such as a ballot or another contract's action. World App's own
///      proofs are of another circuit and do not verify here.
contract WorldIdFacade is IWorldId {
    bytes32 private constant SCOPE_LABEL = keccak256("irisproof world id scope v1");

    /// @notice World ID's own group of iris credentials; every other group is refused.
    uint256 public constant GROUP_ID = 1;

    IRegistryGroup public immutable registry;
    ISemaphoreVerifier public immutable verifier;

    /// @notice How long a root counts after it was replaced, seconds; with 0, the root of the moment alone counts.
    uint64 public immutable windowS;

    constructor(IRegistryGroup registry_, ISemaphoreVerifier verifier_, uint64 windowS_) {
        (registry, verifier, windowS) = (registry_, verifier_, windowS_);
    }

    /// @inheritdoc IWorldId
    function verifyProof(
        uint256 root,
        uint256 signalHash,
        uint256 nullifierHash,
        uint256 externalNullifierHash,
        uint256[8] calldata proof
    ) external view {
        _verify(root, signalHash, externalNullifierHash, SemaphoreProof(nullifierHash, proof));
    }

    /// @inheritdoc IWorldId
    function verifyProof(
        uint256 root,
        uint256 groupId,
        uint256 signalHash,
        uint256 nullifierHash,
        uint256 externalNullifierHash,
        uint256[8] calldata proof
    ) external view {
        if (groupId != GROUP_ID) revert NoSuchGroup(groupId);
        _verify(root, signalHash, externalNullifierHash, SemaphoreProof(nullifierHash, proof));
    }

    /// @notice The Semaphore scope of a contract's action; the message is the signal's hash.
    function scopeOf(address dapp, uint256 externalNullifierHash) public view returns (uint256) {
        return uint256(keccak256(abi.encode(SCOPE_LABEL, block.chainid, address(this), dapp, externalNullifierHash)));
    }

    function _verify(uint256 root, uint256 signalHash, uint256 externalNullifierHash, SemaphoreProof memory proof)
        private
        view
    {
        if (signalHash >= Bn254.SCALAR_FIELD) revert NumberNotCanonical(signalHash);
        if (externalNullifierHash >= Bn254.SCALAR_FIELD) revert NumberNotCanonical(externalNullifierHash);
        SemaphoreProofs.requireCanonical(proof);
        (bool known, uint64 replacedAt) = registry.rootInfo(root);
        if (!known) revert NonExistentRoot();
        if (replacedAt != 0 && block.timestamp >= uint256(replacedAt) + windowS) revert ExpiredRoot();
        uint256 scope = scopeOf(msg.sender, externalNullifierHash);
        if (!SemaphoreProofs.holds(verifier, proof, root, signalHash, scope)) revert ProofInvalid();
    }
}
