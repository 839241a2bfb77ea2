// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISemaphoreVerifier} from "@semaphore-protocol/contracts/interfaces/ISemaphoreVerifier.sol";
import {SemaphoreProof} from "./Types.sol";
import {IPersonhood} from "./interfaces/IPersonhood.sol";
import {IRegistryGroup} from "./interfaces/IRegistryGroup.sol";
import {SemaphoreProofs} from "./libraries/SemaphoreProofs.sol";

/// @title Once per person, for any contract.
/// @notice No owner, no settings. The scope is made of the caller: no contract can spend a nullifier of another's.
contract Personhood is IPersonhood {
    bytes32 private constant SCOPE_LABEL = keccak256("irisproof personhood scope v1");

    struct Action {
        uint256 scope;
        uint256 snapshotRoot;
    }

    IRegistryGroup public immutable registry;
    ISemaphoreVerifier public immutable verifier;

    mapping(address dapp => mapping(bytes32 actionId => Action)) private _actions;

    /// @inheritdoc IPersonhood
    mapping(uint256 scope => mapping(uint256 nullifier => bool)) public isUsed;

    constructor(IRegistryGroup registry_, ISemaphoreVerifier verifier_) {
        if (address(registry_).code.length == 0) revert Personhood__ContractHasNoCode(address(registry_));
        if (address(verifier_).code.length == 0) revert Personhood__ContractHasNoCode(address(verifier_));
        registry = registry_;
        verifier = verifier_;
    }

    /// @inheritdoc IPersonhood
    function openAction(bytes32 actionId) external returns (uint256 scope) {
        Action storage action = _actions[msg.sender][actionId];
        if (action.snapshotRoot != 0) revert Personhood__ActionOpen(msg.sender, actionId);
        (uint32 groupId, uint256 root, uint256 members,) = registry.snapshot();
        if (root == 0) revert Personhood__GroupEmpty();
        scope = uint256(keccak256(abi.encode(SCOPE_LABEL, block.chainid, address(this), msg.sender, actionId)));
        (action.scope, action.snapshotRoot) = (scope, root);
        emit ActionOpened(msg.sender, actionId, groupId, root, members, scope);
    }

    /// @inheritdoc IPersonhood
    function consume(bytes32 actionId, bytes32 signal, SemaphoreProof calldata proof) external {
        Action memory action = _requireAction(msg.sender, actionId);
        SemaphoreProofs.requireCanonical(proof);
        if (isUsed[action.scope][proof.nullifier]) revert Personhood__NullifierUsed(action.scope, proof.nullifier);
        if (!SemaphoreProofs.holds(verifier, proof, action.snapshotRoot, uint256(signal), action.scope)) {
            revert Personhood__ProofInvalid(action.scope, proof.nullifier);
        }
        isUsed[action.scope][proof.nullifier] = true;
        emit Consumed(action.scope, proof.nullifier, signal, proof.points);
    }

    /// @inheritdoc IPersonhood
    function actionOf(address dapp, bytes32 actionId) external view returns (uint256, uint256) {
        Action memory action = _requireAction(dapp, actionId);
        return (action.scope, action.snapshotRoot);
    }

    function _requireAction(address dapp, bytes32 actionId) private view returns (Action memory action) {
        action = _actions[dapp][actionId];
        if (action.snapshotRoot == 0) revert Personhood__ActionUnknown(dapp, actionId);
    }
}
